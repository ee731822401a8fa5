-- The other orders of lists, each a walk along an index too.
CREATE INDEX articles_updated_at_id_idx ON articles (updated_at DESC, id DESC);
CREATE INDEX articles_created_at_id_idx ON articles (created_at DESC, id DESC);
CREATE INDEX articles_title_id_idx ON articles (title, id);
CREATE INDEX quotes_updated_at_id_idx ON quotes (updated_at DESC, id DESC);
CREATE INDEX quotes_created_at_id_idx ON quotes (created_at DESC, id DESC);

-- What few printings have.
CREATE INDEX occurrences_role_idx ON occurrences (lower(role)) WHERE role IS NOT NULL;
CREATE INDEX occurrences_fidelity_idx ON occurrences (fidelity) WHERE fidelity IS NOT NULL;
CREATE INDEX occurrences_anchor_idx ON occurrences (anchor) WHERE anchor <> 'exact';
