//! People in PostgreSQL.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{PersonKind, PersonSort, PersonSortTerm};
use crate::db::candidates::List;
use crate::db::filter::{Named, is_one_of, surviving, uuids, wanted};
use crate::db::keyset::{Position, SortValue, Window};
use crate::db::schema::{affiliations, people, person_aliases, person_external_ids, person_slugs};
use crate::db::sql::{Sql, all, exists, sql};
use crate::db::{Audience, Connection, PublicFrom, Result, count_up_to, estimate, group, insert_into, publish};
use crate::search::db::NameWords;
use crate::values::date::DatePrecision;
use crate::values::id::{AffiliationId, LabelId, PersonId};
use crate::values::reference::Reference;

/// A person as it is served.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = people)]
pub struct PersonRow {
    pub id: PersonId,
    pub slug: String,
    pub kind: PersonKind,
    pub name: String,
    pub public_from: PublicFrom,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl PersonRow {
    /// Where the person stands in a list in this order.
    pub fn position(&self, sort: &[PersonSortTerm]) -> Position {
        let value = |term: &PersonSortTerm| match term.key {
            PersonSort::PublishedAt => self.public_from.sort_value(),
            PersonSort::UpdatedAt => SortValue::Instant(self.updated_at),
            PersonSort::Name => SortValue::Text(self.name.clone()),
        };
        Position { values: sort.iter().map(value).collect(), id: self.id.0 }
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

/// Which people a list shows. What is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonFilter {
    /// Those of one of these kinds.
    pub kinds: Option<Vec<PersonKind>>,
    /// Those who are or were at one of these organizations.
    pub organizations: Option<Vec<PersonId>>,
    /// Those who are quoted in an article that bears one of these labels.
    pub quoted_on_labels: Option<Vec<LabelId>>,
    /// Those who are quoted in an article that bears this label as well.
    pub quoted_on_label_too: Option<LabelId>,
    /// Those who said at least so many public quotes.
    pub min_quotes: Option<u32>,
    /// Those with a name that is looked for.
    pub name_words: Option<NameWords>,
}

impl PersonFilter {
    /// Each parameter that is given, as a filter by itself.
    fn parts(&self) -> Vec<(&'static str, Self)> {
        let Self { kinds, organizations, quoted_on_labels, quoted_on_label_too, min_quotes, name_words } = self.clone();
        let none = Self::default;
        let all = [
            ("kind", kinds.is_some(), Self { kinds, ..none() }),
            ("affiliation", organizations.is_some(), Self { organizations, ..none() }),
            ("quoted_on_label", quoted_on_labels.is_some(), Self { quoted_on_labels, ..none() }),
            ("ref", quoted_on_label_too.is_some(), Self { quoted_on_label_too, ..none() }),
            ("min_quotes", min_quotes.is_some(), Self { min_quotes, ..none() }),
            ("q", name_words.is_some(), Self { name_words, ..none() }),
        ];
        all.into_iter().filter(|(_, is_given, _)| *is_given).map(|(name, _, part)| (name, part)).collect()
    }

    /// The groups of labels on each of which one is quoted.
    fn every_quoted_on(&self) -> impl Iterator<Item = &[LabelId]> {
        self.quoted_on_labels.as_deref().into_iter().chain(self.quoted_on_label_too.as_ref().map(std::slice::from_ref))
    }

    fn public_conditions(&self, audience: Audience) -> Vec<Sql> {
        let mut conditions = vec![
            audience.sees("people.public_from"),
            sql("people.deleted_at IS NULL AND people.merged_into_id IS NULL"),
        ];
        if let Some(kinds) = &self.kinds {
            let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
            conditions.push(sql("people.kind = ANY (").bind(kinds).text(")"));
        }
        if let Some(organizations) = &self.organizations {
            conditions.push(exists(
                sql("SELECT FROM affiliations WHERE affiliations.person_id = people.id \
                         AND ")
                .append(audience.sees("affiliations.public_from"))
                .text(" AND affiliations.organization_id = ANY (")
                .bind(uuids(organizations))
                .text(")"),
            ));
        }
        for labels in self.every_quoted_on() {
            conditions.push(exists(
                sql("SELECT FROM quotes JOIN occurrences ON occurrences.quote_id = quotes.id \
                         JOIN article_labels ON article_labels.article_id = occurrences.article_id \
                         WHERE quotes.speaker_id = people.id AND quotes.deleted_at IS NULL \
                         AND occurrences.position IS NOT NULL AND ")
                .append(audience.sees("article_labels.public_from"))
                .text(" AND article_labels.label_id = ANY (")
                .bind(uuids(labels))
                .text(")"),
            ));
        }
        if let Some(least) = self.min_quotes {
            conditions.push(
                sql("(SELECT count(*) FROM (SELECT FROM quotes WHERE quotes.speaker_id = people.id \
                     AND quotes.deleted_at IS NULL AND ")
                .append(audience.sees("quotes.public_from"))
                .text(" LIMIT ")
                .bind(least)
                .text(") AS counted) >= ")
                .bind(least),
            );
        }
        conditions.extend(self.name_words.as_ref().map(NameWords::people_condition));
        conditions
    }

    /// The ids of people that each filter with an index of its own leaves.
    fn candidates(&self) -> Vec<Sql> {
        let at = self.organizations.as_ref().map(|organizations| {
            sql("SELECT affiliations.person_id FROM affiliations WHERE affiliations.organization_id = ANY (")
                .bind(uuids(organizations))
                .text(")")
        });
        let quoted = self.every_quoted_on().map(|labels| {
            sql("SELECT printed.speaker_id FROM article_labels CROSS JOIN LATERAL (SELECT quotes.speaker_id \
                 FROM occurrences JOIN quotes ON quotes.id = occurrences.quote_id \
                 WHERE occurrences.article_id = article_labels.article_id OFFSET 0) AS printed \
                 WHERE article_labels.label_id = ANY (")
            .bind(uuids(labels))
            .text(")")
        });
        at.into_iter().chain(quoted).collect()
    }
}

/// The public people who pass `filter`, in the order of `window`, backwards where that runs backwards.
pub async fn list_people(
    mut connection: &Connection,
    filter: &PersonFilter,
    window: &Window,
) -> Result<Vec<PersonRow>> {
    let mut conditions = filter.public_conditions(window.audience);
    let list =
        List { table: "people", id_column: "people.id", range: vec![window.audience.sees("people.public_from")] };
    conditions.push(list.on_page(filter.candidates(), &conditions, window));
    conditions.extend(window.condition());
    Ok(people::table
        .select(PersonRow::as_select())
        .filter(all(conditions).condition())
        .order(window.page_of(filter).fragment::<sql_types::Bool>())
        .load(&mut connection)
        .await?)
}

/// How many public people pass `filter`.
pub async fn count_people(mut connection: &Connection, filter: &PersonFilter, audience: Audience) -> Result<i64> {
    Ok(people::table
        .filter(all(filter.public_conditions(audience)).condition())
        .count()
        .get_result(&mut connection)
        .await?)
}

/// How many public people pass each part of `filter` by itself, counted up to `most`.
pub async fn count_people_alone(
    connection: &Connection,
    filter: &PersonFilter,
    most: i64,
    audience: Audience,
) -> Result<Vec<(&'static str, i64)>> {
    let parts = filter.parts().into_iter().map(|(name, part)| (name, part.public_conditions(audience))).collect();
    count_up_to(connection, "people", parts, most).await
}

/// How many public people pass `filter`, as the planner estimates; `None` where counting is as cheap.
pub async fn estimate_people(
    connection: &Connection,
    filter: &PersonFilter,
    audience: Audience,
) -> Result<Option<i64>> {
    estimate(connection, "people", filter.public_conditions(audience)).await
}

/// The public people that `names` name, by id, by a slug current or former, or by a full name or alias that one of
/// them alone bears, through merges.
pub async fn people_named(
    mut connection: &Connection,
    names: &[String],
    audience: Audience,
) -> Result<Vec<Named<PersonId>>> {
    let id = sql("coalesce(nullif(wanted.id, '')::uuid, \
             (SELECT person_slugs.person_id FROM person_slugs WHERE person_slugs.slug = wanted.name), \
             (SELECT CASE WHEN count(*) = 1 THEN min(bearer.id::text)::uuid END FROM people AS bearer \
               WHERE bearer.deleted_at IS NULL AND bearer.merged_into_id IS NULL AND ")
    .append(audience.sees("bearer.public_from"))
    .text(
        " AND bearer.id IN (SELECT namesake.id FROM people AS namesake \
               WHERE namesake.normalised_name = wanted.normalised UNION SELECT person_aliases.person_id \
               FROM person_aliases WHERE person_aliases.normalised_name = wanted.normalised)))",
    );
    let found = sql("SELECT wanted.name, found.id, found.slug FROM ")
        .append(wanted::<PersonId>(names))
        .append(surviving("people", "surviving_person", id, audience.sees("people.public_from")));
    let rows = found.statement::<(sql_types::Text, sql_types::Uuid, sql_types::Text)>().load(&mut connection).await?;
    Ok(rows.into_iter().map(Named::from_row).collect())
}

/// The slugs of public people that look most like `text`, the nearest first; few or none.
pub async fn similar_slugs(mut connection: &Connection, text: &str, audience: Audience) -> Result<Vec<String>> {
    let near = sql("SELECT people.slug FROM people WHERE people.slug % ")
        .bind(text)
        .text(" AND people.deleted_at IS NULL AND people.merged_into_id IS NULL AND ")
        .append(audience.sees("people.public_from"))
        .text(" ORDER BY similarity(people.slug, ")
        .bind(text)
        .text(") DESC, people.slug LIMIT 3");
    Ok(near.statement::<sql_types::Text>().load(&mut connection).await?)
}

/// The person that `reference` names, as the audience may see it; none that was merged into another.
pub async fn find_person(
    mut connection: &Connection,
    reference: &Reference<PersonId>,
    audience: Audience,
) -> Result<Option<PersonRow>> {
    let query = people::table
        .select(PersonRow::as_select())
        .filter(audience.sees("people.public_from").condition())
        .filter(people::deleted_at.is_null())
        .filter(people::merged_into_id.is_null())
        .into_boxed();
    let query = match reference {
        Reference::Id(id) => query.filter(people::id.eq(*id)),
        Reference::Slug(slug) => query.filter(people::slug.eq(slug)),
    };
    Ok(query.first(&mut connection).await.optional()?)
}

/// The people with these ids.
pub async fn people_with_ids(mut connection: &Connection, ids: &[PersonId]) -> Result<Vec<PersonRow>> {
    Ok(people::table
        .select(PersonRow::as_select())
        .filter(is_one_of("people.id", ids).condition())
        .load(&mut connection)
        .await?)
}

/// The affiliations of people that the audience may see, each with its organization: the latest first, undated ones last.
pub async fn affiliations_of(
    mut connection: &Connection,
    ids: &[PersonId],
    audience: Audience,
) -> Result<Vec<(PersonId, (AffiliationRow, Option<PersonReferenceRow>))>> {
    let rows = affiliations::table
        .left_join(
            people::table.on(people::id.nullable().eq(affiliations::organization_id).and(people::deleted_at.is_null())),
        )
        .select((affiliations::person_id, (AffiliationRow::as_select(), Option::<PersonReferenceRow>::as_select())))
        .filter(is_one_of("affiliations.person_id", ids).condition())
        // One that is only a deleted organization tells nothing.
        .filter(affiliations::role.is_not_null().or(people::id.is_not_null()))
        .filter(audience.sees("affiliations.public_from").condition())
        .order((affiliations::starts_on.desc().nulls_last(), affiliations::public_from.desc(), affiliations::id.desc()))
        .load(&mut connection)
        .await?;
    Ok(rows)
}

/// The other names of people, in alphabetical order.
pub async fn aliases_of(mut connection: &Connection, ids: &[PersonId]) -> Result<Vec<(PersonId, String)>> {
    Ok(person_aliases::table
        .select((person_aliases::person_id, person_aliases::name))
        .filter(is_one_of("person_aliases.person_id", ids).condition())
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
        .filter(is_one_of("person_external_ids.person_id", ids).condition())
        .order((person_external_ids::source, person_external_ids::external_id))
        .load(&mut connection)
        .await?)
}

/// A person to be made.
#[derive(Debug, Clone)]
pub struct NewPerson {
    pub id: PersonId,
    pub slug: String,
    pub kind: PersonKind,
    pub name: String,
    pub normalised_name: String,
    pub public_from: PublicFrom,
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

/// Everyone who bears one of these normalised names, as full name or alias. Drafts count; who was merged into another
/// does not.
pub async fn namesakes(mut connection: &Connection, normalised_names: &[String]) -> Result<Vec<Namesake>> {
    // Name by name along the indexes, however many are asked for.
    let found = sql("SELECT DISTINCT wanted.name, people.id, people.kind FROM unnest(")
        .bind(normalised_names.to_vec())
        .text(
            ") AS wanted (name) CROSS JOIN LATERAL (\
             SELECT people.id FROM people WHERE people.normalised_name = wanted.name \
             UNION ALL SELECT person_aliases.person_id FROM person_aliases \
             WHERE person_aliases.normalised_name = wanted.name OFFSET 0) AS bearer \
             CROSS JOIN LATERAL (SELECT people.id, people.kind FROM people WHERE people.id = bearer.id \
             AND people.deleted_at IS NULL AND people.merged_into_id IS NULL OFFSET 0) AS people \
             ORDER BY wanted.name, people.id",
        )
        .planned_each_time()
        .statement::<(sql_types::Text, sql_types::Uuid, sql_types::Text)>();
    let found: Vec<(String, PersonId, PersonKind)> = found.load(&mut connection).await?;
    Ok(found.into_iter().map(|(normalised_name, id, kind)| Namesake { normalised_name, id, kind }).collect())
}

/// A person that an id or a slug leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Referred {
    pub id: PersonId,
    pub kind: PersonKind,
    pub is_deleted: bool,
}

/// The person that an id or a slug, current or former, leads to, through merges. Drafts count, and so does who is deleted.
pub async fn person_referred_to(mut connection: &Connection, reference: &str) -> Result<Option<Referred>> {
    let found = sql("SELECT people.id, people.kind, people.deleted_at IS NOT NULL FROM ")
        .append(wanted::<PersonId>(&[reference.to_owned()]))
        .text(
            " JOIN people ON people.id = surviving_person(coalesce(nullif(wanted.id, '')::uuid, \
             (SELECT person_slugs.person_id FROM person_slugs WHERE person_slugs.slug = wanted.name)))",
        )
        .statement::<(sql_types::Uuid, sql_types::Text, sql_types::Bool)>();
    let found: Option<(PersonId, PersonKind, bool)> = found.get_result(&mut connection).await.optional()?;
    Ok(found.map(|(id, kind, is_deleted)| Referred { id, kind, is_deleted }))
}

/// Whether somebody's affiliation or a printing names this organization.
pub async fn is_somebodys_organization(mut connection: &Connection, id: PersonId) -> Result<bool> {
    let is_named = sql("SELECT EXISTS (SELECT FROM affiliations WHERE affiliations.organization_id = ")
        .bind(id.0)
        .text(") OR EXISTS (SELECT FROM occurrences WHERE occurrences.organization_id = ")
        .bind(id.0)
        .text(")");
    Ok(is_named.statement::<sql_types::Bool>().get_result(&mut connection).await?)
}

/// Gives a person another slug, which must be reserved for it.
pub async fn set_slug(mut connection: &Connection, id: PersonId, slug: &str) -> Result<()> {
    diesel::update(people::table.filter(people::id.eq(id))).set(people::slug.eq(slug)).execute(&mut connection).await?;
    Ok(())
}

/// Has a person stand by itself, whatever articles name it.
pub async fn set_independent(mut connection: &Connection, id: PersonId) -> Result<()> {
    diesel::update(people::table.filter(people::id.eq(id)))
        .set(people::is_independent.eq(true))
        .execute(&mut connection)
        .await?;
    Ok(())
}

/// Makes people.
pub async fn insert_people(connection: &Connection, new: &[NewPerson]) -> Result<()> {
    insert_into(people::table, new)
        .set(people::id, |row| row.id)
        .set(people::slug, |row| &row.slug)
        .set(people::kind, |row| row.kind)
        .set(people::name, |row| &row.name)
        .set(people::normalised_name, |row| &row.normalised_name)
        .set(people::public_from, |row| row.public_from)
        .set(people::created_at, |row| row.created_at)
        .set(people::updated_at, |row| row.updated_at)
        .execute(connection)
        .await?;
    insert_into(person_slugs::table, new)
        .set(person_slugs::slug, |row| &row.slug)
        .set(person_slugs::person_id, |row| row.id)
        .execute(connection)
        .await
}

/// Makes each of these people public from then on, where they were not before.
pub async fn publish_people(connection: &Connection, shown: &[(PersonId, PublicFrom)]) -> Result<()> {
    let shown: Vec<(Uuid, PublicFrom)> = shown.iter().map(|(id, from)| (id.0, *from)).collect();
    publish(connection, "people", &shown).await
}

/// What an article says of a person: a role, an organization or both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PrintedAffiliation {
    pub person_id: PersonId,
    pub role: Option<String>,
    pub organization_id: Option<PersonId>,
}

/// Adds affiliations that articles print and makes each public from then on. Returns whose are new, and from when.
pub async fn add_affiliations(
    mut connection: &Connection,
    printed: &[(PrintedAffiliation, PublicFrom)],
) -> Result<Vec<(PersonId, PublicFrom)>> {
    if printed.is_empty() {
        return Ok(Vec::new());
    }
    let people: Vec<PersonId> = printed.iter().map(|(affiliation, _)| affiliation.person_id).collect();
    let rows: Vec<(AffiliationId, PersonId, Option<String>, Option<PersonId>)> = affiliations::table
        .select((affiliations::id, affiliations::person_id, affiliations::role, affiliations::organization_id))
        .filter(is_one_of("affiliations.person_id", &people).condition())
        .load(&mut connection)
        .await?;
    let known =
        group(rows.into_iter().map(|(id, person_id, role, organization_id)| {
            (PrintedAffiliation { person_id, role, organization_id }, id)
        }));
    let (mut shown, mut new) = (Vec::new(), Vec::new());
    for (affiliation, from) in printed {
        match known.get(affiliation) {
            Some(same) => shown.extend(same.iter().map(|id| (id.0, *from))),
            None => new.push((affiliation, *from)),
        }
    }
    publish(connection, "affiliations", &shown).await?;
    insert_into(affiliations::table, &new)
        .set(affiliations::id, |_| AffiliationId::generate())
        .set(affiliations::person_id, |(affiliation, _)| affiliation.person_id)
        .set(affiliations::role, |(affiliation, _)| affiliation.role.as_deref())
        .set(affiliations::organization_id, |(affiliation, _)| affiliation.organization_id)
        .set(affiliations::public_from, |(_, from)| *from)
        .execute(connection)
        .await?;
    Ok(new.iter().map(|(affiliation, from)| (affiliation.person_id, *from)).collect())
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
