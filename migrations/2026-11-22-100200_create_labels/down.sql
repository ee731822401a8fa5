DROP TABLE label_external_ids;
ALTER TABLE labels DROP CONSTRAINT labels_current_name_fkey;
DROP TABLE label_names;
ALTER TABLE labels DROP CONSTRAINT labels_current_slug_fkey;
DROP TABLE label_slugs;
DROP TABLE labels;
