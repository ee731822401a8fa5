//! Writes `src/db/schema.rs` from a migrated database: tables, columns with their comments, and joins.

use std::collections::BTreeMap;
use std::fmt::Write;

use tokio_postgres::{Client, Error};

const TABLES: &str = "
    SELECT c.relname, coalesce(obj_description(c.oid), ''),
           (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum))
              FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
             WHERE i.indrelid = c.oid AND i.indisprimary)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT LIKE '\\_\\_%'
     ORDER BY c.relname";

/// Search vectors are left out: Diesel has no such type, and they are only named in SQL, never fetched.
const COLUMNS: &str = "
    SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull, coalesce(col_description(c.oid, a.attnum), '')
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
       AND c.relname NOT LIKE '\\_\\_%' AND a.atttypid <> 'tsvector'::regtype
     ORDER BY c.relname, a.attnum";

/// Foreign keys of one column, where no other of one column joins the same two tables.
const JOINS: &str = "
    SELECT child, parent, min(attname) FROM (
        SELECT k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent, a.attname::text
          FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
         WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND k.conrelid <> k.confrelid) AS keys
     GROUP BY child, parent HAVING count(*) = 1 ORDER BY child, parent";

/// The whole file.
pub async fn write_schema(client: &Client) -> Result<String, Error> {
    let mut columns: BTreeMap<String, String> = BTreeMap::new();
    for row in client.query(COLUMNS, &[]).await? {
        let (name, sql_type, is_required, comment): (&str, &str, bool, &str) =
            (row.get(1), row.get(2), row.get(3), row.get(4));
        assert!(!comment.is_empty(), "{}.{name} has no comment", row.get::<_, &str>(0));
        let diesel_type = diesel_type(sql_type);
        let diesel_type = if is_required { diesel_type.to_owned() } else { format!("Nullable<{diesel_type}>") };
        let table = columns.entry(row.get(0)).or_default();
        writeln!(table, "        /// {comment}\n        {name} -> {diesel_type},").unwrap();
    }
    let mut text = String::from(
        "//! The tables. Generated from the migrations: see CONTRIBUTING.md, \"Generated files\".\n\
        #![allow(missing_docs, unused_imports, reason = \"generated\")]\n",
    );
    let mut names = Vec::new();
    for row in client.query(TABLES, &[]).await? {
        let (name, comment, key): (String, &str, Vec<String>) = (row.get(0), row.get(1), row.get(2));
        assert!(!comment.is_empty(), "{name} has no comment");
        writeln!(
            text,
            "\ndiesel::table! {{\n    /// {comment}\n    {name} ({}) {{\n{}    }}\n}}",
            key.join(", "),
            columns[&name]
        )
        .unwrap();
        names.push(name);
    }
    text.push('\n');
    for row in client.query(JOINS, &[]).await? {
        let (child, parent, column): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
        writeln!(text, "diesel::joinable!({child} -> {parent} ({column}));").unwrap();
    }
    writeln!(text, "\ndiesel::allow_tables_to_appear_in_same_query!(\n    {},\n);", names.join(",\n    ")).unwrap();
    Ok(text)
}

fn diesel_type(sql_type: &str) -> &'static str {
    match sql_type {
        "uuid" => "Uuid",
        "text[]" => "Array<Text>",
        "text" => "Text",
        "boolean" => "Bool",
        "smallint" => "SmallInt",
        "integer" => "Integer",
        "bigint" => "BigInt",
        "real" => "Float",
        "bytea" => "Bytea",
        "jsonb" => "Jsonb",
        "date" => "Date",
        "timestamp with time zone" => "Timestamptz",
        other => panic!("no diesel type is known for {other}"),
    }
}
