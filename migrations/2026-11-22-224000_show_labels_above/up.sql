-- A public label shows the label above it, which leads to all below it: that one is public as well.
CREATE FUNCTION label_shown_from(label uuid) RETURNS timestamptz STABLE LANGUAGE sql AS $$
    SELECT least(
        (SELECT min(article_labels.public_from) FROM article_labels WHERE article_labels.label_id = label),
        (SELECT min(below.public_from) FROM labels AS below
         WHERE below.parent_id = label AND below.deleted_at IS NULL AND below.merged_into_id IS NULL))
$$;
COMMENT ON FUNCTION label_shown_from IS 'Since when an article, or a label below it, shows a label; null where none does, and infinity where none ever will.';

-- A change of the label above changes what is above that one, and so on to the top.
CREATE FUNCTION show_labels_above() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parents uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        parents := ARRAY(SELECT parent_id FROM new_rows WHERE parent_id IS NOT NULL);
    ELSIF TG_OP = 'DELETE' THEN
        parents := ARRAY(SELECT parent_id FROM old_rows WHERE parent_id IS NOT NULL);
    ELSE
        parents := ARRAY(
            SELECT unnest(ARRAY[old_rows.parent_id, new_rows.parent_id])
            FROM old_rows JOIN new_rows ON new_rows.id = old_rows.id
            WHERE (old_rows.parent_id, old_rows.public_from, old_rows.deleted_at, old_rows.merged_into_id)
                IS DISTINCT FROM (new_rows.parent_id, new_rows.public_from, new_rows.deleted_at, new_rows.merged_into_id));
    END IF;
    IF cardinality(parents) > 0 THEN
        UPDATE labels SET public_from = fresh.public_from
        FROM (
            SELECT id, coalesce(least(CASE WHEN is_independent THEN created_at END, label_shown_from(id)), 'infinity')
                AS public_from
            FROM labels WHERE id = ANY (parents)) AS fresh
        WHERE labels.id = fresh.id AND labels.public_from <> fresh.public_from;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION show_labels_above IS 'Keeps labels public as long as one below them is.';

CREATE TRIGGER labels_insert_show_trigger AFTER INSERT ON labels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION show_labels_above();
CREATE TRIGGER labels_update_show_trigger AFTER UPDATE ON labels
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION show_labels_above();
CREATE TRIGGER labels_delete_show_trigger AFTER DELETE ON labels
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION show_labels_above();

-- Those that are there: the triggers carry each step further up.
UPDATE labels SET public_from = least(public_from, label_shown_from(id))
WHERE public_from > label_shown_from(id);
