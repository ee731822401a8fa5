CREATE TABLE merges (
    id uuid CONSTRAINT merges_pkey PRIMARY KEY,
    resource_type text NOT NULL,
    merged_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    survivor_version integer NOT NULL,
    was_survivor_independent boolean NOT NULL,
    merged_at timestamptz NOT NULL,
    merged_by text NOT NULL,
    undone_at timestamptz,
    undone_by text,
    CONSTRAINT merges_resource_type_check CHECK (resource_type IN ('person', 'label')),
    CONSTRAINT merges_survivor_id_check CHECK (survivor_id <> merged_id),
    CONSTRAINT merges_merged_by_check CHECK (char_length(merged_by) BETWEEN 1 AND 200),
    CONSTRAINT merges_undone_by_check CHECK (char_length(undone_by) BETWEEN 1 AND 200),
    CONSTRAINT merges_undone_at_check CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE INDEX merges_merged_at_id_idx ON merges (merged_at DESC, id DESC);
CREATE INDEX merges_survivor_id_idx ON merges (survivor_id);
CREATE INDEX merges_merged_id_idx ON merges (merged_id);
CREATE UNIQUE INDEX merges_standing_key ON merges (merged_id) WHERE undone_at IS NULL;
COMMENT ON TABLE merges IS 'People and labels that became part of another of their sort.';
COMMENT ON COLUMN merges.id IS 'UUIDv7, shown as a TypeID with the prefix mer.';
COMMENT ON COLUMN merges.resource_type IS 'person or label.';
COMMENT ON COLUMN merges.merged_id IS 'What became part of the other. A purge of either removes the merge.';
COMMENT ON COLUMN merges.survivor_id IS 'What it became part of.';
COMMENT ON COLUMN merges.survivor_version IS 'The version of the survivor that the merge made.';
COMMENT ON COLUMN merges.was_survivor_independent IS 'Whether the survivor stood by itself before.';
COMMENT ON COLUMN merges.merged_at IS 'When it was done.';
COMMENT ON COLUMN merges.merged_by IS 'Who did it: the id of a key.';
COMMENT ON COLUMN merges.undone_at IS 'When it was undone; null while it stands.';
COMMENT ON COLUMN merges.undone_by IS 'Who undid it; null while it stands.';

CREATE TABLE merge_rows (
    id bigint CONSTRAINT merge_rows_pkey PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    merge_id uuid NOT NULL CONSTRAINT merge_rows_merge_id_fkey REFERENCES merges (id) ON DELETE CASCADE,
    part text NOT NULL,
    row_id uuid,
    is_dropped boolean NOT NULL,
    content jsonb NOT NULL,
    CONSTRAINT merge_rows_part_check CHECK (part IN
        ('article_label', 'child', 'name', 'quote', 'article_author', 'affiliation', 'member', 'occurrence'))
);
CREATE INDEX merge_rows_merge_id_part_idx ON merge_rows (merge_id, part, row_id);
COMMENT ON TABLE merge_rows IS 'What a merge did, row by row, so that it can be undone.';
COMMENT ON COLUMN merge_rows.id IS 'Order of doing.';
COMMENT ON COLUMN merge_rows.merge_id IS 'The merge.';
COMMENT ON COLUMN merge_rows.part IS 'What sort of row: article_label, child (a label below), name, quote, article_author, affiliation (of the person), member (an affiliation with the organization) or occurrence (that names the organization).';
COMMENT ON COLUMN merge_rows.row_id IS 'The article, label, quote, affiliation or occurrence; null of a name.';
COMMENT ON COLUMN merge_rows.is_dropped IS 'True of a row that went because the survivor had one alike; false of one that went to the survivor.';
COMMENT ON COLUMN merge_rows.content IS 'What is needed of the row to put it back.';

-- The names of a merged label are the survivor's: only a label that stands must bear its own.
ALTER TABLE labels DROP CONSTRAINT labels_current_name_fkey;
ALTER TABLE labels ADD COLUMN borne_name text
    GENERATED ALWAYS AS (CASE WHEN merged_into_id IS NULL THEN normalised_name END) STORED;
COMMENT ON COLUMN labels.borne_name IS 'The normalised name, which label_names must hold; null of a label that was merged into another, whose names are that one''s.';
ALTER TABLE labels ADD CONSTRAINT labels_current_name_fkey
    FOREIGN KEY (id, borne_name) REFERENCES label_names (label_id, normalised_name) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX labels_merged_name_idx ON labels (normalised_name) WHERE merged_into_id IS NOT NULL;
