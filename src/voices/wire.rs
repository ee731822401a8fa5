//! Voices as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::VoiceKind;
use super::db::{RelatedRow, VoiceRow, VoiceTotals};
use crate::http::page::ListLinks;
use crate::http::reference::{LabelReference, PersonReference, Urls};
use crate::labels::wire::label_reference;
use crate::people::db::PersonReferenceRow;
use crate::people::wire::person_reference;

/// The largest voices and what was counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoiceList {
    /// The voices, the one with the most quotes first; of equals the first by name.
    pub data: Vec<Voice>,
    /// What was counted.
    pub meta: VoiceListMeta,
    /// Where this list is. It has one page.
    pub links: ListLinks,
}

/// What was counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoiceListMeta {
    /// How many voices are shown at most.
    #[schema(example = 20)]
    pub limit: u32,
    /// How many distinct quotes pass the filter, whoever said them.
    #[schema(example = 64)]
    pub total_quotes: i64,
    /// How many of them have a voice: a speaker, or with `by=affiliation` an organization. The rest is unattributed
    /// and in no row.
    #[schema(example = 61)]
    pub attributed_quotes: i64,
    /// How many distinct voices there are, shown or not.
    #[schema(example = 35)]
    pub voices: i64,
}

/// A speaker, or an organization by its speakers, with how much of what was said is its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct Voice {
    /// Who speaks. Absent with `by=affiliation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub speaker: Option<PersonReference>,
    /// Where the speakers are printed as being. Only with `by=affiliation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub organization: Option<PersonReference>,
    /// How many distinct quotes.
    #[schema(example = 7)]
    pub count: i64,
    /// `count` as a part of `meta.attributed_quotes`, from 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 0.25)]
    pub share: f64,
    /// How many words those quotes have, each by its longest printing that passes the filter.
    #[schema(example = 140)]
    pub words: i64,
    /// When the earliest of them was first published.
    pub first_published_at: DateTime<Utc>,
    /// When the latest of them was first published.
    pub last_published_at: DateTime<Utc>,
    /// The quotes by the period they were first published in, in order of time; periods without any are left out. The
    /// counts add up to `count`. Only with `interval`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub series: Option<Vec<PeriodCount>>,
}

/// How many quotes a period has.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeriodCount {
    /// The month or the year, in UTC.
    #[schema(pattern = r"^\d{4,}(-\d{2})?$", example = "2024-03")]
    pub period: String,
    /// How many quotes were first published in it.
    #[schema(example = 3)]
    pub count: i64,
}

/// Someone who is quoted in the same articles as another.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoQuotedPerson {
    /// Who.
    pub person: PersonReference,
    /// How many public articles quote both.
    #[schema(example = 4)]
    pub articles: i64,
}

/// A label that stands on the same articles as another.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelatedLabelCount {
    /// The label.
    pub label: LabelReference,
    /// How many public articles bear both.
    #[schema(example = 4)]
    pub articles: i64,
    /// `articles` as a part of the public articles of the label that was asked about, from 0 to 1.
    #[schema(minimum = 0, maximum = 1, example = 0.5)]
    pub share: f64,
}

/// Rows as they are shown.
pub fn voices(rows: Vec<VoiceRow>, totals: VoiceTotals, kind: VoiceKind, has_series: bool, urls: &Urls) -> Vec<Voice> {
    let voice = |row: VoiceRow| {
        let VoiceRow { voice, count, words, first_published_at, last_published_at, series } = row;
        let voice = person_reference(voice, urls);
        let (speaker, organization) = match kind {
            VoiceKind::Speaker => (Some(voice), None),
            VoiceKind::Affiliation => (None, Some(voice)),
        };
        let period = |(period, count)| PeriodCount { period, count };
        let series = has_series.then(|| series.into_iter().map(period).collect());
        let share = share(count, totals.attributed_quotes);
        Voice { speaker, organization, count, share, words, first_published_at, last_published_at, series }
    };
    rows.into_iter().map(voice).collect()
}

/// What was counted, as it is shown.
pub fn meta(totals: VoiceTotals, limit: u32) -> VoiceListMeta {
    let VoiceTotals { quotes, attributed_quotes, voices } = totals;
    VoiceListMeta { limit, total_quotes: quotes, attributed_quotes, voices }
}

/// A row as it is shown.
pub fn co_quoted_person((row, articles): (PersonReferenceRow, i64), urls: &Urls) -> CoQuotedPerson {
    CoQuotedPerson { person: person_reference(row, urls), articles }
}

/// A row as it is shown.
pub fn related_label(row: RelatedRow, urls: &Urls) -> RelatedLabelCount {
    let RelatedRow { label, articles, of_articles } = row;
    RelatedLabelCount { label: label_reference(label, urls), articles, share: share(articles, of_articles) }
}

#[allow(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
fn share(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
