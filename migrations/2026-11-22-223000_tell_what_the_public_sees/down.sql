DROP FUNCTION announce_changes;
DROP FUNCTION note_some;
ALTER TABLE unannounced DROP COLUMN is_visible;

CREATE FUNCTION note_touched(type text, ids uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO unannounced SELECT type, touched.id, '-infinity', true
    FROM (SELECT DISTINCT id FROM unnest(ids) AS given (id) WHERE id IS NOT NULL) AS touched
    ON CONFLICT (resource_type, resource_id) DO UPDATE SET due_at = excluded.due_at, is_touched = true;
$$;
COMMENT ON FUNCTION note_touched IS 'Notes resources that show something else than before, whatever their versions say.';

CREATE OR REPLACE FUNCTION note_resources() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO unannounced SELECT TG_ARGV[0], id, '-infinity', false FROM new_rows
        ON CONFLICT (resource_type, resource_id) DO UPDATE SET due_at = excluded.due_at;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO unannounced SELECT TG_ARGV[0], id, '-infinity', false FROM old_rows
        ON CONFLICT (resource_type, resource_id) DO UPDATE SET due_at = excluded.due_at;
    ELSE
        EXECUTE format(
            'INSERT INTO unannounced
             SELECT %L, new_rows.id, ''-infinity'', new_rows.%2$I IS DISTINCT FROM old_rows.%2$I
             FROM new_rows JOIN old_rows ON old_rows.id = new_rows.id
             WHERE (new_rows.version, new_rows.public_from, new_rows.%2$I)
                IS DISTINCT FROM (old_rows.version, old_rows.public_from, old_rows.%2$I)
             ON CONFLICT (resource_type, resource_id) DO UPDATE
             SET due_at = excluded.due_at, is_touched = excluded.is_touched OR unannounced.is_touched',
            TG_ARGV[0], TG_ARGV[1]);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION note_resources IS 'Notes resources whose version, visibility or a given column changed. Arguments: their type, and the column that may change without a new version.';

CREATE OR REPLACE FUNCTION note_articles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM note_touched('article', array_agg(article_id)) FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM note_touched('article', array_agg(article_id)) FROM old_rows;
    ELSE
        PERFORM note_touched('article', array_agg(article_id)) FROM (
            SELECT article_id, to_jsonb(new_rows) - 'public_from' FROM new_rows
            EXCEPT SELECT article_id, to_jsonb(old_rows) - 'public_from' FROM old_rows) AS changed;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION note_articles IS 'Notes articles whose labels or authors changed.';

CREATE OR REPLACE FUNCTION note_moved_printings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_touched('article', array_agg(new_rows.article_id)),
            note_touched('quote', array_agg(new_rows.quote_id) || array_agg(old_rows.quote_id))
    FROM new_rows JOIN old_rows ON old_rows.id = new_rows.id
    WHERE (new_rows.quote_id, new_rows.organization_id) IS DISTINCT FROM (old_rows.quote_id, old_rows.organization_id)
      AND new_rows.public_from <= now();
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION note_moved_printings IS 'Notes articles and quotes whose printings went to another quote or organization.';

CREATE OR REPLACE FUNCTION note_affiliated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM note_touched('person', array_agg(person_id)) FROM new_rows WHERE public_from <= now();
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM note_touched('person', array_agg(person_id)) FROM old_rows WHERE public_from <= now();
    ELSE
        PERFORM note_touched('person', array_agg(new_rows.person_id) || array_agg(old_rows.person_id))
        FROM new_rows JOIN old_rows ON old_rows.id = new_rows.id
        WHERE (new_rows.public_from <= now() OR old_rows.public_from <= now())
          AND (new_rows.public_from <= now(), to_jsonb(new_rows) - 'public_from')
            IS DISTINCT FROM (old_rows.public_from <= now(), to_jsonb(old_rows) - 'public_from');
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION note_affiliated IS 'Notes people whose public affiliations changed.';

-- The lock is held until the commit, and positions are given out under it: a reader that sees one sees all before it,
-- however long the transactions took that made the changes. What another transaction is noting at this moment is left to
-- it: nobody waits under the lock. OFFSET 0 keeps each look-up one by its index.
CREATE FUNCTION announce_changes(due timestamptz) RETURNS bigint LANGUAGE plpgsql SET jit = off AS $$
DECLARE
    -- What another server just published is public, though this one's clock be behind, or its writer waited long.
    instant timestamptz := greatest(due, clock_timestamp());
    claimed unannounced[];
    public_head bigint;
    editors_head bigint;
    announced bigint;
    gone record;
BEGIN
    IF NOT EXISTS (SELECT FROM unannounced WHERE due_at <= due) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(x'616e6e6f756e6365'::bigint);
    claimed := ARRAY(SELECT unannounced FROM unannounced WHERE due_at <= due FOR UPDATE SKIP LOCKED);
    -- Once, beforehand: to look for the end while it grows is to pass over all that was added.
    SELECT coalesce(max(position), 0) INTO public_head FROM announcements WHERE audience = 'public';
    SELECT coalesce(max(position), 0) INTO editors_head FROM announcements WHERE audience = 'editors';
    INSERT INTO announcements
        (audience, position, announced_at, resource_type, resource_id, action, version, slug, reason, detail, successor_id)
    SELECT audience, head + row_number() OVER (PARTITION BY audience ORDER BY rank, resource_id), due, resource_type,
           resource_id, action,
           CASE action WHEN 'removed' THEN told_version ELSE version END,
           CASE WHEN action <> 'removed' THEN slug WHEN NOT coalesce(is_there, true) THEN told_slug END,
           CASE WHEN action <> 'removed' THEN NULL WHEN is_there THEN 'hidden' ELSE coalesce(reason, 'purged') END,
           CASE WHEN action = 'removed' AND NOT is_there THEN detail END,
           CASE WHEN action = 'removed' THEN successor_id END
    FROM (
        SELECT audiences.audience, audiences.head, unannounced.resource_type, unannounced.resource_id, resource.rank,
               resource.version, resource.slug, resource.is_there, resource.reason, resource.detail,
               told.version AS told_version, told.slug AS told_slug,
               CASE WHEN audiences.audience = 'editors' OR successor.public_from <= instant THEN successor.id END AS successor_id,
               CASE
                   WHEN coalesce(resource.is_there AND (audiences.audience = 'editors' OR resource.public_from <= instant), false)
                   THEN CASE
                       WHEN coalesce(told.action = 'removed', true) THEN 'added'
                       WHEN unannounced.is_touched OR resource.version <> told.version THEN 'updated'
                   END
                   WHEN told.action <> 'removed' THEN 'removed'
               END AS action
        FROM unnest(claimed) AS unannounced
        CROSS JOIN (VALUES ('public', public_head), ('editors', editors_head)) AS audiences (audience, head)
        LEFT JOIN LATERAL (
            SELECT * FROM followed_resources
            WHERE followed_resources.resource_type = unannounced.resource_type
              AND followed_resources.id = unannounced.resource_id OFFSET 0) AS resource ON true
        LEFT JOIN LATERAL (
            SELECT action, version, slug FROM announcements
            WHERE announcements.audience = audiences.audience
              AND announcements.resource_type = unannounced.resource_type
              AND announcements.resource_id = unannounced.resource_id
            ORDER BY position DESC LIMIT 1) AS told ON true
        LEFT JOIN LATERAL (
            SELECT followed_resources.id, followed_resources.public_from FROM followed_resources
            WHERE followed_resources.resource_type = unannounced.resource_type
              AND followed_resources.id = resource.successor_id OFFSET 0) AS successor ON true) AS decided
    WHERE action IS NOT NULL;
    GET DIAGNOSTICS announced = ROW_COUNT;
    -- What was hidden or purged is unknown by its slug, and so it is to whoever reads the log from now on.
    FOR gone IN
        SELECT audiences.audience, unannounced.resource_type, unannounced.resource_id, resource.id IS NULL AS is_purged
        FROM unnest(claimed) AS unannounced
        CROSS JOIN (VALUES ('public'), ('editors')) AS audiences (audience)
        LEFT JOIN LATERAL (
            SELECT id, is_there FROM followed_resources
            WHERE followed_resources.resource_type = unannounced.resource_type
              AND followed_resources.id = unannounced.resource_id OFFSET 0) AS resource ON true
        LEFT JOIN LATERAL (
            SELECT reason FROM announcements
            WHERE announcements.audience = audiences.audience
              AND announcements.resource_type = unannounced.resource_type
              AND announcements.resource_id = unannounced.resource_id
            ORDER BY position DESC LIMIT 1) AS told ON true
        WHERE resource.id IS NULL OR told.reason = 'hidden'
    LOOP
        UPDATE announcements SET slug = NULL, detail = CASE WHEN gone.is_purged THEN NULL ELSE detail END
        WHERE audience = gone.audience AND resource_type = gone.resource_type AND resource_id = gone.resource_id
          AND (slug IS NOT NULL OR detail IS NOT NULL);
    END LOOP;
    UPDATE unannounced SET due_at = later.public_from, is_touched = false
    FROM (
        SELECT waiting.resource_type, waiting.resource_id, resource.public_from
        FROM unnest(claimed) AS waiting
        CROSS JOIN LATERAL (
            SELECT public_from FROM followed_resources
            WHERE followed_resources.resource_type = waiting.resource_type
              AND followed_resources.id = waiting.resource_id AND is_there OFFSET 0) AS resource
        WHERE resource.public_from > instant AND resource.public_from < 'infinity') AS later
    WHERE unannounced.resource_type = later.resource_type AND unannounced.resource_id = later.resource_id;
    DELETE FROM unannounced USING unnest(claimed) AS done
    WHERE unannounced.resource_type = done.resource_type AND unannounced.resource_id = done.resource_id
      AND unannounced.due_at <= due;
    RETURN announced;
END
$$;
COMMENT ON FUNCTION announce_changes IS 'Announces what is due at an instant; returns how many announcements there were. To be called last in a transaction: the next one waits until it ends.';

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
CREATE TRIGGER announcements_notify_trigger AFTER INSERT ON announcements
    REFERENCING NEW TABLE AS new_changes FOR EACH STATEMENT EXECUTE FUNCTION notify_of_changes();
