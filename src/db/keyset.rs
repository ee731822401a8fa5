//! Keyset pages: a page starts after the row that ended the one before, found by an index and not by counting.

use chrono::{DateTime, Utc};
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

/// The place of a row in a list that runs from the newest to the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When the row became public.
    pub public_from: DateTime<Utc>,
    /// The row's id, which decides between rows of the same instant.
    pub id: Uuid,
}

/// Which part of a list a page shows.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Only what is public at this instant.
    pub now: DateTime<Utc>,
    /// Only what comes after this place.
    pub after: Option<Position>,
    /// How many rows at most.
    pub rows: i64,
}

/// `(table.public_from, table.id) < (…)`: a comparison of rows, which one index range answers.
///
/// Diesel has no such comparison of its own.
#[derive(Debug, Clone, Copy)]
pub struct ComesAfter {
    columns: &'static str,
    position: Position,
}

/// Rows that come after `position`; `columns` is the pair of columns, such as `articles.public_from, articles.id`.
pub fn comes_after(columns: &'static str, position: Position) -> ComesAfter {
    ComesAfter { columns, position }
}

impl Expression for ComesAfter {
    type SqlType = Bool;
}

impl<QuerySource> AppearsOnTable<QuerySource> for ComesAfter {}
impl<QuerySource> SelectableExpression<QuerySource> for ComesAfter {}

impl<GroupBy> ValidGrouping<GroupBy> for ComesAfter {
    type IsAggregate = is_aggregate::Never;
}

impl QueryId for ComesAfter {
    // The columns are part of the SQL, so the type alone does not tell the statement.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for ComesAfter
where
    Pg: Backend,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> diesel::QueryResult<()> {
        out.push_sql("(");
        out.push_sql(self.columns);
        out.push_sql(") < (");
        out.push_bind_param::<Timestamptz, _>(&self.position.public_from)?;
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(&self.position.id)?;
        out.push_sql(")");
        Ok(())
    }
}
