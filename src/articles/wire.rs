//! Articles as JSON.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::try_join;
use utoipa::ToSchema;

use super::ArticleStatus;
use super::db::{self, ArticleRow, BodyRow};
use crate::db::{Audience, Connection, Result, group};
use crate::http::page::Versioned;
use crate::http::reference::{ExternalId, Urls, external_ids};
use crate::labels::db as labels_db;
use crate::labels::wire::{self as labels_wire, LabelDraft, LabelName, RelatedLabel, label_reference};
use crate::people::db as people_db;
use crate::people::wire::{self as people_wire, PersonDraft, PersonName, RelatedPerson, person_reference};
use crate::quotes::OccurrenceKind;
use crate::quotes::db as quotes_db;
use crate::quotes::wire::{self as quotes_wire, Occurrence};
use crate::search::db::ArticleWords;
use crate::values::anchor::AnchorState;
use crate::values::body::{Annotation, BodyFormat, annotate};
use crate::values::id::{ArticleId, LabelId, PersonId};

/// A titled text with its authors, its labels and the quotes it prints.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Article {
    /// Its id.
    pub id: ArticleId,
    /// Its slug.
    #[schema(example = "the-ferry-bell-comes-home")]
    pub slug: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/articles/the-ferry-bell-comes-home")]
    pub url: String,
    /// Its address on the site that publishes it; null when not known.
    #[schema(required = true, format = Uri, example = "https://register.example/articles/the-ferry-bell-comes-home")]
    pub canonical_url: Option<String>,
    /// Its title, plain text.
    #[schema(example = "The Ferry Bell Comes Home")]
    pub title: String,
    /// A few sentences that stand for it, plain text; null when it has none.
    #[schema(required = true)]
    pub summary: Option<String>,
    /// The language it is written in, a BCP 47 tag.
    #[schema(example = "en")]
    pub language: String,
    /// Where it is in its life.
    pub status: ArticleStatus,
    /// When it was published, or is to be; null where nobody knows yet.
    #[schema(required = true)]
    pub published_at: Option<DateTime<Utc>>,
    /// Who wrote it, in the order given.
    pub authors: Vec<RelatedPerson>,
    /// Its labels, in the order given.
    pub labels: Vec<RelatedLabel>,
    /// What it prints of quotes: pull quotes first, then in text order. Only with `include=quotes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub quotes: Option<Vec<Occurrence>>,
    /// Where it was found. Only with `highlight=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub highlight: Option<ArticleHighlight>,
    /// What the body is written in. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body_format: Option<BodyFormat>,
    /// The body as safe HTML. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "<p>The bell came back on the morning boat.</p>")]
    pub body_html: Option<String>,
    /// The body as text, which the offsets of quotes count in. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The bell came back on the morning boat.")]
    pub body_text: Option<String>,
    /// Version of the rule that made `body_text` out of the body. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    pub text_rule: Option<i16>,
    /// What other systems call it.
    pub external_ids: Vec<ExternalId>,
    /// Raised by each change of its own content, its lists included.
    #[schema(example = 1)]
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its own content last changed.
    pub updated_at: DateTime<Utc>,
}

impl Versioned for Article {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// An article to be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleDraft {
    /// Its title, plain text.
    #[schema(min_length = 1, max_length = 500, pattern = r"\S", example = "The Night Ferry Returns")]
    pub title: String,
    /// Its slug; made from the title where none is given. One that is taken gets a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 120,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        example = "the-night-ferry-returns"
    )]
    pub slug: Option<String>,
    /// A few sentences that stand for it, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 5000, example = "The late boat runs again.")]
    pub summary: Option<String>,
    /// The language it is written in, a BCP 47 tag.
    #[serde(default = "english")]
    #[schema(
        required = false,
        default = "en",
        pattern = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        max_length = 35,
        example = "en"
    )]
    pub language: String,
    /// Where it is in its life, `draft` where not given. `scheduled` takes a `published_at` in the future; `published` takes one in the past, or
    /// none, which means now.
    #[serde(default = "draft")]
    #[schema(required = false)]
    pub status: ArticleStatus,
    /// When it is or was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "2024-03-01T08:00:00Z")]
    pub published_at: Option<DateTime<Utc>>,
    /// Its address on the site that publishes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        max_length = 2000,
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/([A-Za-z0-9._~:/@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?(\\?([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?$",
        example = "https://register.example/night-ferry"
    )]
    pub canonical_url: Option<String>,
    /// What the body is written in, `plain` where not given.
    #[serde(default = "plain")]
    #[schema(required = false)]
    pub body_format: BodyFormat,
    /// The body, without pull quotes. Its direct quotations are found and attributed.
    #[serde(default)]
    #[schema(
        required = false,
        max_length = 5000000,
        example = "\u{201c}The boat is back,\u{201d} said Ada Quill, the harbour master."
    )]
    pub body_source: String,
    /// Who wrote it, in this order: ids, slugs, names or aliases, or people to be made. A name that nobody bears yet is
    /// created.
    #[serde(default)]
    #[schema(required = false, max_items = 100, example = json!(["Ida Marlow", { "name": "Tom Reeve", "aliases": ["T. Reeve"] }]))]
    pub authors: Vec<PersonOrName>,
    /// Its labels, in this order: ids, slugs, names or aliases, or labels to be made. A name that nothing bears yet is
    /// created.
    #[serde(default)]
    #[schema(required = false, max_items = 200, example = json!(["Harbour", "Night Ferries"]))]
    pub labels: Vec<LabelOrName>,
    /// Its pull quotes, and quotations of the body that an editor attributes by hand, in place of those given before.
    /// Absent, they stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 1000, example = json!([{ "text": "The boat is back", "speaker": "Ada Quill", "role": "harbour master" }]))]
    pub quotes: Option<Vec<PrintingDraft>>,
    /// What other systems call it.
    #[serde(default)]
    #[schema(required = false, max_items = 100, example = json!([{ "source": "cms", "id": "77" }]))]
    pub external_ids: Vec<ExternalId>,
}

/// A quote that an editor sets apart, or attributes by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrintingDraft {
    /// `pull`, also where not given: set apart from the body. `inline`: words that stand in the body, once.
    #[serde(default = "pull")]
    #[schema(required = false)]
    pub kind: OccurrenceKind,
    /// The words as printed, without outer marks.
    #[schema(min_length = 1, max_length = 100000, format = "wording", example = "The boat is back")]
    pub text: String,
    /// Who said it: an id, a slug, a name or an alias. A name that nobody bears yet is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 300, example = "Ada Quill")]
    pub speaker: Option<String>,
    /// The speaker's role at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 300, example = "harbour master")]
    pub role: Option<String>,
    /// The speaker's organization at that time: an id, a slug, a name or an alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 300, example = "Pellinmouth Harbour Trust")]
    pub organization: Option<String>,
    /// The attribution exactly as printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 5000, example = "Ada Quill, harbour master")]
    pub attribution: Option<String>,
}

/// Declares what stands for a resource in the draft of an article: what it is called, or a draft of it.
macro_rules! name_or_new {
    ($choice:ident, $draft:ident, $name:ident, $description:literal) => {
        #[doc = $description]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(untagged)]
        pub enum $choice {
            /// An id, a slug, a name or an alias.
            Name(String),
            /// One to be made.
            New(Box<$draft>),
        }

        impl utoipa::PartialSchema for $choice {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::OneOfBuilder::new()
                    .item(utoipa::openapi::Ref::from_schema_name($name::name()))
                    .item(utoipa::openapi::Ref::from_schema_name($draft::name()))
                    .description(Some($description))
                    .into()
            }
        }

        impl ToSchema for $choice {
            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
                use utoipa::PartialSchema;
                schemas.push(($name::name().into_owned(), $name::schema()));
                schemas.push(($draft::name().into_owned(), $draft::schema()));
                $draft::schemas(schemas);
            }
        }
    };
}

name_or_new!(LabelOrName, LabelDraft, LabelName, "A label by what it is called, or one to be made.");
name_or_new!(
    PersonOrName,
    PersonDraft,
    PersonName,
    "A person by what it is called, or one to be made. One of whose `external_ids` is that of a person who is there \
     is that person, as it is."
);

/// Changes of an article, as a JSON Merge Patch (RFC 7396): what is absent stays, `null` takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "what the document says of a body that is merged as JSON")]
pub struct ArticlePatch {
    /// Its title.
    #[schema(nullable = false, min_length = 1, max_length = 500, pattern = r"\S", example = "The Night Ferry Returns")]
    title: Option<String>,
    /// Its slug. The former one stays reserved and leads to it.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 120,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        example = "the-night-ferry-returns"
    )]
    slug: Option<String>,
    /// A few sentences that stand for it.
    #[schema(min_length = 1, max_length = 5000, example = "The late boat runs again.")]
    summary: Option<String>,
    /// The language it is written in.
    #[schema(nullable = false, pattern = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length = 35, example = "en")]
    language: Option<String>,
    /// Where it is in its life.
    #[schema(nullable = false)]
    status: Option<ArticleStatus>,
    /// When it is or was published.
    #[schema(example = "2024-03-01T08:00:00Z")]
    published_at: Option<DateTime<Utc>>,
    /// Its address on the site that publishes it.
    #[schema(
        max_length = 2000,
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/([A-Za-z0-9._~:/@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?(\\?([A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?$",
        example = "https://register.example/night-ferry"
    )]
    canonical_url: Option<String>,
    /// What the body is written in.
    #[schema(nullable = false)]
    body_format: Option<BodyFormat>,
    /// The body. Quotes that stand in it keep their ids where their words are found again.
    #[schema(nullable = false, max_length = 5000000, example = "\u{201c}The boat is back,\u{201d} said Ada Quill.")]
    body_source: Option<String>,
    /// Who wrote it, in place of the present authors.
    #[schema(max_items = 100, example = json!(["Ida Marlow"]))]
    authors: Option<Vec<PersonOrName>>,
    /// Its labels, in place of the present ones.
    #[schema(max_items = 200, example = json!(["Harbour"]))]
    labels: Option<Vec<LabelOrName>>,
    /// Its pull quotes and hand-made attributions, in place of the present ones; `null` or an empty list for none.
    #[schema(max_items = 1000, example = json!([{ "text": "The boat is back", "speaker": "Ada Quill" }]))]
    quotes: Option<Vec<PrintingDraft>>,
    /// What other systems call it, in place of what they called it.
    #[schema(max_items = 100, example = json!([{ "source": "cms", "id": "77" }]))]
    external_ids: Option<Vec<ExternalId>>,
}

fn english() -> String {
    "en".to_owned()
}

fn draft() -> ArticleStatus {
    ArticleStatus::Draft
}

fn plain() -> BodyFormat {
    BodyFormat::Plain
}

fn pull() -> OccurrenceKind {
    OccurrenceKind::Pull
}

/// Where an article was found, as safe HTML: what is found stands in `<mark>`, everything else is escaped.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct ArticleHighlight {
    /// The title; absent where nothing in it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The Ferry <mark>Bell</mark> Comes Home")]
    pub title: Option<String>,
    /// The best passages of the body, at most three, out of its first 50,000 characters; empty where nothing in these
    /// was found.
    #[schema(example = json!(["The <mark>bell</mark> came back on the morning boat."]))]
    pub body: Vec<String>,
}

/// What to show whole with an article.
#[derive(Debug, Clone, Copy, Default)]
pub struct ArticleView {
    /// The authors.
    pub has_authors: bool,
    /// The labels.
    pub has_labels: bool,
    /// What it prints of quotes.
    pub has_quotes: bool,
    /// The speakers of those.
    pub has_speakers: bool,
}

/// Rows as articles, in the same order.
///
/// Costs three queries; whole authors cost four more, whole labels four, quotes two, their whole speakers four.
pub async fn articles(
    connection: &Connection,
    rows: Vec<(ArticleRow, Option<BodyRow>)>,
    view: ArticleView,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<Article>> {
    let ids: Vec<ArticleId> = rows.iter().map(|(row, _)| row.id).collect();
    let (mut authors, mut labels, known_as, quotes) = try_join!(
        authors(connection, &ids, view, urls, audience),
        labels(connection, &ids, view, urls),
        db::external_ids_of(connection, &ids),
        quotes(connection, &ids, view, urls, audience),
    )?;
    let mut known_as = group(known_as);
    let mut quotes = quotes.map(group);
    let article = |(row, body): (ArticleRow, Option<BodyRow>)| {
        let shown_status = row.status_at(audience.now());
        let ArticleRow {
            id,
            slug,
            title,
            summary,
            language,
            status: _,
            published_at,
            canonical_url,
            version,
            created_at,
            updated_at,
        } = row;
        let (body_format, body_html, body_text, text_rule) = match body {
            Some(BodyRow { body_format, body_html, body_text, text_rule }) => {
                (Some(body_format), Some(body_html), Some(body_text), Some(text_rule))
            }
            None => (None, None, None, None),
        };
        Article {
            id,
            url: urls.resource("articles", &slug),
            canonical_url: urls.page_of_article(canonical_url, &slug),
            slug,
            title,
            summary,
            language,
            status: shown_status,
            published_at,
            authors: authors.remove(&id).unwrap_or_default(),
            labels: labels.remove(&id).unwrap_or_default(),
            quotes: quotes.as_mut().map(|quotes| quotes.remove(&id).unwrap_or_default()),
            highlight: None,
            body_format,
            body_html,
            body_text,
            text_rule,
            external_ids: external_ids(known_as.remove(&id).unwrap_or_default()),
            version,
            created_at,
            updated_at,
        }
    };
    Ok(rows.into_iter().map(article).collect())
}

/// Adds to articles where these words were found, at the cost of one query.
pub async fn add_highlights(connection: &Connection, articles: &mut [Article], words: &ArticleWords) -> Result<()> {
    let ids = articles.iter().map(|article| article.id.0).collect();
    let mut marked: HashMap<_, _> = words.marked(connection, ids).await?.into_iter().collect();
    for article in articles {
        let (title, body) = marked.remove(&article.id.0).unwrap_or_default();
        article.highlight = Some(ArticleHighlight { title, body });
    }
    Ok(())
}

/// Marks what an article prints of quotes in its HTML, where their anchors hold. Its quotes must be there.
pub fn mark_quotes(article: &mut Article) {
    let (Some(html), Some(quotes)) = (&mut article.body_html, &article.quotes) else { return };
    let annotations: Vec<Annotation> = quotes
        .iter()
        .filter(|printing| matches!(printing.anchor, Some(AnchorState::Exact | AnchorState::Moved)))
        .map(|printing| Annotation {
            occurrence: printing.id,
            quote: printing.quote.id,
            ranges: printing.segments.iter().map(|segment| segment.start..segment.end).collect(),
        })
        .collect();
    *html = annotate(html, &annotations);
}

async fn authors(
    connection: &Connection,
    ids: &[ArticleId],
    view: ArticleView,
    urls: &Urls,
    audience: Audience,
) -> Result<HashMap<ArticleId, Vec<RelatedPerson>>> {
    let rows = db::authors_of(connection, ids).await?;
    let whole = if view.has_authors {
        let ids = distinct(rows.iter().map(|(_, row)| row.id));
        let rows = people_db::people_with_ids(connection, &ids).await?;
        people_wire::people(connection, rows, urls, audience).await?
    } else {
        Vec::new()
    };
    let whole: HashMap<PersonId, _> = whole.into_iter().map(|person| (person.id, person)).collect();
    Ok(group(rows.into_iter().map(|(article, row)| {
        let author = match whole.get(&row.id) {
            Some(person) => RelatedPerson::Whole(Box::new(person.clone())),
            None => RelatedPerson::Reference(person_reference(row, urls)),
        };
        (article, author)
    })))
}

async fn labels(
    connection: &Connection,
    ids: &[ArticleId],
    view: ArticleView,
    urls: &Urls,
) -> Result<HashMap<ArticleId, Vec<RelatedLabel>>> {
    let rows = db::labels_of(connection, ids).await?;
    let whole = if view.has_labels {
        let ids = distinct(rows.iter().map(|(_, row)| row.id));
        let rows = labels_db::labels_with_ids(connection, &ids).await?;
        labels_wire::labels(connection, rows, urls).await?
    } else {
        Vec::new()
    };
    let whole: HashMap<LabelId, _> = whole.into_iter().map(|label| (label.id, label)).collect();
    Ok(group(rows.into_iter().map(|(article, row)| {
        let label = match whole.get(&row.id) {
            Some(label) => RelatedLabel::Whole(Box::new(label.clone())),
            None => RelatedLabel::Reference(label_reference(row, urls)),
        };
        (article, label)
    })))
}

async fn quotes(
    connection: &Connection,
    ids: &[ArticleId],
    view: ArticleView,
    urls: &Urls,
    audience: Audience,
) -> Result<Option<Vec<(ArticleId, Occurrence)>>> {
    if !view.has_quotes {
        return Ok(None);
    }
    let linked = quotes_db::occurrences_in(connection, ids, audience).await?;
    let occurrences = quotes_wire::occurrences(connection, linked, view.has_speakers, urls, audience).await?;
    Ok(Some(occurrences.into_iter().map(|occurrence| (occurrence.article.id, occurrence)).collect()))
}

fn distinct<Id: Ord>(ids: impl Iterator<Item = Id>) -> Vec<Id> {
    let mut ids: Vec<Id> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
