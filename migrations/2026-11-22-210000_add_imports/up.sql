-- What an import made of an article, so that the next one knows what its source changed since, and what an editor did.
ALTER TABLE article_sources ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE article_sources ADD COLUMN fields jsonb NOT NULL DEFAULT '{"told": {}, "kept": []}';
ALTER TABLE article_sources ADD CONSTRAINT article_sources_version_check CHECK (version >= 1);
COMMENT ON COLUMN article_sources.digest IS 'SHA-256 of what the source tells of the article: equal digests need no second look.';
COMMENT ON COLUMN article_sources.version IS 'The version of the article that the last import made.';
COMMENT ON COLUMN article_sources.fields IS 'Under told, a digest of each field as the source told it last; under kept, the fields that an editor decides.';

CREATE TABLE imports (
    id uuid CONSTRAINT imports_pkey PRIMARY KEY,
    state text NOT NULL,
    is_dry_run boolean NOT NULL,
    file_name text NOT NULL,
    size bigint NOT NULL,
    actor text NOT NULL,
    bytes_read bigint NOT NULL DEFAULT 0,
    batches integer NOT NULL DEFAULT 0,
    entries bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    conflicts bigint NOT NULL DEFAULT 0,
    left_out bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    problem text,
    is_cancelled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    heard_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT imports_state_check CHECK (state IN ('queued', 'running', 'finished', 'failed', 'cancelled')),
    CONSTRAINT imports_file_name_check CHECK (char_length(file_name) BETWEEN 1 AND 255),
    CONSTRAINT imports_size_check CHECK (size >= 0),
    CONSTRAINT imports_actor_check CHECK (char_length(actor) BETWEEN 1 AND 200),
    CONSTRAINT imports_problem_check CHECK ((problem IS NOT NULL) = (state = 'failed')),
    CONSTRAINT imports_finished_at_check CHECK ((finished_at IS NULL) = (state IN ('queued', 'running')))
);
CREATE INDEX imports_created_at_id_idx ON imports (created_at DESC, id DESC);
CREATE INDEX imports_waiting_idx ON imports (created_at) WHERE state IN ('queued', 'running');
COMMENT ON TABLE imports IS 'Files sent to be imported, and what became of them.';
COMMENT ON COLUMN imports.id IS 'UUIDv7, shown as a TypeID with the prefix imp.';
COMMENT ON COLUMN imports.state IS 'queued, running, finished, failed (it could not go on) or cancelled.';
COMMENT ON COLUMN imports.is_dry_run IS 'Whether it only tells what it would do.';
COMMENT ON COLUMN imports.file_name IS 'What the file is called: the id of the article, where it holds one.';
COMMENT ON COLUMN imports.size IS 'How many bytes the file has.';
COMMENT ON COLUMN imports.actor IS 'Who sent it: the id of a key.';
COMMENT ON COLUMN imports.bytes_read IS 'How much of the file was read.';
COMMENT ON COLUMN imports.batches IS 'How many batches of entries are done: the next server to take it up goes on after them.';
COMMENT ON COLUMN imports.entries IS 'How many entries are done.';
COMMENT ON COLUMN imports.created IS 'How many became articles.';
COMMENT ON COLUMN imports.updated IS 'How many changed an article.';
COMMENT ON COLUMN imports.unchanged IS 'How many were there already.';
COMMENT ON COLUMN imports.conflicts IS 'How many were not taken over, since an editor changed the article.';
COMMENT ON COLUMN imports.left_out IS 'How many are no articles, such as comments.';
COMMENT ON COLUMN imports.refused IS 'How many could not be taken.';
COMMENT ON COLUMN imports.problem IS 'Why it could not go on.';
COMMENT ON COLUMN imports.is_cancelled IS 'Whether somebody wants it to end: it does so after the present batch.';
COMMENT ON COLUMN imports.created_at IS 'When the file was sent.';
COMMENT ON COLUMN imports.started_at IS 'When a server first took it up.';
COMMENT ON COLUMN imports.heard_at IS 'When the server that runs it last said so.';
COMMENT ON COLUMN imports.finished_at IS 'When it ended.';

CREATE TABLE import_entries (
    import_id uuid NOT NULL CONSTRAINT import_entries_import_id_fkey REFERENCES imports (id) ON DELETE CASCADE,
    position bigint NOT NULL,
    outcome text NOT NULL,
    report jsonb NOT NULL,
    CONSTRAINT import_entries_pkey PRIMARY KEY (import_id, position),
    CONSTRAINT import_entries_position_check CHECK (position >= 1)
);
CREATE INDEX import_entries_outcome_idx ON import_entries (import_id, outcome, position);
COMMENT ON TABLE import_entries IS 'What became of the entries of an import.';
COMMENT ON COLUMN import_entries.import_id IS 'The import.';
COMMENT ON COLUMN import_entries.position IS 'Which entry, from 1.';
COMMENT ON COLUMN import_entries.outcome IS 'created, updated, unchanged, conflict, left_out or refused.';
COMMENT ON COLUMN import_entries.report IS 'The same with its reason, its place and what was found.';
