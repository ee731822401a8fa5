CREATE TABLE articles (
    id uuid CONSTRAINT articles_pkey PRIMARY KEY,
    slug text NOT NULL CONSTRAINT articles_slug_key UNIQUE,
    title text NOT NULL,
    summary text,
    language text NOT NULL DEFAULT 'en',
    status text NOT NULL DEFAULT 'draft',
    published_at timestamptz,
    public_from timestamptz NOT NULL GENERATED ALWAYS AS (
        CASE WHEN deleted_at IS NULL AND status IN ('scheduled', 'published')
             THEN coalesce(published_at, 'infinity') ELSE 'infinity' END) STORED,
    canonical_url text,
    body_format text NOT NULL,
    body_source text NOT NULL,
    body_html text NOT NULL,
    body_text text NOT NULL,
    text_rule smallint NOT NULL DEFAULT 1,
    provenance jsonb,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    deletion_reason text,
    CONSTRAINT articles_id_public_from_key UNIQUE (id, public_from),
    CONSTRAINT articles_slug_check CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 120),
    CONSTRAINT articles_title_check CHECK (char_length(title) BETWEEN 1 AND 500),
    CONSTRAINT articles_summary_check CHECK (char_length(summary) BETWEEN 1 AND 5000),
    CONSTRAINT articles_language_check CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' AND char_length(language) <= 35),
    CONSTRAINT articles_status_check CHECK (status IN ('draft', 'scheduled', 'published', 'archived')),
    CONSTRAINT articles_published_at_check CHECK (published_at IS NOT NULL OR status IN ('draft', 'archived')),
    CONSTRAINT articles_body_format_check CHECK (body_format IN ('html', 'markdown', 'plain')),
    CONSTRAINT articles_text_rule_check CHECK (text_rule >= 1),
    CONSTRAINT articles_canonical_url_check CHECK (canonical_url ~ '^https?://' AND char_length(canonical_url) <= 2000),
    CONSTRAINT articles_version_check CHECK (version >= 1),
    CONSTRAINT articles_deletion_check CHECK (deleted_at IS NOT NULL OR deletion_reason IS NULL)
);
CREATE INDEX articles_public_from_id_idx ON articles (public_from DESC, id DESC);
CREATE INDEX articles_slug_trgm_idx ON articles USING gin (slug gin_trgm_ops);
COMMENT ON TABLE articles IS 'Titled texts with a life cycle; the row holds what is served.';
COMMENT ON COLUMN articles.id IS 'UUIDv7, shown as a TypeID with the prefix art.';
COMMENT ON COLUMN articles.slug IS 'The current slug; every slug ever valid stands in article_slugs.';
COMMENT ON COLUMN articles.title IS 'The title, plain text.';
COMMENT ON COLUMN articles.summary IS 'A few sentences that stand for the article, plain text.';
COMMENT ON COLUMN articles.language IS 'Language of the text, a BCP 47 tag.';
COMMENT ON COLUMN articles.status IS 'draft, scheduled, published or archived.';
COMMENT ON COLUMN articles.published_at IS 'When the article is or was published; in the future while scheduled.';
COMMENT ON COLUMN articles.public_from IS 'When the article becomes public, infinity when it is not to be: public means public_from <= now.';
COMMENT ON COLUMN articles.canonical_url IS 'The article''s own address on the site that publishes it.';
COMMENT ON COLUMN articles.body_format IS 'What body_source is written in: html, markdown or plain.';
COMMENT ON COLUMN articles.body_source IS 'The body as written, without a block of pull quotes.';
COMMENT ON COLUMN articles.body_html IS 'The body rendered and made safe.';
COMMENT ON COLUMN articles.body_text IS 'The body''s text, which the anchors count in.';
COMMENT ON COLUMN articles.text_rule IS 'Version of the rule that made body_text out of the body.';
COMMENT ON COLUMN articles.provenance IS 'Of an imported article: what was found where in the imported bytes, and why.';
COMMENT ON COLUMN articles.version IS 'Raised by each change of the article''s own content, its lists included.';
COMMENT ON COLUMN articles.created_at IS 'When the row was made.';
COMMENT ON COLUMN articles.updated_at IS 'When the article''s own content last changed.';
COMMENT ON COLUMN articles.deleted_at IS 'When the article was withdrawn; null while it is served.';
COMMENT ON COLUMN articles.deletion_reason IS 'Why the article was withdrawn, as told to readers.';

CREATE TABLE article_slugs (
    slug text CONSTRAINT article_slugs_pkey PRIMARY KEY,
    article_id uuid NOT NULL CONSTRAINT article_slugs_article_id_fkey REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_slugs_article_id_slug_key UNIQUE (article_id, slug)
);
COMMENT ON TABLE article_slugs IS 'Every slug an article has or once had: former ones stay reserved and lead to the current one.';
COMMENT ON COLUMN article_slugs.slug IS 'A slug, current or former.';
COMMENT ON COLUMN article_slugs.article_id IS 'The article it leads to.';
ALTER TABLE articles ADD CONSTRAINT articles_current_slug_fkey
    FOREIGN KEY (id, slug) REFERENCES article_slugs (article_id, slug) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE article_external_ids (
    source text NOT NULL,
    external_id text NOT NULL,
    article_id uuid NOT NULL CONSTRAINT article_external_ids_article_id_fkey REFERENCES articles (id) ON DELETE CASCADE,
    CONSTRAINT article_external_ids_pkey PRIMARY KEY (source, external_id),
    CONSTRAINT article_external_ids_source_check CHECK (source ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    CONSTRAINT article_external_ids_external_id_check CHECK (char_length(external_id) BETWEEN 1 AND 500)
);
CREATE INDEX article_external_ids_article_id_idx ON article_external_ids (article_id);
COMMENT ON TABLE article_external_ids IS 'What other systems call an article.';
COMMENT ON COLUMN article_external_ids.source IS 'The other system.';
COMMENT ON COLUMN article_external_ids.external_id IS 'Its id there.';
COMMENT ON COLUMN article_external_ids.article_id IS 'The article.';

CREATE TABLE article_authors (
    article_id uuid NOT NULL CONSTRAINT article_authors_article_id_fkey REFERENCES articles (id) ON DELETE CASCADE,
    person_id uuid NOT NULL CONSTRAINT article_authors_person_id_fkey REFERENCES people (id),
    position integer NOT NULL,
    public_from timestamptz NOT NULL,
    CONSTRAINT article_authors_pkey PRIMARY KEY (article_id, person_id),
    CONSTRAINT article_authors_position_key UNIQUE (article_id, position) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT article_authors_position_check CHECK (position >= 1),
    CONSTRAINT article_authors_public_from_fkey FOREIGN KEY (article_id, public_from)
        REFERENCES articles (id, public_from) ON UPDATE CASCADE
);
CREATE INDEX article_authors_person_id_idx ON article_authors (person_id, public_from DESC, article_id DESC);
COMMENT ON TABLE article_authors IS 'Who wrote an article, in the order given.';
COMMENT ON COLUMN article_authors.article_id IS 'The article.';
COMMENT ON COLUMN article_authors.person_id IS 'The author.';
COMMENT ON COLUMN article_authors.position IS 'Place in the order, from 1.';
COMMENT ON COLUMN article_authors.public_from IS 'The article''s public_from, kept equal by the foreign key.';

CREATE TABLE article_labels (
    article_id uuid NOT NULL CONSTRAINT article_labels_article_id_fkey REFERENCES articles (id) ON DELETE CASCADE,
    label_id uuid NOT NULL CONSTRAINT article_labels_label_id_fkey REFERENCES labels (id),
    position integer NOT NULL,
    public_from timestamptz NOT NULL,
    CONSTRAINT article_labels_pkey PRIMARY KEY (article_id, label_id),
    CONSTRAINT article_labels_position_key UNIQUE (article_id, position) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT article_labels_position_check CHECK (position >= 1),
    CONSTRAINT article_labels_public_from_fkey FOREIGN KEY (article_id, public_from)
        REFERENCES articles (id, public_from) ON UPDATE CASCADE
);
CREATE INDEX article_labels_label_id_idx ON article_labels (label_id, public_from DESC, article_id DESC);
COMMENT ON TABLE article_labels IS 'The labels of an article, in the order given.';
COMMENT ON COLUMN article_labels.article_id IS 'The article.';
COMMENT ON COLUMN article_labels.label_id IS 'The label.';
COMMENT ON COLUMN article_labels.position IS 'Place in the order, from 1.';
COMMENT ON COLUMN article_labels.public_from IS 'The article''s public_from, kept equal by the foreign key: newest articles of a label are one index range.';

CREATE TABLE article_sources (
    article_id uuid CONSTRAINT article_sources_pkey PRIMARY KEY
        CONSTRAINT article_sources_article_id_fkey REFERENCES articles (id) ON DELETE CASCADE,
    format text NOT NULL,
    content bytea NOT NULL,
    digest bytea NOT NULL,
    imported_at timestamptz NOT NULL,
    CONSTRAINT article_sources_format_check CHECK (char_length(format) BETWEEN 1 AND 63),
    CONSTRAINT article_sources_digest_check CHECK (octet_length(digest) = 32)
);
CREATE INDEX article_sources_digest_idx ON article_sources (digest);
COMMENT ON TABLE article_sources IS 'The bytes an article was imported from, as they came.';
COMMENT ON COLUMN article_sources.article_id IS 'The article.';
COMMENT ON COLUMN article_sources.format IS 'The importer that read them, such as plain_text.';
COMMENT ON COLUMN article_sources.content IS 'The bytes; provenance spans count in them.';
COMMENT ON COLUMN article_sources.digest IS 'SHA-256 of the bytes.';
COMMENT ON COLUMN article_sources.imported_at IS 'When they were read.';

CREATE TABLE article_revisions (
    article_id uuid NOT NULL CONSTRAINT article_revisions_article_id_fkey REFERENCES articles (id) ON DELETE CASCADE,
    version integer NOT NULL,
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT article_revisions_pkey PRIMARY KEY (article_id, version),
    CONSTRAINT article_revisions_version_check CHECK (version >= 1)
);
COMMENT ON TABLE article_revisions IS 'Every version of an article, whole and immutable.';
COMMENT ON COLUMN article_revisions.article_id IS 'The article.';
COMMENT ON COLUMN article_revisions.version IS 'Which version of the article this is.';
COMMENT ON COLUMN article_revisions.document IS 'The whole article at that version: content, labels, authors, occurrences with their segments.';
COMMENT ON COLUMN article_revisions.created_at IS 'When that version was written.';
