DROP INDEX articles_canonical_url_idx;
DROP INDEX articles_public_from_id_idx;
CREATE INDEX articles_public_from_id_idx ON articles (public_from DESC, id DESC);
