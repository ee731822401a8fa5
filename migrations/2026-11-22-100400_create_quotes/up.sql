CREATE TABLE quotes (
    id uuid CONSTRAINT quotes_pkey PRIMARY KEY,
    speaker_id uuid CONSTRAINT quotes_speaker_id_fkey REFERENCES people (id),
    text text NOT NULL,
    said_on date,
    said_on_precision text,
    is_independent boolean NOT NULL DEFAULT false,
    public_from timestamptz NOT NULL DEFAULT 'infinity',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    deletion_reason text,
    successor_id uuid CONSTRAINT quotes_successor_id_fkey REFERENCES quotes (id),
    CONSTRAINT quotes_text_check CHECK (char_length(text) BETWEEN 1 AND 100000),
    CONSTRAINT quotes_said_on_check CHECK ((said_on IS NULL) = (said_on_precision IS NULL)),
    CONSTRAINT quotes_said_on_precision_check CHECK (said_on_precision IN ('day', 'month', 'year')),
    CONSTRAINT quotes_version_check CHECK (version >= 1),
    CONSTRAINT quotes_successor_id_check CHECK (successor_id <> id),
    CONSTRAINT quotes_deletion_check CHECK (deleted_at IS NOT NULL OR deletion_reason IS NULL)
);
CREATE INDEX quotes_public_from_id_idx ON quotes (public_from DESC, id DESC);
CREATE INDEX quotes_speaker_id_idx ON quotes (speaker_id, public_from DESC, id DESC);
CREATE INDEX quotes_successor_id_idx ON quotes (successor_id) WHERE successor_id IS NOT NULL;
COMMENT ON TABLE quotes IS 'Something said once, by one speaker or by nobody known.';
COMMENT ON COLUMN quotes.id IS 'UUIDv7, shown as a TypeID with the prefix quo.';
COMMENT ON COLUMN quotes.speaker_id IS 'Who said it; null when unattributed.';
COMMENT ON COLUMN quotes.text IS 'Its longest published printing, without outer marks.';
COMMENT ON COLUMN quotes.said_on IS 'The day it was said, where known; of a partial date its first day.';
COMMENT ON COLUMN quotes.said_on_precision IS 'How much of said_on is known: day, month or year.';
COMMENT ON COLUMN quotes.is_independent IS 'True when made by a write of its own, not only as a by-product of an article.';
COMMENT ON COLUMN quotes.public_from IS 'When the quote became public: its earliest public printing, else infinity.';
COMMENT ON COLUMN quotes.version IS 'Raised by each change of the quote''s own content.';
COMMENT ON COLUMN quotes.created_at IS 'When the row was made.';
COMMENT ON COLUMN quotes.updated_at IS 'When the quote''s own content last changed.';
COMMENT ON COLUMN quotes.deleted_at IS 'When the quote was withdrawn; null while it is served.';
COMMENT ON COLUMN quotes.deletion_reason IS 'Why the quote was withdrawn, as told to readers.';
COMMENT ON COLUMN quotes.successor_id IS 'The quote that stands in the withdrawn one''s place.';

CREATE TABLE quote_external_ids (
    source text NOT NULL,
    external_id text NOT NULL,
    quote_id uuid NOT NULL CONSTRAINT quote_external_ids_quote_id_fkey REFERENCES quotes (id) ON DELETE CASCADE,
    CONSTRAINT quote_external_ids_pkey PRIMARY KEY (source, external_id),
    CONSTRAINT quote_external_ids_source_check CHECK (source ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    CONSTRAINT quote_external_ids_external_id_check CHECK (char_length(external_id) BETWEEN 1 AND 500)
);
CREATE INDEX quote_external_ids_quote_id_idx ON quote_external_ids (quote_id);
COMMENT ON TABLE quote_external_ids IS 'What other systems call a quote.';
COMMENT ON COLUMN quote_external_ids.source IS 'The other system.';
COMMENT ON COLUMN quote_external_ids.external_id IS 'Its id there.';
COMMENT ON COLUMN quote_external_ids.quote_id IS 'The quote.';

CREATE TABLE occurrences (
    id uuid CONSTRAINT occurrences_pkey PRIMARY KEY,
    article_id uuid NOT NULL CONSTRAINT occurrences_article_id_fkey REFERENCES articles (id) ON DELETE CASCADE,
    quote_id uuid NOT NULL CONSTRAINT occurrences_quote_id_fkey REFERENCES quotes (id),
    position integer,
    public_from timestamptz NOT NULL,
    kind text NOT NULL,
    quotation text NOT NULL,
    text text NOT NULL,
    identity_digest bytea NOT NULL,
    word_count integer NOT NULL,
    attribution text,
    role text,
    organization_id uuid CONSTRAINT occurrences_organization_id_fkey REFERENCES people (id),
    anchor text,
    fidelity text,
    confidence real NOT NULL,
    rule text NOT NULL,
    is_corrected boolean NOT NULL DEFAULT false,
    is_quote_settled boolean NOT NULL DEFAULT false,
    provenance jsonb,
    CONSTRAINT occurrences_position_key UNIQUE (article_id, position) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT occurrences_public_from_fkey FOREIGN KEY (article_id, public_from)
        REFERENCES articles (id, public_from) ON UPDATE CASCADE,
    CONSTRAINT occurrences_position_check CHECK (position >= 1),
    CONSTRAINT occurrences_kind_check CHECK (kind IN ('inline', 'pull')),
    CONSTRAINT occurrences_quotation_check CHECK (quotation IN ('direct', 'mixed')),
    CONSTRAINT occurrences_text_check CHECK (char_length(text) BETWEEN 1 AND 100000),
    CONSTRAINT occurrences_identity_digest_check CHECK (octet_length(identity_digest) = 32),
    CONSTRAINT occurrences_word_count_check CHECK (word_count >= 0),
    CONSTRAINT occurrences_attribution_check CHECK (char_length(attribution) BETWEEN 1 AND 5000),
    CONSTRAINT occurrences_role_check CHECK (char_length(role) BETWEEN 1 AND 300),
    CONSTRAINT occurrences_anchor_check CHECK (anchor IN ('exact', 'moved', 'ambiguous', 'orphaned')),
    CONSTRAINT occurrences_inline_anchor_check CHECK (kind = 'pull' OR anchor IS NOT NULL),
    CONSTRAINT occurrences_orphan_check CHECK ((position IS NULL) = coalesce(anchor = 'orphaned', false)),
    CONSTRAINT occurrences_fidelity_check CHECK (fidelity IN ('verbatim', 'trimmed', 'edited', 'not_in_body')),
    CONSTRAINT occurrences_pull_fidelity_check CHECK ((kind = 'pull') = (fidelity IS NOT NULL)),
    CONSTRAINT occurrences_confidence_check CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT occurrences_rule_check CHECK (char_length(rule) BETWEEN 1 AND 63)
);
CREATE INDEX occurrences_quote_id_idx ON occurrences (quote_id, public_from);
CREATE INDEX occurrences_identity_digest_idx ON occurrences (identity_digest);
CREATE INDEX occurrences_organization_id_idx ON occurrences (organization_id, public_from) WHERE organization_id IS NOT NULL;
COMMENT ON TABLE occurrences IS 'Printings: each row is one quote as one article prints it once.';
COMMENT ON COLUMN occurrences.id IS 'UUIDv7, shown as a TypeID with the prefix occ.';
COMMENT ON COLUMN occurrences.article_id IS 'The article that prints it.';
COMMENT ON COLUMN occurrences.quote_id IS 'What is printed.';
COMMENT ON COLUMN occurrences.position IS 'Place among the article''s printings from 1, pull quotes first, then in text order; null for an orphan.';
COMMENT ON COLUMN occurrences.public_from IS 'The article''s public_from, kept equal by the foreign key.';
COMMENT ON COLUMN occurrences.kind IS 'inline (in the running text) or pull (set apart).';
COMMENT ON COLUMN occurrences.quotation IS 'direct (whole sentences) or mixed (a fragment inside the writer''s own sentence).';
COMMENT ON COLUMN occurrences.text IS 'The words exactly as printed, without outer marks; segments joined.';
COMMENT ON COLUMN occurrences.identity_digest IS 'SHA-256 of the words in lower case without punctuation or marks: equal words of one speaker are one quote.';
COMMENT ON COLUMN occurrences.word_count IS 'How many words it has: from five up, printings in several articles are one quote.';
COMMENT ON COLUMN occurrences.attribution IS 'The attribution exactly as printed.';
COMMENT ON COLUMN occurrences.role IS 'The speaker''s role at that time, as printed.';
COMMENT ON COLUMN occurrences.organization_id IS 'The speaker''s organization at that time: a person of the kind organization.';
COMMENT ON COLUMN occurrences.anchor IS 'Whether the segments hold: exact, moved, ambiguous or orphaned; null where nothing in the body is meant.';
COMMENT ON COLUMN occurrences.fidelity IS 'Of a pull quote, how it compares with the body: verbatim, trimmed, edited or not_in_body.';
COMMENT ON COLUMN occurrences.confidence IS 'How sure the finding is, 0 to 1.';
COMMENT ON COLUMN occurrences.rule IS 'The rule that made the finding.';
COMMENT ON COLUMN occurrences.is_corrected IS 'True when an editor corrected it: no finding overwrites it.';
COMMENT ON COLUMN occurrences.is_quote_settled IS 'True when an editor joined or split its quote: identity is no longer derived from the words.';
COMMENT ON COLUMN occurrences.provenance IS 'Of an imported printing: its byte spans in the imported bytes.';

CREATE TABLE segments (
    occurrence_id uuid NOT NULL CONSTRAINT segments_occurrence_id_fkey REFERENCES occurrences (id) ON DELETE CASCADE,
    position integer NOT NULL,
    starts_at integer NOT NULL,
    ends_at integer NOT NULL,
    exact text NOT NULL,
    prefix text NOT NULL,
    suffix text NOT NULL,
    CONSTRAINT segments_pkey PRIMARY KEY (occurrence_id, position),
    CONSTRAINT segments_position_check CHECK (position >= 1),
    CONSTRAINT segments_range_check CHECK (starts_at >= 0 AND ends_at > starts_at),
    CONSTRAINT segments_exact_check CHECK (char_length(exact) = ends_at - starts_at),
    CONSTRAINT segments_prefix_check CHECK (char_length(prefix) <= 32),
    CONSTRAINT segments_suffix_check CHECK (char_length(suffix) <= 32)
);
COMMENT ON TABLE segments IS 'Where a printing stands in body_text: one range, or several for a split quote.';
COMMENT ON COLUMN segments.occurrence_id IS 'The printing.';
COMMENT ON COLUMN segments.position IS 'Place among the segments, from 1.';
COMMENT ON COLUMN segments.starts_at IS 'First character, counted in Unicode scalar values from 0.';
COMMENT ON COLUMN segments.ends_at IS 'One past the last character.';
COMMENT ON COLUMN segments.exact IS 'The words: body_text from starts_at to ends_at.';
COMMENT ON COLUMN segments.prefix IS 'Up to 32 characters before.';
COMMENT ON COLUMN segments.suffix IS 'Up to 32 characters after.';
