CREATE TABLE webhooks (
    id uuid CONSTRAINT webhooks_pkey PRIMARY KEY,
    name text NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,
    has_drafts boolean NOT NULL,
    secret bytea NOT NULL,
    former_secret bytea,
    former_secret_until timestamptz,
    position bigint NOT NULL,
    is_enabled boolean NOT NULL,
    disabled_reason text,
    version integer NOT NULL DEFAULT 1,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT webhooks_name_check CHECK (name ~ '\S' AND char_length(name) <= 100),
    CONSTRAINT webhooks_url_check CHECK (url ~ '^https?://' AND char_length(url) <= 2000),
    CONSTRAINT webhooks_events_check CHECK (array_position(events, NULL) IS NULL),
    CONSTRAINT webhooks_secret_check CHECK (octet_length(secret) = 32 AND octet_length(former_secret) = 32),
    CONSTRAINT webhooks_former_secret_check CHECK ((former_secret IS NULL) = (former_secret_until IS NULL)),
    CONSTRAINT webhooks_disabled_reason_check CHECK (disabled_reason IS NULL OR NOT is_enabled),
    CONSTRAINT webhooks_version_check CHECK (version >= 1),
    CONSTRAINT webhooks_created_by_check CHECK (char_length(created_by) BETWEEN 1 AND 200)
);
CREATE INDEX webhooks_created_at_id_idx ON webhooks (created_at DESC, id DESC);
COMMENT ON TABLE webhooks IS 'Whom to tell of changes.';
COMMENT ON COLUMN webhooks.id IS 'UUIDv7, shown as a TypeID with the prefix hook.';
COMMENT ON COLUMN webhooks.name IS 'What it is for, for people.';
COMMENT ON COLUMN webhooks.url IS 'Where messages are sent.';
COMMENT ON COLUMN webhooks.events IS 'What it is told of, such as article.updated; empty for everything.';
COMMENT ON COLUMN webhooks.has_drafts IS 'Whether it is told of what is not public too.';
COMMENT ON COLUMN webhooks.secret IS 'What messages are signed with: it has to be known to sign.';
COMMENT ON COLUMN webhooks.former_secret IS 'What they are signed with too, until the receiver knows the new one.';
COMMENT ON COLUMN webhooks.former_secret_until IS 'Until when.';
COMMENT ON COLUMN webhooks.position IS 'Up to where announcements were made messages.';
COMMENT ON COLUMN webhooks.is_enabled IS 'Whether it is told anything.';
COMMENT ON COLUMN webhooks.disabled_reason IS 'Why not, where the receiver wanted it so.';
COMMENT ON COLUMN webhooks.version IS 'Raised by each change.';
COMMENT ON COLUMN webhooks.created_by IS 'Who made it: the id of a key.';
COMMENT ON COLUMN webhooks.created_at IS 'When it was made.';
COMMENT ON COLUMN webhooks.updated_at IS 'When it was last changed.';

CREATE TABLE webhook_deliveries (
    id uuid CONSTRAINT webhook_deliveries_pkey PRIMARY KEY,
    webhook_id uuid NOT NULL CONSTRAINT webhook_deliveries_webhook_id_fkey REFERENCES webhooks (id) ON DELETE CASCADE,
    position bigint NOT NULL,
    event text NOT NULL,
    body text NOT NULL,
    status text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    tries_left integer NOT NULL,
    due_at timestamptz NOT NULL,
    attempts jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL,
    CONSTRAINT webhook_deliveries_position_key UNIQUE (webhook_id, position),
    CONSTRAINT webhook_deliveries_status_check CHECK (status IN ('pending', 'delivered', 'failed')),
    CONSTRAINT webhook_deliveries_tries_check CHECK (tries >= 0 AND tries_left >= 0)
);
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (webhook_id, due_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_webhook_id_idx ON webhook_deliveries (webhook_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_created_at_idx ON webhook_deliveries (created_at);
COMMENT ON TABLE webhook_deliveries IS 'Messages to webhooks, and how it went.';
COMMENT ON COLUMN webhook_deliveries.id IS 'UUIDv7, shown as a TypeID with the prefix msg: the webhook-id of every try.';
COMMENT ON COLUMN webhook_deliveries.webhook_id IS 'Whom it is for.';
COMMENT ON COLUMN webhook_deliveries.position IS 'The announcement that it tells of: each is told once.';
COMMENT ON COLUMN webhook_deliveries.event IS 'Such as article.updated.';
COMMENT ON COLUMN webhook_deliveries.body IS 'What is sent, the same at every try.';
COMMENT ON COLUMN webhook_deliveries.status IS 'pending, delivered or failed.';
COMMENT ON COLUMN webhook_deliveries.tries IS 'How often it was tried.';
COMMENT ON COLUMN webhook_deliveries.tries_left IS 'How often it will be tried yet.';
COMMENT ON COLUMN webhook_deliveries.due_at IS 'When it is to be tried next; while it is tried, when another instance may take it over.';
COMMENT ON COLUMN webhook_deliveries.attempts IS 'The latest tries: when, with what answer or error, and how long it took.';
COMMENT ON COLUMN webhook_deliveries.created_at IS 'When the message was made.';
