//! What is found as JSON, and how rows become it.

use std::collections::HashMap;

use serde::Serialize;
use tokio::try_join;
use utoipa::ToSchema;

use super::db::{ArticleWords, NameWords, QuoteWords, Suggested};
use crate::articles::db::{self as articles_db, ArticleFilter};
use crate::articles::{ArticleSort, ArticleSortTerm};
use crate::db::keyset::{Order, SortColumn, Start, Window};
use crate::db::{Audience, Connection, Result};
use crate::http::reference::{ArticleReference, LabelReference, PersonReference, QuoteReference, Urls};
use crate::people::db as people_db;
use crate::quotes::db::{self as quotes_db, QuoteFilter};
use crate::quotes::{QuoteSort, QuoteSortTerm};
use crate::values::id::{LabelId, PersonId, QuoteId};

/// What is found, resource by resource, the best match first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchResults {
    /// Articles with all of the words.
    pub articles: Vec<ArticleMatch>,
    /// Quotes with all of the words in their text or in the name of their speaker.
    pub quotes: Vec<QuoteMatch>,
    /// People with such a name or alias.
    pub people: Vec<PersonReference>,
    /// Labels with such a name or alias.
    pub labels: Vec<LabelReference>,
}

/// An article that is found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleMatch {
    /// The article.
    pub article: ArticleReference,
    /// The best passage of its body as safe HTML: what is found stands in `<mark>`, everything else is escaped. Null
    /// where the words stand only in the title or the summary.
    #[schema(required = true, example = "The <mark>bell</mark> came back on the morning boat.")]
    pub snippet: Option<String>,
}

/// A quote that is found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct QuoteMatch {
    /// The quote.
    pub quote: QuoteReference,
    /// Who said it; null when no article attributes it.
    #[schema(required = true)]
    pub speaker: Option<PersonReference>,
    /// Its best passage as safe HTML, marked like an article's; without a mark where only the speaker's name is found.
    #[schema(example = "I <mark>rang</mark> it once and the whole quay stopped talking.")]
    pub snippet: String,
}

/// What completes a name, the likeliest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Suggestions {
    /// People and labels together.
    pub data: Vec<Suggestion>,
}

/// A person or a label with such a name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Suggestion {
    /// Which of both it is.
    #[serde(rename = "type")]
    pub kind: SuggestionType,
    /// Its id.
    #[schema(example = "lab_01jdb2q9x3e2tbvq6d9m4y8k1s")]
    pub id: String,
    /// Its slug.
    #[schema(example = "ferry-line")]
    pub slug: String,
    /// Its name; an alias may be what was found.
    #[schema(example = "Ferry Line")]
    pub name: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/labels/ferry-line")]
    pub url: String,
}

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionType {
    /// A person, an organization or a group.
    Person,
    /// A label.
    Label,
}

/// The words of a search as each resource understands them; `None` where nothing in them can be looked for.
#[derive(Debug)]
pub struct SearchWords {
    /// As articles do.
    pub articles: Option<ArticleWords>,
    /// As quotes do.
    pub quotes: Option<QuoteWords>,
    /// As people and labels do.
    pub names: NameWords,
}

/// What is found, at the cost of nine queries.
pub async fn search_results(
    connection: &Connection,
    words: SearchWords,
    limit: u32,
    urls: &Urls,
    audience: Audience,
) -> Result<SearchResults> {
    let SearchWords { articles, quotes, names } = words;
    let (articles, quotes, (people, labels)) = try_join!(
        found_articles(connection, articles, limit, urls, audience),
        found_quotes(connection, quotes, limit, urls, audience),
        found_names(connection, &names, limit, audience),
    )?;
    Ok(SearchResults {
        articles,
        quotes,
        people: people.into_iter().map(|row| found_person(row, urls)).collect(),
        labels: labels.into_iter().map(|row| found_label(row, urls)).collect(),
    })
}

/// What completes a name, at the cost of two queries.
pub async fn suggestions(
    connection: &Connection,
    words: NameWords,
    limit: u32,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<Suggestion>> {
    let (people, labels) = found_names(connection, &words, limit, audience).await?;
    let people = people.into_iter().map(|row| (SuggestionType::Person, row));
    let labels = labels.into_iter().map(|row| (SuggestionType::Label, row));
    let mut found: Vec<(SuggestionType, Suggested)> = people.chain(labels).collect();
    found.sort_by(|(_, one), (_, other)| {
        let likelier = one.grade.cmp(&other.grade).then(other.likeness.total_cmp(&one.likeness));
        likelier.then_with(|| one.name.cmp(&other.name))
    });
    found.truncate(limit as usize);
    Ok(found.into_iter().map(|(kind, row)| suggestion(kind, row, urls)).collect())
}

async fn found_articles(
    connection: &Connection,
    words: Option<ArticleWords>,
    limit: u32,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<ArticleMatch>> {
    let Some(words) = words else { return Ok(Vec::new()) };
    let relevance = ArticleSortTerm { key: ArticleSort::Relevance, is_descending: false }.column();
    let window = best(relevance, "articles.id", limit, audience);
    let filter = ArticleFilter { words: Some(words.clone()), ..ArticleFilter::default() };
    let rows = articles_db::list_articles(connection, &filter, &window).await?;
    let ids = rows.iter().map(|listed| listed.row.id.0).collect();
    let mut marked: HashMap<_, _> = words.marked(connection, ids).await?.into_iter().collect();
    let mut found = |row: articles_db::ArticleRow| {
        let (_, snippets) = marked.remove(&row.id.0).unwrap_or_default();
        let article = ArticleReference {
            id: row.id,
            url: urls.resource("articles", &row.slug),
            slug: row.slug,
            title: row.title,
        };
        ArticleMatch { article, snippet: snippets.into_iter().next() }
    };
    Ok(rows.into_iter().map(|listed| found(listed.row)).collect())
}

async fn found_quotes(
    connection: &Connection,
    words: Option<QuoteWords>,
    limit: u32,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<QuoteMatch>> {
    let Some(words) = words else { return Ok(Vec::new()) };
    let relevance = QuoteSortTerm { key: QuoteSort::Relevance, is_descending: false }.column();
    let window = best(relevance, "quotes.id", limit, audience);
    let filter = QuoteFilter { words: Some(words.clone()), ..QuoteFilter::default() };
    let rows = quotes_db::list_quotes(connection, &filter, &window).await?;
    let ids = rows.iter().map(|listed| listed.row.id.0).collect();
    let speaker_ids: Vec<PersonId> = rows.iter().filter_map(|listed| listed.row.speaker_id).collect();
    let (marked, speakers) =
        try_join!(words.passages(connection, ids), people_db::people_with_ids(connection, &speaker_ids))?;
    let mut marked: HashMap<_, _> = marked.into_iter().collect();
    let speakers: HashMap<PersonId, _> = speakers.into_iter().map(|row| (row.id, row)).collect();
    let speaker = |id: PersonId| {
        let row = speakers.get(&id)?;
        let url = urls.resource("people", &row.slug);
        Some(PersonReference { id, slug: row.slug.clone(), name: row.name.clone(), url })
    };
    let mut found = |row: quotes_db::QuoteRow| QuoteMatch {
        quote: quote_reference(row.id, urls),
        speaker: row.speaker_id.and_then(speaker),
        snippet: marked.remove(&row.id.0).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(|listed| found(listed.row)).collect())
}

async fn found_names(
    connection: &Connection,
    words: &NameWords,
    limit: u32,
    audience: Audience,
) -> Result<(Vec<Suggested>, Vec<Suggested>)> {
    try_join!(words.people(connection, audience, limit), words.labels(connection, audience, limit))
}

/// The first rows of a list that begins with the best match.
fn best(relevance: SortColumn, id_column: &'static str, limit: u32, audience: Audience) -> Window {
    let order = Order { columns: vec![relevance], id_column };
    Window { audience, order, start: Start::Offset(0), rows: i64::from(limit) }
}

fn quote_reference(id: QuoteId, urls: &Urls) -> QuoteReference {
    QuoteReference { id, url: urls.resource("quotes", &id) }
}

fn found_person(row: Suggested, urls: &Urls) -> PersonReference {
    let Suggested { id, slug, name, grade: _, likeness: _ } = row;
    PersonReference { id: PersonId(id), url: urls.resource("people", &slug), slug, name }
}

fn found_label(row: Suggested, urls: &Urls) -> LabelReference {
    let Suggested { id, slug, name, grade: _, likeness: _ } = row;
    LabelReference { id: LabelId(id), url: urls.resource("labels", &slug), slug, name }
}

fn suggestion(kind: SuggestionType, row: Suggested, urls: &Urls) -> Suggestion {
    let Suggested { id, slug, name, grade: _, likeness: _ } = row;
    let (id, collection) = match kind {
        SuggestionType::Person => (PersonId(id).to_string(), "people"),
        SuggestionType::Label => (LabelId(id).to_string(), "labels"),
    };
    Suggestion { kind, id, url: urls.resource(collection, &slug), slug, name }
}
