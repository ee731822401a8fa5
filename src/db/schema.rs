//! The tables. Generated from the migrations: see CONTRIBUTING.md, "Generated files".
#![allow(missing_docs, unused_imports, reason = "generated")]

diesel::table! {
    /// What a person was, and when: a role, an organization or both.
    affiliations (id) {
        /// UUIDv7, shown as a TypeID with the prefix aff.
        id -> Uuid,
        /// Who held the role.
        person_id -> Uuid,
        /// The role as it is printed, such as "spokeswoman".
        role -> Nullable<Text>,
        /// Where: a person of the kind organization.
        organization_id -> Nullable<Uuid>,
        /// First day, where known; of a partial date its first day.
        starts_on -> Nullable<Date>,
        /// How much of starts_on is known: day, month or year.
        starts_on_precision -> Nullable<Text>,
        /// Last day, where known; of a partial date its first day.
        ends_on -> Nullable<Date>,
        /// How much of ends_on is known: day, month or year.
        ends_on_precision -> Nullable<Text>,
        /// True when written by an editor, not only as a by-product of an article.
        is_independent -> Bool,
        /// When it became public: the earliest public article that prints it, else infinity.
        public_from -> Timestamptz,
    }
}

diesel::table! {
    /// What followers are told of changes: for each audience one unbroken row, in the order of the commits.
    announcements (audience, position) {
        /// public (what everybody sees) or editors (what is not public too).
        audience -> Text,
        /// Place in what the audience is told, from 1 without gaps, so that nothing can be read from it.
        position -> BigInt,
        /// When it was announced.
        announced_at -> Timestamptz,
        /// article, person, quote or label.
        resource_type -> Text,
        /// The resource; it may be gone.
        resource_id -> Uuid,
        /// added (the audience sees it from now on), updated, or removed (it does so no more).
        action -> Text,
        /// Its version; of what was removed the last that was told.
        version -> Integer,
        /// Its slug, if it has one; of what was deleted or merged the last that was told, and null throughout of what was hidden or purged.
        slug -> Nullable<Text>,
        /// Why it was removed: hidden (nothing public shows it any more), deleted, merged or purged.
        reason -> Nullable<Text>,
        /// Why it was deleted, as told to readers.
        detail -> Nullable<Text>,
        /// What it became part of, where the audience sees that.
        successor_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Who wrote an article, in the order given.
    article_authors (article_id, person_id) {
        /// The article.
        article_id -> Uuid,
        /// The author.
        person_id -> Uuid,
        /// Place in the order, from 1.
        position -> Integer,
        /// The article's public_from, kept equal by the foreign key.
        public_from -> Timestamptz,
    }
}

diesel::table! {
    /// What other systems call an article.
    article_external_ids (source, external_id) {
        /// The other system.
        source -> Text,
        /// Its id there.
        external_id -> Text,
        /// The article.
        article_id -> Uuid,
    }
}

diesel::table! {
    /// The labels of an article, in the order given.
    article_labels (article_id, label_id) {
        /// The article.
        article_id -> Uuid,
        /// The label.
        label_id -> Uuid,
        /// Place in the order, from 1.
        position -> Integer,
        /// The article's public_from, kept equal by the foreign key: newest articles of a label are one index range.
        public_from -> Timestamptz,
    }
}

diesel::table! {
    /// Every version of an article, whole and immutable.
    article_revisions (article_id, version) {
        /// The article.
        article_id -> Uuid,
        /// Which version of the article this is.
        version -> Integer,
        /// The whole article at that version: content, labels, authors, occurrences with their segments.
        document -> Jsonb,
        /// When that version was written.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Every slug an article has or once had: former ones stay reserved and lead to the current one.
    article_slugs (slug) {
        /// A slug, current or former.
        slug -> Text,
        /// The article it leads to.
        article_id -> Uuid,
    }
}

diesel::table! {
    /// The bytes an article was imported from, as they came.
    article_sources (article_id) {
        /// The article.
        article_id -> Uuid,
        /// The importer that read them, such as plain_text.
        format -> Text,
        /// The bytes; provenance spans count in them.
        content -> Bytea,
        /// SHA-256 of what the source tells of the article: equal digests need no second look.
        digest -> Bytea,
        /// When they were read.
        imported_at -> Timestamptz,
        /// The version of the article that the last import made.
        version -> Integer,
        /// Under told, a digest of each field as the source told it last; under kept, the fields that an editor decides.
        fields -> Jsonb,
    }
}

diesel::table! {
    /// Titled texts with a life cycle; the row holds what is served.
    articles (id) {
        /// UUIDv7, shown as a TypeID with the prefix art.
        id -> Uuid,
        /// The current slug; every slug ever valid stands in article_slugs.
        slug -> Text,
        /// The title, plain text.
        title -> Text,
        /// A few sentences that stand for the article, plain text.
        summary -> Nullable<Text>,
        /// Language of the text, a BCP 47 tag.
        language -> Text,
        /// draft, scheduled, published or archived.
        status -> Text,
        /// When the article is or was published; in the future while scheduled.
        published_at -> Nullable<Timestamptz>,
        /// When the article becomes public, infinity when it is not to be: public means public_from <= now.
        public_from -> Timestamptz,
        /// The article's own address on the site that publishes it.
        canonical_url -> Nullable<Text>,
        /// What body_source is written in: html, markdown or plain.
        body_format -> Text,
        /// The body as written, without a block of pull quotes.
        body_source -> Text,
        /// The body rendered and made safe.
        body_html -> Text,
        /// The body's text, which the anchors count in.
        body_text -> Text,
        /// Version of the rule that made body_text out of the body.
        text_rule -> SmallInt,
        /// Of an imported article: what was found where in the imported bytes, and why.
        provenance -> Nullable<Jsonb>,
        /// Raised by each change of the article's own content, its lists included.
        version -> Integer,
        /// When the row was made.
        created_at -> Timestamptz,
        /// When the article's own content last changed.
        updated_at -> Timestamptz,
        /// When the article was withdrawn; null while it is served.
        deleted_at -> Nullable<Timestamptz>,
        /// Why the article was withdrawn, as told to readers.
        deletion_reason -> Nullable<Text>,
    }
}

diesel::table! {
    /// Who changed what: a row for every change of a resource, written in the change's own transaction.
    changes (id) {
        /// Order of writing; not the order of commit.
        id -> BigInt,
        /// The writing transaction: readers wait for older ones that still run, so that none is missed.
        transaction_id -> BigInt,
        /// When the change was made.
        occurred_at -> Timestamptz,
        /// article, person, quote or label.
        resource_type -> Text,
        /// The resource; it may be gone.
        resource_id -> Uuid,
        /// created, updated, deleted, restored, merged or purged.
        action -> Text,
        /// Its version before; null when created.
        version_before -> Nullable<Integer>,
        /// Its version after; null when purged.
        version_after -> Nullable<Integer>,
        /// Who did it, such as import or the id of a key.
        actor -> Text,
        /// The request that did it; null on the command line.
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    /// What became of the entries of an import.
    import_entries (import_id, position) {
        /// The import.
        import_id -> Uuid,
        /// Which entry, from 1.
        position -> BigInt,
        /// created, updated, unchanged, conflict, left_out or refused.
        outcome -> Text,
        /// The same with its reason, its place and what was found.
        report -> Jsonb,
    }
}

diesel::table! {
    /// Files sent to be imported, and what became of them.
    imports (id) {
        /// UUIDv7, shown as a TypeID with the prefix imp.
        id -> Uuid,
        /// queued, running, finished, failed (it could not go on) or cancelled.
        state -> Text,
        /// Whether it only tells what it would do.
        is_dry_run -> Bool,
        /// What the file is called: the id of the article, where it holds one.
        file_name -> Text,
        /// How many bytes the file has.
        size -> BigInt,
        /// Who sent it: the id of a key.
        actor -> Text,
        /// How much of the file was read.
        bytes_read -> BigInt,
        /// How many batches of entries are done: the next server to take it up goes on after them.
        batches -> Integer,
        /// How many entries are done.
        entries -> BigInt,
        /// How many became articles.
        created -> BigInt,
        /// How many changed an article.
        updated -> BigInt,
        /// How many were there already.
        unchanged -> BigInt,
        /// How many were not taken over, since an editor changed the article.
        conflicts -> BigInt,
        /// How many are no articles, such as comments.
        left_out -> BigInt,
        /// How many could not be taken.
        refused -> BigInt,
        /// Why it could not go on.
        problem -> Nullable<Text>,
        /// Whether somebody wants it to end: it does so after the present batch.
        is_cancelled -> Bool,
        /// When the file was sent.
        created_at -> Timestamptz,
        /// When a server first took it up.
        started_at -> Nullable<Timestamptz>,
        /// When the server that runs it last said so.
        heard_at -> Nullable<Timestamptz>,
        /// When it ended.
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who may do what: secrets that callers show, kept as digests.
    keys (id) {
        /// UUIDv7, shown as a TypeID with the prefix key.
        id -> Uuid,
        /// What the key is for, for people.
        name -> Text,
        /// SHA-256 of the secret, whose 256 random bits no one can guess: the secret itself is nowhere.
        digest -> Bytea,
        /// What it may do: read, drafts, write, admin; each includes those before it.
        scopes -> Array<Text>,
        /// When it was made.
        created_at -> Timestamptz,
        /// Who made it: the id of a key, or command-line.
        created_by -> Text,
        /// From when on it is refused; null when it does not expire.
        expires_at -> Nullable<Timestamptz>,
        /// When it was revoked: it is refused since; null when it was not.
        revoked_at -> Nullable<Timestamptz>,
        /// When it was last used, to about a minute; null when never.
        last_used_at -> Nullable<Timestamptz>,
        /// The request that made it, where one did.
        created_request_id -> Nullable<Text>,
        /// Who revoked it: the id of a key, or command-line; null where nobody did, or nobody knows who.
        revoked_by -> Nullable<Text>,
        /// The request that revoked it, where one did.
        revoked_request_id -> Nullable<Text>,
    }
}

diesel::table! {
    /// What other systems call a label.
    label_external_ids (source, external_id) {
        /// The other system.
        source -> Text,
        /// Its id there.
        external_id -> Text,
        /// The label.
        label_id -> Uuid,
    }
}

diesel::table! {
    /// Every name and alias of every label: together they are unique once normalised.
    label_names (normalised_name) {
        /// The name in lower case and without accents.
        normalised_name -> Text,
        /// The label that bears it.
        label_id -> Uuid,
        /// The name as it is displayed.
        name -> Text,
    }
}

diesel::table! {
    /// Every slug a label has or once had: former ones stay reserved and lead to the current one.
    label_slugs (slug) {
        /// A slug, current or former.
        slug -> Text,
        /// The label it leads to.
        label_id -> Uuid,
    }
}

diesel::table! {
    /// Named groups of articles.
    labels (id) {
        /// UUIDv7, shown as a TypeID with the prefix lab.
        id -> Uuid,
        /// The current slug; every slug ever valid stands in label_slugs.
        slug -> Text,
        /// The name, as it is displayed.
        name -> Text,
        /// The name in lower case and without accents; it stands in label_names too.
        normalised_name -> Text,
        /// The wider label this one belongs to.
        parent_id -> Nullable<Uuid>,
        /// True when made by a write of its own, not only as a by-product of an article.
        is_independent -> Bool,
        /// When the label became public: the earliest public article that bears it, else infinity.
        public_from -> Timestamptz,
        /// Raised by each change of the label's own content.
        version -> Integer,
        /// When the row was made.
        created_at -> Timestamptz,
        /// When the label's own content last changed.
        updated_at -> Timestamptz,
        /// When the label was withdrawn; null while it is served.
        deleted_at -> Nullable<Timestamptz>,
        /// Why the label was withdrawn, as told to readers.
        deletion_reason -> Nullable<Text>,
        /// The label this one was merged into.
        merged_into_id -> Nullable<Uuid>,
        /// The normalised name, which label_names must hold; null of a label that was merged into another, whose names are that one's.
        borne_name -> Nullable<Text>,
    }
}

diesel::table! {
    /// What a merge did, row by row, so that it can be undone.
    merge_rows (id) {
        /// Order of doing.
        id -> BigInt,
        /// The merge.
        merge_id -> Uuid,
        /// What sort of row: article_label, child (a label below), name, quote, article_author, affiliation (of the person), member (an affiliation with the organization) or occurrence (that names the organization).
        part -> Text,
        /// The article, label, quote, affiliation or occurrence; null of a name.
        row_id -> Nullable<Uuid>,
        /// True of a row that went because the survivor had one alike; false of one that went to the survivor.
        is_dropped -> Bool,
        /// What is needed of the row to put it back.
        content -> Jsonb,
    }
}

diesel::table! {
    /// People and labels that became part of another of their sort.
    merges (id) {
        /// UUIDv7, shown as a TypeID with the prefix mer.
        id -> Uuid,
        /// person or label.
        resource_type -> Text,
        /// What became part of the other. A purge of either removes the merge.
        merged_id -> Uuid,
        /// What it became part of.
        survivor_id -> Uuid,
        /// The version of the survivor that the merge made.
        survivor_version -> Integer,
        /// Whether the survivor stood by itself before.
        was_survivor_independent -> Bool,
        /// When it was done.
        merged_at -> Timestamptz,
        /// Who did it: the id of a key.
        merged_by -> Text,
        /// When it was undone; null while it stands.
        undone_at -> Nullable<Timestamptz>,
        /// Who undid it; null while it stands.
        undone_by -> Nullable<Text>,
    }
}

diesel::table! {
    /// Printings: each row is one quote as one article prints it once.
    occurrences (id) {
        /// UUIDv7, shown as a TypeID with the prefix occ.
        id -> Uuid,
        /// The article that prints it.
        article_id -> Uuid,
        /// What is printed.
        quote_id -> Uuid,
        /// Place among the article's printings from 1, pull quotes first, then in text order; null for an orphan.
        position -> Nullable<Integer>,
        /// The article's public_from, kept equal by the foreign key.
        public_from -> Timestamptz,
        /// inline (in the running text) or pull (set apart).
        kind -> Text,
        /// direct (whole sentences) or mixed (a fragment inside the writer's own sentence).
        quotation -> Text,
        /// The words exactly as printed, without outer marks; segments joined.
        text -> Text,
        /// SHA-256 of the words in lower case without punctuation or marks: equal words of one speaker are one quote.
        identity_digest -> Bytea,
        /// How many words it has: from five up, printings in several articles are one quote.
        word_count -> Integer,
        /// The attribution exactly as printed.
        attribution -> Nullable<Text>,
        /// The speaker's role at that time, as printed.
        role -> Nullable<Text>,
        /// The speaker's organization at that time: a person of the kind organization.
        organization_id -> Nullable<Uuid>,
        /// Whether the segments hold: exact, moved, ambiguous or orphaned; null where nothing in the body is meant.
        anchor -> Nullable<Text>,
        /// Of a pull quote, how it compares with the body: verbatim, trimmed, edited or not_in_body.
        fidelity -> Nullable<Text>,
        /// How sure the finding is, 0 to 1.
        confidence -> Float,
        /// The rule that made the finding.
        rule -> Text,
        /// True when an editor corrected it: no finding overwrites it.
        is_corrected -> Bool,
        /// True when an editor joined or split its quote: identity is no longer derived from the words.
        is_quote_settled -> Bool,
        /// Of an imported printing: its byte spans in the imported bytes.
        provenance -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// Anyone who speaks or writes: a person, an organization or a group.
    people (id) {
        /// UUIDv7, shown as a TypeID with the prefix per.
        id -> Uuid,
        /// The current slug; every slug ever valid stands in person_slugs.
        slug -> Text,
        /// person, organization or group.
        kind -> Text,
        /// The full name, as it is displayed.
        name -> Text,
        /// The name in lower case and without accents: what decides who is the same person.
        normalised_name -> Text,
        /// True when made by a write of its own, not only as a by-product of an article.
        is_independent -> Bool,
        /// When the person became public: the earliest public article that shows it, else infinity.
        public_from -> Timestamptz,
        /// Raised by each change of the person's own content.
        version -> Integer,
        /// When the row was made.
        created_at -> Timestamptz,
        /// When the person's own content last changed.
        updated_at -> Timestamptz,
        /// When the person was withdrawn; null while it is served.
        deleted_at -> Nullable<Timestamptz>,
        /// Why the person was withdrawn, as told to readers.
        deletion_reason -> Nullable<Text>,
        /// The person this one was merged into.
        merged_into_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Other names of a person.
    person_aliases (person_id, normalised_name) {
        /// Whose other name it is.
        person_id -> Uuid,
        /// The name in lower case and without accents.
        normalised_name -> Text,
        /// The name as it is displayed.
        name -> Text,
    }
}

diesel::table! {
    /// What other systems call a person.
    person_external_ids (source, external_id) {
        /// The other system.
        source -> Text,
        /// Its id there.
        external_id -> Text,
        /// The person.
        person_id -> Uuid,
    }
}

diesel::table! {
    /// Every slug a person has or once had: former ones stay reserved and lead to the current one.
    person_slugs (slug) {
        /// A slug, current or former.
        slug -> Text,
        /// The person it leads to.
        person_id -> Uuid,
    }
}

diesel::table! {
    /// What other systems call a quote.
    quote_external_ids (source, external_id) {
        /// The other system.
        source -> Text,
        /// Its id there.
        external_id -> Text,
        /// The quote.
        quote_id -> Uuid,
    }
}

diesel::table! {
    /// Something said once, by one speaker or by nobody known.
    quotes (id) {
        /// UUIDv7, shown as a TypeID with the prefix quo.
        id -> Uuid,
        /// Who said it; null when unattributed.
        speaker_id -> Nullable<Uuid>,
        /// Its longest published printing, without outer marks.
        text -> Text,
        /// The day it was said, where known; of a partial date its first day.
        said_on -> Nullable<Date>,
        /// How much of said_on is known: day, month or year.
        said_on_precision -> Nullable<Text>,
        /// True when made by a write of its own, not only as a by-product of an article.
        is_independent -> Bool,
        /// When the quote became public: its earliest public printing, else infinity.
        public_from -> Timestamptz,
        /// Raised by each change of the quote's own content.
        version -> Integer,
        /// When the row was made.
        created_at -> Timestamptz,
        /// When the quote's own content last changed.
        updated_at -> Timestamptz,
        /// When the quote was withdrawn; null while it is served.
        deleted_at -> Nullable<Timestamptz>,
        /// Why the quote was withdrawn, as told to readers.
        deletion_reason -> Nullable<Text>,
        /// The quote that stands in the withdrawn one's place.
        successor_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    /// Where a printing stands in body_text: one range, or several for a split quote.
    segments (occurrence_id, position) {
        /// The printing.
        occurrence_id -> Uuid,
        /// Place among the segments, from 1.
        position -> Integer,
        /// First character, counted in Unicode scalar values from 0.
        starts_at -> Integer,
        /// One past the last character.
        ends_at -> Integer,
        /// The words: body_text from starts_at to ends_at.
        exact -> Text,
        /// Up to 32 characters before.
        prefix -> Text,
        /// Up to 32 characters after.
        suffix -> Text,
    }
}

diesel::table! {
    /// What requests with an Idempotency-Key were answered, for a day.
    stored_answers (actor, idempotency_key) {
        /// Who asked: the id of a key.
        actor -> Text,
        /// What the client calls the request.
        idempotency_key -> Text,
        /// SHA-256 of the method, the target and the body.
        request_digest -> Bytea,
        /// The HTTP status.
        status -> SmallInt,
        /// The Location header, if there was one.
        location -> Nullable<Text>,
        /// The version of the resource that was answered, if it was one.
        version -> Nullable<Integer>,
        /// The body, JSON.
        body -> Bytea,
        /// When it was answered.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Resources of which there may be something to announce: filled by triggers, emptied by announce_changes.
    unannounced (resource_type, resource_id) {
        /// article, person, quote or label.
        resource_type -> Text,
        /// The resource; it may be gone.
        resource_id -> Uuid,
        /// From when on: at once, or when it becomes public.
        due_at -> Timestamptz,
        /// True when what it shows changed without its version.
        is_touched -> Bool,
        /// True when something changed that the public sees, saw or is to see at a known time.
        is_visible -> Bool,
    }
}

diesel::table! {
    /// Messages to webhooks, and how it went.
    webhook_deliveries (id) {
        /// UUIDv7, shown as a TypeID with the prefix msg: the webhook-id of every try.
        id -> Uuid,
        /// Whom it is for.
        webhook_id -> Uuid,
        /// The announcement that it tells of: each is told once.
        position -> BigInt,
        /// Such as article.updated.
        event -> Text,
        /// What is sent, the same at every try.
        body -> Text,
        /// pending, delivered or failed.
        status -> Text,
        /// How often it was tried.
        tries -> Integer,
        /// How often it will be tried yet.
        tries_left -> Integer,
        /// When it is to be tried next; while it is tried, when another instance may take it over.
        due_at -> Timestamptz,
        /// The latest tries: when, with what answer or error, and how long it took.
        attempts -> Jsonb,
        /// When the message was made.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Whom to tell of changes.
    webhooks (id) {
        /// UUIDv7, shown as a TypeID with the prefix hook.
        id -> Uuid,
        /// What it is for, for people.
        name -> Text,
        /// Where messages are sent.
        url -> Text,
        /// What it is told of, such as article.updated; empty for everything.
        events -> Array<Text>,
        /// Whether it is told of what is not public too.
        has_drafts -> Bool,
        /// What messages are signed with: it has to be known to sign.
        secret -> Bytea,
        /// What they are signed with too, until the receiver knows the new one.
        former_secret -> Nullable<Bytea>,
        /// Until when.
        former_secret_until -> Nullable<Timestamptz>,
        /// Up to where announcements were made messages.
        position -> BigInt,
        /// Whether it is told anything.
        is_enabled -> Bool,
        /// Why not, where the receiver wanted it so.
        disabled_reason -> Nullable<Text>,
        /// Raised by each change.
        version -> Integer,
        /// Who made it: the id of a key.
        created_by -> Text,
        /// When it was made.
        created_at -> Timestamptz,
        /// When it was last changed.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Changes of articles that are written but not published: only who may read drafts sees them.
    working_copies (article_id) {
        /// The article.
        article_id -> Uuid,
        /// Raised by each change of the working copy.
        version -> Integer,
        /// The version of the article that it was begun from.
        based_on -> Integer,
        /// The whole article as it is to become, as a draft. People and labels that it names may not exist yet.
        document -> Jsonb,
        /// Who changed it last: the id of a key.
        actor -> Text,
        /// When it was begun.
        created_at -> Timestamptz,
        /// When it was last changed.
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(article_authors -> articles (article_id));
diesel::joinable!(article_authors -> people (person_id));
diesel::joinable!(article_external_ids -> articles (article_id));
diesel::joinable!(article_labels -> articles (article_id));
diesel::joinable!(article_labels -> labels (label_id));
diesel::joinable!(article_revisions -> articles (article_id));
diesel::joinable!(article_slugs -> articles (article_id));
diesel::joinable!(article_sources -> articles (article_id));
diesel::joinable!(import_entries -> imports (import_id));
diesel::joinable!(label_external_ids -> labels (label_id));
diesel::joinable!(label_names -> labels (label_id));
diesel::joinable!(label_slugs -> labels (label_id));
diesel::joinable!(merge_rows -> merges (merge_id));
diesel::joinable!(occurrences -> articles (article_id));
diesel::joinable!(occurrences -> people (organization_id));
diesel::joinable!(occurrences -> quotes (quote_id));
diesel::joinable!(person_aliases -> people (person_id));
diesel::joinable!(person_external_ids -> people (person_id));
diesel::joinable!(person_slugs -> people (person_id));
diesel::joinable!(quote_external_ids -> quotes (quote_id));
diesel::joinable!(quotes -> people (speaker_id));
diesel::joinable!(segments -> occurrences (occurrence_id));
diesel::joinable!(webhook_deliveries -> webhooks (webhook_id));
diesel::joinable!(working_copies -> articles (article_id));

diesel::allow_tables_to_appear_in_same_query!(
    affiliations,
    announcements,
    article_authors,
    article_external_ids,
    article_labels,
    article_revisions,
    article_slugs,
    article_sources,
    articles,
    changes,
    import_entries,
    imports,
    keys,
    label_external_ids,
    label_names,
    label_slugs,
    labels,
    merge_rows,
    merges,
    occurrences,
    people,
    person_aliases,
    person_external_ids,
    person_slugs,
    quote_external_ids,
    quotes,
    segments,
    stored_answers,
    unannounced,
    webhook_deliveries,
    webhooks,
    working_copies,
);
