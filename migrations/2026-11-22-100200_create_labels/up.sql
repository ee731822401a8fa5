CREATE TABLE labels (
    id uuid CONSTRAINT labels_pkey PRIMARY KEY,
    slug text NOT NULL CONSTRAINT labels_slug_key UNIQUE,
    name text NOT NULL,
    normalised_name text NOT NULL,
    parent_id uuid CONSTRAINT labels_parent_id_fkey REFERENCES labels (id),
    is_independent boolean NOT NULL DEFAULT false,
    public_from timestamptz NOT NULL DEFAULT 'infinity',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    deletion_reason text,
    merged_into_id uuid CONSTRAINT labels_merged_into_id_fkey REFERENCES labels (id),
    CONSTRAINT labels_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 120),
    CONSTRAINT labels_name_check CHECK (char_length(name) BETWEEN 1 AND 300),
    CONSTRAINT labels_parent_id_check CHECK (parent_id <> id),
    CONSTRAINT labels_version_check CHECK (version >= 1),
    CONSTRAINT labels_merged_into_id_check CHECK (merged_into_id <> id),
    CONSTRAINT labels_deletion_check CHECK (deleted_at IS NOT NULL OR deletion_reason IS NULL)
);
CREATE INDEX labels_public_from_id_idx ON labels (public_from DESC, id DESC);
CREATE INDEX labels_parent_id_idx ON labels (parent_id);
CREATE INDEX labels_slug_trgm_idx ON labels USING gin (slug gin_trgm_ops);
CREATE INDEX labels_merged_into_id_idx ON labels (merged_into_id) WHERE merged_into_id IS NOT NULL;
COMMENT ON TABLE labels IS 'Named groups of articles.';
COMMENT ON COLUMN labels.id IS 'UUIDv7, shown as a TypeID with the prefix lab.';
COMMENT ON COLUMN labels.slug IS 'The current slug; every slug ever valid stands in label_slugs.';
COMMENT ON COLUMN labels.name IS 'The name, as it is displayed.';
COMMENT ON COLUMN labels.normalised_name IS 'The name in lower case and without accents; it stands in label_names too.';
COMMENT ON COLUMN labels.parent_id IS 'The wider label this one belongs to.';
COMMENT ON COLUMN labels.is_independent IS 'True when made by a write of its own, not only as a by-product of an article.';
COMMENT ON COLUMN labels.public_from IS 'When the label became public: the earliest public article that bears it, else infinity.';
COMMENT ON COLUMN labels.version IS 'Raised by each change of the label''s own content.';
COMMENT ON COLUMN labels.created_at IS 'When the row was made.';
COMMENT ON COLUMN labels.updated_at IS 'When the label''s own content last changed.';
COMMENT ON COLUMN labels.deleted_at IS 'When the label was withdrawn; null while it is served.';
COMMENT ON COLUMN labels.deletion_reason IS 'Why the label was withdrawn, as told to readers.';
COMMENT ON COLUMN labels.merged_into_id IS 'The label this one was merged into.';

CREATE TABLE label_slugs (
    slug text CONSTRAINT label_slugs_pkey PRIMARY KEY,
    label_id uuid NOT NULL CONSTRAINT label_slugs_label_id_fkey REFERENCES labels (id) ON DELETE CASCADE,
    CONSTRAINT label_slugs_label_id_slug_key UNIQUE (label_id, slug)
);
COMMENT ON TABLE label_slugs IS 'Every slug a label has or once had: former ones stay reserved and lead to the current one.';
COMMENT ON COLUMN label_slugs.slug IS 'A slug, current or former.';
COMMENT ON COLUMN label_slugs.label_id IS 'The label it leads to.';
ALTER TABLE labels ADD CONSTRAINT labels_current_slug_fkey
    FOREIGN KEY (id, slug) REFERENCES label_slugs (label_id, slug) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE label_names (
    normalised_name text CONSTRAINT label_names_pkey PRIMARY KEY,
    label_id uuid NOT NULL CONSTRAINT label_names_label_id_fkey REFERENCES labels (id) ON DELETE CASCADE,
    name text NOT NULL,
    CONSTRAINT label_names_label_id_normalised_name_key UNIQUE (label_id, normalised_name),
    CONSTRAINT label_names_name_check CHECK (char_length(name) BETWEEN 1 AND 300)
);
COMMENT ON TABLE label_names IS 'Every name and alias of every label: together they are unique once normalised.';
COMMENT ON COLUMN label_names.normalised_name IS 'The name in lower case and without accents.';
COMMENT ON COLUMN label_names.label_id IS 'The label that bears it.';
COMMENT ON COLUMN label_names.name IS 'The name as it is displayed.';
ALTER TABLE labels ADD CONSTRAINT labels_current_name_fkey
    FOREIGN KEY (id, normalised_name) REFERENCES label_names (label_id, normalised_name) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE label_external_ids (
    source text NOT NULL,
    external_id text NOT NULL,
    label_id uuid NOT NULL CONSTRAINT label_external_ids_label_id_fkey REFERENCES labels (id) ON DELETE CASCADE,
    CONSTRAINT label_external_ids_pkey PRIMARY KEY (source, external_id),
    CONSTRAINT label_external_ids_source_check CHECK (source ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    CONSTRAINT label_external_ids_external_id_check CHECK (char_length(external_id) BETWEEN 1 AND 500)
);
CREATE INDEX label_external_ids_label_id_idx ON label_external_ids (label_id);
COMMENT ON TABLE label_external_ids IS 'What other systems call a label.';
COMMENT ON COLUMN label_external_ids.source IS 'The other system.';
COMMENT ON COLUMN label_external_ids.external_id IS 'Its id there.';
COMMENT ON COLUMN label_external_ids.label_id IS 'The label.';
