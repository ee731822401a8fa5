ALTER TABLE keys
    ADD COLUMN created_request_id text,
    ADD COLUMN revoked_by text,
    ADD COLUMN revoked_request_id text,
    ADD CONSTRAINT keys_created_request_id_check CHECK (char_length(created_request_id) BETWEEN 1 AND 200),
    ADD CONSTRAINT keys_revoked_by_check CHECK (char_length(revoked_by) BETWEEN 1 AND 200),
    ADD CONSTRAINT keys_revoked_request_id_check CHECK (char_length(revoked_request_id) BETWEEN 1 AND 200);
COMMENT ON COLUMN keys.created_request_id IS 'The request that made it, where one did.';
COMMENT ON COLUMN keys.revoked_by IS 'Who revoked it: the id of a key, or command-line; null where nobody did, or nobody knows who.';
COMMENT ON COLUMN keys.revoked_request_id IS 'The request that revoked it, where one did.';
