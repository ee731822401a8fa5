//! Quotes and their occurrences as JSON.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::try_join;
use utoipa::ToSchema;

use super::db::{self, LinkedOccurrence, OccurrenceRow, QuoteRow};
use super::{Fidelity, OccurrenceKind, Quotation};
use crate::articles::db::{self as articles_db, ArticleReferenceRow};
use crate::attribution::Passages;
use crate::db::{Audience, Connection, Result, group};
use crate::http::page::Versioned;
use crate::http::reference::{ArticleReference, ExternalId, PersonReference, QuoteReference, Urls, external_ids};
use crate::people::db::{self as people_db, PersonReferenceRow};
use crate::people::wire::{self as people_wire, Person, RelatedPerson, person_reference};
use crate::search::db::QuoteWords;
use crate::values::anchor::{AnchorState, Segment};
use crate::values::date::PartialDate;
use crate::values::id::{ArticleId, OccurrenceId, PersonId, QuoteId};
use crate::values::text_fragment::passage_link;
use crate::values::word_diff::{WordChange, word_diff};

/// Something said once, by one speaker or by nobody known.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Quote {
    /// Its id.
    pub id: QuoteId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/quotes/quo_01jdb2q9x3e2tbvq6d9m4y8k1s")]
    pub url: String,
    /// The words: its longest public printing, without the marks around it. Of a quote that no article prints, what it
    /// was given.
    #[schema(example = "I rang it once and the whole quay stopped talking.")]
    pub text: String,
    /// Who said it; null when nobody is known to have.
    #[schema(required = true)]
    pub speaker: Option<RelatedPerson>,
    /// When it was said; null when not known.
    #[schema(required = true)]
    pub said_on: Option<PartialDate>,
    /// When its first printing became public, or is to, or when it was made by itself; null where nobody knows yet.
    #[schema(required = true)]
    pub published_at: Option<DateTime<Utc>>,
    /// Every public printing, the earliest first.
    pub occurrences: Vec<Occurrence>,
    /// Where it was found. Only with `highlight=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub highlight: Option<QuoteHighlight>,
    /// What other systems call it.
    pub external_ids: Vec<ExternalId>,
    /// Raised by each change of its own content.
    #[schema(example = 1)]
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its own content last changed.
    pub updated_at: DateTime<Utc>,
}

impl Versioned for Quote {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// Where a quote was found, as safe HTML: what is found stands in `<mark>`, everything else is escaped.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuoteHighlight {
    /// The words; without a mark where only the speaker's name was found.
    #[schema(example = "I <mark>rang</mark> it once and the whole quay stopped talking.")]
    pub text: String,
}

/// One printing of a quote in one article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Occurrence {
    /// Its id.
    pub id: OccurrenceId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/occurrences/occ_01jdb2q9x4fbr9w2h7z5n3c6pt")]
    pub url: String,
    /// What is printed.
    pub quote: QuoteReference,
    /// Where it is printed.
    pub article: ArticleReference,
    /// In the running text, or set apart from it.
    pub kind: OccurrenceKind,
    /// Whole sentences, or a fragment inside the writer's own.
    pub quotation: Quotation,
    /// The words exactly as printed, without the marks around them. The segments of a split quote are joined by a
    /// blank, across paragraphs by a blank line.
    #[schema(example = "I rang it once and the whole quay stopped talking.")]
    pub text: String,
    /// Who said it; null when the article does not tell.
    #[schema(required = true)]
    pub speaker: Option<RelatedPerson>,
    /// The attribution exactly as printed; null where this printing has none of its own.
    #[schema(required = true, example = "said Maren Tolliver-Haag, mayor of Pellinmouth")]
    pub attribution: Option<String>,
    /// The speaker's role at that time, as printed.
    #[schema(required = true, example = "mayor")]
    pub role: Option<String>,
    /// The speaker's organization at that time.
    #[schema(required = true)]
    pub organization: Option<PersonReference>,
    /// Where in the article's `body_text` the words stand; empty for a pull quote that is not part of the body.
    pub segments: Vec<Segment>,
    /// Whether the segments hold; null where there are none.
    #[schema(required = true)]
    pub anchor: Option<AnchorState>,
    /// The passage on the page of the article: a link with a text fragment, which browsers scroll to and mark. Null where
    /// the article has no `canonical_url`, or where the segments do not hold.
    #[schema(
        required = true,
        format = Uri,
        example = "https://register.example/articles/the-ferry-bell-comes-home#:~:text=I%20rang%20it%20once%20and%20the%20whole%20quay%20stopped%20talking."
    )]
    pub deep_link: Option<String>,
    /// How a pull quote compares with the body; null for an inline one.
    #[schema(required = true)]
    pub fidelity: Option<Fidelity>,
    /// How sure the finding is, 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 0.9)]
    pub confidence: f32,
    /// The rule that made the finding.
    #[schema(example = "cue_after")]
    pub rule: String,
    /// How the passage of the body that a pull quote repeats becomes the pull quote, word by word; null unless its fidelity
    /// is `edited`. Only with `include=word_diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Option<Vec<WordChange>>)]
    pub word_diff: Option<Option<Vec<WordChange>>>,
    /// The version of the article, which a printing is part of: what a change of the printing is based on.
    #[serde(skip)]
    pub article_version: i32,
}

impl Versioned for Occurrence {
    fn version(&self) -> Option<i32> {
        Some(self.article_version)
    }
}

/// A quote to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteDraft {
    /// The words, without marks around them.
    #[schema(
        min_length = 1,
        max_length = 100_000,
        format = "wording",
        example = "Somebody patient, with the right spanner."
    )]
    pub text: String,
    /// Who said it: an id, a slug, a name or an alias. A name that nobody bears yet is created, as a person. Without it the
    /// quote is unattributed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 300, example = "maren-tolliver-haag")]
    pub speaker: Option<String>,
    /// When it was said: a day, a month or a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = r"^\d{4}(-\d{2}(-\d{2})?)?$", example = "2023-05")]
    pub said_on: Option<String>,
    /// What other systems call it.
    #[serde(default)]
    #[schema(required = false, max_items = 100, example = json!([{ "source": "cms", "id": "q-12" }]))]
    pub external_ids: Vec<ExternalId>,
}

/// Changes of a quote, as a JSON Merge Patch (RFC 7396): what is absent stays, `null` takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "what the document says of a body that is merged as JSON")]
pub struct QuotePatch {
    /// The words. A quote that an article prints says what its longest public printing says: this is refused there.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 100_000,
        format = "wording",
        example = "Somebody patient, with the right spanner."
    )]
    text: Option<String>,
    /// Who said it: an id, a slug, a name or an alias. A name that nobody bears yet is created, as a person.
    #[schema(min_length = 1, max_length = 300, example = "maren-tolliver-haag")]
    speaker: Option<String>,
    /// When it was said: a day, a month or a year.
    #[schema(pattern = r"^\d{4}(-\d{2}(-\d{2})?)?$", example = "2023-05")]
    said_on: Option<String>,
    /// What other systems call it, in place of what they called it.
    #[schema(max_items = 100, example = json!([{ "source": "cms", "id": "q-12" }]))]
    external_ids: Option<Vec<ExternalId>>,
}

/// Which quote another one is joined to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteJoin {
    /// The id of the quote that stays.
    #[schema(
        value_type = String,
        pattern = "^quo_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        example = "quo_01jdb2q9x5g9vb3rkpe7wd0n4m"
    )]
    pub into: QuoteId,
}

/// Which printings are split from a quote.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteSplit {
    /// Printings of the quote: some, not all of them.
    #[schema(value_type = std::collections::BTreeSet<OccurrenceId>, min_items = 1, max_items = 1000, example = json!(["occ_01jdb2q9x4fbr9w2h7z5n3c6pt"]))]
    pub occurrences: Vec<OccurrenceId>,
}

/// What an editor says of a printing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OccurrenceDraft {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// Corrections of a printing, as a JSON Merge Patch (RFC 7396): what is absent stays, `null` takes away. Words and
/// attribution stay as they are printed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "what the document says of a body that is merged as JSON")]
pub struct OccurrencePatch {
    /// The speaker's role at that time.
    #[schema(min_length = 1, max_length = 300, example = "mayor")]
    role: Option<String>,
    /// The speaker's organization at that time: an id, a slug, a name or an alias of one. A name that nothing bears yet is
    /// created.
    #[schema(min_length = 1, max_length = 300, example = "pellinmouth-harbour-trust")]
    organization: Option<String>,
}

/// The speakers that a request wants whole, by id.
pub type Speakers = HashMap<PersonId, Person>;

/// Rows as quotes, in the same order, at the cost of four queries, and four more for whole speakers.
pub async fn quotes(
    connection: &Connection,
    rows: Vec<QuoteRow>,
    has_whole_speakers: bool,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<Quote>> {
    let ids: Vec<QuoteId> = rows.iter().map(|row| row.id).collect();
    let (linked, known_as, speakers) = try_join!(
        db::occurrences_of(connection, &ids, audience),
        db::external_ids_of(connection, &ids),
        db::speakers_of(connection, &ids),
    )?;
    let mut known_as = group(known_as);
    let mut speakers: HashMap<QuoteId, PersonReferenceRow> = speakers.into_iter().collect();
    let whole = whole_speakers(connection, has_whole_speakers, speakers.values(), urls, audience).await?;
    let occurrences = printed(connection, linked, &whole, urls).await?;
    let mut occurrences = group(occurrences.into_iter().map(|occurrence| (occurrence.quote.id, occurrence)));
    let quote = |row: QuoteRow| {
        let QuoteRow {
            id,
            speaker_id: _,
            text,
            said_on,
            said_on_precision,
            public_from,
            version,
            created_at,
            updated_at,
        } = row;
        let occurrences = occurrences.remove(&id).unwrap_or_default();
        Quote {
            id,
            url: urls.resource("quotes", &id),
            text,
            speaker: speakers.remove(&id).map(|row| related_speaker(row, &whole, urls)),
            said_on: PartialDate::from_columns(said_on, said_on_precision),
            published_at: public_from.0,
            occurrences,
            highlight: None,
            external_ids: external_ids(known_as.remove(&id).unwrap_or_default()),
            version,
            created_at,
            updated_at,
        }
    };
    Ok(rows.into_iter().map(quote).collect())
}

/// Adds to quotes where these words were found, at the cost of one query.
pub async fn add_highlights(connection: &Connection, quotes: &mut [Quote], words: &QuoteWords) -> Result<()> {
    let ids = quotes.iter().map(|quote| quote.id.0).collect();
    let mut marked: HashMap<_, _> = words.marked(connection, ids).await?.into_iter().collect();
    for quote in quotes {
        quote.highlight = marked.remove(&quote.id.0).map(|text| QuoteHighlight { text });
    }
    Ok(())
}

/// The printings of quotes.
pub fn printings(quotes: &mut [Quote]) -> impl Iterator<Item = &mut Occurrence> {
    quotes.iter_mut().flat_map(|quote| &mut quote.occurrences)
}

/// Adds to printings how those that are edited differ from the passages they repeat, at the cost of one query.
pub async fn add_word_diffs(connection: &Connection, occurrences: &mut [Occurrence]) -> Result<()> {
    let is_edited = |occurrence: &&Occurrence| occurrence.fidelity == Some(Fidelity::Edited);
    let mut articles: Vec<ArticleId> =
        occurrences.iter().filter(is_edited).map(|occurrence| occurrence.article.id).collect();
    articles.sort_unstable();
    articles.dedup();
    let bodies = articles_db::bodies_of(connection, &articles).await?;
    let passages: HashMap<ArticleId, Passages<'_>> =
        bodies.iter().map(|(id, body)| (*id, Passages::of(&body.body_text))).collect();
    for occurrence in occurrences {
        let passage = passages.get(&occurrence.article.id).filter(|_| is_edited(&&*occurrence));
        occurrence.word_diff = Some(passage.and_then(|passages| {
            Some(word_diff(passages.text_of(&passages.find(&occurrence.text))?, &occurrence.text))
        }));
    }
    Ok(())
}

/// Printings as they are shown, in the same order, at the cost of one query, and four more for whole speakers.
pub async fn occurrences(
    connection: &Connection,
    linked: Vec<LinkedOccurrence>,
    has_whole_speakers: bool,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<Occurrence>> {
    let speakers = linked.iter().filter_map(|linked| linked.speaker.as_ref());
    let whole = whole_speakers(connection, has_whole_speakers, speakers, urls, audience).await?;
    printed(connection, linked, &whole, urls).await
}

/// Printings with their segments and, as far as they are known, their whole speakers.
async fn printed(
    connection: &Connection,
    linked: Vec<LinkedOccurrence>,
    speakers: &Speakers,
    urls: &Urls,
) -> Result<Vec<Occurrence>> {
    let ids: Vec<OccurrenceId> = linked.iter().map(|linked| linked.occurrence.id).collect();
    let mut segments = group(db::segments_of(connection, &ids).await?);
    Ok(linked
        .into_iter()
        .map(|linked| {
            let segments = segments.remove(&linked.occurrence.id).unwrap_or_default();
            occurrence(linked, segments, speakers, urls)
        })
        .collect())
}

async fn whole_speakers(
    connection: &Connection,
    are_wanted: bool,
    speakers: impl Iterator<Item = &PersonReferenceRow>,
    urls: &Urls,
    audience: Audience,
) -> Result<Speakers> {
    if !are_wanted {
        return Ok(Speakers::new());
    }
    let mut ids: Vec<PersonId> = speakers.map(|speaker| speaker.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = people_db::people_with_ids(connection, &ids).await?;
    let people = people_wire::people(connection, rows, urls, audience).await?;
    Ok(people.into_iter().map(|person| (person.id, person)).collect())
}

fn related_speaker(row: PersonReferenceRow, speakers: &Speakers, urls: &Urls) -> RelatedPerson {
    match speakers.get(&row.id) {
        Some(person) => RelatedPerson::Whole(Box::new(person.clone())),
        None => RelatedPerson::Reference(person_reference(row, urls)),
    }
}

fn occurrence(linked: LinkedOccurrence, segments: Vec<Segment>, speakers: &Speakers, urls: &Urls) -> Occurrence {
    let LinkedOccurrence { occurrence, article, article_version, article_page, speaker, organization } = linked;
    let OccurrenceRow {
        id,
        article_id: _,
        quote_id,
        kind,
        quotation,
        text,
        attribution,
        role,
        anchor,
        fidelity,
        confidence,
        rule,
    } = occurrence;
    let is_anchored = matches!(anchor, Some(AnchorState::Exact | AnchorState::Moved));
    let page = urls.page_of_article(article_page, &article.slug).filter(|_| is_anchored);
    Occurrence {
        id,
        url: urls.resource("occurrences", &id),
        quote: QuoteReference { id: quote_id, url: urls.resource("quotes", &quote_id) },
        article: article_reference(article, urls),
        kind,
        quotation,
        text,
        speaker: speaker.map(|row| related_speaker(row, speakers, urls)),
        attribution,
        role,
        organization: organization.map(|row| person_reference(row, urls)),
        deep_link: page.and_then(|page| passage_link(&page, &segments)),
        segments,
        anchor,
        fidelity,
        confidence,
        rule,
        word_diff: None,
        article_version,
    }
}

/// A row as a reference.
pub fn article_reference(row: ArticleReferenceRow, urls: &Urls) -> ArticleReference {
    let ArticleReferenceRow { id, slug, title } = row;
    ArticleReference { id, url: urls.resource("articles", &slug), slug, title }
}
