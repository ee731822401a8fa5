-- A change of what no reader can see, such as a draft, is told to editors alone, and leaves the answers to readers as they
-- are. Triggers know which it is: they see the rows before and after. What is to become public counts as seen, so that
-- nothing depends on clocks that agree.
ALTER TABLE unannounced ADD COLUMN is_visible boolean NOT NULL DEFAULT true;
UPDATE unannounced SET is_visible = false WHERE due_at > '-infinity';
COMMENT ON COLUMN unannounced.is_visible IS 'True when something changed that the public sees, saw or is to see at a known time.';

-- A public label may belong to a hidden one, which is seen there and in what belongs to both.
CREATE OR REPLACE FUNCTION note_resources() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO unannounced SELECT TG_ARGV[0], id, '-infinity', false, public_from < 'infinity' FROM new_rows
        ON CONFLICT (resource_type, resource_id) DO UPDATE
        SET due_at = excluded.due_at, is_visible = excluded.is_visible OR unannounced.is_visible;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO unannounced SELECT TG_ARGV[0], id, '-infinity', false, public_from < 'infinity' FROM old_rows
        ON CONFLICT (resource_type, resource_id) DO UPDATE
        SET due_at = excluded.due_at, is_visible = excluded.is_visible OR unannounced.is_visible;
    ELSE
        EXECUTE format(
            'INSERT INTO unannounced
             SELECT %1$L, new_rows.id, ''-infinity'', new_rows.%2$I IS DISTINCT FROM old_rows.%2$I,
                    least(new_rows.public_from, old_rows.public_from) < ''infinity''
                    OR %1$L = ''label'' AND EXISTS (SELECT FROM labels WHERE labels.parent_id = new_rows.id)
             FROM new_rows JOIN old_rows ON old_rows.id = new_rows.id
             WHERE (new_rows.version, new_rows.public_from, new_rows.%2$I)
                IS DISTINCT FROM (old_rows.version, old_rows.public_from, old_rows.%2$I)
             ON CONFLICT (resource_type, resource_id) DO UPDATE
             SET due_at = excluded.due_at, is_touched = excluded.is_touched OR unannounced.is_touched,
                 is_visible = excluded.is_visible OR unannounced.is_visible',
            TG_ARGV[0], TG_ARGV[1]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION note_some(type text, ids uuid[], is_touched boolean, is_visible boolean) RETURNS void LANGUAGE sql AS $$
    INSERT INTO unannounced SELECT type, noted.id, '-infinity', is_touched, is_visible
    FROM (SELECT DISTINCT id FROM unnest(ids) AS given (id) WHERE id IS NOT NULL) AS noted
    ON CONFLICT (resource_type, resource_id) DO UPDATE
    SET due_at = excluded.due_at, is_touched = excluded.is_touched OR unannounced.is_touched,
        is_visible = excluded.is_visible OR unannounced.is_visible;
$$;
COMMENT ON FUNCTION note_some IS 'Notes resources that may show something else than before, whatever their versions say.';

CREATE OR REPLACE FUNCTION note_articles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM note_some('article', array_agg(article_id), true, min(public_from) < 'infinity') FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM note_some('article', array_agg(article_id), true, min(public_from) < 'infinity') FROM old_rows;
    ELSE
        PERFORM note_some('article', array_agg(article_id), true,
                (SELECT least((SELECT min(public_from) FROM new_rows), (SELECT min(public_from) FROM old_rows)) < 'infinity'))
        FROM (
            SELECT article_id, to_jsonb(new_rows) - 'public_from' FROM new_rows
            EXCEPT SELECT article_id, to_jsonb(old_rows) - 'public_from' FROM old_rows) AS changed;
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION note_moved_printings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_some('article', array_agg(new_rows.article_id), true, true),
            note_some('quote', array_agg(new_rows.quote_id) || array_agg(old_rows.quote_id), true, true)
    FROM new_rows JOIN old_rows ON old_rows.id = new_rows.id
    WHERE (new_rows.quote_id, new_rows.organization_id) IS DISTINCT FROM (old_rows.quote_id, old_rows.organization_id)
      AND new_rows.public_from <= now();
    RETURN NULL;
END
$$;

-- Of those that are not public yet editors alone are told; announce_changes looks when the next one is.
CREATE OR REPLACE FUNCTION note_affiliated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM note_some('person', array_agg(person_id) FILTER (WHERE public_from <= now()), true, true),
                note_some('person', array_agg(person_id) FILTER (WHERE public_from > now()), true, false)
        FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM note_some('person', array_agg(person_id) FILTER (WHERE public_from <= now()), true, true),
                note_some('person', array_agg(person_id) FILTER (WHERE public_from > now()), true, false)
        FROM old_rows;
    ELSE
        PERFORM note_some('person', people, is_touched OR is_visible, is_visible)
        FROM (
            SELECT array_agg(new_rows.person_id) || array_agg(old_rows.person_id) AS people, is_touched,
                   is_touched AND (new_rows.public_from <= now() OR old_rows.public_from <= now())
                   OR (new_rows.public_from <= now()) <> (old_rows.public_from <= now()) AS is_visible
            FROM new_rows JOIN old_rows ON old_rows.id = new_rows.id
            CROSS JOIN LATERAL (
                SELECT to_jsonb(new_rows) - 'public_from' <> to_jsonb(old_rows) - 'public_from' AS is_touched) AS compared
            WHERE is_touched OR new_rows.public_from <> old_rows.public_from
            GROUP BY 2, 3) AS changed;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION note_affiliated IS 'Notes people whose affiliations changed, or are to become public at another time.';

DROP FUNCTION note_touched;
DROP FUNCTION announce_changes;

-- The lock is held until the commit, and positions are given out under it: a reader that sees one sees all before it,
-- however long the transactions took that made the changes. What another transaction is noting at this moment is left to
-- it: nobody waits under the lock. OFFSET 0 keeps each look-up one by its index.
--
-- What is claimed is taken out of the table by its place in it. The table is filled and emptied all the time, so that the
-- planner is told of no rows where there are a thousand; joined with itself, that took the square of their number.
CREATE FUNCTION announce_changes(due timestamptz) RETURNS SETOF unannounced LANGUAGE plpgsql SET jit = off AS $$
DECLARE
    -- What another server just published is public, though this one's clock be behind, or its writer waited long.
    instant timestamptz := greatest(due, clock_timestamp());
    claimed unannounced[];
    public_head bigint;
    editors_head bigint;
    gone record;
    seen text;
BEGIN
    IF NOT EXISTS (SELECT FROM unannounced WHERE due_at <= due) THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(x'616e6e6f756e6365'::bigint);
    WITH taken AS (
        DELETE FROM unannounced
        WHERE ctid = ANY (ARRAY(SELECT ctid FROM unannounced WHERE due_at <= due FOR UPDATE SKIP LOCKED))
        RETURNING unannounced AS waiting)
    SELECT array_agg(waiting) INTO claimed FROM taken;
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
                       WHEN unannounced.is_touched AND (audiences.audience = 'editors' OR unannounced.is_visible)
                         OR resource.version <> told.version THEN 'updated'
                       -- What editors knew before.
                       WHEN audiences.audience = 'public' AND unannounced.resource_type = 'person' AND EXISTS (
                           SELECT FROM affiliations WHERE affiliations.person_id = unannounced.resource_id
                             AND affiliations.public_from > told.announced_at AND affiliations.public_from <= instant)
                       THEN 'updated'
                   END
                   WHEN told.action <> 'removed' THEN 'removed'
               END AS action
        FROM unnest(claimed) AS unannounced
        LEFT JOIN LATERAL (
            SELECT * FROM followed_resources
            WHERE followed_resources.resource_type = unannounced.resource_type
              AND followed_resources.id = unannounced.resource_id OFFSET 0) AS resource ON true
        CROSS JOIN (VALUES ('public', public_head), ('editors', editors_head)) AS audiences (audience, head)
        LEFT JOIN LATERAL (
            SELECT action, version, slug, announced_at FROM announcements
            WHERE announcements.audience = audiences.audience
              AND announcements.resource_type = unannounced.resource_type
              AND announcements.resource_id = unannounced.resource_id
            ORDER BY position DESC LIMIT 1) AS told ON true
        LEFT JOIN LATERAL (
            SELECT followed_resources.id, followed_resources.public_from FROM followed_resources
            WHERE followed_resources.resource_type = unannounced.resource_type
              AND followed_resources.id = resource.successor_id OFFSET 0) AS successor ON true) AS decided
    WHERE action IS NOT NULL;
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
    INSERT INTO unannounced (resource_type, resource_id, due_at, is_touched, is_visible)
    SELECT later.resource_type, later.resource_id, later.due_at, false, false
    FROM (
        SELECT waiting.resource_type, waiting.resource_id,
               least(CASE WHEN resource.public_from > instant THEN resource.public_from END,
                     (SELECT min(affiliations.public_from) FROM affiliations
                      WHERE waiting.resource_type = 'person' AND affiliations.person_id = waiting.resource_id
                        AND affiliations.public_from > instant)) AS due_at
        FROM unnest(claimed) AS waiting
        CROSS JOIN LATERAL (
            SELECT public_from FROM followed_resources
            WHERE followed_resources.resource_type = waiting.resource_type
              AND followed_resources.id = waiting.resource_id AND is_there OFFSET 0) AS resource) AS later
    WHERE later.due_at < 'infinity'
    ON CONFLICT (resource_type, resource_id) DO NOTHING;
    -- PostgreSQL hands notifications out in the order in which their transactions committed, and takes 8,000 bytes each.
    SELECT string_agg(resource_type || ':' || resource_id, ',') INTO seen
    FROM unnest(claimed) WHERE is_visible OR due_at > '-infinity';
    PERFORM pg_notify('verbatim_changes',
        CASE WHEN seen IS NULL THEN '-' WHEN octet_length(seen) < 8000 THEN seen ELSE '*' END);
    RETURN QUERY SELECT * FROM unnest(claimed) WHERE is_visible OR due_at > '-infinity';
END
$$;
COMMENT ON FUNCTION announce_changes IS 'Announces what is due at an instant, and tells those who listen to verbatim_changes what of it the public sees, such as article:0192…,label:0192…, - for nothing, or * when it is too much to say; returns that too. To be called last in a transaction: the next one waits until it ends.';

DROP TRIGGER changes_notify_trigger ON changes;
DROP TRIGGER announcements_notify_trigger ON announcements;
DROP FUNCTION notify_of_changes;

INSERT INTO unannounced (resource_type, resource_id, due_at, is_touched, is_visible)
SELECT 'person', person_id, min(public_from), false, false FROM affiliations
WHERE public_from > now() AND public_from < 'infinity' GROUP BY person_id
ON CONFLICT (resource_type, resource_id) DO UPDATE SET due_at = least(unannounced.due_at, excluded.due_at);
