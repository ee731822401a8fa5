-- The index of the sitemap counts the articles of each month and tells when any of them last changed: with updated_at in
-- the index it reads no article.
DROP INDEX articles_public_from_id_idx;
CREATE INDEX articles_public_from_id_idx ON articles (public_from DESC, id DESC) INCLUDE (updated_at);

-- An embed is asked for by the address of a page, which may be longer than an ordered index takes.
CREATE INDEX articles_canonical_url_idx ON articles USING hash (canonical_url) WHERE canonical_url IS NOT NULL;
