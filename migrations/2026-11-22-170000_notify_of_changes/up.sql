-- PostgreSQL hands notifications out in the order in which their transactions committed, and takes 8,000 bytes each.
CREATE FUNCTION notify_of_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text := (SELECT string_agg(DISTINCT resource_type || ':' || resource_id, ',') FROM new_changes);
BEGIN
    IF changed IS NOT NULL THEN
        PERFORM pg_notify('verbatim_changes', CASE WHEN octet_length(changed) < 8000 THEN changed ELSE '*' END);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION notify_of_changes IS 'Tells those who listen to verbatim_changes what changed, such as article:0192…,label:0192…, or * when it is too much to say.';

CREATE TRIGGER changes_notify_trigger AFTER INSERT ON changes
    REFERENCING NEW TABLE AS new_changes FOR EACH STATEMENT EXECUTE FUNCTION notify_of_changes();
