CREATE TABLE changes (
    id bigint CONSTRAINT changes_pkey PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    transaction_id bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
    occurred_at timestamptz NOT NULL,
    resource_type text NOT NULL,
    resource_id uuid NOT NULL,
    action text NOT NULL,
    version_before integer,
    version_after integer,
    actor text NOT NULL,
    request_id text,
    CONSTRAINT changes_resource_type_check CHECK (resource_type IN ('article', 'person', 'quote', 'label')),
    CONSTRAINT changes_action_check CHECK (action IN ('created', 'updated', 'deleted', 'restored', 'merged', 'purged')),
    CONSTRAINT changes_versions_check CHECK (version_before < version_after),
    CONSTRAINT changes_created_check CHECK ((action = 'created') = (version_before IS NULL)),
    CONSTRAINT changes_actor_check CHECK (char_length(actor) BETWEEN 1 AND 200),
    CONSTRAINT changes_request_id_check CHECK (char_length(request_id) BETWEEN 1 AND 200)
);
CREATE INDEX changes_transaction_id_id_idx ON changes (transaction_id, id);
CREATE INDEX changes_resource_idx ON changes (resource_type, resource_id, id);
COMMENT ON TABLE changes IS 'Who changed what: a row for every change of a resource, written in the change''s own transaction.';
COMMENT ON COLUMN changes.id IS 'Order of writing; not the order of commit.';
COMMENT ON COLUMN changes.transaction_id IS 'The writing transaction: readers wait for older ones that still run, so that none is missed.';
COMMENT ON COLUMN changes.occurred_at IS 'When the change was made.';
COMMENT ON COLUMN changes.resource_type IS 'article, person, quote or label.';
COMMENT ON COLUMN changes.resource_id IS 'The resource; it may be gone.';
COMMENT ON COLUMN changes.action IS 'created, updated, deleted, restored, merged or purged.';
COMMENT ON COLUMN changes.version_before IS 'Its version before; null when created.';
COMMENT ON COLUMN changes.version_after IS 'Its version after; null when purged.';
COMMENT ON COLUMN changes.actor IS 'Who did it, such as import or the id of a key.';
COMMENT ON COLUMN changes.request_id IS 'The request that did it; null on the command line.';
