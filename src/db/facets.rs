//! Facets: how often each value occurs among the rows that pass a filter, counted by one statement for all facets.

use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::sql::{Sql, sql};
use super::{Connection, Result};

/// Rows beyond this many are left out of the counts, unless they are to be exact.
pub const COUNTED_ROWS: i64 = 100_000;

/// One facet of a list.
#[derive(Debug, Clone)]
pub struct FacetQuery {
    /// What it is called.
    pub name: &'static str,
    /// `SELECT` of its four columns (value, slug, name, count; the middle two null where a value is no resource) out
    /// of `matched`, grouped.
    pub counts: Sql,
}

/// How often one value occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetRow {
    /// The facet.
    pub facet: String,
    /// The value; of a resource its id.
    pub value: String,
    /// Of a resource its slug and its name.
    pub resource: Option<(String, String)>,
    /// How often.
    pub count: i64,
}

/// The counts of facets.
#[derive(Debug, Clone, Default)]
pub struct FacetRows {
    /// The values of every facet, the most frequent first.
    pub rows: Vec<FacetRow>,
    /// Whether every matching row was counted.
    pub is_exact: bool,
}

type SqlRow = (Text, Text, Nullable<Text>, Nullable<Text>, BigInt, Bool);
type Row = (String, String, Option<String>, Option<String>, i64, bool);

/// Counts the values of facets among the rows of `matched`, a `SELECT` whose rows come newest first, `limit` values of
/// each facet. Where `is_exact` is not asked for, only the newest [`COUNTED_ROWS`] rows are counted.
pub async fn count_facets(
    mut connection: &Connection,
    matched: Sql,
    facets: Vec<FacetQuery>,
    limit: u32,
    is_exact: bool,
) -> Result<FacetRows> {
    let bound = if is_exact { i64::MAX } else { COUNTED_ROWS + 1 };
    let mut statement = sql("WITH found AS MATERIALIZED (")
        .append(matched)
        .text(" LIMIT ")
        .bind(bound)
        .text("), matched AS (SELECT * FROM found LIMIT ")
        .bind(bound - 1)
        .text("), size AS (SELECT count(*) < ")
        .bind(bound)
        .text(" AS is_exact FROM found) ");
    for (index, facet) in facets.into_iter().enumerate() {
        let union = if index == 0 { "" } else { " UNION ALL " };
        statement = statement
            .text(union)
            .text("(SELECT '")
            .text(facet.name)
            .text("' AS facet, counted.*, size.is_exact FROM (")
            .append(facet.counts)
            .text(") AS counted (value, slug, name, count), size ORDER BY counted.count DESC, counted.slug, counted.value LIMIT ")
            .bind(limit)
            .text(")");
    }
    let rows: Vec<Row> = statement.statement::<SqlRow>().load(&mut connection).await?;
    let is_exact = rows.iter().all(|(.., is_exact)| *is_exact);
    let row = |(facet, value, slug, name, count, _): Row| FacetRow { facet, value, resource: slug.zip(name), count };
    Ok(FacetRows { rows: rows.into_iter().map(row).collect(), is_exact })
}
