CREATE TABLE people (
    id uuid CONSTRAINT people_pkey PRIMARY KEY,
    slug text NOT NULL CONSTRAINT people_slug_key UNIQUE,
    kind text NOT NULL,
    name text NOT NULL,
    normalised_name text NOT NULL,
    is_independent boolean NOT NULL DEFAULT false,
    public_from timestamptz NOT NULL DEFAULT 'infinity',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    deletion_reason text,
    merged_into_id uuid CONSTRAINT people_merged_into_id_fkey REFERENCES people (id),
    CONSTRAINT people_kind_check CHECK (kind IN ('person', 'organization', 'group')),
    CONSTRAINT people_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 120),
    CONSTRAINT people_name_check CHECK (char_length(name) BETWEEN 1 AND 300),
    CONSTRAINT people_normalised_name_check CHECK (char_length(normalised_name) BETWEEN 1 AND 1500),
    CONSTRAINT people_version_check CHECK (version >= 1),
    CONSTRAINT people_merged_into_id_check CHECK (merged_into_id <> id),
    CONSTRAINT people_deletion_check CHECK (deleted_at IS NOT NULL OR deletion_reason IS NULL)
);
CREATE INDEX people_public_from_id_idx ON people (public_from DESC, id DESC);
CREATE INDEX people_normalised_name_idx ON people (normalised_name);
CREATE INDEX people_slug_trgm_idx ON people USING gin (slug gin_trgm_ops);
CREATE INDEX people_merged_into_id_idx ON people (merged_into_id) WHERE merged_into_id IS NOT NULL;

COMMENT ON TABLE people IS 'Anyone who speaks or writes: a person, an organization or a group.';
COMMENT ON COLUMN people.id IS 'UUIDv7, shown as a TypeID with the prefix per.';
COMMENT ON COLUMN people.slug IS 'The current slug; every slug ever valid stands in person_slugs.';
COMMENT ON COLUMN people.kind IS 'person, organization or group.';
COMMENT ON COLUMN people.name IS 'The full name, as it is displayed.';
COMMENT ON COLUMN people.normalised_name IS 'The name in lower case and without accents: what decides who is the same person.';
COMMENT ON COLUMN people.is_independent IS 'True when made by a write of its own, not only as a by-product of an article.';
COMMENT ON COLUMN people.public_from IS 'When the person became public: the earliest public article that shows it, else infinity.';
COMMENT ON COLUMN people.version IS 'Raised by each change of the person''s own content.';
COMMENT ON COLUMN people.created_at IS 'When the row was made.';
COMMENT ON COLUMN people.updated_at IS 'When the person''s own content last changed.';
COMMENT ON COLUMN people.deleted_at IS 'When the person was withdrawn; null while it is served.';
COMMENT ON COLUMN people.deletion_reason IS 'Why the person was withdrawn, as told to readers.';
COMMENT ON COLUMN people.merged_into_id IS 'The person this one was merged into.';

CREATE TABLE person_slugs (
    slug text CONSTRAINT person_slugs_pkey PRIMARY KEY,
    person_id uuid NOT NULL CONSTRAINT person_slugs_person_id_fkey REFERENCES people (id) ON DELETE CASCADE,
    CONSTRAINT person_slugs_person_id_slug_key UNIQUE (person_id, slug)
);
COMMENT ON TABLE person_slugs IS 'Every slug a person has or once had: former ones stay reserved and lead to the current one.';
COMMENT ON COLUMN person_slugs.slug IS 'A slug, current or former.';
COMMENT ON COLUMN person_slugs.person_id IS 'The person it leads to.';
ALTER TABLE people ADD CONSTRAINT people_current_slug_fkey
    FOREIGN KEY (id, slug) REFERENCES person_slugs (person_id, slug) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE person_aliases (
    person_id uuid NOT NULL CONSTRAINT person_aliases_person_id_fkey REFERENCES people (id) ON DELETE CASCADE,
    normalised_name text NOT NULL,
    name text NOT NULL,
    CONSTRAINT person_aliases_pkey PRIMARY KEY (person_id, normalised_name),
    CONSTRAINT person_aliases_name_check CHECK (char_length(name) BETWEEN 1 AND 300)
);
CREATE INDEX person_aliases_normalised_name_idx ON person_aliases (normalised_name);
COMMENT ON TABLE person_aliases IS 'Other names of a person.';
COMMENT ON COLUMN person_aliases.person_id IS 'Whose other name it is.';
COMMENT ON COLUMN person_aliases.normalised_name IS 'The name in lower case and without accents.';
COMMENT ON COLUMN person_aliases.name IS 'The name as it is displayed.';

CREATE TABLE affiliations (
    id uuid CONSTRAINT affiliations_pkey PRIMARY KEY,
    person_id uuid NOT NULL CONSTRAINT affiliations_person_id_fkey REFERENCES people (id) ON DELETE CASCADE,
    role text,
    organization_id uuid CONSTRAINT affiliations_organization_id_fkey REFERENCES people (id),
    starts_on date,
    starts_on_precision text,
    ends_on date,
    ends_on_precision text,
    is_independent boolean NOT NULL DEFAULT false,
    public_from timestamptz NOT NULL DEFAULT 'infinity',
    CONSTRAINT affiliations_content_check CHECK (role IS NOT NULL OR organization_id IS NOT NULL),
    CONSTRAINT affiliations_role_check CHECK (char_length(role) BETWEEN 1 AND 300),
    CONSTRAINT affiliations_organization_id_check CHECK (organization_id <> person_id),
    CONSTRAINT affiliations_starts_on_check CHECK ((starts_on IS NULL) = (starts_on_precision IS NULL)),
    CONSTRAINT affiliations_ends_on_check CHECK ((ends_on IS NULL) = (ends_on_precision IS NULL)),
    CONSTRAINT affiliations_starts_on_precision_check CHECK (starts_on_precision IN ('day', 'month', 'year')),
    CONSTRAINT affiliations_ends_on_precision_check CHECK (ends_on_precision IN ('day', 'month', 'year')),
    CONSTRAINT affiliations_order_check CHECK (starts_on <= ends_on)
);
CREATE UNIQUE INDEX affiliations_content_key
    ON affiliations (person_id, coalesce(role, ''), coalesce(organization_id, person_id), coalesce(starts_on, 'infinity'));
CREATE INDEX affiliations_organization_id_idx ON affiliations (organization_id);
COMMENT ON TABLE affiliations IS 'What a person was, and when: a role, an organization or both.';
COMMENT ON COLUMN affiliations.id IS 'UUIDv7, shown as a TypeID with the prefix aff.';
COMMENT ON COLUMN affiliations.person_id IS 'Who held the role.';
COMMENT ON COLUMN affiliations.role IS 'The role as it is printed, such as "spokeswoman".';
COMMENT ON COLUMN affiliations.organization_id IS 'Where: a person of the kind organization.';
COMMENT ON COLUMN affiliations.starts_on IS 'First day, where known; of a partial date its first day.';
COMMENT ON COLUMN affiliations.starts_on_precision IS 'How much of starts_on is known: day, month or year.';
COMMENT ON COLUMN affiliations.ends_on IS 'Last day, where known; of a partial date its first day.';
COMMENT ON COLUMN affiliations.ends_on_precision IS 'How much of ends_on is known: day, month or year.';
COMMENT ON COLUMN affiliations.is_independent IS 'True when written by an editor, not only as a by-product of an article.';
COMMENT ON COLUMN affiliations.public_from IS 'When it became public: the earliest public article that prints it, else infinity.';

CREATE TABLE person_external_ids (
    source text NOT NULL,
    external_id text NOT NULL,
    person_id uuid NOT NULL CONSTRAINT person_external_ids_person_id_fkey REFERENCES people (id) ON DELETE CASCADE,
    CONSTRAINT person_external_ids_pkey PRIMARY KEY (source, external_id),
    CONSTRAINT person_external_ids_source_check CHECK (source ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    CONSTRAINT person_external_ids_external_id_check CHECK (char_length(external_id) BETWEEN 1 AND 500)
);
CREATE INDEX person_external_ids_person_id_idx ON person_external_ids (person_id);
COMMENT ON TABLE person_external_ids IS 'What other systems call a person.';
COMMENT ON COLUMN person_external_ids.source IS 'The other system.';
COMMENT ON COLUMN person_external_ids.external_id IS 'Its id there.';
COMMENT ON COLUMN person_external_ids.person_id IS 'The person.';
