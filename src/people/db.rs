//! People in PostgreSQL.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::PersonKind;
use crate::db::keyset::{Position, Window, comes_after};
use crate::db::schema::{affiliations, people, person_aliases, person_external_ids};
use crate::db::{Connection, Result};
use crate::values::date::DatePrecision;
use crate::values::id::{AffiliationId, PersonId};
use crate::values::reference::Reference;

/// A person as it is served.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = people)]
pub struct PersonRow {
    pub id: PersonId,
    pub slug: String,
    pub kind: PersonKind,
    pub name: String,
    pub public_from: DateTime<Utc>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl PersonRow {
    /// Where the person stands in a list.
    pub fn position(&self) -> Position {
        Position { public_from: self.public_from, id: self.id.0 }
    }
}

/// What a reference to a person shows.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = people)]
pub struct PersonReferenceRow {
    pub id: PersonId,
    pub slug: String,
    pub name: String,
}

/// What a person was, and when.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = affiliations)]
pub struct AffiliationRow {
    pub id: AffiliationId,
    pub role: Option<String>,
    pub starts_on: Option<NaiveDate>,
    pub starts_on_precision: Option<DatePrecision>,
    pub ends_on: Option<NaiveDate>,
    pub ends_on_precision: Option<DatePrecision>,
}

/// The people that are public, newest first.
pub async fn list_people(mut connection: &Connection, window: &Window) -> Result<Vec<PersonRow>> {
    let mut query = people::table
        .select(PersonRow::as_select())
        .filter(people::public_from.le(window.now))
        .filter(people::deleted_at.is_null())
        .order((people::public_from.desc(), people::id.desc()))
        .limit(window.rows)
        .into_boxed();
    if let Some(position) = window.after {
        query = query.filter(comes_after("people.public_from, people.id", position));
    }
    Ok(query.load(&mut connection).await?)
}

/// The person that `reference` names, when public.
pub async fn find_person(
    mut connection: &Connection,
    reference: &Reference<PersonId>,
    now: DateTime<Utc>,
) -> Result<Option<PersonRow>> {
    let query = people::table
        .select(PersonRow::as_select())
        .filter(people::public_from.le(now))
        .filter(people::deleted_at.is_null())
        .into_boxed();
    let query = match reference {
        Reference::Id(id) => query.filter(people::id.eq(*id)),
        Reference::Slug(slug) => query.filter(people::slug.eq(slug)),
    };
    Ok(query.first(&mut connection).await.optional()?)
}

/// The people with these ids.
pub async fn people_with_ids(mut connection: &Connection, ids: &[PersonId]) -> Result<Vec<PersonRow>> {
    Ok(people::table.select(PersonRow::as_select()).filter(people::id.eq_any(ids)).load(&mut connection).await?)
}

/// The public affiliations of people, each with its organization: the latest first, undated ones last.
pub async fn affiliations_of(
    mut connection: &Connection,
    ids: &[PersonId],
    now: DateTime<Utc>,
) -> Result<Vec<(PersonId, (AffiliationRow, Option<PersonReferenceRow>))>> {
    let rows = affiliations::table
        .left_join(people::table.on(people::id.nullable().eq(affiliations::organization_id)))
        .select((affiliations::person_id, (AffiliationRow::as_select(), Option::<PersonReferenceRow>::as_select())))
        .filter(affiliations::person_id.eq_any(ids))
        .filter(affiliations::public_from.le(now))
        .order((affiliations::starts_on.desc().nulls_last(), affiliations::public_from.desc(), affiliations::id.desc()))
        .load(&mut connection)
        .await?;
    Ok(rows)
}

/// The other names of people, in alphabetical order.
pub async fn aliases_of(mut connection: &Connection, ids: &[PersonId]) -> Result<Vec<(PersonId, String)>> {
    Ok(person_aliases::table
        .select((person_aliases::person_id, person_aliases::name))
        .filter(person_aliases::person_id.eq_any(ids))
        .order(person_aliases::normalised_name)
        .load(&mut connection)
        .await?)
}

/// What other systems call people: `(source, id)`.
pub async fn external_ids_of(
    mut connection: &Connection,
    ids: &[PersonId],
) -> Result<Vec<(PersonId, (String, String))>> {
    Ok(person_external_ids::table
        .select((person_external_ids::person_id, (person_external_ids::source, person_external_ids::external_id)))
        .filter(person_external_ids::person_id.eq_any(ids))
        .order((person_external_ids::source, person_external_ids::external_id))
        .load(&mut connection)
        .await?)
}
