//! Merging, and undoing it.

use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::db::{self, MergeRow, NewMerge};
use super::rows::{AFFILIATIONS, ARTICLE_AUTHORS, ARTICLE_LABELS, MEMBERS, Move, ORGANIZATIONS, SPEAKERS};
use super::wire;
use crate::changes::ResourceType;
use crate::db::sql::sql;
use crate::db::{Connection, Result};
use crate::http::error::ApiError;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::Urls;
use crate::labels::write as label_write;
use crate::people::PersonKind;
use crate::people::db as people_db;
use crate::people::write as person_write;
use crate::values::id::{LabelId, MergeId, PersonId};
use crate::writing::Writer;
use crate::writing::request::Answer;
use crate::writing::resource::{LABELS, PEOPLE, Tables};

type Written<T> = std::result::Result<T, ApiError>;

/// What a survivor is before a merge, or what it is to be after an undo.
struct Survivor {
    version: i32,
    is_deleted: bool,
    merged_into: Option<Uuid>,
    is_independent: bool,
}

/// Makes a person part of the one that `into` names.
pub async fn merge_people(writer: &mut Writer<'_>, merged: PersonId, into: &str) -> Written<MergeId> {
    let survivor = person_write::existing(writer, "/into", into).await?;
    refuse_itself(merged.0, survivor.0)?;
    let rows = people_db::people_with_ids(writer.connection(), &[merged, survivor]).await?;
    let is_organization = |id| rows.iter().any(|row| row.id == id && row.kind == PersonKind::Organization);
    if is_organization(merged) && !is_organization(survivor) {
        let detail = "an organization becomes part of an organization only: change the kind of one of them first";
        return Err(ApiError::body_faults(vec![Fault::in_body(ProblemCode::Conflict, "/into", detail)]));
    }
    let id = MergeId::generate();
    let rows = Move { connection: writer.connection(), merge: id, merged: merged.0, survivor: survivor.0 };
    join(writer, PEOPLE, &rows).await?;
    rows.person_names().await?;
    rows.column(SPEAKERS).await?;
    rows.column(ORGANIZATIONS).await?;
    rows.links(ARTICLE_AUTHORS).await?;
    rows.affiliations(MEMBERS).await?;
    rows.affiliations(AFFILIATIONS).await?;
    touch_people(writer, merged, survivor).await?;
    Ok(id)
}

/// Makes a label part of the one that `into` names.
pub async fn merge_labels(writer: &mut Writer<'_>, merged: LabelId, into: &str) -> Written<MergeId> {
    let survivor = label_write::existing(writer, "/into", into).await?;
    refuse_itself(merged.0, survivor.0)?;
    let id = MergeId::generate();
    let rows = Move { connection: writer.connection(), merge: id, merged: merged.0, survivor: survivor.0 };
    join(writer, LABELS, &rows).await?;
    rows.label_names().await?;
    rows.links(ARTICLE_LABELS).await?;
    rows.children().await?;
    writer.touch_labels([merged, survivor]);
    Ok(id)
}

/// Undoes a merge: what it moved and is where it put it goes back, and what was changed since stays changed.
pub async fn undo(writer: &mut Writer<'_>, merge: &MergeRow) -> Written<()> {
    let tables = tables_of(merge.resource_type)?;
    let survivor = survivor(writer.connection(), tables, merge.survivor_id).await?;
    if merge.undone_at.is_some() {
        return Err(conflict("this merge is undone already"));
    }
    if survivor.merged_into.is_some() {
        let next = db::standing_merge(writer.connection(), merge.survivor_id).await?;
        let next = next.map(|id| id.to_string()).unwrap_or_default();
        return Err(conflict(format!("the survivor was merged on in {next}: undo that merge first")));
    }
    if survivor.is_deleted {
        return Err(conflict("the survivor is deleted: restore it first"));
    }
    let (connection, merged) = (writer.connection(), merge.merged_id);
    let rows = Move { connection, merge: merge.id, merged, survivor: merge.survivor_id };
    // First of all, so that what it is named by leads to it again, not on to the survivor.
    writer.stand_again(tables, merged).await?;
    match merge.resource_type {
        ResourceType::Label => {
            if let Some(holder) = rows.holder_of_name().await? {
                let detail =
                    format!("the name of the merged label is that of {holder:?} by now: rename that label first");
                return Err(conflict(detail));
            }
            rows.label_names_back().await?;
            rows.links_back(ARTICLE_LABELS).await?;
            rows.children_back().await?;
            writer.touch_labels([LabelId(merged), LabelId(merge.survivor_id)]);
        }
        _ => {
            rows.person_names_back().await?;
            rows.column_back(SPEAKERS).await?;
            rows.column_back(ORGANIZATIONS).await?;
            rows.links_back(ARTICLE_AUTHORS).await?;
            rows.affiliations_back(AFFILIATIONS).await?;
            rows.affiliations_back(MEMBERS).await?;
            person_write::note_printed(writer, PersonId(merge.survivor_id)).await?;
            person_write::note_printed(writer, PersonId(merged)).await?;
            touch_people(writer, PersonId(merged), PersonId(merge.survivor_id)).await?;
        }
    }
    // Whoever wrote the survivor since has it stand by itself for good.
    if !merge.was_survivor_independent && survivor.version == merge.survivor_version {
        set_independent(writer.connection(), tables, merge.survivor_id, false).await?;
    }
    writer.raise_version(tables, merge.survivor_id).await?;
    db::mark_undone(writer.connection(), merge.id, writer.now(), writer.actor()).await?;
    Ok(())
}

/// The merge as it is now, as an answer.
pub async fn answer(writer: &mut Writer<'_>, id: MergeId, urls: &Urls) -> Written<Answer> {
    writer.settle().await?;
    let row = db::find_merge(writer.connection(), id).await?;
    let row = row.ok_or_else(|| ApiError::internal("a merge that was written is gone"))?;
    let merge = wire::merges(writer.connection(), vec![row], urls).await?.pop();
    Answer::resource(&merge.ok_or_else(|| ApiError::internal("a merge that was found is gone"))?)
}

/// Has the merged one lead to the survivor, and notes the merge: before any row is moved.
async fn join(writer: &mut Writer<'_>, tables: Tables, rows: &Move<'_>) -> Written<()> {
    let before = survivor(writer.connection(), tables, rows.survivor).await?;
    let merged = survivor(writer.connection(), tables, rows.merged).await?;
    if merged.is_independent {
        set_independent(writer.connection(), tables, rows.survivor, true).await?;
    }
    writer.become_part(tables, rows.merged, rows.survivor).await?;
    let survivor_version = writer.raise_version(tables, rows.survivor).await?;
    let new = NewMerge {
        id: rows.merge,
        resource_type: tables.resource_type,
        merged_id: rows.merged,
        survivor_id: rows.survivor,
        survivor_version,
        was_survivor_independent: before.is_independent,
        merged_at: writer.now(),
        merged_by: writer.actor(),
    };
    db::insert_merge(writer.connection(), &new).await?;
    Ok(())
}

/// Whoever is with one of these, and where these are, may be public since another instant.
async fn touch_people(writer: &mut Writer<'_>, merged: PersonId, survivor: PersonId) -> Result<()> {
    let both = vec![merged.0, survivor.0];
    let near = sql("SELECT affiliations.organization_id FROM affiliations WHERE affiliations.person_id = ANY (")
        .bind(both.clone())
        .text(
            ") AND affiliations.organization_id IS NOT NULL \
             UNION SELECT affiliations.person_id FROM affiliations WHERE affiliations.organization_id = ANY (",
        )
        .bind(both)
        .text(")")
        .statement::<sql_types::Uuid>();
    let mut connection = writer.connection();
    let near: Vec<PersonId> = near.load(&mut connection).await?;
    writer.touch_people(near.into_iter().chain([merged, survivor]));
    Ok(())
}

async fn survivor(mut connection: &Connection, tables: Tables, id: Uuid) -> Result<Survivor> {
    let row = sql("SELECT version, deleted_at IS NOT NULL, merged_into_id, is_independent FROM ")
        .text(tables.table)
        .text(" WHERE id = ")
        .bind(id)
        .statement::<(sql_types::Integer, sql_types::Bool, sql_types::Nullable<sql_types::Uuid>, sql_types::Bool)>();
    let (version, is_deleted, merged_into, is_independent) = row.get_result(&mut connection).await?;
    Ok(Survivor { version, is_deleted, merged_into, is_independent })
}

async fn set_independent(mut connection: &Connection, tables: Tables, id: Uuid, is_independent: bool) -> Result<()> {
    sql("UPDATE ")
        .text(tables.table)
        .text(if is_independent {
            " SET is_independent = true WHERE id = "
        } else {
            " SET is_independent = false WHERE id = "
        })
        .bind(id)
        .statement::<sql_types::Bool>()
        .execute(&mut connection)
        .await?;
    Ok(())
}

fn tables_of(resource_type: ResourceType) -> Written<Tables> {
    match resource_type {
        ResourceType::Person => Ok(PEOPLE),
        ResourceType::Label => Ok(LABELS),
        other => Err(ApiError::internal(format!("a merge of the type {}", other.as_str()))),
    }
}

/// Also where `into` was itself merged into what is to be merged.
fn refuse_itself(merged: Uuid, survivor: Uuid) -> Written<()> {
    if merged != survivor {
        return Ok(());
    }
    let detail = "into names what is to be merged: nothing becomes part of itself";
    Err(ApiError::body_faults(vec![Fault::in_body(ProblemCode::Conflict, "/into", detail)]))
}

fn conflict(detail: impl Into<String>) -> ApiError {
    ApiError::new(ProblemCode::Conflict, detail)
}
