ALTER TABLE keys
    DROP COLUMN created_request_id,
    DROP COLUMN revoked_by,
    DROP COLUMN revoked_request_id;
