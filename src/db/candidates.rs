//! Which rows can stand on a page of a filtered list, found by the rarest thing that the filter asks for.
//!
//! What a filter asks for, such as a label or a speaker, may be true of three rows or of a third of all. Three are
//! fetched and sorted; among a third the page is soon found by walking along the list. A statement is planned once for
//! both, so it holds both ways and chooses when it runs: it fetches candidates first, but only so many. `OFFSET 0` keeps
//! PostgreSQL from turning a lookup for each row into a join with a whole table.

use super::keyset::Window;
use super::sql::{Sql, all, sql};

/// So many candidates are fetched and sorted; where there are more, the list is walked. A part of the SQL, since plans
/// are made by it.
const FEW: &str = "1000";

/// One more than 1,000.
const MORE_THAN_FEW: &str = "1001";

/// So far the list is walked before every candidate is looked at after all: what is asked for may all be old.
const NEAR: &str = "5000";

/// A list that is walked: a table along one of its indexes.
#[derive(Debug, Clone)]
pub struct List {
    /// The table.
    pub table: &'static str,
    /// The column of its id.
    pub id_column: &'static str,
    /// What the index that is walked is limited to.
    pub range: Vec<Sql>,
}

/// A table of links whose index, by key and then as the list is sorted, is walked instead of the list: the rows of one
/// key, the newest first.
#[derive(Debug, Clone)]
pub struct Links {
    /// The table; it has `public_from` and `article_id`.
    pub table: &'static str,
    /// The column of the key.
    pub key_column: &'static str,
    /// The keys that are asked for.
    pub keys: Vec<uuid::Uuid>,
}

impl List {
    /// The condition that a row is on the page, or near it: at most the page and 1,000 rows more.
    ///
    /// Each of `candidates` is a `SELECT` of ids that leaves out nothing that meets `conditions`, the cheapest to count
    /// out first.
    pub fn on_page(&self, candidates: Vec<Sql>, conditions: &[Sql], window: &Window) -> Sql {
        let Some(every) = candidates.first().cloned() else { return sql("true") };
        let beyond = sql("SELECT ")
            .text(self.id_column)
            .text(" FROM (SELECT DISTINCT candidate.id FROM (")
            .append(every)
            .text(") AS candidate (id)) AS candidate JOIN ")
            .text(self.table)
            .text(" ON ")
            .text(self.id_column)
            .text(" = candidate.id WHERE NOT (SELECT rarest.is_rare FROM rarest) AND (SELECT count(*) FROM walked) < ")
            .bind(needed(window))
            .text(" AND ")
            .append(all(conditions.iter().cloned().map(Sql::row_by_row).chain(window.condition())))
            .append(page(window));
        self.among(rarest_or(candidates, self.near(conditions, window), Some(beyond)))
    }

    /// The condition that a row is on the page, which is found along links.
    ///
    /// It costs the same for a key with three links and for one with a third of all. What is linked and public need not
    /// be among the `conditions`; where there are none, the list itself is not looked at.
    pub fn on_page_along(&self, links: &Links, candidates: Vec<Sql>, conditions: &[Sql], window: &Window) -> Sql {
        let walk = links.newest(self, conditions, window);
        self.among(if candidates.is_empty() { walk } else { rarest_or(candidates, walk, None) })
    }

    fn among(&self, ids: Sql) -> Sql {
        sql(self.id_column).text(" = ANY (ARRAY (").append(ids).text("))")
    }

    /// The ids of the page, as far as they are found near its start.
    fn near(&self, conditions: &[Sql], window: &Window) -> Sql {
        let rows = sql("SELECT * FROM ")
            .text(self.table)
            .text(" WHERE ")
            .append(all(self.range.iter().cloned().chain(window.condition())))
            .text(" ORDER BY ")
            .append(window.ordering())
            .text(" LIMIT ")
            .text(NEAR);
        sql("SELECT ")
            .text(self.id_column)
            .text(" FROM (")
            .append(rows)
            .text(") AS ")
            .text(self.table)
            .text(" WHERE ")
            .append(all(conditions.iter().cloned().map(Sql::row_by_row)))
            .text(" LIMIT ")
            .bind(needed(window))
    }
}

impl Links {
    /// The ids of the newest rows of each key, as many as the page holds, after its start.
    fn newest(&self, list: &List, conditions: &[Sql], window: &Window) -> Sql {
        let from_place = match window.place() {
            None => sql("true"),
            // The same comparison as on the list, but on the columns of this index.
            Some((instant, id)) => self
                .place()
                .text(if window.is_backwards() { " > (" } else { " < (" })
                .bind(instant)
                .text(", ")
                .bind(id)
                .text(")"),
        };
        let direction = if window.is_backwards() { "" } else { " DESC" };
        let (joined, met) = match conditions {
            [] => (Sql::default(), sql("true")),
            some => (self.rows_of(list), all(some.iter().cloned().map(Sql::row_by_row))),
        };
        sql("SELECT newest.id FROM unnest(")
            .bind(self.keys.clone())
            .text(") AS wanted (key) CROSS JOIN LATERAL (SELECT ")
            .text(self.table)
            .text(".article_id AS id FROM ")
            .text(self.table)
            .append(joined)
            .text(" WHERE ")
            .text(self.table)
            .text(".")
            .text(self.key_column)
            .text(" = wanted.key AND ")
            .text(self.table)
            .text(".public_from <= ")
            .bind(window.audience.now())
            .text(" AND ")
            .append(from_place)
            .text(" AND ")
            .append(met)
            .text(" ORDER BY ")
            .text(self.table)
            .text(".public_from")
            .text(direction)
            .text(", ")
            .text(self.table)
            .text(".article_id")
            .text(direction)
            .text(" LIMIT ")
            .bind(needed(window))
            .text(") AS newest")
    }

    fn rows_of(&self, list: &List) -> Sql {
        sql(" JOIN ")
            .text(list.table)
            .text(" ON ")
            .text(list.id_column)
            .text(" = ")
            .text(self.table)
            .text(".article_id")
    }

    /// Every id that is linked with one of the keys.
    pub fn ids(&self) -> Sql {
        sql("SELECT ")
            .text(self.table)
            .text(".article_id FROM ")
            .text(self.table)
            .text(" WHERE ")
            .text(self.table)
            .text(".")
            .text(self.key_column)
            .text(" = ANY (")
            .bind(self.keys.clone())
            .text(")")
    }

    fn place(&self) -> Sql {
        sql("(").text(self.table).text(".public_from, ").text(self.table).text(".article_id)")
    }
}

/// How many rows must be found for the page to be full.
fn needed(window: &Window) -> i64 {
    window.rows + window.offset()
}

fn page(window: &Window) -> Sql {
    sql(" ORDER BY ").append(window.ordering()).text(" LIMIT ").bind(needed(window))
}

/// The ids of whichever of `candidates` are the fewest, where these are few; else what `walk` finds, and where that
/// does not fill the page, what `beyond` finds. `beyond` sees the ids of the walk as `walked`, and has to ask
/// `rarest.is_rare` itself whether it is wanted.
fn rarest_or(candidates: Vec<Sql>, walk: Sql, beyond: Option<Sql>) -> Sql {
    let mut found = Sql::default();
    let mut sources = Sql::default();
    for (source, ids) in (0_i64..).zip(candidates) {
        found = found
            .text(if source == 0 { "" } else { " UNION ALL " })
            .text("(SELECT ")
            .bind(source)
            .text("::bigint, candidate.id FROM (")
            .append(ids)
            .text(") AS candidate (id) LIMIT ")
            .text(MORE_THAN_FEW)
            .text(")");
        sources = sources.text(if source == 0 { "(" } else { ", (" }).bind(source).text("::bigint)");
    }
    let ids = sql("WITH found (source, id) AS MATERIALIZED (")
        .append(found)
        .text("), rarest AS MATERIALIZED (SELECT sources.source, count(found.id) <= ")
        .text(FEW)
        .text(" AS is_rare FROM (VALUES ")
        .append(sources)
        .text(
            ") AS sources (source) LEFT JOIN found ON found.source = sources.source \
             GROUP BY sources.source ORDER BY count(found.id), sources.source LIMIT 1), \
             walked (id) AS MATERIALIZED (SELECT walk.* FROM (",
        )
        .append(walk)
        .text(
            ") AS walk WHERE NOT (SELECT rarest.is_rare FROM rarest)) \
             SELECT found.id FROM found JOIN rarest ON rarest.source = found.source WHERE rarest.is_rare \
             UNION ALL SELECT walked.id FROM walked",
        );
    match beyond {
        Some(beyond) => ids.text(" UNION ALL (").append(beyond).text(")"),
        None => ids,
    }
}
