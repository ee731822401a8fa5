//! Writing people.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::PersonKind;
use super::affiliations::{self, WrittenAffiliation};
use super::db::{self, NewPerson};
use super::purge::purge;
use super::wire::{AffiliationDraft, Person, PersonDraft, PersonPatch, people};
use crate::changes::ResourceType;
use crate::db::schema::{people as table, person_aliases};
use crate::db::{Audience, Connection, DatabaseError, PublicFrom};
use crate::http::error::ApiError;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::{ExternalId, Urls};
use crate::values::id::PersonId;
use crate::values::name::normalise;
use crate::values::reference::Reference;
use crate::values::slug::slugify;
use crate::writing::Writer;
use crate::writing::resource::{PEOPLE, Tables};
use crate::writing::writable::Writable;

/// People, as something that is written.
pub struct People;

impl Writable for People {
    type Id = PersonId;
    type Draft = PersonDraft;
    type Patch = PersonPatch;
    type Shown = Person;
    const TABLES: Tables = PEOPLE;

    /// Makes a person. Others may bear the same name.
    async fn create(writer: &mut Writer<'_>, draft: PersonDraft) -> Result<PersonId, ApiError> {
        let base = draft.slug.clone().unwrap_or_else(|| slugify(&draft.name, "person"));
        let id = insert(writer, &draft.name, draft.kind, &base).await?;
        let content = content(writer, id, draft, &[]).await?;
        fill(writer, id, &content).await?;
        Ok(id)
    }

    /// Gives a person this content; the version rises where that changes anything. Whoever writes a person has it stand by
    /// itself, whatever articles name it.
    async fn replace(writer: &mut Writer<'_>, id: PersonId, draft: PersonDraft) -> Result<(), ApiError> {
        let (slug, current) = current(writer, id).await?;
        let new_slug = draft.slug.clone().filter(|wanted| *wanted != slug);
        let content = content(writer, id, draft, &current.affiliations).await?;
        if new_slug.is_none() && content == current {
            return Ok(());
        }
        if current.kind == PersonKind::Organization && content.kind != PersonKind::Organization {
            let is_named = db::is_somebodys_organization(writer.connection(), id).await?;
            let detail = "is an organization that people or printings name as theirs: it stays one";
            ApiError::refuse_in_body(
                is_named.then(|| Fault::in_body(ProblemCode::Conflict, "/kind", detail)).into_iter().collect(),
            )?;
        }
        if let Some(slug) = new_slug {
            let slug = writer.slug_for(PEOPLE, Some(id.0), &slug).await?;
            writer.reserve_slug(PEOPLE, id.0, &slug).await?;
            db::set_slug(writer.connection(), id, &slug).await?;
        }
        fill(writer, id, &content).await?;
        writer.raise_version(PEOPLE, id.0).await?;
        Ok(())
    }

    /// What is written of a person, as a draft that would change nothing.
    async fn draft(writer: &Writer<'_>, id: PersonId) -> Result<PersonDraft, ApiError> {
        let (slug, Content { name, kind, aliases, affiliations, external_ids }) = current(writer, id).await?;
        let affiliation = |WrittenAffiliation { role, organization_id, starts_on, ends_on }| AffiliationDraft {
            role,
            organization: organization_id.map(|id: PersonId| id.to_string()),
            starts_on,
            ends_on,
        };
        Ok(PersonDraft {
            name,
            kind,
            slug: Some(slug),
            aliases: aliases.into_iter().map(|(_, name)| name).collect(),
            affiliations: affiliations.into_iter().map(affiliation).collect(),
            external_ids: external_ids.into_iter().map(|(source, id)| ExternalId { source, id }).collect(),
        })
    }

    fn external_ids(draft: &mut PersonDraft) -> &mut Vec<ExternalId> {
        &mut draft.external_ids
    }

    async fn purge(writer: &mut Writer<'_>, id: PersonId) -> Result<(), ApiError> {
        purge(writer, id).await
    }

    async fn find(
        connection: &Connection,
        id: PersonId,
        urls: &Urls,
        audience: Audience,
    ) -> Result<Option<Person>, ApiError> {
        let row = db::find_person(connection, &Reference::Id(id), audience).await?;
        Ok(people(connection, row.into_iter().collect(), urls, audience).await?.pop())
    }
}

/// Everything that is written of a person but the slug, with everyone in it known by id and every list in one order.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content {
    name: String,
    kind: PersonKind,
    /// Each with its normalised form.
    aliases: Vec<(String, String)>,
    affiliations: Vec<WrittenAffiliation>,
    external_ids: Vec<(String, String)>,
}

/// The person that a text in a body names: by id, slug, full name or alias, through merges. A name that nobody bears yet
/// is created, as of this kind. Of several who bear it none is chosen. Where an organization is wanted, nothing else is
/// found by its name.
pub async fn named(writer: &mut Writer<'_>, pointer: &str, name: &str, kind: PersonKind) -> Result<PersonId, ApiError> {
    find_or_make(writer, pointer, name, kind).await?.map_err(|fault| ApiError::body_faults(vec![fault]))
}

/// The person that a text in a body names, in the same ways, who must be there.
pub async fn existing(writer: &Writer<'_>, pointer: &str, name: &str) -> Result<PersonId, ApiError> {
    let fault = match find(writer, pointer, name, PersonKind::Person).await? {
        Ok(Some(id)) => return Ok(id),
        Ok(None) => {
            let audience = Audience::Editors { now: writer.now() };
            let near = db::similar_slugs(writer.connection(), name, audience).await?;
            Fault::in_body(ProblemCode::InvalidValue, pointer, format!("there is no person {name:?}"))
                .did_you_mean(near)
        }
        Err(fault) => fault,
    };
    Err(ApiError::body_faults(vec![fault]))
}

/// Notes what articles print that a person is, as far as it is not there.
pub async fn note_printed(writer: &mut Writer<'_>, id: PersonId) -> Result<(), ApiError> {
    affiliations::note_printed(writer.connection(), id).await?;
    writer.touch_people([id]);
    Ok(())
}

/// The person that a text names or that is made for it, with what is wrong as a fault to be told among others.
async fn find_or_make(
    writer: &mut Writer<'_>,
    pointer: &str,
    name: &str,
    kind: PersonKind,
) -> Result<Result<PersonId, Fault>, ApiError> {
    match find(writer, pointer, name, kind).await? {
        Ok(Some(id)) => Ok(Ok(id)),
        Ok(None) if !name.chars().any(char::is_alphanumeric) => {
            Ok(Err(Fault::in_body(ProblemCode::InvalidValue, pointer, "a name must hold a letter or a digit")))
        }
        Ok(None) => Ok(Ok(insert(writer, name, kind, &slugify(name, "person")).await?)),
        Err(fault) => Ok(Err(fault)),
    }
}

/// The person that a text names; none where it can only be the name of somebody new.
async fn find(
    writer: &Writer<'_>,
    pointer: &str,
    name: &str,
    kind: PersonKind,
) -> Result<Result<Option<PersonId>, Fault>, ApiError> {
    let fault = |detail: String| Fault::in_body(ProblemCode::InvalidValue, pointer, detail);
    let is_fitting = |found: PersonKind| kind != PersonKind::Organization || found == PersonKind::Organization;
    if let Some(id) = writer.remembered(ResourceType::Person, pointer, name)? {
        return Ok(Ok(Some(PersonId(id))));
    }
    if let Some(referred) = db::person_referred_to(writer.connection(), name).await? {
        return Ok(match referred {
            referred if referred.is_deleted => Err(fault(format!("{name:?} is deleted: restore it first"))),
            referred if !is_fitting(referred.kind) => Err(fault(format!("{name:?} is no organization"))),
            referred => Ok(Some(referred.id)),
        });
    }
    if name.parse::<PersonId>().is_ok() {
        return Ok(Err(fault(format!("there is no person {name:?}"))));
    }
    let mut bearers = db::namesakes(writer.connection(), &[normalise(name)]).await?;
    bearers.retain(|bearer| is_fitting(bearer.kind));
    match bearers.as_slice() {
        [] => Ok(Ok(None)),
        [only] => Ok(Ok(Some(only.id))),
        several => {
            let ids: Vec<PersonId> = several.iter().map(|bearer| bearer.id).collect();
            let mut rows = db::people_with_ids(writer.connection(), &ids).await?;
            rows.sort_by_key(|row| row.id);
            let slugs = rows.into_iter().map(|row| row.slug).collect();
            let detail = format!("{} people are called {name:?}: name one by its slug or id", several.len());
            Ok(Err(fault(detail).did_you_mean(slugs)))
        }
    }
}

/// Makes a person of whom only the name and the kind are known.
async fn insert(writer: &mut Writer<'_>, name: &str, kind: PersonKind, slug: &str) -> Result<PersonId, DatabaseError> {
    let id = PersonId::generate();
    let new = NewPerson {
        id,
        slug: writer.slug_for(PEOPLE, None, slug).await?,
        kind,
        name: name.to_owned(),
        normalised_name: normalise(name),
        public_from: PublicFrom(None),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    db::insert_people(writer.connection(), &[new]).await?;
    writer.created(ResourceType::Person, id.0);
    writer.touch_people([id]);
    Ok(id)
}

/// What is written of a person now, with the slug.
async fn current(writer: &Writer<'_>, id: PersonId) -> Result<(String, Content), ApiError> {
    let connection = writer.connection();
    let rows = db::people_with_ids(connection, &[id]).await?;
    let row = rows.into_iter().next().ok_or_else(|| ApiError::internal("a person that was found is gone"))?;
    let aliases = db::aliases_of(connection, &[id]).await?;
    let external_ids = db::external_ids_of(connection, &[id]).await?;
    let content = Content {
        name: row.name,
        kind: row.kind,
        aliases: aliases.into_iter().map(|(_, name)| (normalise(&name), name)).collect(),
        affiliations: affiliations::written(connection, id).await?,
        external_ids: external_ids.into_iter().map(|(_, known)| known).collect(),
    };
    Ok((row.slug, content.ordered()))
}

/// What a draft says, with the organizations it names found or made. `held` are the person's affiliations so far: what
/// they name may be named again, deleted or not.
async fn content(
    writer: &mut Writer<'_>,
    id: PersonId,
    draft: PersonDraft,
    held: &[WrittenAffiliation],
) -> Result<Content, ApiError> {
    let PersonDraft { name, kind, slug: _, aliases, affiliations, external_ids } = draft;
    let (mut written, mut faults) = (Vec::new(), Vec::new());
    for (index, AffiliationDraft { role, organization, starts_on, ends_on }) in affiliations.into_iter().enumerate() {
        let place = format!("/affiliations/{index}");
        let mut organization_id = None;
        if let Some(organization) = organization {
            let pointer = format!("{place}/organization");
            let known = organization.parse().ok().filter(|id| held.iter().any(|one| one.organization_id == Some(*id)));
            match known {
                Some(known) => organization_id = Some(known),
                None => match find_or_make(writer, &pointer, &organization, PersonKind::Organization).await? {
                    Ok(found) => organization_id = Some(found),
                    Err(fault) => faults.push(fault),
                },
            }
            if organization_id == Some(id) {
                let detail = "nobody is affiliated with itself";
                faults.push(Fault::in_body(ProblemCode::InvalidValue, pointer, detail));
            }
        }
        let affiliation = WrittenAffiliation { role, organization_id, starts_on, ends_on };
        if faults.is_empty() {
            faults.extend(affiliation.fault(&place, &written));
        }
        written.push(affiliation);
    }
    ApiError::refuse_in_body(faults)?;
    let own_name = normalise(&name);
    let mut others: Vec<(String, String)> = Vec::new();
    for alias in aliases {
        let normalised = normalise(&alias);
        if normalised != own_name && others.iter().all(|(other, _)| *other != normalised) {
            others.push((normalised, alias));
        }
    }
    let external_ids = external_ids.into_iter().map(|known| (known.source, known.id)).collect();
    Ok(Content { name, kind, aliases: others, affiliations: written, external_ids }.ordered())
}

impl Content {
    /// The same in one order, so that what is written twice is equal.
    fn ordered(mut self) -> Self {
        self.aliases.sort();
        self.affiliations.sort_by_key(WrittenAffiliation::order);
        self.external_ids.sort();
        self
    }
}

/// Writes everything but the slug. The person must be there.
async fn fill(writer: &mut Writer<'_>, id: PersonId, content: &Content) -> Result<(), ApiError> {
    let Content { name, kind, aliases, affiliations, external_ids } = content;
    write_names(writer, id, name, *kind, aliases).await?;
    affiliations::write(writer, id, affiliations).await?;
    ApiError::refuse_in_body(writer.replace_external_ids(PEOPLE, id.0, external_ids).await?)?;
    writer.touch_people([id]);
    Ok(())
}

async fn write_names(
    writer: &Writer<'_>,
    id: PersonId,
    name: &str,
    kind: PersonKind,
    aliases: &[(String, String)],
) -> Result<(), DatabaseError> {
    let mut connection = writer.connection();
    diesel::update(table::table.filter(table::id.eq(id)))
        .set((
            table::name.eq(name),
            table::normalised_name.eq(normalise(name)),
            table::kind.eq(kind),
            table::is_independent.eq(true),
        ))
        .execute(&mut connection)
        .await?;
    diesel::delete(person_aliases::table.filter(person_aliases::person_id.eq(id))).execute(&mut connection).await?;
    let rows: Vec<_> = aliases
        .iter()
        .map(|(normalised, name)| {
            (
                person_aliases::person_id.eq(id),
                person_aliases::normalised_name.eq(normalised),
                person_aliases::name.eq(name),
            )
        })
        .collect();
    diesel::insert_into(person_aliases::table).values(rows).execute(&mut connection).await?;
    Ok(())
}
