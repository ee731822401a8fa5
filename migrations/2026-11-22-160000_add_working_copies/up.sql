CREATE TABLE working_copies (
    article_id uuid CONSTRAINT working_copies_pkey PRIMARY KEY
        CONSTRAINT working_copies_article_id_fkey REFERENCES articles (id) ON DELETE CASCADE,
    version integer NOT NULL,
    based_on integer NOT NULL,
    document jsonb NOT NULL,
    actor text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT working_copies_version_check CHECK (version >= 1),
    CONSTRAINT working_copies_based_on_check CHECK (based_on >= 1),
    CONSTRAINT working_copies_actor_check CHECK (char_length(actor) BETWEEN 1 AND 200)
);
COMMENT ON TABLE working_copies IS 'Changes of articles that are written but not published: only who may read drafts sees them.';
COMMENT ON COLUMN working_copies.article_id IS 'The article.';
COMMENT ON COLUMN working_copies.version IS 'Raised by each change of the working copy.';
COMMENT ON COLUMN working_copies.based_on IS 'The version of the article that it was begun from.';
COMMENT ON COLUMN working_copies.document IS 'The whole article as it is to become, as a draft. People and labels that it names may not exist yet.';
COMMENT ON COLUMN working_copies.actor IS 'Who changed it last: the id of a key.';
COMMENT ON COLUMN working_copies.created_at IS 'When it was begun.';
COMMENT ON COLUMN working_copies.updated_at IS 'When it was last changed.';
