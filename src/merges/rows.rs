//! The rows that a merge moves, each with a note, and moves back.

use diesel::sql_types;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::sql::{Sql, sql};
use crate::db::{Connection, Result};
use crate::values::id::MergeId;

/// A merge on which rows are moved.
#[derive(Clone, Copy)]
pub(super) struct Move<'c> {
    pub connection: &'c Connection,
    pub merge: MergeId,
    pub merged: Uuid,
    pub survivor: Uuid,
}

/// A table that says what an article bears.
#[derive(Debug, Clone, Copy)]
pub(super) struct Links {
    part: &'static str,
    table: &'static str,
    owner: &'static str,
}

/// The labels of articles.
pub(super) const ARTICLE_LABELS: Links = Links { part: "article_label", table: "article_labels", owner: "label_id" };

/// The authors of articles.
pub(super) const ARTICLE_AUTHORS: Links =
    Links { part: "article_author", table: "article_authors", owner: "person_id" };

/// A column that names the person: its part, its table, its name.
pub(super) type Column = (&'static str, &'static str, &'static str);

/// Who said a quote.
pub(super) const SPEAKERS: Column = ("quote", "quotes", "speaker_id");

/// The organization that a printing names.
pub(super) const ORGANIZATIONS: Column = ("occurrence", "occurrences", "organization_id");

/// One end of affiliations: its part, its column, and the column of the other end.
pub(super) type End = (&'static str, &'static str, &'static str);

/// What the merged one was.
pub(super) const AFFILIATIONS: End = ("affiliation", "person_id", "organization_id");

/// Who was with the merged one.
pub(super) const MEMBERS: End = ("member", "organization_id", "person_id");

impl Move<'_> {
    /// Runs a statement, and tells how many rows it touched.
    async fn run(&self, statement: Sql) -> Result<usize> {
        let mut connection = self.connection;
        Ok(statement.statement::<sql_types::Bool>().execute(&mut connection).await?)
    }

    /// Runs a change that returns the rows it changed, and notes them.
    async fn noted(&self, part: &'static str, is_dropped: bool, row_id: &'static str, change: Sql) -> Result<()> {
        let statement = sql("WITH changed AS (")
            .append(change)
            .text(") INSERT INTO merge_rows (merge_id, part, row_id, is_dropped, content) SELECT ")
            .bind(self.merge.0)
            .text(", ")
            .bind(part)
            .text(", ")
            .text(row_id)
            .text(if is_dropped {
                ", true, to_jsonb(changed) FROM changed"
            } else {
                ", false, to_jsonb(changed) FROM changed"
            });
        self.run(statement).await.map(|_| ())
    }

    /// The rows of one part that this merge dropped, or that it moved.
    fn notes(&self, part: &'static str, is_dropped: bool) -> Sql {
        sql(" merge_rows.merge_id = ")
            .bind(self.merge.0)
            .text(" AND merge_rows.part = ")
            .bind(part)
            .text(if is_dropped { " AND merge_rows.is_dropped" } else { " AND NOT merge_rows.is_dropped" })
    }

    /// The rows of one part that other merges into the survivor, which stand, dropped.
    fn dropped_by_others(&self, part: &'static str) -> Sql {
        sql(" merge_rows.part = ")
            .bind(part)
            .text(" AND merge_rows.is_dropped AND merge_rows.merge_id IN (SELECT merges.id FROM merges WHERE merges.survivor_id = ")
            .bind(self.survivor)
            .text(" AND merges.undone_at IS NULL AND merges.id <> ")
            .bind(self.merge.0)
            .text(")")
    }

    /// Moves what names the merged one in a column.
    pub(super) async fn column(&self, (part, table, column): Column) -> Result<()> {
        let change = sql("UPDATE ")
            .text(table)
            .text(" SET ")
            .text(column)
            .text(" = ")
            .bind(self.survivor)
            .text(" WHERE ")
            .text(column)
            .text(" = ")
            .bind(self.merged)
            .text(" RETURNING id");
        self.noted(part, false, "changed.id", change).await
    }

    /// Moves it back, where it names the survivor still.
    pub(super) async fn column_back(&self, (part, table, column): Column) -> Result<()> {
        let statement = sql("UPDATE ")
            .text(table)
            .text(" SET ")
            .text(column)
            .text(" = ")
            .bind(self.merged)
            .text(" FROM merge_rows WHERE ")
            .append(self.notes(part, false))
            .text(" AND ")
            .text(table)
            .text(".id = merge_rows.row_id AND ")
            .text(table)
            .text(".")
            .text(column)
            .text(" = ")
            .bind(self.survivor);
        self.run(statement).await.map(|_| ())
    }

    /// Moves what articles bear. Where they bear the survivor too, the row goes.
    pub(super) async fn links(&self, links: Links) -> Result<()> {
        let Links { part, table, owner } = links;
        let dropped = sql("DELETE FROM ")
            .text(table)
            .text(" AS own WHERE own.")
            .text(owner)
            .text(" = ")
            .bind(self.merged)
            .text(" AND ")
            .append(links.bears("own.article_id", self.survivor))
            .text(" RETURNING own.article_id, own.position");
        self.noted(part, true, "changed.article_id", dropped).await?;
        let moved = sql("UPDATE ")
            .text(table)
            .text(" SET ")
            .text(owner)
            .text(" = ")
            .bind(self.survivor)
            .text(" WHERE ")
            .text(owner)
            .text(" = ")
            .bind(self.merged)
            .text(" RETURNING article_id, position");
        self.noted(part, false, "changed.article_id", moved).await
    }

    /// Has articles that bear the survivor bear the merged one again.
    pub(super) async fn links_back(&self, links: Links) -> Result<()> {
        let Links { part, table, owner } = links;
        // First those that bear both again: they are told by bearing the survivor.
        let dropped = sql("SELECT merge_rows.row_id, merge_rows.content FROM merge_rows WHERE ")
            .append(self.notes(part, true))
            .text(" AND ")
            .append(links.bears("merge_rows.row_id", self.survivor));
        self.run(links.insert(self.merged, dropped)).await?;
        let moved = sql("UPDATE ")
            .text(table)
            .text(" SET ")
            .text(owner)
            .text(" = ")
            .bind(self.merged)
            .text(" FROM merge_rows WHERE ")
            .append(self.notes(part, false))
            .text(" AND ")
            .text(table)
            .text(".article_id = merge_rows.row_id AND ")
            .text(table)
            .text(".")
            .text(owner)
            .text(" = ")
            .bind(self.survivor);
        self.run(moved).await?;
        // What another merge dropped because of a row that has just gone belongs to the survivor now.
        let again = sql("UPDATE merge_rows SET is_dropped = false WHERE merge_rows.id IN \
             (SELECT DISTINCT ON (merge_rows.row_id) merge_rows.id FROM merge_rows WHERE ")
        .append(self.dropped_by_others(part))
        .text(" AND merge_rows.row_id IN (SELECT merge_rows.row_id FROM merge_rows WHERE ")
        .append(self.notes(part, false))
        .text(") AND ")
        .append(links.bears("merge_rows.row_id", self.merged))
        .text(" AND NOT ")
        .append(links.bears("merge_rows.row_id", self.survivor))
        .text(" ORDER BY merge_rows.row_id, merge_rows.id) RETURNING merge_rows.row_id, merge_rows.content");
        let again = sql("WITH again AS (")
            .append(again)
            .text(") ")
            .append(links.insert(self.survivor, sql("SELECT again.row_id, again.content FROM again")));
        self.run(again).await.map(|_| ())
    }

    /// Moves one end of affiliations. Of two that say the same one goes: the one that is only printed, else the merged
    /// one's.
    pub(super) async fn affiliations(&self, (part, column, other): End) -> Result<()> {
        let delete = || sql("DELETE FROM affiliations AS own WHERE own.").text(column).text(" = ");
        let same = || {
            sql("EXISTS (SELECT FROM affiliations AS same WHERE same.role IS NOT DISTINCT FROM own.role AND same.")
                .text(other)
                .text(" IS NOT DISTINCT FROM own.")
                .text(other)
                .text(" AND same.")
                .text(column)
                .text(" = ")
        };
        // Nobody is affiliated with itself.
        let own = delete().bind(self.merged).text(" AND own.").text(other).text(" = ").bind(self.survivor);
        self.noted(part, true, "changed.id", own.text(" RETURNING own.*")).await?;
        let printed = delete()
            .bind(self.survivor)
            .text(" AND NOT own.is_independent AND ")
            .append(same())
            .bind(self.merged)
            .text(" AND same.is_independent)");
        self.noted(part, true, "changed.id", printed.text(" RETURNING own.*")).await?;
        let said = delete()
            .bind(self.merged)
            .text(" AND ")
            .append(same())
            .bind(self.survivor)
            .text(" AND (NOT own.is_independent OR same.starts_on IS NOT DISTINCT FROM own.starts_on))");
        self.noted(part, true, "changed.id", said.text(" RETURNING own.*")).await?;
        self.column((part, "affiliations", column)).await
    }

    /// Moves it back. What went comes back where both whom it names are there and nothing says the same.
    pub(super) async fn affiliations_back(&self, (part, column, other): End) -> Result<()> {
        self.column_back((part, "affiliations", column)).await?;
        self.affiliations_again((part, column, other)).await?;
        let dropped = sql("INSERT INTO affiliations (id, person_id, role, organization_id, starts_on, \
             starts_on_precision, ends_on, ends_on_precision, is_independent, public_from) \
             SELECT noted.id, people.id, noted.role, organizations.id, noted.starts_on, noted.starts_on_precision, \
             noted.ends_on, noted.ends_on_precision, noted.is_independent, noted.public_from \
             FROM merge_rows CROSS JOIN LATERAL jsonb_populate_record(NULL::affiliations, merge_rows.content) AS noted \
             JOIN people ON people.id = surviving_person(noted.person_id) \
             LEFT JOIN people AS organizations ON organizations.id = surviving_person(noted.organization_id) WHERE ")
        .append(self.notes(part, true))
        .text(
            " AND people.id IS DISTINCT FROM organizations.id \
             AND (noted.organization_id IS NULL OR organizations.id IS NOT NULL) ON CONFLICT DO NOTHING",
        );
        self.run(dropped).await.map(|_| ())
    }

    /// What another merge dropped because of a row that has just gone belongs to the survivor now.
    async fn affiliations_again(&self, (part, column, other): End) -> Result<()> {
        let same = |owner: Uuid| {
            sql("EXISTS (SELECT FROM affiliations AS same WHERE same.role IS NOT DISTINCT FROM noted.role \
                 AND same.starts_on IS NOT DISTINCT FROM noted.starts_on AND same.")
            .text(other)
            .text(" IS NOT DISTINCT FROM noted.")
            .text(other)
            .text(" AND same.")
            .text(column)
            .text(" = ")
            .bind(owner)
            .text(")")
        };
        let owned = |of: &'static str| {
            if of == column { Sql::default().bind(self.survivor) } else { sql("noted.").text(of) }
        };
        let again = sql("WITH again AS (UPDATE merge_rows SET is_dropped = false WHERE merge_rows.id IN \
             (SELECT DISTINCT ON (noted.role, noted.starts_on, noted.")
        .text(other)
        .text(
            ") merge_rows.id FROM merge_rows \
             CROSS JOIN LATERAL jsonb_populate_record(NULL::affiliations, merge_rows.content) AS noted WHERE ",
        )
        .append(self.dropped_by_others(part))
        .text(" AND noted.is_independent AND ")
        .append(same(self.merged))
        .text(" AND NOT ")
        .append(same(self.survivor))
        .text(" ORDER BY noted.role, noted.starts_on, noted.")
        .text(other)
        .text(
            ", merge_rows.id) RETURNING merge_rows.content) \
             INSERT INTO affiliations (id, person_id, role, organization_id, starts_on, starts_on_precision, ends_on, \
             ends_on_precision, is_independent, public_from) SELECT noted.id, ",
        )
        .append(owned("person_id"))
        .text(", noted.role, ")
        .append(owned("organization_id"))
        .text(
            ", noted.starts_on, noted.starts_on_precision, noted.ends_on, noted.ends_on_precision, \
             noted.is_independent, noted.public_from \
             FROM again CROSS JOIN LATERAL jsonb_populate_record(NULL::affiliations, again.content) AS noted \
             ON CONFLICT DO NOTHING",
        );
        self.run(again).await.map(|_| ())
    }

    /// Has the labels below the merged one stand below the survivor, and the survivor in its place where that stood
    /// below it.
    pub(super) async fn children(&self) -> Result<()> {
        let is_below =
            sql("SELECT EXISTS (WITH RECURSIVE above (id, parent_id) AS (SELECT labels.id, labels.parent_id \
             FROM labels WHERE labels.id = ")
            .bind(self.survivor)
            .text(
                " UNION SELECT labels.id, labels.parent_id FROM labels JOIN above ON labels.id = above.parent_id) \
             SELECT FROM above WHERE above.id = ",
            )
            .bind(self.merged)
            .text(")")
            .statement::<sql_types::Bool>();
        let mut connection = self.connection;
        if is_below.get_result(&mut connection).await? {
            let place = sql("UPDATE labels SET parent_id = merged.parent_id FROM labels AS merged, labels AS former \
                 WHERE merged.id = ")
            .bind(self.merged)
            .text(" AND former.id = labels.id AND labels.id = ")
            .bind(self.survivor)
            .text(" RETURNING labels.id, former.parent_id AS before, labels.parent_id AS after");
            self.noted("child", false, "changed.id", place).await?;
        }
        let children = sql("UPDATE labels SET parent_id = ")
            .bind(self.survivor)
            .text(" WHERE labels.parent_id = ")
            .bind(self.merged)
            .text(" RETURNING labels.id, ")
            .bind(self.merged)
            .text(" AS before, labels.parent_id AS after");
        self.noted("child", false, "changed.id", children).await
    }

    /// Moves labels back below the merged one, where they were not moved since and would not belong to themselves.
    pub(super) async fn children_back(&self) -> Result<()> {
        let mut connection = self.connection;
        let notes = sql("SELECT merge_rows.row_id, surviving_label((merge_rows.content->>'before')::uuid), \
             (merge_rows.content->>'after')::uuid FROM merge_rows WHERE ")
        .append(self.notes("child", false))
        .text(" ORDER BY merge_rows.id DESC")
        .statement::<(sql_types::Uuid, sql_types::Nullable<sql_types::Uuid>, sql_types::Nullable<sql_types::Uuid>)>();
        let notes: Vec<(Uuid, Option<Uuid>, Option<Uuid>)> = notes.load(&mut connection).await?;
        let optional = |id: Option<Uuid>| id.map_or_else(|| sql("NULL::uuid"), |id| Sql::default().bind(id));
        for (label, before, after) in notes {
            let back = sql("UPDATE labels SET parent_id = ")
                .append(optional(before))
                .text(" WHERE labels.id = ")
                .bind(label)
                .text(" AND labels.parent_id IS NOT DISTINCT FROM ")
                .append(optional(after))
                .text(
                    " AND NOT EXISTS (WITH RECURSIVE above (id, parent_id) AS (SELECT found.id, found.parent_id \
                     FROM labels AS found WHERE found.id = ",
                )
                .append(optional(before))
                .text(
                    " UNION SELECT found.id, found.parent_id FROM labels AS found JOIN above ON found.id = above.parent_id) \
                     SELECT FROM above WHERE above.id = ",
                )
                .bind(label)
                .text(")");
            self.run(back).await?;
        }
        Ok(())
    }

    /// Moves the names of a label. No two labels bear one name, so none is borne twice.
    pub(super) async fn label_names(&self) -> Result<()> {
        let change = sql("UPDATE label_names SET label_id = ")
            .bind(self.survivor)
            .text(" WHERE label_names.label_id = ")
            .bind(self.merged)
            .text(" RETURNING normalised_name, name");
        self.noted("name", false, "NULL::uuid", change).await
    }

    /// The label that the name of the merged one means by now and cannot be taken from: the survivor where that is
    /// called so itself, or another one.
    pub(super) async fn holder_of_name(&self) -> Result<Option<String>> {
        let mut connection = self.connection;
        let holder = sql("SELECT holder.slug FROM labels AS merged JOIN label_names \
             ON label_names.normalised_name = merged.normalised_name JOIN labels AS holder ON holder.id = label_names.label_id \
             WHERE merged.id = ")
        .bind(self.merged)
        .text(" AND (holder.id <> ")
        .bind(self.survivor)
        .text(" OR holder.normalised_name = merged.normalised_name)")
        .statement::<sql_types::Text>();
        Ok(diesel::OptionalExtension::optional(holder.get_result(&mut connection).await)?)
    }

    /// Moves names back to a label. It must be able to bear its own again, which editors may have taken away.
    pub(super) async fn label_names_back(&self) -> Result<()> {
        let moved = sql("UPDATE label_names SET label_id = ")
            .bind(self.merged)
            .text(" FROM merge_rows, labels WHERE ")
            .append(self.notes("name", false))
            .text(
                " AND label_names.normalised_name = merge_rows.content->>'normalised_name' \
                 AND labels.id = label_names.label_id AND labels.normalised_name <> label_names.normalised_name AND labels.id = ",
            )
            .bind(self.survivor);
        self.run(moved).await?;
        let own = sql("INSERT INTO label_names (normalised_name, label_id, name) \
             SELECT labels.normalised_name, labels.id, labels.name FROM labels WHERE labels.id = ")
        .bind(self.merged)
        .text(" ON CONFLICT DO NOTHING");
        self.run(own).await.map(|_| ())
    }

    /// Moves the names of a person, the full name too, as other names of the survivor.
    pub(super) async fn person_names(&self) -> Result<()> {
        let borne = || {
            sql("EXISTS (SELECT FROM people LEFT JOIN person_aliases AS same ON same.person_id = people.id \
                 WHERE people.id = ")
            .bind(self.survivor)
            .text(" AND own.normalised_name IN (people.normalised_name, same.normalised_name))")
        };
        let dropped = sql("DELETE FROM person_aliases AS own WHERE own.person_id = ")
            .bind(self.merged)
            .text(" AND ")
            .append(borne())
            .text(" RETURNING own.normalised_name, own.name, false AS is_full_name");
        self.noted("name", true, "NULL::uuid", dropped).await?;
        let moved = sql("UPDATE person_aliases SET person_id = ")
            .bind(self.survivor)
            .text(" WHERE person_aliases.person_id = ")
            .bind(self.merged)
            .text(" RETURNING normalised_name, name, false AS is_full_name");
        self.noted("name", false, "NULL::uuid", moved).await?;
        let full_name = |is_borne: bool| {
            let own =
                sql("SELECT own.normalised_name, own.name, true AS is_full_name FROM people AS own WHERE own.id = ")
                    .bind(self.merged)
                    .text(if is_borne { " AND " } else { " AND NOT " });
            own.append(borne())
        };
        self.noted("name", true, "NULL::uuid", full_name(true)).await?;
        let added = sql("INSERT INTO person_aliases (person_id, normalised_name, name) SELECT ")
            .bind(self.survivor)
            .text(", added.normalised_name, added.name FROM (")
            .append(full_name(false))
            .text(") AS added RETURNING normalised_name, name, true AS is_full_name");
        self.noted("name", false, "NULL::uuid", added).await
    }

    /// Moves names back to a person, as far as the survivor bears them still.
    pub(super) async fn person_names_back(&self) -> Result<()> {
        const NOTED: &str = "merge_rows.content->>'normalised_name'";
        let held = || {
            sql("SELECT person_aliases.normalised_name FROM person_aliases WHERE person_aliases.person_id = ")
                .bind(self.survivor)
        };
        let aliases = |is_dropped: bool| {
            sql("INSERT INTO person_aliases (person_id, normalised_name, name) SELECT ")
                .bind(self.merged)
                .text(", ")
                .text(NOTED)
                .text(", merge_rows.content->>'name' FROM merge_rows WHERE ")
                .append(self.notes("name", is_dropped))
                .text(" AND NOT (merge_rows.content->>'is_full_name')::boolean")
        };
        self.run(aliases(true).text(" ON CONFLICT DO NOTHING")).await?;
        let moved = aliases(false).text(" AND ").text(NOTED).text(" IN (").append(held());
        self.run(moved.text(") ON CONFLICT DO NOTHING")).await?;
        // A name that another merge brought as well stays with the survivor, as of that one.
        let own = sql("SELECT merge_rows.content->>'normalised_name' FROM merge_rows WHERE ")
            .append(self.notes("name", false));
        let again = sql("UPDATE merge_rows SET is_dropped = false WHERE merge_rows.id IN \
             (SELECT DISTINCT ON (merge_rows.content->>'normalised_name') merge_rows.id FROM merge_rows WHERE ")
        .append(self.dropped_by_others("name"))
        .text(" AND ")
        .text(NOTED)
        .text(" IN (")
        .append(held())
        .text(") AND ")
        .text(NOTED)
        .text(" IN (")
        .append(own.clone())
        .text(") ORDER BY merge_rows.content->>'normalised_name', merge_rows.id)");
        self.run(again).await?;
        let gone = sql("DELETE FROM person_aliases WHERE person_aliases.person_id = ")
            .bind(self.survivor)
            .text(" AND person_aliases.normalised_name IN (")
            .append(own)
            .text(") AND person_aliases.normalised_name NOT IN (SELECT merge_rows.content->>'normalised_name' FROM merge_rows \
                   JOIN merges ON merges.id = merge_rows.merge_id WHERE merge_rows.part = 'name' \
                   AND NOT merge_rows.is_dropped AND merges.undone_at IS NULL AND merges.survivor_id = ")
            .bind(self.survivor)
            .text(" AND merges.id <> ")
            .bind(self.merge.0)
            .text(")");
        self.run(gone).await.map(|_| ())
    }
}

impl Links {
    /// The condition that an article bears this.
    fn bears(self, article: &'static str, owner: Uuid) -> Sql {
        sql("EXISTS (SELECT FROM ")
            .text(self.table)
            .text(" AS borne WHERE borne.article_id = ")
            .text(article)
            .text(" AND borne.")
            .text(self.owner)
            .text(" = ")
            .bind(owner)
            .text(")")
    }

    /// Has the articles of `noted (row_id, content)` bear this where they stood, or last where that place is taken.
    fn insert(self, owner: Uuid, noted: Sql) -> Sql {
        let placed = |what: &'static str, condition: &'static str| {
            sql("(SELECT ")
                .text(what)
                .text(" FROM ")
                .text(self.table)
                .text(" AS placed WHERE placed.article_id = articles.id")
                .text(condition)
                .text(")")
        };
        sql("INSERT INTO ")
            .text(self.table)
            .text(" (article_id, ")
            .text(self.owner)
            .text(", position, public_from) SELECT articles.id, ")
            .bind(owner)
            .text(", CASE WHEN EXISTS ")
            .append(placed("", " AND placed.position = (noted.content->>'position')::integer"))
            .text(" THEN ")
            .append(placed("max(placed.position) + 1", ""))
            .text(" ELSE (noted.content->>'position')::integer END, articles.public_from FROM (")
            .append(noted)
            .text(") AS noted JOIN articles ON articles.id = noted.row_id WHERE NOT ")
            .append(self.bears("articles.id", owner))
    }
}
