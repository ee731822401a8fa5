//! Full text and names in PostgreSQL: what a search asks for, as SQL that articles, quotes, people and labels use.

use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::keyset::Window;
use crate::db::sql::{Sql, all, sql};
use crate::db::{Audience, Connection, Result};
use crate::values::name::normalise;

/// How many of the newest matches are sorted by relevance: what a frequent word costs is bounded by this.
const CANDIDATES: i64 = 1_000;

/// How much of a text snippets are taken from, in characters.
const HIGHLIGHTED_CHARACTERS: i64 = 50_000;

/// How many speakers a search for quotes looks at.
const SPEAKERS: i64 = 100;

/// What stands between two snippets: it cannot be part of one, since their own `<` are escaped.
const BETWEEN_SNIPPETS: &str = "<hr>";

/// The language that articles have when nothing else is said.
const DEFAULT_LANGUAGE: &str = "en";

/// A row with its place in a list by relevance, where it is out of one.
#[derive(Debug, Clone)]
pub struct Listed<Row> {
    /// The row.
    pub row: Row,
    /// How far from the best match it is: the smaller, the better.
    pub distance: i64,
}

/// Words looked for in articles: parsed once for every way in which articles' words are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleWords {
    /// The languages of articles whose words are compared alike, with the query as those are searched.
    parsed: Vec<(Vec<String>, String)>,
}

/// Words looked for in quotes and the names of their speakers.
#[derive(Debug, Clone, PartialEq)]
pub struct QuoteWords {
    /// What is looked for.
    query: String,
    /// Any word of it, as names are searched: who might be the speaker.
    any_name: String,
}

/// A name looked for: the beginnings of its words, or something like it.
#[derive(Debug, Clone, PartialEq)]
pub struct NameWords {
    /// The name as it was given, normalised.
    normalised: String,
    /// The beginnings of its words, as a query.
    prefixes: String,
}

/// Reads `text` in web-search syntax as it is understood in `languages`, or in those that articles are in.
///
/// `None` where nothing of it can be looked for in any of them: stop words, punctuation, only exclusions.
pub async fn article_words(
    mut connection: &Connection,
    text: &str,
    languages: Option<&[String]>,
) -> Result<Option<ArticleWords>> {
    let languages = match languages {
        Some(languages) => sql("SELECT unnest(").bind(languages.to_vec()).text(")"),
        // From one language to the next, by the index: as many steps as there are languages.
        None => sql("WITH RECURSIVE present (language) AS \
                ((SELECT articles.language FROM articles ORDER BY articles.language LIMIT 1) UNION ALL \
                 SELECT (SELECT articles.language FROM articles WHERE articles.language > present.language \
                         ORDER BY articles.language LIMIT 1) FROM present WHERE present.language IS NOT NULL) \
             SELECT present.language FROM present WHERE present.language IS NOT NULL UNION SELECT ")
        .bind(DEFAULT_LANGUAGE),
    };
    let parsed =
        sql("SELECT alike.languages, query::text FROM (SELECT search_configuration(language) AS configuration, \
             array_agg(language) AS languages FROM (")
        .append(languages)
        .text(") AS every (language) GROUP BY 1) AS alike, websearch_to_tsquery(alike.configuration, ")
        .bind(text)
        .text(") AS query WHERE querytree(query) NOT IN ('', 'T')")
        .statement::<(sql_types::Array<sql_types::Text>, sql_types::Text)>();
    let parsed: Vec<(Vec<String>, String)> = parsed.load(&mut connection).await?;
    Ok(Some(ArticleWords { parsed }).filter(|words| !words.parsed.is_empty()))
}

/// Reads `text` in web-search syntax, as quotes are searched. `None` where nothing of it can be looked for.
pub async fn quote_words(mut connection: &Connection, text: &str) -> Result<Option<QuoteWords>> {
    let parsed = sql("SELECT query::text, coalesce((SELECT string_agg(quote_literal(lexeme), ' | ') \
         FROM unnest(to_tsvector('search_simple', ")
    .bind(text)
    .text("))), '') FROM websearch_to_tsquery('search_english', ")
    .bind(text)
    .text(") AS query WHERE querytree(query) NOT IN ('', 'T')")
    .statement::<(sql_types::Text, sql_types::Text)>();
    let parsed: Vec<(String, String)> = parsed.load(&mut connection).await?;
    Ok(parsed.into_iter().next().map(|(query, any_name)| QuoteWords { query, any_name }))
}

impl ArticleWords {
    /// The condition that an article is found.
    pub fn condition(&self) -> Sql {
        let mut any = Sql::default();
        for (index, (languages, query)) in self.parsed.iter().enumerate() {
            any = any
                .text(if index == 0 { "(" } else { " OR (" })
                .text("articles.language = ANY (")
                .bind(languages.clone())
                .text(") AND articles.search @@ ")
                .append(parsed_query(query))
                .text(")");
        }
        any
    }

    /// The query that an article is searched by.
    fn query(&self) -> Sql {
        let mut query = sql("CASE");
        for (languages, parsed) in &self.parsed {
            query = query
                .text(" WHEN articles.language = ANY (")
                .bind(languages.clone())
                .text(") THEN ")
                .append(parsed_query(parsed));
        }
        query.text(" END")
    }

    /// The articles that meet `conditions`, by relevance: a page of `(id, distance)`.
    pub async fn ranked(
        &self,
        mut connection: &Connection,
        conditions: Vec<Sql>,
        window: &Window,
    ) -> Result<Vec<(Uuid, i64)>> {
        let candidates = sql("SELECT articles.id, articles.title, articles.public_from, articles.published_at, \
             articles.updated_at, articles.created_at, articles.language, articles.search FROM articles WHERE ")
        .append(all(conditions))
        .text(" ORDER BY articles.public_from DESC, articles.id DESC LIMIT ")
        .bind(CANDIDATES);
        let found = sql("SELECT articles.id, articles.distance FROM (SELECT articles.*, ")
            .append(distance(
                sql("articles.search"),
                self.query(),
                "coalesce(articles.published_at, articles.created_at)",
            ))
            .text(" AS distance FROM (")
            .append(candidates)
            .text(") AS articles) AS articles")
            .append(page(window));
        Ok(found.statement::<(sql_types::Uuid, sql_types::BigInt)>().load(&mut connection).await?)
    }

    /// The marked titles and bodies of these articles, as HTML; bodies as their best snippets.
    pub async fn marked(
        &self,
        mut connection: &Connection,
        ids: Vec<Uuid>,
    ) -> Result<Vec<(Uuid, (Option<String>, Vec<String>))>> {
        let configuration = || sql("search_configuration(articles.language)");
        let body = sql("left(articles.body_text, ").bind(HIGHLIGHTED_CHARACTERS).text("::integer)");
        let marked = sql("SELECT articles.id, ")
            .append(whole_marked(configuration(), sql("articles.title"), self.query()))
            .text(", ")
            .append(snippets_marked(configuration(), body, self.query()))
            .text(" FROM articles WHERE articles.id = ANY (")
            .bind(ids)
            .text(")")
            .statement::<(sql_types::Uuid, sql_types::Text, sql_types::Text)>();
        let rows: Vec<(Uuid, String, String)> = marked.load(&mut connection).await?;
        let marked = |(id, title, body): (Uuid, String, String)| {
            let title = Some(title).filter(|title| is_marked(title));
            let snippets = body.split(BETWEEN_SNIPPETS).filter(|snippet| is_marked(snippet));
            (id, (title, snippets.map(str::to_owned).collect()))
        };
        Ok(rows.into_iter().map(marked).collect())
    }
}

/// The words of a quote and of its speaker's name.
const QUOTE_AND_SPEAKER: &str = "(quotes.search || coalesce((SELECT to_tsvector('search_english'::regconfig, \
    people.name) FROM people WHERE people.id = quotes.speaker_id AND people.deleted_at IS NULL), ''::tsvector))";

impl QuoteWords {
    /// The condition that a quote is found: by its text, by its public speaker's name, or by both together.
    pub fn condition(&self, audience: Audience) -> Sql {
        let by_both = || sql(QUOTE_AND_SPEAKER).text(" @@ ").append(self.query());
        let speakers = sql("SELECT people.id FROM people \
             WHERE to_tsvector('simple'::regconfig, people.normalised_name) @@ ")
        .bind(self.any_name.as_str())
        .text("::tsquery AND people.deleted_at IS NULL AND ")
        .append(audience.sees("people.public_from"))
        .text(" ORDER BY people.public_from DESC, people.id LIMIT ")
        .bind(SPEAKERS);
        let found = sql("(quotes.search @@ ")
            .append(self.query())
            .text(" OR quotes.speaker_id = ANY (ARRAY (")
            .append(speakers)
            .text(")) AND ")
            .append(by_both())
            .text(")");
        // A text that has what is wanted has it with a name beside it too, unless the name is what is excluded.
        let has_exclusion = self.query.contains('!');
        if has_exclusion { found.text(" AND ").append(by_both()) } else { found }
    }

    /// The quotes that meet `conditions`, by relevance: a page of `(id, distance)`.
    pub async fn ranked(
        &self,
        mut connection: &Connection,
        conditions: Vec<Sql>,
        window: &Window,
    ) -> Result<Vec<(Uuid, i64)>> {
        let candidates = sql("SELECT quotes.id, quotes.public_from, quotes.updated_at, quotes.created_at, ")
            .text(QUOTE_AND_SPEAKER)
            .text(" AS words FROM quotes WHERE ")
            .append(all(conditions))
            .text(" ORDER BY quotes.public_from DESC, quotes.id DESC LIMIT ")
            .bind(CANDIDATES);
        let found = sql("SELECT quotes.id, quotes.distance FROM (SELECT quotes.*, ")
            .append(distance(sql("quotes.words"), self.query(), "quotes.public_from"))
            .text(" AS distance FROM (")
            .append(candidates)
            .text(") AS quotes) AS quotes")
            .append(page(window));
        Ok(found.statement::<(sql_types::Uuid, sql_types::BigInt)>().load(&mut connection).await?)
    }

    /// The marked texts of these quotes, as HTML; unmarked where only the speaker's name was found.
    pub async fn marked(&self, connection: &Connection, ids: Vec<Uuid>) -> Result<Vec<(Uuid, String)>> {
        self.marked_by(whole_marked, connection, ids).await
    }

    /// The best passages of the texts of these quotes, marked, as HTML.
    pub async fn passages(&self, connection: &Connection, ids: Vec<Uuid>) -> Result<Vec<(Uuid, String)>> {
        self.marked_by(passage_marked, connection, ids).await
    }

    async fn marked_by(
        &self,
        mark: impl FnOnce(Sql, Sql, Sql) -> Sql,
        mut connection: &Connection,
        ids: Vec<Uuid>,
    ) -> Result<Vec<(Uuid, String)>> {
        let marked = sql("SELECT quotes.id, ")
            .append(mark(sql("'search_english'::regconfig"), sql("quotes.text"), self.query()))
            .text(" FROM quotes WHERE quotes.id = ANY (")
            .bind(ids)
            .text(")")
            .statement::<(sql_types::Uuid, sql_types::Text)>();
        Ok(marked.load(&mut connection).await?)
    }

    fn query(&self) -> Sql {
        parsed_query(&self.query)
    }
}

impl NameWords {
    /// Reads a name or the beginnings of its words; `None` where it has no letter and no digit.
    pub fn parse(text: &str) -> Option<Self> {
        let normalised = normalise(text);
        let words: Vec<String> = normalised
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| format!("'{word}':*"))
            .collect();
        let prefixes = words.join(" & ");
        Some(Self { normalised, prefixes }).filter(|_| !words.is_empty())
    }

    /// The condition that a name has words that begin so.
    fn begins(&self, name: &'static str) -> Sql {
        sql("to_tsvector('simple'::regconfig, ").text(name).text(") @@ ").bind(self.prefixes.as_str()).text("::tsquery")
    }

    /// The condition that a part of a name is much like this one.
    fn is_like(&self, name: &'static str) -> Sql {
        Sql::default().bind(self.normalised.as_str()).text(" <% ").text(name)
    }

    /// The condition on people that one of their names is found.
    pub fn people_condition(&self) -> Sql {
        sql("people.id = ANY (ARRAY (SELECT named.id FROM people AS named WHERE ")
            .append(self.is_found("named.normalised_name"))
            .text(" UNION SELECT person_aliases.person_id FROM person_aliases WHERE ")
            .append(self.is_found("person_aliases.normalised_name"))
            .text("))")
    }

    /// The condition on labels that one of their names is found.
    pub fn labels_condition(&self) -> Sql {
        sql("labels.id = ANY (ARRAY (SELECT label_names.label_id FROM label_names WHERE ")
            .append(self.is_found("label_names.normalised_name"))
            .text("))")
    }

    fn is_found(&self, name: &'static str) -> Sql {
        self.begins(name).text(" OR ").append(self.is_like(name))
    }

    /// The public people whose names are found, the likeliest first.
    pub async fn people(&self, connection: &Connection, audience: Audience, limit: u32) -> Result<Vec<Suggested>> {
        let names = sql(
            "SELECT named.id AS owner_id, named.normalised_name AS normalised_name FROM people AS named WHERE ",
        )
        .append(self.is_found("named.normalised_name"))
        .text(" UNION ALL SELECT person_aliases.person_id, person_aliases.normalised_name FROM person_aliases WHERE ")
        .append(self.is_found("person_aliases.normalised_name"));
        let owners = sql("SELECT people.id, people.slug, people.name, found.grade, found.likeness FROM people \
             JOIN found ON found.owner_id = people.id WHERE people.deleted_at IS NULL \
             AND people.merged_into_id IS NULL AND ")
        .append(audience.sees("people.public_from"));
        self.suggested(connection, names, owners, limit).await
    }

    /// The public labels whose names are found, the likeliest first.
    pub async fn labels(&self, connection: &Connection, audience: Audience, limit: u32) -> Result<Vec<Suggested>> {
        let names = sql("SELECT label_names.label_id AS owner_id, label_names.normalised_name AS normalised_name \
             FROM label_names WHERE ")
        .append(self.is_found("label_names.normalised_name"));
        let owners = sql("SELECT labels.id, labels.slug, labels.name, found.grade, found.likeness FROM labels \
             JOIN found ON found.owner_id = labels.id WHERE labels.deleted_at IS NULL \
             AND labels.merged_into_id IS NULL AND ")
        .append(audience.sees("labels.public_from"));
        self.suggested(connection, names, owners, limit).await
    }

    /// `names` are the names that are found, each with its owner; `owners` shows these.
    async fn suggested(
        &self,
        mut connection: &Connection,
        names: Sql,
        owners: Sql,
        limit: u32,
    ) -> Result<Vec<Suggested>> {
        let graded = sql("WITH found AS (SELECT names.owner_id, \
             min(CASE WHEN starts_with(names.normalised_name, ")
        .bind(self.normalised.as_str())
        .text(") THEN 0 WHEN ")
        .append(self.begins("names.normalised_name"))
        .text(" THEN 1 ELSE 2 END) AS grade, max(similarity(names.normalised_name, ")
        .bind(self.normalised.as_str())
        .text(")) AS likeness FROM (")
        .append(names)
        .text(") AS names GROUP BY names.owner_id) ")
        .append(owners)
        .text(" ORDER BY 4, 5 DESC, 3, 1 LIMIT ")
        .bind(limit)
        .statement::<(sql_types::Uuid, sql_types::Text, sql_types::Text, sql_types::Integer, sql_types::Float)>();
        let rows: Vec<(Uuid, String, String, i32, f32)> = graded.load(&mut connection).await?;
        let suggested = |(id, slug, name, grade, likeness)| Suggested { id, slug, name, grade, likeness };
        Ok(rows.into_iter().map(suggested).collect())
    }
}

/// A person or a label whose name is found.
#[derive(Debug, Clone)]
pub struct Suggested {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    /// 0 where a name begins with what was asked for, 1 where words in it do, 2 where it is only like it.
    pub grade: i32,
    /// How much the name is like what was asked for, 0 to 1.
    pub likeness: f32,
}

/// A query as it was parsed.
///
/// A plan for any words at all would fetch and sort every article that has a frequent one, where the newest are found
/// along their index; so each search is planned by itself.
fn parsed_query(query: &str) -> Sql {
    Sql::default().bind(query).text("::tsquery").planned_each_time()
}

/// How far a match is from the best: what its words weigh, halved for every five years of age.
///
/// It depends on nothing that passes with time, so that pages fetched one after the other fit together, and is a
/// whole number, so that a cursor holds it exactly.
fn distance(vector: Sql, query: Sql, published_at: &'static str) -> Sql {
    sql("round(-1000000 * (ln(0.000001 + ts_rank_cd(")
        .append(vector)
        .text(", ")
        .append(query)
        .text(", 1)::double precision) + ln(2) * extract(epoch FROM ")
        .text(published_at)
        .text(")::double precision / 157788000))::bigint")
}

/// The page of a list whose rows the statement so far gives.
fn page(window: &Window) -> Sql {
    sql(" WHERE ").append(all(window.condition())).text(" ORDER BY ").append(window.page())
}

fn escaped(text: Sql) -> Sql {
    sql("replace(replace(replace(replace(")
        .append(text)
        .text(", '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '\"', '&quot;')")
}

/// A whole text as HTML with what is found marked.
fn whole_marked(configuration: Sql, text: Sql, query: Sql) -> Sql {
    headline(configuration, text, query, "'StartSel=<mark>, StopSel=</mark>, HighlightAll=true')")
}

/// The best passages of a text as HTML with what is found marked, parted by [`BETWEEN_SNIPPETS`].
fn snippets_marked(configuration: Sql, text: Sql, query: Sql) -> Sql {
    headline(
        configuration,
        text,
        query,
        "'StartSel=<mark>, StopSel=</mark>, FragmentDelimiter=<hr>, MaxFragments=3, MinWords=8, MaxWords=25')",
    )
}

/// The best passage of a text as HTML with what is found marked.
fn passage_marked(configuration: Sql, text: Sql, query: Sql) -> Sql {
    headline(configuration, text, query, "'StartSel=<mark>, StopSel=</mark>, MinWords=15, MaxWords=40')")
}

fn headline(configuration: Sql, text: Sql, query: Sql, options: &'static str) -> Sql {
    sql("ts_headline(")
        .append(configuration)
        .text(", ")
        .append(escaped(text))
        .text(", ")
        .append(query)
        .text(", ")
        .text(options)
}

fn is_marked(html: &str) -> bool {
    html.contains("<mark>")
}
