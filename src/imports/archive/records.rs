//! The records of an export. What can be worked out from others, such as since when a label is public, is not in them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::articles::ArticleStatus;
use crate::people::PersonKind;
use crate::quotes::{Fidelity, OccurrenceKind, Quotation};
use crate::values::anchor::{AnchorState, Segment};
use crate::values::body::BodyFormat;
use crate::values::date::PartialDate;
use crate::values::id::{AffiliationId, ArticleId, LabelId, OccurrenceId, PersonId, QuoteId};

/// One line of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// A label. Those it belongs to, or was merged into, come before.
    Label(LabelRecord),
    /// A person, an organization or a group. Whoever it was merged into comes before.
    Person(PersonRecord),
    /// What a person was. All people come before.
    Affiliation(AffiliationRecord),
    /// A quote. The one that stands in its place comes before.
    Quote(QuoteRecord),
    /// An article with what it prints. Everything that it names comes before.
    Article(Box<ArticleRecord>),
}

/// What another system calls something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherId {
    pub source: String,
    pub id: String,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelRecord {
    pub id: LabelId,
    pub slug: String,
    pub former_slugs: Vec<String>,
    pub name: String,
    pub aliases: Vec<String>,
    pub parent: Option<LabelId>,
    /// Whether it stands by itself, not only on articles.
    pub is_independent: bool,
    pub external_ids: Vec<OtherId>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deletion_reason: Option<String>,
    pub merged_into: Option<LabelId>,
}

/// A person, an organization or a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRecord {
    pub id: PersonId,
    pub slug: String,
    pub former_slugs: Vec<String>,
    pub kind: PersonKind,
    pub name: String,
    pub aliases: Vec<String>,
    pub is_independent: bool,
    pub external_ids: Vec<OtherId>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deletion_reason: Option<String>,
    pub merged_into: Option<PersonId>,
}

/// What a person was, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AffiliationRecord {
    pub id: AffiliationId,
    pub person: PersonId,
    pub role: Option<String>,
    pub organization: Option<PersonId>,
    pub starts_on: Option<PartialDate>,
    pub ends_on: Option<PartialDate>,
    pub is_independent: bool,
    /// Since when it is public; null where it is not to be.
    pub public_from: Option<DateTime<Utc>>,
}

/// Something said once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteRecord {
    pub id: QuoteId,
    pub speaker: Option<PersonId>,
    pub text: String,
    pub said_on: Option<PartialDate>,
    pub is_independent: bool,
    pub external_ids: Vec<OtherId>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deletion_reason: Option<String>,
    pub successor: Option<QuoteId>,
}

/// An article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArticleRecord {
    pub id: ArticleId,
    pub slug: String,
    pub former_slugs: Vec<String>,
    pub title: String,
    pub summary: Option<String>,
    pub language: String,
    pub status: ArticleStatus,
    pub published_at: Option<DateTime<Utc>>,
    pub canonical_url: Option<String>,
    pub body_format: BodyFormat,
    pub body_source: String,
    /// The text that segments count in. It is made of the source again, and anchors are found again where it comes out
    /// otherwise.
    pub body_text: String,
    pub text_rule: i16,
    pub provenance: Option<Value>,
    pub authors: Vec<PersonId>,
    pub labels: Vec<LabelId>,
    pub external_ids: Vec<OtherId>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deletion_reason: Option<String>,
    /// What it prints: pull quotes first, then in text order, those that lost their place last.
    pub printings: Vec<PrintingRecord>,
    /// What it was imported from.
    pub source: Option<SourceRecord>,
}

/// One printing of a quote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintingRecord {
    pub id: OccurrenceId,
    pub quote: QuoteId,
    pub kind: OccurrenceKind,
    pub quotation: Quotation,
    pub text: String,
    pub attribution: Option<String>,
    pub role: Option<String>,
    pub organization: Option<PersonId>,
    pub anchor: Option<AnchorState>,
    pub fidelity: Option<Fidelity>,
    pub confidence: f32,
    pub rule: String,
    /// Whether an editor corrected it.
    pub is_corrected: bool,
    /// Whether an editor joined or split its quote.
    pub is_quote_settled: bool,
    pub provenance: Option<Value>,
    pub segments: Vec<Segment>,
}

/// What an article was imported from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRecord {
    pub format: String,
    /// The bytes, where they are text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes, where they are not, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// SHA-256 of what the source told, in hexadecimal digits.
    pub digest: String,
    pub imported_at: DateTime<Utc>,
    /// The version of the article that the import made.
    pub version: i32,
    pub fields: Value,
}

impl Record {
    /// What it is, in a word.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Label(_) => "label",
            Self::Person(_) => "person",
            Self::Affiliation(_) => "affiliation",
            Self::Quote(_) => "quote",
            Self::Article(_) => "article",
        }
    }

    /// Its id, as it is written.
    pub fn id(&self) -> String {
        match self {
            Self::Label(record) => record.id.to_string(),
            Self::Person(record) => record.id.to_string(),
            Self::Affiliation(record) => record.id.to_string(),
            Self::Quote(record) => record.id.to_string(),
            Self::Article(record) => record.id.to_string(),
        }
    }
}
