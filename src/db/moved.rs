//! What became of a resource that is not found under a reference: renamed, merged, deleted, or never public.

use diesel::OptionalExtension;
use diesel::sql_types::{Bool, Nullable, Text, Uuid};
use diesel_async::RunQueryDsl;

use super::sql::{Sql, sql};
use super::{Audience, Connection, Result};
use crate::values::id::{ArticleId, LabelId, PersonId, QuoteId};
use crate::values::reference::Reference;

/// A resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An article.
    Article,
    /// A quote.
    Quote,
    /// A person, an organization or a group.
    Person,
    /// A label.
    Label,
}

/// What became of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// It can be seen under this slug; a quote under this id.
    Now(String),
    /// It could be seen and is deleted, for this reason where one is told.
    Gone(Option<String>),
    /// Nothing that can be seen is or was called so.
    Unknown,
}

/// What became of the resource that `reference` names, through former slugs and merges.
pub async fn whereabouts(
    mut connection: &Connection,
    kind: Kind,
    reference: &str,
    audience: Audience,
) -> Result<Whereabouts> {
    let statement = match kind {
        Kind::Article => article(reference, audience),
        Kind::Quote => quote(reference, audience),
        Kind::Person => person(reference, audience),
        Kind::Label => label(reference, audience),
    };
    let statement = statement.statement::<(Uuid, Text, Bool, Bool, Nullable<Text>)>();
    let found: Option<(uuid::Uuid, String, bool, bool, Option<String>)> =
        statement.get_result(&mut connection).await.optional()?;
    Ok(match found {
        Some((id, _, true, _, _)) if kind == Kind::Quote => Whereabouts::Now(QuoteId(id).to_string()),
        Some((_, slug, true, _, _)) => Whereabouts::Now(slug),
        Some((_, _, false, true, reason)) => Whereabouts::Gone(reason),
        Some((_, _, false, false, _)) | None => Whereabouts::Unknown,
    })
}

/// A deleted article's `public_from` is infinity: whether it was public is told by what that was made from.
fn article(reference: &str, audience: Audience) -> Sql {
    let id = match Reference::<ArticleId>::parse(reference) {
        Reference::Id(id) => Sql::default().bind(id.0),
        Reference::Slug(slug) => {
            sql("(SELECT article_slugs.article_id FROM article_slugs WHERE article_slugs.slug = ").bind(slug).text(")")
        }
    };
    sql("SELECT articles.id, articles.slug, articles.deleted_at IS NULL AND ")
        .append(audience.sees("articles.public_from"))
        .text(", articles.deleted_at IS NOT NULL AND ")
        .append(audience.saw(
            "CASE WHEN articles.status IN ('scheduled', 'published') THEN articles.published_at ELSE 'infinity' END",
            "articles.deleted_at",
        ))
        .text(", articles.deletion_reason FROM articles WHERE articles.id = ")
        .append(id)
}

fn person(reference: &str, audience: Audience) -> Sql {
    let id = match Reference::<PersonId>::parse(reference) {
        Reference::Id(id) => Sql::default().bind(id.0),
        Reference::Slug(slug) => {
            sql("(SELECT person_slugs.person_id FROM person_slugs WHERE person_slugs.slug = ").bind(slug).text(")")
        }
    };
    at_the_end("people", "people.slug", "people.merged_into_id", id, audience)
}

fn label(reference: &str, audience: Audience) -> Sql {
    let id = match Reference::<LabelId>::parse(reference) {
        Reference::Id(id) => Sql::default().bind(id.0),
        Reference::Slug(slug) => {
            sql("(SELECT label_slugs.label_id FROM label_slugs WHERE label_slugs.slug = ").bind(slug).text(")")
        }
    };
    at_the_end("labels", "labels.slug", "labels.merged_into_id", id, audience)
}

/// A text that is no id names no quote.
fn quote(reference: &str, audience: Audience) -> Sql {
    let id = match Reference::<QuoteId>::parse(reference) {
        Reference::Id(id) => Sql::default().bind(id.0),
        Reference::Slug(_) => sql("NULL::uuid"),
    };
    at_the_end("quotes", "''", "quotes.successor_id", id, audience)
}

/// The row of `table` that a chain of successors ends with. `UNION` keeps a circle, should there be one, from running on.
fn at_the_end(table: &'static str, slug: &'static str, successor: &'static str, id: Sql, audience: Audience) -> Sql {
    let column = |name: &'static str| sql(table).text(".").text(name);
    sql("WITH RECURSIVE chain (id) AS (SELECT ")
        .append(id)
        .text(" UNION SELECT ")
        .text(successor)
        .text(" FROM ")
        .text(table)
        .text(" JOIN chain ON chain.id = ")
        .append(column("id"))
        .text(" WHERE ")
        .text(successor)
        .text(" IS NOT NULL) SELECT ")
        .append(column("id"))
        .text(", ")
        .text(slug)
        .text(", ")
        .text("deleted_at IS NULL AND ")
        .append(audience.sees("public_from"))
        .text(", deleted_at IS NOT NULL AND ")
        .append(audience.saw("public_from", "deleted_at"))
        .text(", ")
        .append(column("deletion_reason"))
        .text(" FROM ")
        .text(table)
        .text(" JOIN chain ON chain.id = ")
        .append(column("id"))
        .text(" WHERE ")
        .text(successor)
        .text(" IS NULL")
}
