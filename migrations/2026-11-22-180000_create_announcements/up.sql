CREATE TABLE announcements (
    audience text NOT NULL,
    position bigint NOT NULL,
    announced_at timestamptz NOT NULL,
    resource_type text NOT NULL,
    resource_id uuid NOT NULL,
    action text NOT NULL,
    version integer NOT NULL,
    slug text,
    reason text,
    detail text,
    successor_id uuid,
    CONSTRAINT announcements_pkey PRIMARY KEY (audience, position),
    CONSTRAINT announcements_audience_check CHECK (audience IN ('public', 'editors')),
    CONSTRAINT announcements_position_check CHECK (position >= 1),
    CONSTRAINT announcements_resource_type_check CHECK (resource_type IN ('article', 'person', 'quote', 'label')),
    CONSTRAINT announcements_action_check CHECK (action IN ('added', 'updated', 'removed')),
    CONSTRAINT announcements_reason_check CHECK (reason IN ('hidden', 'deleted', 'merged', 'purged')),
    CONSTRAINT announcements_removal_check CHECK ((action = 'removed') = (reason IS NOT NULL))
);
CREATE INDEX announcements_resource_idx ON announcements (audience, resource_type, resource_id, position DESC);
COMMENT ON TABLE announcements IS 'What followers are told of changes: for each audience one unbroken row, in the order of the commits.';
COMMENT ON COLUMN announcements.audience IS 'public (what everybody sees) or editors (what is not public too).';
COMMENT ON COLUMN announcements.position IS 'Place in what the audience is told, from 1 without gaps, so that nothing can be read from it.';
COMMENT ON COLUMN announcements.announced_at IS 'When it was announced.';
COMMENT ON COLUMN announcements.resource_type IS 'article, person, quote or label.';
COMMENT ON COLUMN announcements.resource_id IS 'The resource; it may be gone.';
COMMENT ON COLUMN announcements.action IS 'added (the audience sees it from now on), updated, or removed (it does so no more).';
COMMENT ON COLUMN announcements.version IS 'Its version; of what was removed the last that was told.';
COMMENT ON COLUMN announcements.slug IS 'Its slug, if it has one; of what was deleted or merged the last that was told, and null throughout of what was hidden or purged.';
COMMENT ON COLUMN announcements.reason IS 'Why it was removed: hidden (nothing public shows it any more), deleted, merged or purged.';
COMMENT ON COLUMN announcements.detail IS 'Why it was deleted, as told to readers.';
COMMENT ON COLUMN announcements.successor_id IS 'What it became part of, where the audience sees that.';

CREATE TABLE unannounced (
    resource_type text NOT NULL,
    resource_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    is_touched boolean NOT NULL,
    CONSTRAINT unannounced_pkey PRIMARY KEY (resource_type, resource_id)
);
CREATE INDEX unannounced_due_at_idx ON unannounced (due_at);
COMMENT ON TABLE unannounced IS 'Resources of which there may be something to announce: filled by triggers, emptied by announce_changes.';
COMMENT ON COLUMN unannounced.resource_type IS 'article, person, quote or label.';
COMMENT ON COLUMN unannounced.resource_id IS 'The resource; it may be gone.';
COMMENT ON COLUMN unannounced.due_at IS 'From when on: at once, or when it becomes public.';
COMMENT ON COLUMN unannounced.is_touched IS 'True when what it shows changed without its version.';

-- Triggers note what changed, so that nothing is forgotten, whoever writes and however.
CREATE FUNCTION note_resources() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION note_touched(type text, ids uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO unannounced SELECT type, touched.id, '-infinity', true
    FROM (SELECT DISTINCT id FROM unnest(ids) AS given (id) WHERE id IS NOT NULL) AS touched
    ON CONFLICT (resource_type, resource_id) DO UPDATE SET due_at = excluded.due_at, is_touched = true;
$$;
COMMENT ON FUNCTION note_touched IS 'Notes resources that show something else than before, whatever their versions say.';

-- A merge moves labels and authors of articles without new versions.
CREATE FUNCTION note_articles() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- A merge, a join and a split move printings. What only a hidden article prints is nothing to tell of.
CREATE FUNCTION note_moved_printings() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION note_affiliated() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER articles_insert_note_trigger AFTER INSERT ON articles
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('article', 'slug');
CREATE TRIGGER articles_update_note_trigger AFTER UPDATE ON articles
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('article', 'slug');
CREATE TRIGGER articles_delete_note_trigger AFTER DELETE ON articles
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('article', 'slug');
CREATE TRIGGER people_insert_note_trigger AFTER INSERT ON people
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('person', 'slug');
CREATE TRIGGER people_update_note_trigger AFTER UPDATE ON people
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('person', 'slug');
CREATE TRIGGER people_delete_note_trigger AFTER DELETE ON people
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('person', 'slug');
CREATE TRIGGER labels_insert_note_trigger AFTER INSERT ON labels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('label', 'parent_id');
CREATE TRIGGER labels_update_note_trigger AFTER UPDATE ON labels
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('label', 'parent_id');
CREATE TRIGGER labels_delete_note_trigger AFTER DELETE ON labels
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('label', 'parent_id');
CREATE TRIGGER quotes_insert_note_trigger AFTER INSERT ON quotes
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('quote', 'speaker_id');
CREATE TRIGGER quotes_update_note_trigger AFTER UPDATE ON quotes
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('quote', 'speaker_id');
CREATE TRIGGER quotes_delete_note_trigger AFTER DELETE ON quotes
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_resources('quote', 'speaker_id');
CREATE TRIGGER article_labels_insert_note_trigger AFTER INSERT ON article_labels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_articles();
CREATE TRIGGER article_labels_update_note_trigger AFTER UPDATE ON article_labels
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_articles();
CREATE TRIGGER article_labels_delete_note_trigger AFTER DELETE ON article_labels
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_articles();
CREATE TRIGGER article_authors_insert_note_trigger AFTER INSERT ON article_authors
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_articles();
CREATE TRIGGER article_authors_update_note_trigger AFTER UPDATE ON article_authors
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_articles();
CREATE TRIGGER article_authors_delete_note_trigger AFTER DELETE ON article_authors
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_articles();
CREATE TRIGGER occurrences_update_note_trigger AFTER UPDATE ON occurrences
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_moved_printings();
CREATE TRIGGER affiliations_insert_note_trigger AFTER INSERT ON affiliations
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_affiliated();
CREATE TRIGGER affiliations_update_note_trigger AFTER UPDATE ON affiliations
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_affiliated();
CREATE TRIGGER affiliations_delete_note_trigger AFTER DELETE ON affiliations
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION note_affiliated();

CREATE VIEW followed_resources AS
    SELECT 'article' AS resource_type, 4 AS rank, id, version, slug, public_from, deleted_at IS NULL AS is_there,
           'deleted' AS reason, deletion_reason AS detail, NULL::uuid AS successor_id FROM articles
    UNION ALL
    SELECT 'person', 2, id, version, slug, public_from, deleted_at IS NULL AND merged_into_id IS NULL,
           CASE WHEN merged_into_id IS NULL THEN 'deleted' ELSE 'merged' END, deletion_reason, merged_into_id FROM people
    UNION ALL
    SELECT 'label', 1, id, version, slug, public_from, deleted_at IS NULL AND merged_into_id IS NULL,
           CASE WHEN merged_into_id IS NULL THEN 'deleted' ELSE 'merged' END, deletion_reason, merged_into_id FROM labels
    UNION ALL
    SELECT 'quote', 3, id, version, NULL, public_from, deleted_at IS NULL,
           CASE WHEN successor_id IS NULL THEN 'deleted' ELSE 'merged' END, deletion_reason, successor_id FROM quotes;
COMMENT ON VIEW followed_resources IS 'What announcements are made of: every resource, and what became of it.';

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

CREATE TRIGGER announcements_notify_trigger AFTER INSERT ON announcements
    REFERENCING NEW TABLE AS new_changes FOR EACH STATEMENT EXECUTE FUNCTION notify_of_changes();

-- What was there before is announced as if it had come now.
INSERT INTO announcements (audience, position, announced_at, resource_type, resource_id, action, version, slug)
SELECT audience, row_number() OVER (PARTITION BY audience ORDER BY rank, id), now(), resource_type, id, 'added', version, slug
FROM followed_resources CROSS JOIN (VALUES ('public'), ('editors')) AS known (audience)
WHERE is_there AND (audience = 'editors' OR public_from <= now());
INSERT INTO unannounced (resource_type, resource_id, due_at, is_touched)
SELECT resource_type, id, public_from, false FROM followed_resources
WHERE is_there AND public_from > now() AND public_from < 'infinity';
