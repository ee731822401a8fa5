//! Writing affiliations: what editors say that people were, beside what articles print.
//!
//! A row that an editor wrote is independent. One that is only printed belongs to the articles that print it: it comes
//! and goes with them. Where both say the same, there is one row, the editor's.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::db::{self, PrintedAffiliation};
use crate::db::schema::{affiliations as table, occurrences, quotes};
use crate::db::{Connection, PublicFrom, Result};
use crate::http::problem::{Fault, ProblemCode};
use crate::values::date::{DatePrecision, PartialDate};
use crate::values::id::{AffiliationId, PersonId};
use crate::writing::Writer;

/// What an editor says that a person was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenAffiliation {
    pub role: Option<String>,
    pub organization_id: Option<PersonId>,
    pub starts_on: Option<PartialDate>,
    pub ends_on: Option<PartialDate>,
}

impl WrittenAffiliation {
    /// What is wrong with it, given those that stand before it.
    pub(super) fn fault(&self, place: &str, before: &[Self]) -> Option<Fault> {
        let fault = |member: &str, detail: &str| {
            Some(Fault::in_body(ProblemCode::InvalidValue, format!("{place}{member}"), detail))
        };
        if self.role.is_none() && self.organization_id.is_none() {
            return fault("", "an affiliation has a role, an organization or both");
        }
        if let (Some(start), Some(end)) = (self.starts_on, self.ends_on)
            && end.first_day < start.first_day
        {
            return fault("/ends_on", "an affiliation does not end before it starts");
        }
        if before.iter().any(|other| other.order() == self.order()) {
            return fault("", "the same role and organization with the same start stand twice");
        }
        None
    }

    /// Its place among the affiliations of a person, of which no two have the same.
    pub(super) fn order(&self) -> (Option<String>, Option<PersonId>, Option<NaiveDate>) {
        (self.role.clone(), self.organization_id, self.starts_on.map(|start| start.first_day))
    }
}

/// A row as it is now.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = table)]
struct HeldRow {
    id: AffiliationId,
    role: Option<String>,
    organization_id: Option<PersonId>,
    starts_on: Option<NaiveDate>,
    starts_on_precision: Option<DatePrecision>,
    ends_on: Option<NaiveDate>,
    ends_on_precision: Option<DatePrecision>,
    is_independent: bool,
}

impl HeldRow {
    fn is_of(&self, written: &WrittenAffiliation) -> bool {
        self.role == written.role && self.organization_id == written.organization_id
    }

    fn starts_with(&self, written: &WrittenAffiliation) -> bool {
        self.starts_on == written.starts_on.map(|start| start.first_day)
    }
}

/// What editors wrote of a person.
pub(super) async fn written(connection: &Connection, id: PersonId) -> Result<Vec<WrittenAffiliation>> {
    let rows = held(connection, id).await?.into_iter().filter(|row| row.is_independent);
    let written = |row: HeldRow| WrittenAffiliation {
        role: row.role,
        organization_id: row.organization_id,
        starts_on: PartialDate::from_columns(row.starts_on, row.starts_on_precision),
        ends_on: PartialDate::from_columns(row.ends_on, row.ends_on_precision),
    };
    Ok(rows.map(written).collect())
}

async fn held(mut connection: &Connection, id: PersonId) -> Result<Vec<HeldRow>> {
    let rows = table::table.select(HeldRow::as_select()).filter(table::person_id.eq(id)).order(table::id);
    Ok(rows.load(&mut connection).await?)
}

/// Has editors say this of a person and nothing else. A row that says nearly the same keeps its id.
pub(super) async fn write(writer: &mut Writer<'_>, id: PersonId, written: &[WrittenAffiliation]) -> Result<()> {
    let mut free = held(writer.connection(), id).await?;
    let organizations = free.iter().filter_map(|row| row.organization_id);
    writer.touch_people(organizations.chain(written.iter().filter_map(|one| one.organization_id)));
    // Those that stay where they are come first, so that no other one takes their row.
    let mut rows: Vec<(&WrittenAffiliation, Option<AffiliationId>)> = Vec::with_capacity(written.len());
    let mut rest = Vec::new();
    for one in written {
        match free.iter().position(|row| row.is_of(one) && row.starts_with(one)) {
            Some(place) => rows.push((one, Some(free.swap_remove(place).id))),
            None => rest.push(one),
        }
    }
    for one in rest {
        let place = free.iter().position(|row| row.is_of(one));
        rows.push((one, place.map(|place| free.swap_remove(place).id)));
    }
    let dropped: Vec<AffiliationId> = free.iter().filter(|row| row.is_independent).map(|row| row.id).collect();
    let mut connection = writer.connection();
    diesel::delete(table::table.filter(table::id.eq_any(dropped))).execute(&mut connection).await?;
    for (one, row) in rows {
        put(writer, id, one, row).await?;
    }
    // What articles print is said still, whatever editors no longer say.
    note_printed(writer.connection(), id).await
}

/// Notes what articles print that a person is, as far as it is not there.
pub(super) async fn note_printed(connection: &Connection, id: PersonId) -> Result<()> {
    let printed = printed(connection, id).await?;
    let printed: Vec<_> = printed.into_iter().map(|affiliation| (affiliation, PublicFrom(None))).collect();
    db::add_affiliations(connection, &printed).await?;
    Ok(())
}

async fn put(
    writer: &Writer<'_>,
    person: PersonId,
    written: &WrittenAffiliation,
    row: Option<AffiliationId>,
) -> Result<()> {
    let mut connection = writer.connection();
    let WrittenAffiliation { role, organization_id, starts_on, ends_on } = written;
    let content = (
        table::role.eq(role),
        table::organization_id.eq(organization_id),
        table::starts_on.eq(starts_on.map(|date| date.first_day)),
        table::starts_on_precision.eq(starts_on.map(|date| date.precision)),
        table::ends_on.eq(ends_on.map(|date| date.first_day)),
        table::ends_on_precision.eq(ends_on.map(|date| date.precision)),
        table::is_independent.eq(true),
    );
    match row {
        Some(row) => {
            diesel::update(table::table.filter(table::id.eq(row))).set(content).execute(&mut connection).await?;
            let now = PublicFrom(Some(writer.now()));
            diesel::update(table::table.filter(table::id.eq(row)).filter(table::public_from.gt(now)))
                .set(table::public_from.eq(now))
                .execute(&mut connection)
                .await?;
        }
        None => {
            let new = (
                table::id.eq(AffiliationId::generate()),
                table::person_id.eq(person),
                table::public_from.eq(writer.now()),
                content,
            );
            diesel::insert_into(table::table).values(new).execute(&mut connection).await?;
        }
    }
    Ok(())
}

/// What articles say that a person was.
async fn printed(mut connection: &Connection, id: PersonId) -> Result<Vec<PrintedAffiliation>> {
    let rows: Vec<(Option<String>, Option<PersonId>)> = occurrences::table
        .inner_join(quotes::table)
        .select((occurrences::role, occurrences::organization_id))
        .filter(quotes::speaker_id.eq(id))
        .filter(occurrences::position.is_not_null())
        .filter(occurrences::role.is_not_null().or(occurrences::organization_id.is_not_null()))
        .distinct()
        .load(&mut connection)
        .await?;
    let printed = |(role, organization_id): (Option<String>, Option<PersonId>)| {
        let organization_id = organization_id.filter(|organization| *organization != id);
        let is_anything = role.is_some() || organization_id.is_some();
        is_anything.then_some(PrintedAffiliation { person_id: id, role, organization_id })
    };
    Ok(rows.into_iter().filter_map(printed).collect())
}
