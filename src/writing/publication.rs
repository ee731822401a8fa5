//! Since when labels, people and quotes are public, and what quotes say: found out anew after every change of what
//! shows them.
//!
//! They are public from the earliest public article on that shows them, or from when they were made by a write of their
//! own. A public label shows the one above it.

use diesel_async::RunQueryDsl;

use super::{Touched, Writer};
use crate::changes::{Action, ResourceType};
use crate::db::filter::uuids;
use crate::db::sql::{Sql, sql};
use crate::db::{Connection, Result};
use crate::values::id::{LabelId, PersonId, QuoteId};

/// Brings what was touched up to date. People hang on quotes: they come last.
pub(super) async fn refresh(writer: &mut Writer<'_>, touched: Touched) -> Result<()> {
    let Touched { labels, people, quotes } = touched;
    let (labels, quotes): (Vec<LabelId>, Vec<QuoteId>) = (labels.into_iter().collect(), quotes.into_iter().collect());
    let people: Vec<PersonId> = people.into_iter().collect();
    if !labels.is_empty() {
        publish(writer.connection, "labels", uuids(&labels), sql(LABEL)).await?;
    }
    if !quotes.is_empty() {
        publish(writer.connection, "quotes", uuids(&quotes), sql(QUOTE)).await?;
        lengthen(writer, &quotes).await?;
    }
    if !people.is_empty() {
        refresh_affiliations(writer.connection, &people).await?;
        publish(writer.connection, "people", uuids(&people), sql(PERSON)).await?;
    }
    Ok(())
}

/// A label below it shows it too: what is above what changes, triggers bring up to date.
const LABEL: &str = "label_shown_from(labels.id)";

const QUOTE: &str = "(SELECT min(occurrences.public_from) FROM occurrences \
    WHERE occurrences.quote_id = quotes.id AND occurrences.position IS NOT NULL)";

const PERSON: &str = "least((SELECT min(quotes.public_from) FROM quotes WHERE quotes.speaker_id = people.id \
        AND quotes.deleted_at IS NULL), \
    (SELECT min(article_authors.public_from) FROM article_authors WHERE article_authors.person_id = people.id), \
    (SELECT min(occurrences.public_from) FROM occurrences JOIN quotes ON quotes.id = occurrences.quote_id \
        WHERE occurrences.organization_id = people.id AND occurrences.position IS NOT NULL \
        AND quotes.deleted_at IS NULL), \
    (SELECT min(affiliations.public_from) FROM affiliations WHERE affiliations.organization_id = people.id))";

/// `shown` tells since when a row is shown; null where never.
async fn publish(mut connection: &Connection, table: &'static str, ids: Vec<uuid::Uuid>, shown: Sql) -> Result<()> {
    let column = |name: &'static str| sql(table).text(".").text(name);
    sql("UPDATE ")
        .text(table)
        .text(" SET public_from = fresh.public_from FROM (SELECT ")
        .append(column("id"))
        .text(", coalesce(least(CASE WHEN ")
        .append(column("is_independent"))
        .text(" THEN ")
        .append(column("created_at"))
        .text(" END, ")
        .append(shown)
        .text("), 'infinity') AS public_from FROM ")
        .text(table)
        .text(" WHERE ")
        .append(column("id"))
        .text(" = ANY (")
        .bind(ids)
        .text(")) AS fresh WHERE ")
        .append(column("id"))
        .text(" = fresh.id AND ")
        .append(column("public_from"))
        .text(" <> fresh.public_from")
        .statement::<diesel::sql_types::Bool>()
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// A quote's text is its longest public printing, and while it has none its longest printing at all. One that was made
/// by a write of its own is public without: it keeps the text it was given until a printing is public.
async fn lengthen(writer: &mut Writer<'_>, quotes: &[QuoteId]) -> Result<()> {
    let mut connection = writer.connection;
    let changed = sql("UPDATE quotes SET text = longest.text, version = quotes.version + 1, updated_at = ")
        .bind(writer.now)
        .text(
            " FROM (SELECT DISTINCT ON (occurrences.quote_id) occurrences.quote_id, occurrences.text, \
             occurrences.public_from <= ",
        )
        .bind(writer.now)
        .text(
            " AS is_public FROM occurrences \
             WHERE occurrences.position IS NOT NULL AND occurrences.quote_id = ANY (",
        )
        .bind(uuids(quotes))
        .text(") ORDER BY occurrences.quote_id, occurrences.public_from <= ")
        .bind(writer.now)
        .text(
            " DESC, char_length(occurrences.text) DESC, occurrences.public_from, occurrences.id) AS longest \
             WHERE quotes.id = longest.quote_id AND quotes.text <> longest.text \
             AND (longest.is_public OR NOT quotes.is_independent) RETURNING quotes.id, quotes.version",
        )
        .statement::<(diesel::sql_types::Uuid, diesel::sql_types::Integer)>();
    let changed: Vec<(uuid::Uuid, i32)> = changed.load(&mut connection).await?;
    for (id, version) in changed {
        writer.changed(ResourceType::Quote, id, Action::Updated, version);
    }
    Ok(())
}

/// What people are only printed to be is public as long as a public article prints it, hidden while only withdrawn quotes
/// do, and gone when none does.
async fn refresh_affiliations(mut connection: &Connection, people: &[PersonId]) -> Result<()> {
    const PRINTED: &str = "FROM quotes \
        JOIN occurrences ON occurrences.quote_id = quotes.id WHERE quotes.speaker_id = affiliations.person_id \
        AND occurrences.position IS NOT NULL AND occurrences.role IS NOT DISTINCT FROM affiliations.role \
        AND occurrences.organization_id IS NOT DISTINCT FROM affiliations.organization_id)";
    let shown = || {
        sql("coalesce((SELECT min(CASE WHEN quotes.deleted_at IS NULL THEN occurrences.public_from END) ")
            .text(PRINTED)
            .text(", 'infinity')")
    };
    let own = || {
        sql(" WHERE affiliations.person_id = ANY (").bind(uuids(people)).text(") AND NOT affiliations.is_independent")
    };
    sql("DELETE FROM affiliations")
        .append(own())
        .text(" AND NOT EXISTS (SELECT ")
        .text(PRINTED)
        .statement::<diesel::sql_types::Bool>()
        .execute(&mut connection)
        .await?;
    sql("UPDATE affiliations SET public_from = ")
        .append(shown())
        .append(own())
        .text(" AND affiliations.public_from <> ")
        .append(shown())
        .statement::<diesel::sql_types::Bool>()
        .execute(&mut connection)
        .await?;
    Ok(())
}
