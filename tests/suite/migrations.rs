//! The migrations: each can be applied, undone and applied again.

use std::collections::HashSet;

use diesel_async::AsyncMigrationHarness;
use diesel_migrations::MigrationHarness;
use verbatim::db::{Address, MIGRATIONS, connect, migrate, pending_migrations};

use crate::support::{TestDatabase, block_on};

/// Everything the catalogue tells of what is in a database.
const DUMP: &str = "
    SELECT line FROM (
        SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
               || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || ' ' || a.attgenerated::text || a.attidentity::text
               || ' ' || coalesce(col_description(c.oid, a.attnum), '') AS line
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v')
        UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'relation ' || relname || ' ' || relkind::text || ' ' || coalesce(obj_description(oid), '')
          FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT 'function ' || p.oid::regprocedure || ' ' || p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), '')
               || coalesce(p.proconfig::text, '') || ' ' || coalesce(obj_description(p.oid, 'pg_proc'), '') FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'extension ' || extname FROM pg_extension
    ) AS lines WHERE line NOT LIKE '%__diesel_schema_migrations%' ORDER BY line";

#[test]
fn no_two_migrations_have_the_same_version() {
    // Of two with the same version only one would be applied.
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    let mut versions = HashSet::new();
    for folder in folders {
        let name = folder.unwrap().file_name().into_string().unwrap();
        let (version, _) = name.split_once('_').unwrap();
        assert!(versions.insert(version.to_owned()), "{name} needs another version");
    }
}

#[test]
fn every_migration_is_applied_undone_and_applied_again_to_the_same_schema() {
    let database = TestDatabase::bare();
    let address = Address::parse(&database.url).unwrap();
    block_on(async {
        let mut harness = AsyncMigrationHarness::new(connect(&address).await.unwrap());
        let mut steps = 0;
        loop {
            let before = database_dump(&database).await;
            if harness.run_next_migration(MIGRATIONS).is_err() {
                break;
            }
            let after = database_dump(&database).await;
            assert_ne!(before, after);
            let version = harness.revert_last_migration(MIGRATIONS).unwrap();
            assert_eq!(database_dump(&database).await, before, "{version} is not wholly undone");
            harness.run_next_migration(MIGRATIONS).unwrap();
            assert_eq!(database_dump(&database).await, after, "{version} is not the same the second time");
            steps += 1;
        }
        assert!(steps >= 6);
        assert!(!harness.has_pending_migration(MIGRATIONS).unwrap());
    });
}

async fn database_dump(database: &TestDatabase) -> Vec<String> {
    let client = crate::support::cluster::client(&database.url).await;
    client.query(DUMP, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[test]
fn several_instances_may_migrate_at_once() {
    let database = TestDatabase::bare();
    let address = Address::parse(&database.url).unwrap();
    let applied: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| block_on(migrate(&address)).unwrap().len())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(applied >= 6);
    assert_eq!(database.query("SELECT count(*) FROM __diesel_schema_migrations"), [applied.to_string()]);
    assert!(block_on(pending_migrations(&address)).unwrap().is_empty());
}

#[test]
fn the_database_itself_refuses_what_must_not_be() {
    let database = TestDatabase::migrated();
    let refuses = |sql: &str, constraint: &str| {
        let error = block_on(async { crate::support::cluster::client(&database.url).await.batch_execute(sql).await })
            .unwrap_err();
        assert_eq!(error.as_db_error().and_then(|error| error.constraint()), Some(constraint), "{sql}: {error:?}");
    };
    let person = "INSERT INTO people (id, slug, kind, name, normalised_name, created_at, updated_at) VALUES (gen_random_uuid(), ";
    refuses(&format!("{person} 'a', 'robot', 'A', 'a', now(), now())"), "people_kind_check");
    refuses(&format!("{person} 'a_b', 'person', 'A', 'a', now(), now())"), "people_slug_check");
    refuses(&format!("{person} 'a', 'person', 'A', 'a', now(), now())"), "people_current_slug_fkey");
    let article = "INSERT INTO articles (id, slug, title, status, body_format, body_source, body_html, body_text, created_at, updated_at) \
                   VALUES (gen_random_uuid(), 'a', 'A', 'published', 'plain', '', '', '', now(), now())";
    refuses(article, "articles_published_at_check");
}
