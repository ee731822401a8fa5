//! Writing labels.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::db;
use super::wire::{Label, LabelDraft, LabelPatch, labels};
use crate::articles::write as article_write;
use crate::changes::ResourceType;
use crate::db::filter::uuids;
use crate::db::schema::{article_labels, label_names, labels as table};
use crate::db::{Audience, Connection, DatabaseError, PublicFrom};
use crate::http::error::ApiError;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::{ExternalId, Urls};
use crate::merges::db as merges_db;
use crate::values::id::{ArticleId, LabelId};
use crate::values::name::normalise;
use crate::values::reference::Reference;
use crate::values::slug::slugify;
use crate::writing::resource::{LABELS, Tables, with_merged};
use crate::writing::writable::Writable;
use crate::writing::{WantedLabel, Writer};

/// Labels, as something that is written.
pub struct Labels;

impl Writable for Labels {
    type Id = LabelId;
    type Draft = LabelDraft;
    type Patch = LabelPatch;
    type Shown = Label;
    const TABLES: Tables = LABELS;

    /// Makes a label that stands by itself.
    async fn create(writer: &mut Writer<'_>, draft: LabelDraft) -> Result<LabelId, ApiError> {
        make(writer, draft, true).await
    }

    /// Gives a label this content; its version rises where that changes anything. Whoever writes a label has it stand by
    /// itself, whatever articles bear it.
    async fn replace(writer: &mut Writer<'_>, id: LabelId, draft: LabelDraft) -> Result<(), ApiError> {
        let current = Self::draft(writer, id).await?;
        let draft = LabelDraft { slug: draft.slug.or_else(|| current.slug.clone()), ..draft };
        if draft == current {
            return Ok(());
        }
        ApiError::refuse_in_body(taken_names(writer, id, &draft).await?)?;
        let mut connection = writer.connection();
        if let Some(slug) = draft.slug.as_ref().filter(|slug| current.slug.as_ref() != Some(slug)) {
            let slug = writer.slug_for(LABELS, Some(id.0), slug).await?;
            writer.reserve_slug(LABELS, id.0, &slug).await?;
            diesel::update(table::table.filter(table::id.eq(id)))
                .set(table::slug.eq(slug))
                .execute(&mut connection)
                .await
                .map_err(DatabaseError::from)?;
        }
        fill(writer, id, &draft, true).await?;
        writer.raise_version(LABELS, id.0).await?;
        Ok(())
    }

    /// What is written of a label, as a draft that would change nothing.
    async fn draft(writer: &Writer<'_>, id: LabelId) -> Result<LabelDraft, ApiError> {
        let connection = writer.connection();
        let rows = db::labels_with_ids(connection, &[id]).await?;
        let row = rows.into_iter().next().ok_or_else(|| ApiError::internal("a label that was found is gone"))?;
        let aliases = db::aliases_of(connection, &[id]).await?.into_iter().map(|(_, name)| name).collect();
        let external_ids = db::external_ids_of(connection, &[id]).await?;
        let external_ids = external_ids.into_iter().map(|(_, (source, id))| ExternalId { source, id }).collect();
        let parent = row.parent_id.map(|id| id.to_string());
        Ok(LabelDraft { name: row.name, slug: Some(row.slug), aliases, parent, external_ids })
    }

    /// Removes a label for good, with its slugs, its names, and every label that was merged into it.
    async fn purge(writer: &mut Writer<'_>, id: LabelId) -> Result<(), ApiError> {
        let mut connection = writer.connection();
        let gone = with_merged(connection, LABELS, id.0).await?;
        let ids: Vec<LabelId> = gone.iter().map(|(id, _)| LabelId(*id)).collect();
        let bare: Vec<ArticleId> = article_labels::table
            .select(article_labels::article_id)
            .filter(article_labels::label_id.eq_any(&ids))
            .distinct()
            .load(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        let children: Vec<LabelId> = table::table
            .select(table::id)
            .filter(table::parent_id.eq_any(&ids))
            .filter(table::id.ne_all(&ids))
            .load(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        diesel::delete(article_labels::table.filter(article_labels::label_id.eq_any(&ids)))
            .execute(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        diesel::update(table::table.filter(table::parent_id.eq_any(&ids)))
            .set(table::parent_id.eq(None::<LabelId>))
            .execute(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        diesel::delete(table::table.filter(table::id.eq_any(&ids)))
            .execute(&mut connection)
            .await
            .map_err(DatabaseError::from)?;
        merges_db::forget(connection, &uuids(&ids)).await?;
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        article_write::lose(writer, &uuids(&bare), &names).await?;
        writer.raise_versions(LABELS, &uuids(&children)).await?;
        for (id, version) in gone {
            writer.purged(ResourceType::Label, id, version);
        }
        Ok(())
    }

    fn external_ids(draft: &mut LabelDraft) -> &mut Vec<ExternalId> {
        &mut draft.external_ids
    }

    async fn find(
        connection: &Connection,
        id: LabelId,
        urls: &Urls,
        audience: Audience,
    ) -> Result<Option<Label>, ApiError> {
        let row = db::find_label(connection, &Reference::Id(id), audience).await?;
        Ok(labels(connection, row.into_iter().collect(), urls).await?.pop())
    }
}

/// Makes a label as part of an article: it is public as soon as that is, or another that bears it.
pub async fn create_for_article(writer: &mut Writer<'_>, draft: LabelDraft) -> Result<LabelId, ApiError> {
    make(writer, draft, false).await
}

async fn make(writer: &mut Writer<'_>, draft: LabelDraft, is_independent: bool) -> Result<LabelId, ApiError> {
    let id = LabelId::generate();
    let normalised_name = normalise(&draft.name);
    ApiError::refuse_in_body(taken_names(writer, id, &draft).await?)?;
    let base = draft.slug.clone().unwrap_or_else(|| slugify(&draft.name, "label"));
    let slug = writer.slug_for(LABELS, None, &base).await?;
    let new = db::NewLabel {
        id,
        slug,
        name: draft.name.clone(),
        normalised_name,
        public_from: PublicFrom(None),
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    db::insert_labels(writer.connection(), &[new]).await?;
    writer.created(ResourceType::Label, id.0);
    fill(writer, id, &draft, is_independent).await?;
    Ok(id)
}

/// The label that a text in a body names: by id, slug, name or alias, through merges. A name that nothing bears yet is
/// created.
pub async fn named(writer: &mut Writer<'_>, pointer: &str, name: &str) -> Result<LabelId, ApiError> {
    if let Some(id) = writer.remembered(ResourceType::Label, pointer, name)? {
        return Ok(LabelId(id));
    }
    let audience = Audience::Editors { now: writer.now() };
    let found = db::labels_named(writer.connection(), &[name.to_owned()], audience).await?;
    if let Some(named) = found.into_iter().next() {
        return Ok(named.id);
    }
    let unknown =
        |detail: String| Err(ApiError::body_faults(vec![Fault::in_body(ProblemCode::InvalidValue, pointer, detail)]));
    if let Ok(id) = name.parse::<LabelId>() {
        let rows = db::labels_with_ids(writer.connection(), &[id]).await?;
        return unknown(match rows.as_slice().first() {
            Some(deleted) => format!("the label {:?} is deleted: restore it first", deleted.slug),
            None => format!("there is no label {name:?}"),
        });
    }
    let made = writer.labels_of(&[(&[WantedLabel::called(name)], PublicFrom(None))]).await?.concat();
    match made.as_slice().first() {
        Some(id) => Ok(*id),
        None => unknown("a name must hold a letter or a digit".to_owned()),
    }
}

/// The label that a text in a body names, in the same ways, which must be there.
pub async fn existing(writer: &Writer<'_>, pointer: &str, name: &str) -> Result<LabelId, ApiError> {
    let audience = Audience::Editors { now: writer.now() };
    let found = db::labels_named(writer.connection(), &[name.to_owned()], audience).await?;
    if let Some(named) = found.into_iter().next() {
        return Ok(named.id);
    }
    let near = db::similar_slugs(writer.connection(), name, audience).await?;
    let detail = format!("there is no label {name:?}, or it is deleted");
    Err(ApiError::body_faults(vec![Fault::in_body(ProblemCode::InvalidValue, pointer, detail).did_you_mean(near)]))
}

/// Writes everything but the slug. The label must be there.
async fn fill(writer: &mut Writer<'_>, id: LabelId, draft: &LabelDraft, is_independent: bool) -> Result<(), ApiError> {
    let parent_id = match &draft.parent {
        Some(parent) => Some(named(writer, "/parent", parent).await?),
        None => None,
    };
    if let Some(parent) = parent_id {
        let below = db::with_descendants(writer.connection(), &[vec![id]]).await?.concat();
        if below.contains(&parent) {
            let detail = "a label belongs neither to itself nor to one that belongs to it";
            return ApiError::refuse_in_body(vec![Fault::in_body(ProblemCode::InvalidValue, "/parent", detail)]);
        }
        // Its names were free before: a parent that was made just now took one.
        if !taken_names(writer, id, draft).await?.is_empty() {
            let detail = "there is no such label, and one that was made would bear a name of this one";
            return ApiError::refuse_in_body(vec![Fault::in_body(ProblemCode::InvalidValue, "/parent", detail)]);
        }
    }
    write_names(writer, id, draft).await?;
    let mut connection = writer.connection();
    diesel::update(table::table.filter(table::id.eq(id)))
        .set((
            table::name.eq(&draft.name),
            table::normalised_name.eq(normalise(&draft.name)),
            table::parent_id.eq(parent_id),
            table::is_independent.eq(is_independent),
        ))
        .execute(&mut connection)
        .await
        .map_err(DatabaseError::from)?;
    let external_ids: Vec<(String, String)> =
        draft.external_ids.iter().map(|known| (known.source.clone(), known.id.clone())).collect();
    ApiError::refuse_in_body(writer.replace_external_ids(LABELS, id.0, &external_ids).await?)?;
    writer.touch_labels([id]);
    Ok(())
}

/// The name and the aliases, each once however it is spelled.
fn names(draft: &LabelDraft) -> Vec<(String, &String)> {
    let mut names: Vec<(String, &String)> = Vec::new();
    for name in std::iter::once(&draft.name).chain(&draft.aliases) {
        let normalised = normalise(name);
        if names.iter().all(|(other, _)| *other != normalised) {
            names.push((normalised, name));
        }
    }
    names
}

async fn write_names(writer: &Writer<'_>, id: LabelId, draft: &LabelDraft) -> Result<(), DatabaseError> {
    let mut connection = writer.connection();
    diesel::delete(label_names::table.filter(label_names::label_id.eq(id))).execute(&mut connection).await?;
    let names = names(draft);
    let rows: Vec<_> = names
        .iter()
        .map(|(normalised, name)| {
            (label_names::normalised_name.eq(normalised), label_names::label_id.eq(id), label_names::name.eq(*name))
        })
        .collect();
    diesel::insert_into(label_names::table).values(rows).execute(&mut connection).await?;
    Ok(())
}

/// The names that another label bears already.
async fn taken_names(writer: &Writer<'_>, id: LabelId, draft: &LabelDraft) -> Result<Vec<Fault>, DatabaseError> {
    let names = names(draft);
    let normalised: Vec<String> = names.iter().map(|(normalised, _)| normalised.clone()).collect();
    let bearers = db::labels_called(writer.connection(), &normalised).await?;
    let fault = |(index, (normalised, name)): (usize, &(String, &String))| {
        let (_, other) = bearers.iter().find(|(called, bearer)| called == normalised && *bearer != id)?;
        let place = draft.aliases.iter().position(|alias| std::ptr::eq(alias, *name));
        let pointer = if index == 0 { "/name".to_owned() } else { format!("/aliases/{}", place.unwrap_or_default()) };
        Some(Fault::in_body(ProblemCode::Conflict, pointer, format!("{name:?} is a name of the label {other}")))
    };
    Ok(names.iter().enumerate().filter_map(fault).collect())
}
