//! What the resources have in common when they are written: references, slugs, other systems' ids, withdrawal.

use diesel::OptionalExtension;
use diesel::sql_types::{Bool, Integer, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Writer;
use crate::changes::{Action, ResourceType};
use crate::db::moved::{Kind, Whereabouts, whereabouts};
use crate::db::slugs::{SlugTable, choose_slugs};
use crate::db::sql::sql;
use crate::db::{Audience, Connection, DatabaseError, Result};
use crate::http::error::ApiError;
use crate::http::problem::{Fault, ProblemCode};
use crate::values::id::{ArticleId, LabelId, PersonId, QuoteId};

/// The tables of a resource type that have the same columns for all.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    pub kind: Kind,
    pub resource_type: ResourceType,
    /// The rows themselves, and the collection in paths.
    pub table: &'static str,
    /// Every slug ever valid, where the type has slugs.
    pub slugs: Option<SlugTable>,
    pub slugs_table: &'static str,
    /// What other systems call them.
    pub external_ids: &'static str,
    /// The column that names the row in the other tables.
    pub owner_column: &'static str,
}

/// The tables of articles.
pub const ARTICLES: Tables = Tables {
    kind: Kind::Article,
    resource_type: ResourceType::Article,
    table: "articles",
    slugs: Some(SlugTable::Articles),
    slugs_table: "article_slugs",
    external_ids: "article_external_ids",
    owner_column: "article_id",
};

/// The tables of people.
pub const PEOPLE: Tables = Tables {
    kind: Kind::Person,
    resource_type: ResourceType::Person,
    table: "people",
    slugs: Some(SlugTable::People),
    slugs_table: "person_slugs",
    external_ids: "person_external_ids",
    owner_column: "person_id",
};

/// The tables of labels.
pub const LABELS: Tables = Tables {
    kind: Kind::Label,
    resource_type: ResourceType::Label,
    table: "labels",
    slugs: Some(SlugTable::Labels),
    slugs_table: "label_slugs",
    external_ids: "label_external_ids",
    owner_column: "label_id",
};

/// The tables of quotes, which have no slugs.
pub const QUOTES: Tables = Tables {
    kind: Kind::Quote,
    resource_type: ResourceType::Quote,
    table: "quotes",
    slugs: None,
    slugs_table: "",
    external_ids: "quote_external_ids",
    owner_column: "quote_id",
};

/// A resource that is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub id: Uuid,
    pub version: i32,
    pub is_deleted: bool,
}

impl Writer<'_> {
    /// The resource that a reference in a path names, deleted ones included. A former slug and what was merged are
    /// refused with what they lead to.
    pub async fn target(&self, tables: Tables, reference: &str) -> std::result::Result<Target, ApiError> {
        let mut connection = self.connection;
        let row = sql("SELECT id, version, deleted_at IS NOT NULL FROM ").text(tables.table);
        let id = self.remembered(tables.resource_type, "", reference)?.or_else(|| id_in(tables.kind, reference));
        let row = match (id, tables.slugs) {
            (Some(id), _) => row.text(" WHERE id = ").bind(id),
            (None, Some(_)) => row.text(" WHERE slug = ").bind(reference),
            (None, None) => return Err(ApiError::not_found(tables.resource_type.as_str(), reference)),
        };
        let can_be_merged = matches!(tables.kind, Kind::Person | Kind::Label);
        let row = if can_be_merged { row.text(" AND merged_into_id IS NULL") } else { row };
        let row = row.statement::<(diesel::sql_types::Uuid, Integer, Bool)>();
        let found: Option<(Uuid, i32, bool)> =
            row.get_result(&mut connection).await.optional().map_err(DatabaseError::from)?;
        match found {
            Some((id, version, is_deleted)) => Ok(Target { id, version, is_deleted }),
            None => Err(self.absent(tables, reference).await?),
        }
    }

    /// The resource that a reference names, which must not be deleted.
    pub async fn living_target(&self, tables: Tables, reference: &str) -> std::result::Result<Target, ApiError> {
        let target = self.target(tables, reference).await?;
        if target.is_deleted { Err(self.absent(tables, reference).await?) } else { Ok(target) }
    }

    /// Why nothing can be written under a reference that names nothing directly, or what is deleted.
    async fn absent(&self, tables: Tables, reference: &str) -> Result<ApiError> {
        let audience = Audience::Editors { now: self.now };
        Ok(match whereabouts(self.connection, tables.kind, reference, audience).await? {
            Whereabouts::Now(current) => ApiError::moved(tables.resource_type.as_str(), reference, &current),
            Whereabouts::Gone(reason) => ApiError::gone(tables.resource_type.as_str(), reference, reason.as_deref()),
            Whereabouts::Unknown => ApiError::not_found(tables.resource_type.as_str(), reference),
        })
    }

    /// The slug that a resource gets: `wanted` where it is free or was always its own, else the next free one.
    pub async fn slug_for(&self, tables: Tables, owner: Option<Uuid>, wanted: &str) -> Result<String> {
        let mut connection = self.connection;
        if let Some(owner) = owner {
            let own = sql("SELECT EXISTS (SELECT FROM ")
                .text(tables.slugs_table)
                .text(" WHERE slug = ")
                .bind(wanted)
                .text(" AND ")
                .text(tables.owner_column)
                .text(" = ")
                .bind(owner)
                .text(")");
            if own.statement::<Bool>().get_result(&mut connection).await? {
                return Ok(wanted.to_owned());
            }
        }
        match tables.slugs {
            Some(table) => Ok(choose_slugs(self.connection, table, &[wanted.to_owned()]).await?.concat()),
            None => Ok(String::new()),
        }
    }

    /// Reserves a slug for a resource, for ever.
    pub async fn reserve_slug(&self, tables: Tables, owner: Uuid, slug: &str) -> Result<()> {
        let mut connection = self.connection;
        sql("INSERT INTO ")
            .text(tables.slugs_table)
            .text(" (slug, ")
            .text(tables.owner_column)
            .text(") VALUES (")
            .bind(slug)
            .text(", ")
            .bind(owner)
            .text(") ON CONFLICT (slug) DO NOTHING")
            .statement::<Bool>()
            .execute(&mut connection)
            .await?;
        Ok(())
    }

    /// Makes these what other systems call a resource, in place of what they called it. Ids that are another resource's
    /// are faults.
    pub async fn replace_external_ids(
        &self,
        tables: Tables,
        owner: Uuid,
        external_ids: &[(String, String)],
    ) -> Result<Vec<Fault>> {
        let mut connection = self.connection;
        let (sources, ids): (Vec<String>, Vec<String>) = external_ids.iter().cloned().unzip();
        let others = sql("SELECT source, external_id FROM ")
            .text(tables.external_ids)
            .text(" WHERE ")
            .text(tables.owner_column)
            .text(" <> ")
            .bind(owner)
            .text(" AND (source, external_id) IN (SELECT * FROM unnest(")
            .bind(sources.clone())
            .text(", ")
            .bind(ids.clone())
            .text("))");
        let taken: Vec<(String, String)> = others.statement::<(Text, Text)>().load(&mut connection).await?;
        let mut faults = Vec::new();
        for (index, external_id) in external_ids.iter().enumerate() {
            let (source, id) = external_id;
            let pointer = format!("/external_ids/{index}");
            if taken.contains(external_id) {
                let detail = format!("{source}:{id} is the id of another {}", tables.resource_type.as_str());
                faults.push(Fault::in_body(ProblemCode::Conflict, pointer, detail));
            } else if external_ids[..index].contains(external_id) {
                faults.push(Fault::in_body(ProblemCode::InvalidValue, pointer, format!("{source}:{id} stands twice")));
            }
        }
        if !faults.is_empty() {
            return Ok(faults);
        }
        sql("DELETE FROM ")
            .text(tables.external_ids)
            .text(" WHERE ")
            .text(tables.owner_column)
            .text(" = ")
            .bind(owner)
            .statement::<Bool>()
            .execute(&mut connection)
            .await?;
        sql("INSERT INTO ")
            .text(tables.external_ids)
            .text(" (")
            .text(tables.owner_column)
            .text(", source, external_id) SELECT ")
            .bind(owner)
            .text(", given.* FROM unnest(")
            .bind(sources)
            .text(", ")
            .bind(ids)
            .text(") AS given")
            .statement::<Bool>()
            .execute(&mut connection)
            .await?;
        Ok(Vec::new())
    }

    /// The resource that another system calls so, deleted ones included. One that was merged is refused with what it leads
    /// to: what that other system writes is not the content of the survivor.
    pub async fn external_target(
        &self,
        tables: Tables,
        source: &str,
        external_id: &str,
    ) -> std::result::Result<Option<Target>, ApiError> {
        match external_reference(self.connection, tables, source, external_id).await? {
            Some(id) => self.target(tables, &typed(tables.kind, id)).await.map(Some),
            None => Ok(None),
        }
    }

    /// Withdraws a resource, for a reason that readers are told; returns its new version.
    pub async fn withdraw(&mut self, tables: Tables, id: Uuid, reason: Option<&str>) -> Result<i32> {
        let set =
            sql("deleted_at = ").bind(self.now).text(", deletion_reason = nullif(").bind(reason.unwrap_or_default());
        self.set(tables, id, set.text(", '')"), Action::Deleted).await
    }

    /// Takes the withdrawal of a resource back; returns its new version.
    pub async fn restore(&mut self, tables: Tables, id: Uuid) -> Result<i32> {
        self.set(tables, id, sql("deleted_at = NULL, deletion_reason = NULL"), Action::Restored).await
    }

    /// Has a resource lead to another one, whose part it becomes; returns its new version.
    pub async fn become_part(&mut self, tables: Tables, id: Uuid, of: Uuid) -> Result<i32> {
        self.set(tables, id, sql("merged_into_id = ").bind(of), Action::Merged).await
    }

    /// Has a resource that became part of another stand again; returns its new version.
    pub async fn stand_again(&mut self, tables: Tables, id: Uuid) -> Result<i32> {
        self.set(tables, id, sql("merged_into_id = NULL"), Action::Restored).await
    }

    /// Raises the version of a resource whose content changed, and notes it.
    pub async fn raise_version(&mut self, tables: Tables, id: Uuid) -> Result<i32> {
        self.set(tables, id, sql("id = id"), Action::Updated).await
    }

    /// Raises the versions of resources whose content changed, and notes it.
    pub async fn raise_versions(&mut self, tables: Tables, ids: &[Uuid]) -> Result<()> {
        let mut connection = self.connection;
        let raised = sql("UPDATE ")
            .text(tables.table)
            .text(" SET version = version + 1, updated_at = ")
            .bind(self.now)
            .text(" WHERE id = ANY (")
            .bind(ids.to_vec())
            .text(") RETURNING id, version")
            .statement::<(diesel::sql_types::Uuid, Integer)>();
        let raised: Vec<(Uuid, i32)> = raised.load(&mut connection).await?;
        for (id, version) in raised {
            self.changed(tables.resource_type, id, Action::Updated, version);
        }
        Ok(())
    }

    async fn set(&mut self, tables: Tables, id: Uuid, set: crate::db::sql::Sql, action: Action) -> Result<i32> {
        let mut connection = self.connection;
        let version: i32 = sql("UPDATE ")
            .text(tables.table)
            .text(" SET ")
            .append(set)
            .text(", version = version + 1, updated_at = ")
            .bind(self.now)
            .text(" WHERE id = ")
            .bind(id)
            .text(" RETURNING version")
            .statement::<Integer>()
            .get_result(&mut connection)
            .await?;
        self.changed(tables.resource_type, id, action, version);
        Ok(version)
    }
}

/// The id that a text is, of a resource of this type.
fn id_in(kind: Kind, text: &str) -> Option<Uuid> {
    match kind {
        Kind::Article => text.parse().ok().map(|ArticleId(id)| id),
        Kind::Quote => text.parse().ok().map(|QuoteId(id)| id),
        Kind::Person => text.parse().ok().map(|PersonId(id)| id),
        Kind::Label => text.parse().ok().map(|LabelId(id)| id),
    }
}

/// An id of a resource of this type as it is written.
fn typed(kind: Kind, id: Uuid) -> String {
    match kind {
        Kind::Article => ArticleId(id).to_string(),
        Kind::Quote => QuoteId(id).to_string(),
        Kind::Person => PersonId(id).to_string(),
        Kind::Label => LabelId(id).to_string(),
    }
}

/// A resource and everything that was merged into it, with their versions.
pub async fn with_merged(mut connection: &Connection, tables: Tables, id: Uuid) -> Result<Vec<(Uuid, i32)>> {
    let merged = sql("WITH RECURSIVE merged (id, version) AS (SELECT id, version FROM ")
        .text(tables.table)
        .text(" WHERE id = ")
        .bind(id)
        .text(" UNION SELECT other.id, other.version FROM ")
        .text(tables.table)
        .text(" AS other JOIN merged ON other.merged_into_id = merged.id) SELECT id, version FROM merged")
        .statement::<(diesel::sql_types::Uuid, Integer)>();
    Ok(merged.load(&mut connection).await?)
}

/// The id of what another system calls so, whatever became of it.
pub async fn external_reference(
    mut connection: &Connection,
    tables: Tables,
    source: &str,
    external_id: &str,
) -> Result<Option<Uuid>> {
    let id = sql("SELECT ")
        .text(tables.owner_column)
        .text(" FROM ")
        .text(tables.external_ids)
        .text(" WHERE source = ")
        .bind(source)
        .text(" AND external_id = ")
        .bind(external_id)
        .statement::<diesel::sql_types::Uuid>();
    Ok(id.get_result(&mut connection).await.optional()?)
}
