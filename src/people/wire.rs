//! People as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::try_join;
use utoipa::ToSchema;

use super::PersonKind;
use super::db::{self, AffiliationRow, PersonReferenceRow, PersonRow};
use crate::db::{Audience, Connection, Result, group};
use crate::http::document::impl_whole_or_reference;
use crate::http::page::Versioned;
use crate::http::reference::{ExternalId, PersonReference, Urls, external_ids};
use crate::values::date::PartialDate;
use crate::values::id::{AffiliationId, PersonId};

/// Anyone who speaks or writes: a person, an organization or a group.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Person {
    /// Its id.
    pub id: PersonId,
    /// Its slug.
    #[schema(example = "maren-tolliver-haag")]
    pub slug: String,
    /// Where to fetch it.
    #[schema(format = UriReference, example = "/v1/people/maren-tolliver-haag")]
    pub url: String,
    /// What sort of speaker or writer it is.
    pub kind: PersonKind,
    /// The full name.
    #[schema(example = "Maren Tolliver-Haag")]
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// What the person was and when, as far as public articles or editors tell: the latest first.
    pub affiliations: Vec<Affiliation>,
    /// What other systems call it.
    pub external_ids: Vec<ExternalId>,
    /// Raised by each change of its own content.
    #[schema(example = 1)]
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its own content last changed.
    pub updated_at: DateTime<Utc>,
}

impl Versioned for Person {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

/// What a person was, and when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Affiliation {
    /// Its id.
    pub id: AffiliationId,
    /// The role, as printed.
    #[schema(required = true, example = "harbour master")]
    pub role: Option<String>,
    /// Where: a person of the kind organization.
    #[schema(required = true)]
    pub organization: Option<PersonReference>,
    /// From when; null when not known.
    #[schema(required = true)]
    pub starts_on: Option<PartialDate>,
    /// Until when; null when not known.
    #[schema(required = true)]
    pub ends_on: Option<PartialDate>,
}

/// A person related to a resource: a reference, or with `include` the whole.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum RelatedPerson {
    /// The whole person.
    Whole(Box<Person>),
    /// Only a reference.
    Reference(PersonReference),
}

impl_whole_or_reference!(RelatedPerson, Person, PersonReference);

/// A row as a reference.
pub fn person_reference(row: PersonReferenceRow, urls: &Urls) -> PersonReference {
    let PersonReferenceRow { id, slug, name } = row;
    PersonReference { id, url: urls.resource("people", &slug), slug, name }
}

/// Rows as people, in the same order, at the cost of three queries.
pub async fn people(
    connection: &Connection,
    rows: Vec<PersonRow>,
    urls: &Urls,
    audience: Audience,
) -> Result<Vec<Person>> {
    let ids: Vec<PersonId> = rows.iter().map(|row| row.id).collect();
    let (affiliations, aliases, known_as) = try_join!(
        db::affiliations_of(connection, &ids, audience),
        db::aliases_of(connection, &ids),
        db::external_ids_of(connection, &ids),
    )?;
    let (mut affiliations, mut aliases, mut known_as) = (group(affiliations), group(aliases), group(known_as));
    let person = |row: PersonRow| {
        let PersonRow { id, slug, kind, name, public_from: _, version, created_at, updated_at } = row;
        let affiliations = affiliations.remove(&id).unwrap_or_default();
        Person {
            id,
            url: urls.resource("people", &slug),
            slug,
            kind,
            name,
            aliases: aliases.remove(&id).unwrap_or_default(),
            affiliations: affiliations.into_iter().map(|row| affiliation(row, urls)).collect(),
            external_ids: external_ids(known_as.remove(&id).unwrap_or_default()),
            version,
            created_at,
            updated_at,
        }
    };
    Ok(rows.into_iter().map(person).collect())
}

fn affiliation((row, organization): (AffiliationRow, Option<PersonReferenceRow>), urls: &Urls) -> Affiliation {
    let AffiliationRow { id, role, starts_on, starts_on_precision, ends_on, ends_on_precision } = row;
    Affiliation {
        id,
        role,
        organization: organization.map(|row| person_reference(row, urls)),
        starts_on: PartialDate::from_columns(starts_on, starts_on_precision),
        ends_on: PartialDate::from_columns(ends_on, ends_on_precision),
    }
}
