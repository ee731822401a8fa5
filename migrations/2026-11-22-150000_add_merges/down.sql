DROP INDEX labels_merged_name_idx;
ALTER TABLE labels DROP CONSTRAINT labels_current_name_fkey;
ALTER TABLE labels DROP COLUMN borne_name;
UPDATE label_names SET label_id = labels.id FROM labels
    WHERE labels.merged_into_id IS NOT NULL AND label_names.normalised_name = labels.normalised_name;
ALTER TABLE labels ADD CONSTRAINT labels_current_name_fkey
    FOREIGN KEY (id, normalised_name) REFERENCES label_names (label_id, normalised_name) DEFERRABLE INITIALLY DEFERRED;
DROP TABLE merge_rows;
DROP TABLE merges;
