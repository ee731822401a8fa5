//! People in PostgreSQL.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::PersonKind;
use crate::db::keyset::{Position, Window, comes_after};
use crate::db::schema::{affiliations, people, person_aliases, person_external_ids, person_slugs};
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

/// A person to be made.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = people)]
pub struct NewPerson {
    pub id: PersonId,
    pub slug: String,
    pub kind: PersonKind,
    pub name: String,
    pub normalised_name: String,
    pub public_from: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A person who bears a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namesake {
    pub normalised_name: String,
    pub id: PersonId,
    pub kind: PersonKind,
}

/// Everyone who bears one of these normalised names, as full name or alias. Drafts count.
pub async fn namesakes(mut connection: &Connection, normalised_names: &[String]) -> Result<Vec<Namesake>> {
    let mut other = connection;
    let (by_name, by_alias) = tokio::try_join!(
        people::table
            .select((people::normalised_name, people::id, people::kind))
            .filter(people::normalised_name.eq_any(normalised_names))
            .filter(people::deleted_at.is_null())
            .load::<(String, PersonId, PersonKind)>(&mut connection),
        person_aliases::table
            .inner_join(people::table)
            .select((person_aliases::normalised_name, people::id, people::kind))
            .filter(person_aliases::normalised_name.eq_any(normalised_names))
            .filter(people::deleted_at.is_null())
            .load::<(String, PersonId, PersonKind)>(&mut other),
    )?;
    let mut found: Vec<Namesake> = by_name
        .into_iter()
        .chain(by_alias)
        .map(|(normalised_name, id, kind)| Namesake { normalised_name, id, kind })
        .collect();
    found.sort_by(|one, other| (&one.normalised_name, one.id).cmp(&(&other.normalised_name, other.id)));
    found.dedup();
    Ok(found)
}

/// Makes people.
pub async fn insert_people(mut connection: &Connection, new: &[NewPerson]) -> Result<()> {
    let slugs: Vec<_> =
        new.iter().map(|person| (person_slugs::slug.eq(&person.slug), person_slugs::person_id.eq(person.id))).collect();
    diesel::insert_into(people::table).values(new).execute(&mut connection).await?;
    diesel::insert_into(person_slugs::table).values(slugs).execute(&mut connection).await?;
    Ok(())
}

/// Makes people public from `instant` on, where they were not before.
pub async fn publish_people(mut connection: &Connection, ids: &[PersonId], instant: DateTime<Utc>) -> Result<()> {
    diesel::update(people::table.filter(people::id.eq_any(ids)).filter(people::public_from.gt(instant)))
        .set(people::public_from.eq(instant))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// What an article says of a person: a role, an organization or both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PrintedAffiliation {
    pub person_id: PersonId,
    pub role: Option<String>,
    pub organization_id: Option<PersonId>,
}

/// Adds affiliations that an article prints and makes them public from `instant` on. Returns whose are new.
pub async fn add_affiliations(
    mut connection: &Connection,
    printed: &[PrintedAffiliation],
    instant: DateTime<Utc>,
) -> Result<Vec<PersonId>> {
    let people: Vec<PersonId> = printed.iter().map(|affiliation| affiliation.person_id).collect();
    let known: Vec<(AffiliationId, PersonId, Option<String>, Option<PersonId>)> = affiliations::table
        .select((affiliations::id, affiliations::person_id, affiliations::role, affiliations::organization_id))
        .filter(affiliations::person_id.eq_any(people))
        .load(&mut connection)
        .await?;
    let (mut shown, mut new) = (Vec::new(), Vec::new());
    for affiliation in printed {
        let PrintedAffiliation { person_id, role, organization_id } = affiliation;
        let mut same = known
            .iter()
            .filter(|(_, person, its_role, its_organization)| {
                person == person_id && its_role == role && its_organization == organization_id
            })
            .map(|(id, ..)| *id)
            .peekable();
        if same.peek().is_none() {
            new.push(affiliation);
        }
        shown.extend(same);
    }
    diesel::update(
        affiliations::table.filter(affiliations::id.eq_any(shown)).filter(affiliations::public_from.gt(instant)),
    )
    .set(affiliations::public_from.eq(instant))
    .execute(&mut connection)
    .await?;
    let rows: Vec<_> = new
        .iter()
        .map(|affiliation| {
            (
                affiliations::id.eq(AffiliationId::generate()),
                affiliations::person_id.eq(affiliation.person_id),
                affiliations::role.eq(&affiliation.role),
                affiliations::organization_id.eq(affiliation.organization_id),
                affiliations::public_from.eq(instant),
            )
        })
        .collect();
    diesel::insert_into(affiliations::table).values(rows).execute(&mut connection).await?;
    Ok(new.iter().map(|affiliation| affiliation.person_id).collect())
}

/// Notes that the content of people changed; returns their new versions.
pub async fn raise_versions(
    mut connection: &Connection,
    ids: &[PersonId],
    now: DateTime<Utc>,
) -> Result<Vec<(PersonId, i32)>> {
    Ok(diesel::update(people::table.filter(people::id.eq_any(ids)))
        .set((people::version.eq(people::version + 1), people::updated_at.eq(now)))
        .returning((people::id, people::version))
        .get_results(&mut connection)
        .await?)
}
