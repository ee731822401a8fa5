DROP TABLE import_entries;
DROP TABLE imports;
ALTER TABLE article_sources DROP COLUMN fields, DROP COLUMN version;
COMMENT ON COLUMN article_sources.digest IS 'SHA-256 of the bytes.';
