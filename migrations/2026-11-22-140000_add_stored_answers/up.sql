CREATE TABLE stored_answers (
    actor text NOT NULL,
    idempotency_key text NOT NULL,
    request_digest bytea NOT NULL,
    status smallint NOT NULL,
    location text,
    version integer,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT stored_answers_pkey PRIMARY KEY (actor, idempotency_key),
    CONSTRAINT stored_answers_actor_check CHECK (char_length(actor) BETWEEN 1 AND 200),
    CONSTRAINT stored_answers_idempotency_key_check CHECK (char_length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT stored_answers_request_digest_check CHECK (octet_length(request_digest) = 32)
);
CREATE INDEX stored_answers_created_at_idx ON stored_answers (created_at);
COMMENT ON TABLE stored_answers IS 'What requests with an Idempotency-Key were answered, for a day.';
COMMENT ON COLUMN stored_answers.actor IS 'Who asked: the id of a key.';
COMMENT ON COLUMN stored_answers.idempotency_key IS 'What the client calls the request.';
COMMENT ON COLUMN stored_answers.request_digest IS 'SHA-256 of the method, the target and the body.';
COMMENT ON COLUMN stored_answers.status IS 'The HTTP status.';
COMMENT ON COLUMN stored_answers.location IS 'The Location header, if there was one.';
COMMENT ON COLUMN stored_answers.version IS 'The version of the resource that was answered, if it was one.';
COMMENT ON COLUMN stored_answers.body IS 'The body, JSON.';
COMMENT ON COLUMN stored_answers.created_at IS 'When it was answered.';
