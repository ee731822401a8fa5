DROP TRIGGER labels_insert_show_trigger ON labels;
DROP TRIGGER labels_update_show_trigger ON labels;
DROP TRIGGER labels_delete_show_trigger ON labels;
DROP FUNCTION show_labels_above;
DROP FUNCTION label_shown_from;

UPDATE labels SET public_from = fresh.public_from
FROM (
    SELECT id, coalesce(least(CASE WHEN is_independent THEN created_at END,
        (SELECT min(article_labels.public_from) FROM article_labels WHERE article_labels.label_id = labels.id)),
        'infinity') AS public_from
    FROM labels) AS fresh
WHERE labels.id = fresh.id AND labels.public_from <> fresh.public_from;
