//! Filters that several resources share.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::sql::{Sql, sql};
use crate::values::name::normalise;

/// From an instant on, up to but not including another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct InstantRange {
    /// The first instant that passes.
    pub from: Option<DateTime<Utc>>,
    /// The first one that does not pass any more.
    pub until: Option<DateTime<Utc>>,
}

impl InstantRange {
    /// Whether it has a bound at all.
    pub fn is_limited(self) -> bool {
        self.from.is_some() || self.until.is_some()
    }

    /// The conditions on a column.
    pub fn conditions(self, column: &'static str) -> Vec<Sql> {
        let from = self.from.map(|from| sql(column).text(" >= ").bind(from));
        let until = self.until.map(|until| sql(column).text(" < ").bind(until));
        from.into_iter().chain(until).collect()
    }
}

/// Ids as an array to bind.
pub fn uuids<Id: Copy + Into<Uuid>>(ids: &[Id]) -> Vec<Uuid> {
    ids.iter().copied().map(Into::into).collect()
}

/// The condition that `column` holds one of these ids: how what belongs to the rows of a page is found.
///
/// PostgreSQL cannot see how many ids there are before it runs the statement, and that is the purpose. It keeps the one
/// plan that is right for any number. If it saw them, it would plan each page anew on every connection that first showed
/// a single resource, since a plan for one id looks cheaper to it than a plan for some.
pub fn is_one_of<Id: Copy + Into<Uuid>>(column: &'static str, ids: &[Id]) -> Sql {
    sql(column).text(" = ANY (ARRAY (SELECT unnest(").bind(uuids(ids)).text(")))")
}

/// What a name led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<Id> {
    /// The name: an id, a slug current or former, a name or an alias.
    pub name: String,
    /// The id of what it names.
    pub id: Id,
    /// Its current slug.
    pub slug: String,
}

impl<Id> Named<Id> {
    /// Out of a row of a statement.
    pub fn from_row((name, id, slug): (String, Id, String)) -> Self {
        Self { name, id, slug }
    }
}

/// The names that a parameter holds as rows `wanted (name, normalised, id)`; `id` is empty where a name is no id.
pub fn wanted<Id: FromStr + Into<Uuid>>(names: &[String]) -> Sql {
    let normalised: Vec<String> = names.iter().map(|name| normalise(name)).collect();
    let id = |name: &String| name.parse::<Id>().map_or_else(|_| String::new(), |id| id.into().to_string());
    let ids: Vec<String> = names.iter().map(id).collect();
    // As in `is_one_of`, PostgreSQL does not see how many there are.
    sql("unnest((SELECT ")
        .bind(names.to_vec())
        .text("), (SELECT ")
        .bind(normalised)
        .text("), (SELECT ")
        .bind(ids)
        .text(")) AS wanted (name, normalised, id)")
}

/// For each wanted name the row `found (id, slug)` of `table` that it leads to: the one with the id that `id` gives, or
/// where that was merged the one that `survivor`, a function of the database, names.
///
/// Each is looked up by itself, however many there are. The function is called only where it is needed, since PostgreSQL
/// plans what is in it at each call.
pub fn surviving(table: &'static str, survivor: &'static str, id: Sql, is_visible: Sql) -> Sql {
    sql(" CROSS JOIN LATERAL (SELECT named.id, named.merged_into_id FROM ")
        .text(table)
        .text(" AS named WHERE named.id = ")
        .append(id)
        .text(" OFFSET 0) AS named CROSS JOIN LATERAL (SELECT ")
        .text(table)
        .text(".id, ")
        .text(table)
        .text(".slug FROM ")
        .text(table)
        .text(" WHERE ")
        .text(table)
        .text(".id = CASE WHEN named.merged_into_id IS NULL THEN named.id ELSE ")
        .text(survivor)
        .text("(named.id) END AND ")
        .text(table)
        .text(".deleted_at IS NULL AND ")
        .append(is_visible)
        .text(" OFFSET 0) AS found")
}
