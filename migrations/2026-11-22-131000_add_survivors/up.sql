CREATE FUNCTION surviving_label(label_id uuid) RETURNS uuid STABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN (WITH RECURSIVE chain (id, merged_into_id) AS (
    SELECT labels.id, labels.merged_into_id FROM labels WHERE labels.id = label_id
    UNION SELECT labels.id, labels.merged_into_id FROM labels JOIN chain ON labels.id = chain.merged_into_id)
    SELECT chain.id FROM chain WHERE chain.merged_into_id IS NULL);
COMMENT ON FUNCTION surviving_label IS 'What a label was merged into in the end; a label that was not is its own survivor.';

CREATE FUNCTION surviving_person(person_id uuid) RETURNS uuid STABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN (WITH RECURSIVE chain (id, merged_into_id) AS (
    SELECT people.id, people.merged_into_id FROM people WHERE people.id = person_id
    UNION SELECT people.id, people.merged_into_id FROM people JOIN chain ON people.id = chain.merged_into_id)
    SELECT chain.id FROM chain WHERE chain.merged_into_id IS NULL);
COMMENT ON FUNCTION surviving_person IS 'Whom a person was merged into in the end; one that was not is their own survivor.';
