//! An article at one version as one document: how it is kept, and shown.

use chrono::{DateTime, Utc};
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Jsonb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::ArticleStatus;
use crate::articles::wire::{ArticleDraft, LabelOrName, PersonOrName, PrintingDraft};
use crate::http::reference::ExternalId;
use crate::quotes::{Fidelity, OccurrenceKind, Quotation};
use crate::values::anchor::{AnchorState, Segment};
use crate::values::body::BodyFormat;
use crate::values::id::{LabelId, OccurrenceId, PersonId, QuoteId};

/// The whole of an article at one version, as it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub struct RevisedArticle {
    /// Its title.
    #[schema(example = "The Ferry Bell Comes Home")]
    pub title: String,
    /// Its slug.
    #[schema(example = "the-ferry-bell-comes-home")]
    pub slug: String,
    /// A few sentences that stood for it; null when it had none.
    #[schema(required = true)]
    pub summary: Option<String>,
    /// The language it was written in, a BCP 47 tag.
    #[schema(example = "en")]
    pub language: String,
    /// Where it was in its life.
    pub status: ArticleStatus,
    /// When it was published, or was to be; null where nobody knew yet.
    #[schema(required = true)]
    pub published_at: Option<DateTime<Utc>>,
    /// Its own address on the site that publishes it; null where it had none.
    #[schema(required = true, format = Uri)]
    pub canonical_url: Option<String>,
    /// What the body was written in.
    pub body_format: BodyFormat,
    /// The body as written.
    #[schema(example = "The bell came back on the morning boat.")]
    pub body_source: String,
    /// Version of the rule that made the text which segments count in.
    #[schema(example = 1)]
    pub text_rule: i16,
    /// Who wrote it, in the order given: the ids of people.
    pub authors: Vec<PersonId>,
    /// Its labels, in the order given: their ids.
    pub labels: Vec<LabelId>,
    /// Its pull quotes, and the quotations that an editor attributed by hand, as they would be written again.
    pub quotes: Vec<PrintingDraft>,
    /// What other systems called it.
    pub external_ids: Vec<ExternalId>,
    /// What it printed of quotes: pull quotes first, then in text order, those that had lost their place last.
    pub printings: Vec<RevisedPrinting>,
}

/// One printing of a quote in an article at one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RevisedPrinting {
    /// Its id.
    pub id: OccurrenceId,
    /// The quote that it was a printing of.
    pub quote: QuoteId,
    /// Who had said it; null where nobody knew.
    #[schema(required = true)]
    pub speaker: Option<PersonId>,
    /// Where in the article it stood.
    pub kind: OccurrenceKind,
    /// How the words were quoted.
    pub quotation: Quotation,
    /// The words as printed.
    #[schema(example = "The bell is staying put")]
    pub text: String,
    /// The attribution as printed; null where there was none.
    #[schema(required = true)]
    pub attribution: Option<String>,
    /// The speaker's role at that time; null where none was printed.
    #[schema(required = true)]
    pub role: Option<String>,
    /// The speaker's organization at that time; null where none was printed.
    #[schema(required = true)]
    pub organization: Option<PersonId>,
    /// Whether its anchor held; null of a pull quote.
    #[schema(required = true)]
    pub anchor: Option<AnchorState>,
    /// Of a pull quote, how it compared with the body; else null.
    #[schema(required = true)]
    pub fidelity: Option<Fidelity>,
    /// How sure the finding was, from 0 to 1.
    #[schema(example = 0.95)]
    pub confidence: f32,
    /// The rule that found it.
    #[schema(example = "cue_after")]
    pub rule: String,
    /// Where in the text it stood, in order.
    pub segments: Vec<Segment>,
}

impl RevisedArticle {
    /// The draft that would write this content again.
    pub fn into_draft(self) -> ArticleDraft {
        ArticleDraft {
            title: self.title,
            slug: Some(self.slug),
            summary: self.summary,
            language: self.language,
            status: self.status,
            published_at: self.published_at,
            canonical_url: self.canonical_url,
            body_format: self.body_format,
            body_source: self.body_source,
            authors: self.authors.iter().map(|id| PersonOrName::Name(id.to_string())).collect(),
            labels: self.labels.iter().map(|id| LabelOrName::Name(id.to_string())).collect(),
            quotes: Some(self.quotes),
            external_ids: self.external_ids,
        }
    }
}

impl ToSql<Jsonb, Pg> for RevisedArticle {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> diesel::serialize::Result {
        let document = serde_json::to_value(self)?;
        <serde_json::Value as ToSql<Jsonb, Pg>>::to_sql(&document, &mut out.reborrow())
    }
}

impl FromSql<Jsonb, Pg> for RevisedArticle {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        let document = <serde_json::Value as FromSql<Jsonb, Pg>>::from_sql(value)?;
        Ok(serde_json::from_value(document)?)
    }
}
