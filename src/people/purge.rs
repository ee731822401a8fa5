//! Removing people for good.

use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::changes::ResourceType;
use crate::db::sql::{Sql, sql};
use crate::db::{Connection, Result};
use crate::http::error::ApiError;
use crate::merges::db as merges_db;
use crate::values::id::PersonId;
use crate::writing::Writer;
use crate::writing::resource::{ARTICLES, PEOPLE, QUOTES, with_merged};

/// Removes a person for good, with slugs, names, affiliations and everyone who was merged into them. What they said
/// stays, word for word, and is nobody's; they are no author any more, and where an organization was named there is none.
pub(super) async fn purge(writer: &mut Writer<'_>, id: PersonId) -> std::result::Result<(), ApiError> {
    let gone = with_merged(writer.connection(), PEOPLE, id.0).await?;
    let ids: Vec<Uuid> = gone.iter().map(|(id, _)| *id).collect();
    let connection = writer.connection();
    let quotes = ids_of(connection, quotes_of(&ids)).await?;
    let articles = ids_of(connection, articles_of(&ids)).await?;
    let members = ids_of(connection, members_of(&ids)).await?;
    let organizations = ids_of(connection, organizations_of(&ids)).await?;
    remove(connection, &ids).await?;
    merges_db::forget(connection, &ids).await?;
    writer.raise_versions(ARTICLES, &articles).await?;
    writer.raise_versions(QUOTES, &quotes).await?;
    writer.raise_versions(PEOPLE, &members).await?;
    writer.touch_people(members.into_iter().chain(organizations).map(PersonId));
    for (id, version) in gone {
        writer.purged(ResourceType::Person, id, version);
    }
    Ok(())
}

/// The quotes that show one of these people.
fn quotes_of(ids: &[Uuid]) -> Sql {
    sql("SELECT quotes.id FROM quotes WHERE quotes.speaker_id = ANY (")
        .bind(ids.to_vec())
        .text(") UNION SELECT occurrences.quote_id FROM occurrences WHERE occurrences.organization_id = ANY (")
        .bind(ids.to_vec())
        .text(")")
}

/// The articles that show one of these people.
fn articles_of(ids: &[Uuid]) -> Sql {
    sql("SELECT article_authors.article_id FROM article_authors WHERE article_authors.person_id = ANY (")
        .bind(ids.to_vec())
        .text(
            ") UNION SELECT occurrences.article_id FROM quotes JOIN occurrences ON occurrences.quote_id = quotes.id \
               WHERE quotes.speaker_id = ANY (",
        )
        .bind(ids.to_vec())
        .text(") UNION SELECT occurrences.article_id FROM occurrences WHERE occurrences.organization_id = ANY (")
        .bind(ids.to_vec())
        .text(")")
}

/// The other people who are affiliated with one of these.
fn members_of(ids: &[Uuid]) -> Sql {
    sql("SELECT DISTINCT affiliations.person_id FROM affiliations WHERE affiliations.organization_id = ANY (")
        .bind(ids.to_vec())
        .text(") AND affiliations.person_id <> ALL (")
        .bind(ids.to_vec())
        .text(")")
}

/// The other organizations that these are affiliated with.
fn organizations_of(ids: &[Uuid]) -> Sql {
    sql("SELECT DISTINCT affiliations.organization_id FROM affiliations WHERE affiliations.person_id = ANY (")
        .bind(ids.to_vec())
        .text(") AND affiliations.organization_id <> ALL (")
        .bind(ids.to_vec())
        .text(")")
}

async fn ids_of(mut connection: &Connection, statement: Sql) -> Result<Vec<Uuid>> {
    Ok(statement.statement::<sql_types::Uuid>().load(&mut connection).await?)
}

/// Takes the people out of everything that names them, then removes them.
async fn remove(mut connection: &Connection, ids: &[Uuid]) -> Result<()> {
    for (statement, end) in [
        ("UPDATE quotes SET speaker_id = NULL WHERE quotes.speaker_id = ANY (", ")"),
        ("UPDATE occurrences SET organization_id = NULL WHERE occurrences.organization_id = ANY (", ")"),
        ("DELETE FROM article_authors WHERE article_authors.person_id = ANY (", ")"),
        // Someone's role stays, unless it stands there without an organization already.
        (
            "UPDATE affiliations SET organization_id = NULL WHERE affiliations.organization_id = ANY (",
            ") AND affiliations.role IS NOT NULL AND NOT EXISTS (SELECT FROM affiliations AS same \
             WHERE same.person_id = affiliations.person_id AND same.role = affiliations.role \
             AND same.starts_on IS NOT DISTINCT FROM affiliations.starts_on AND same.id <> affiliations.id \
             AND (same.organization_id IS NULL OR same.organization_id = affiliations.organization_id))",
        ),
        ("DELETE FROM affiliations WHERE affiliations.organization_id = ANY (", ")"),
        ("DELETE FROM people WHERE people.id = ANY (", ")"),
    ] {
        let statement = sql(statement).bind(ids.to_vec()).text(end).statement::<sql_types::Bool>();
        statement.execute(&mut connection).await?;
    }
    Ok(())
}
