//! People as JSON.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
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

/// A person, an organization or a group to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonDraft {
    /// The full name. Others may bear it too; a text that only tells the name then means none of them.
    #[schema(min_length = 1, max_length = 300, format = "wording", example = "Ottilie Marrow")]
    pub name: String,
    /// What sort of speaker or writer it is.
    #[serde(default = "one_person")]
    #[schema(required = false, default = "person", example = "person")]
    pub kind: PersonKind,
    /// Its slug; made from the name where none is given. One that is taken gets a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 120,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        example = "ottilie-marrow"
    )]
    pub slug: Option<String>,
    /// Other names.
    #[serde(default)]
    #[schema(required = false, max_items = 100, value_type = Vec<PersonName>, example = json!(["O. Marrow"]))]
    pub aliases: Vec<String>,
    /// What the person was, and when, as editors know it. What articles print stands beside it and is not written here.
    #[serde(default)]
    #[schema(required = false, max_items = 100, example = json!([{ "role": "harbour master", "starts_on": "2003-11" }]))]
    pub affiliations: Vec<AffiliationDraft>,
    /// What other systems call it.
    #[serde(default)]
    #[schema(required = false, max_items = 100, example = json!([{ "source": "cms", "id": "7" }]))]
    pub external_ids: Vec<ExternalId>,
}

fn one_person() -> PersonKind {
    PersonKind::Person
}

/// What a person was, and when: a role, an organization or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AffiliationDraft {
    /// The role.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 300, pattern = r"\S", example = "harbour master")]
    pub role: Option<String>,
    /// Where: the id, slug, name or alias of an organization. A name that no organization bears yet is created.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 300, example = "Pellinmouth Harbour Trust")]
    pub organization: Option<String>,
    /// From when; null or absent when not known.
    #[serde(default)]
    pub starts_on: Option<PartialDate>,
    /// Until when; null or absent when not known.
    #[serde(default)]
    pub ends_on: Option<PartialDate>,
}

/// Changes of a person, as a JSON Merge Patch (RFC 7396): what is absent stays, `null` takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "what the document says of a body that is merged as JSON")]
pub struct PersonPatch {
    /// The full name.
    #[schema(nullable = false, min_length = 1, max_length = 300, format = "wording", example = "Ottilie Marrow")]
    name: Option<String>,
    /// What sort of speaker or writer it is.
    #[schema(nullable = false, example = "person")]
    kind: Option<PersonKind>,
    /// Its slug. The former one stays reserved and leads to it.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 120,
        pattern = "^[a-z0-9]+(-[a-z0-9]+)*$",
        example = "ottilie-marrow"
    )]
    slug: Option<String>,
    /// Other names, in place of the present ones.
    #[schema(max_items = 100, value_type = Option<Vec<PersonName>>, example = json!(["O. Marrow"]))]
    aliases: Option<Vec<String>>,
    /// What the person was, in place of what editors wrote before.
    #[schema(max_items = 100, example = json!([{ "role": "harbour master", "starts_on": "2003-11" }]))]
    affiliations: Option<Vec<AffiliationDraft>>,
    /// What other systems call it, in place of what they called it.
    #[schema(max_items = 100, example = json!([{ "source": "cms", "id": "7" }]))]
    external_ids: Option<Vec<ExternalId>>,
}

/// A name of a person.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 300, format = "wording", example = "O. Marrow")]
#[allow(dead_code, reason = "only described")]
pub struct PersonName(String);

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

impl RelatedPerson {
    /// The full name.
    pub fn name(&self) -> &str {
        match self {
            Self::Whole(person) => &person.name,
            Self::Reference(person) => &person.name,
        }
    }
}

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
