//! Everything that is published or to be, as records that an import restores: one at a time, so that memory does not grow
//! with the content, and all of one instant.
//!
//! Each record comes after those that it names. Equal content gives equal bytes.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::io;

use diesel::sql_types;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use crate::db::sql::sql;
use crate::db::{Connection, DatabaseError};
use crate::imports::archive::{Record, present};
use crate::values::id::{AffiliationId, ArticleId, LabelId, PersonId, QuoteId};

/// How many records are read at once.
const AT_ONCE: i64 = 500;

/// How many articles, which are larger.
const ARTICLES_AT_ONCE: i64 = 100;

/// Why an export ends early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// What it is written to.
    #[error("cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Gives `write` every record, in order; returns how many there were.
pub async fn export(
    connection: &mut Connection,
    mut write: impl FnMut(&Record) -> io::Result<()>,
) -> Result<u64, ExportError> {
    connection
        .batch_execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(DatabaseError::from)?;
    let mut counted = |record: &Record, count: &mut u64| {
        *count += 1;
        write(record)
    };
    let exported = write_all(connection, &mut counted).await;
    connection.batch_execute("ROLLBACK").await.map_err(DatabaseError::from)?;
    exported
}

async fn write_all(
    connection: &Connection,
    write: &mut impl FnMut(&Record, &mut u64) -> io::Result<()>,
) -> Result<u64, ExportError> {
    let mut count = 0;
    let labels = ids_with_those_before(connection, "SELECT id, parent_id, merged_into_id FROM labels").await?;
    for ids in labels.chunks(AT_ONCE.unsigned_abs() as usize) {
        let ids: Vec<LabelId> = ids.iter().copied().map(LabelId).collect();
        for record in present::label_records(connection, &ids).await? {
            write(&Record::Label(record), &mut count)?;
        }
    }
    let mut page = Pages::of("people WHERE merged_into_id IS NULL", AT_ONCE);
    while let Some(ids) = page.next(connection).await? {
        let ids: Vec<PersonId> = ids.into_iter().map(PersonId).collect();
        for record in present::person_records(connection, &ids).await? {
            write(&Record::Person(record), &mut count)?;
        }
    }
    const MERGED: &str = "SELECT id, merged_into_id, NULL::uuid FROM people WHERE merged_into_id IS NOT NULL";
    let merged: Vec<PersonId> = ids_with_those_before(connection, MERGED).await?.into_iter().map(PersonId).collect();
    for record in present::person_records(connection, &merged).await? {
        write(&Record::Person(record), &mut count)?;
    }
    let mut page = Pages::of("affiliations WHERE true", AT_ONCE);
    while let Some(ids) = page.next(connection).await? {
        let ids: Vec<AffiliationId> = ids.into_iter().map(AffiliationId).collect();
        for record in present::affiliation_records(connection, &ids).await? {
            write(&Record::Affiliation(record), &mut count)?;
        }
    }
    let mut page = Pages::of("quotes WHERE successor_id IS NULL", AT_ONCE);
    while let Some(ids) = page.next(connection).await? {
        let ids: Vec<QuoteId> = ids.into_iter().map(QuoteId).collect();
        for record in present::quote_records(connection, &ids).await? {
            write(&Record::Quote(record), &mut count)?;
        }
    }
    const SUCCEEDED: &str = "SELECT id, successor_id, NULL::uuid FROM quotes WHERE successor_id IS NOT NULL";
    let succeeded: Vec<QuoteId> =
        ids_with_those_before(connection, SUCCEEDED).await?.into_iter().map(QuoteId).collect();
    for record in present::quote_records(connection, &succeeded).await? {
        write(&Record::Quote(record), &mut count)?;
    }
    let mut page = Pages::of("articles WHERE true", ARTICLES_AT_ONCE);
    while let Some(ids) = page.next(connection).await? {
        let ids: Vec<ArticleId> = ids.into_iter().map(ArticleId).collect();
        for record in present::article_records(connection, &ids).await? {
            write(&Record::Article(Box::new(record)), &mut count)?;
        }
    }
    Ok(count)
}

/// The ids of a table, some at a time, in their order.
struct Pages {
    rows: &'static str,
    at_once: i64,
    after: Uuid,
}

impl Pages {
    fn of(rows: &'static str, at_once: i64) -> Self {
        Self { rows, at_once, after: Uuid::nil() }
    }

    async fn next(&mut self, mut connection: &Connection) -> Result<Option<Vec<Uuid>>, DatabaseError> {
        let ids = sql("SELECT id FROM ")
            .text(self.rows)
            .text(" AND id > ")
            .bind(self.after)
            .text(" ORDER BY id LIMIT ")
            .bind(self.at_once)
            .statement::<sql_types::Uuid>();
        let ids: Vec<Uuid> = ids.load(&mut connection).await?;
        if let Some(last) = ids.last() {
            self.after = *last;
        }
        Ok(Some(ids).filter(|ids| !ids.is_empty()))
    }
}

/// The ids that a query gives, each after those that it names as the second and third column.
async fn ids_with_those_before(mut connection: &Connection, query: &'static str) -> Result<Vec<Uuid>, DatabaseError> {
    type Columns = (sql_types::Uuid, sql_types::Nullable<sql_types::Uuid>, sql_types::Nullable<sql_types::Uuid>);
    let rows: Vec<(Uuid, Option<Uuid>, Option<Uuid>)> =
        sql(query).text(" ORDER BY id").statement::<Columns>().load(&mut connection).await?;
    Ok(those_named_first(rows.into_iter().map(|(id, one, other)| (id, [one, other])).collect()))
}

/// Nodes, in their order, but each after those that it names. Those that name one another in a circle come last.
fn those_named_first<Id: Copy + Eq + Hash>(nodes: Vec<(Id, [Option<Id>; 2])>) -> Vec<Id> {
    let known: HashMap<Id, [Option<Id>; 2]> = nodes.iter().copied().collect();
    let mut done: HashSet<Id> = HashSet::new();
    let mut ordered = Vec::with_capacity(nodes.len());
    for (id, _) in &nodes {
        let mut path = vec![*id];
        while let Some(top) = path.last().copied() {
            let before = known.get(&top).copied().unwrap_or_default().into_iter().flatten();
            let next = before.into_iter().find(|id| known.contains_key(id) && !done.contains(id) && !path.contains(id));
            match next {
                Some(next) => path.push(next),
                None => {
                    path.pop();
                    if done.insert(top) {
                        ordered.push(top);
                    }
                }
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::those_named_first;

    #[test]
    fn those_named_come_first_and_otherwise_the_order_stays() {
        let nodes = vec![(1, [Some(4), None]), (2, [None, None]), (3, [Some(1), Some(2)]), (4, [Some(9), None])];
        assert_eq!(those_named_first(nodes), [4, 1, 2, 3]);
        let circle = vec![(1, [Some(2), None]), (2, [Some(1), None])];
        assert_eq!(those_named_first(circle).len(), 2);
    }
}
