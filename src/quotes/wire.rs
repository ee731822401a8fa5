//! Quotes and their occurrences as JSON.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::try_join;
use utoipa::ToSchema;

use super::db::{self, LinkedOccurrence, OccurrenceRow, QuoteRow};
use super::{Fidelity, OccurrenceKind, Quotation};
use crate::articles::db::ArticleReferenceRow;
use crate::db::{Audience, Connection, Result, group};
use crate::http::page::Versioned;
use crate::http::reference::{ArticleReference, ExternalId, PersonReference, QuoteReference, Urls, external_ids};
use crate::people::db as people_db;
use crate::people::wire::{self as people_wire, Person, RelatedPerson, person_reference};
use crate::search::db::QuoteWords;
use crate::values::anchor::{AnchorState, Segment};
use crate::values::date::PartialDate;
use crate::values::id::{OccurrenceId, PersonId, QuoteId};

/// Something said once, by one speaker or by nobody known.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Quote {
    /// Its id.
    pub id: QuoteId,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/quotes/quo_01jdb2q9x3e2tbvq6d9m4y8k1s")]
    pub url: String,
    /// The words: its longest public printing, without the marks around it.
    #[schema(example = "I rang it once and the whole quay stopped talking.")]
    pub text: String,
    /// Who said it; null when no article attributes it.
    #[schema(required = true)]
    pub speaker: Option<RelatedPerson>,
    /// When it was said; null when not known.
    #[schema(required = true)]
    pub said_on: Option<PartialDate>,
    /// When its first printing became public, or is to; null where nobody knows yet.
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
    /// How a pull quote compares with the body; null for an inline one.
    #[schema(required = true)]
    pub fidelity: Option<Fidelity>,
    /// How sure the finding is, 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 0.9)]
    pub confidence: f32,
    /// The rule that made the finding.
    #[schema(example = "cue_after")]
    pub rule: String,
}

/// The speakers that a request wants whole, by id.
pub type Speakers = HashMap<PersonId, Person>;

/// Rows as quotes, in the same order, at the cost of three queries, and four more for whole speakers.
pub async fn quotes(
    connection: &Connection,
    rows: Vec<QuoteRow>,
    has_whole_speakers: bool,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<Quote>> {
    let ids: Vec<QuoteId> = rows.iter().map(|row| row.id).collect();
    let (linked, known_as) =
        try_join!(db::occurrences_of(connection, &ids, audience), db::external_ids_of(connection, &ids))?;
    let mut known_as = group(known_as);
    let occurrences = occurrences(connection, linked, has_whole_speakers, urls, audience).await?;
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
            // Every printing names the quote's speaker, and a public quote has a public printing.
            speaker: occurrences.first().and_then(|occurrence| occurrence.speaker.clone()),
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

/// Printings as they are shown, in the same order, at the cost of one query, and four more for whole speakers.
pub async fn occurrences(
    connection: &Connection,
    linked: Vec<LinkedOccurrence>,
    has_whole_speakers: bool,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<Occurrence>> {
    let ids: Vec<OccurrenceId> = linked.iter().map(|linked| linked.occurrence.id).collect();
    let (segments, speakers) = try_join!(db::segments_of(connection, &ids), async {
        if has_whole_speakers { whole_speakers(connection, &linked, urls, audience).await } else { Ok(Speakers::new()) }
    })?;
    let mut segments = group(segments);
    Ok(linked
        .into_iter()
        .map(|linked| {
            let segments = segments.remove(&linked.occurrence.id).unwrap_or_default();
            occurrence(linked, segments, &speakers, urls)
        })
        .collect())
}

async fn whole_speakers(
    connection: &Connection,
    linked: &[LinkedOccurrence],
    urls: &Urls,
    audience: Audience,
) -> Result<Speakers> {
    let mut ids: Vec<PersonId> = linked.iter().filter_map(|linked| Some(linked.speaker.as_ref()?.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = people_db::people_with_ids(connection, &ids).await?;
    let people = people_wire::people(connection, rows, urls, audience).await?;
    Ok(people.into_iter().map(|person| (person.id, person)).collect())
}

fn occurrence(linked: LinkedOccurrence, segments: Vec<Segment>, speakers: &Speakers, urls: &Urls) -> Occurrence {
    let LinkedOccurrence { occurrence, article, speaker, organization } = linked;
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
    Occurrence {
        id,
        quote: QuoteReference { id: quote_id, url: urls.resource("quotes", &quote_id) },
        article: article_reference(article, urls),
        kind,
        quotation,
        text,
        speaker: speaker.map(|row| match speakers.get(&row.id) {
            Some(person) => RelatedPerson::Whole(Box::new(person.clone())),
            None => RelatedPerson::Reference(person_reference(row, urls)),
        }),
        attribution,
        role,
        organization: organization.map(|row| person_reference(row, urls)),
        segments,
        anchor,
        fidelity,
        confidence,
        rule,
    }
}

/// A row as a reference.
pub fn article_reference(row: ArticleReferenceRow, urls: &Urls) -> ArticleReference {
    let ArticleReferenceRow { id, slug, title } = row;
    ArticleReference { id, url: urls.resource("articles", &slug), slug, title }
}
