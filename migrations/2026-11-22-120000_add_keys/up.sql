CREATE TABLE keys (
    id uuid CONSTRAINT keys_pkey PRIMARY KEY,
    name text NOT NULL,
    digest bytea NOT NULL CONSTRAINT keys_digest_key UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT keys_name_check CHECK (name ~ '\S' AND char_length(name) <= 100),
    CONSTRAINT keys_digest_check CHECK (octet_length(digest) = 32),
    CONSTRAINT keys_scopes_check CHECK (
        cardinality(scopes) >= 1 AND scopes <@ ARRAY['read', 'drafts', 'write', 'admin'] AND array_position(scopes, NULL) IS NULL),
    CONSTRAINT keys_created_by_check CHECK (char_length(created_by) BETWEEN 1 AND 200)
);
CREATE INDEX keys_created_at_id_idx ON keys (created_at DESC, id DESC);
COMMENT ON TABLE keys IS 'Who may do what: secrets that callers show, kept as digests.';
COMMENT ON COLUMN keys.id IS 'UUIDv7, shown as a TypeID with the prefix key.';
COMMENT ON COLUMN keys.name IS 'What the key is for, for people.';
COMMENT ON COLUMN keys.digest IS 'SHA-256 of the secret, whose 256 random bits no one can guess: the secret itself is nowhere.';
COMMENT ON COLUMN keys.scopes IS 'What it may do: read, drafts, write, admin; each includes those before it.';
COMMENT ON COLUMN keys.created_at IS 'When it was made.';
COMMENT ON COLUMN keys.created_by IS 'Who made it: the id of a key, or command-line.';
COMMENT ON COLUMN keys.expires_at IS 'From when on it is refused; null when it does not expire.';
COMMENT ON COLUMN keys.revoked_at IS 'When it was revoked: it is refused since; null when it was not.';
COMMENT ON COLUMN keys.last_used_at IS 'When it was last used, to about a minute; null when never.';
