-- The lock is held until the commit, and positions are given out under it: a reader that sees one sees all before it,
-- however long the transactions took that made the changes. What another transaction is noting at this moment is left to
-- it: nobody waits under the lock. OFFSET 0 keeps each look-up one by its index.
CREATE OR REPLACE FUNCTION announce_changes(due timestamptz) RETURNS bigint LANGUAGE plpgsql SET jit = off AS $$
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
