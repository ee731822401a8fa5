//! How PostgreSQL runs what lists ask, on 10,000 articles: a lost index shows as another plan.

use std::collections::{BTreeSet, HashSet};
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::generated::{compare, is_updating};
use crate::support::cluster::{client, scratch_directory};
use crate::support::content::Content;
use crate::support::proxy::{RecordingProxy, Statement};
use crate::support::{TestDatabase, TestServer, block_on};

/// What is looked at: a name for the file, and the request.
const REQUESTS: &[(&str, &str)] = &[
    ("articles-newest", "/v1/articles"),
    ("articles-label", "/v1/articles?label=label-0"),
    ("articles-two-labels", "/v1/articles?label[all]=label-1,label-2"),
    ("articles-without-label", "/v1/articles?label[none]=label-0"),
    ("articles-quoted", "/v1/articles?quoted=person-40"),
    ("articles-author", "/v1/articles?author=person-7"),
    ("articles-words", "/v1/articles?q=BASE"),
    ("feeds-label", "/feeds/articles.atom?label=label-0"),
    ("sitemap", "/sitemap.xml"),
    ("sitemap-part", "/sitemaps/articles.xml?month=2019-03"),
    ("sitemap-news", "/news-sitemap.xml"),
    ("embed-page", "/oembed?url=https%3A%2F%2Fpaper.example%2Fa"),
    ("quotes-newest", "/v1/quotes"),
    ("quotes-article", "/v1/articles/article-77/quotes"),
    ("quotes-speaker", "/v1/quotes?speaker=person-40"),
    ("quotes-label", "/v1/quotes?label=label-3"),
    ("quotes-rare-label", "/v1/quotes?label=rare-3"),
    ("quotes-affiliation", "/v1/quotes?affiliation=person-19"),
    ("people-newest", "/v1/people"),
    ("labels-newest", "/v1/labels"),
];

#[test]
fn lists_keep_to_their_generated_plans() {
    let database = TestDatabase::migrated();
    block_on(async {
        let client = client(&database.administrator_url()).await;
        // Every row is looked at, not a sample: the same content gives the same plans.
        client.batch_execute("SET default_statistics_target = 1000").await.unwrap();
        Content::of(10_000).fill(&client).await.unwrap();
    });
    let version = &database.query("SHOW server_version")[0];
    let version = format!("PostgreSQL {}", version.split('.').next().unwrap());
    let proxy = block_on(RecordingProxy::before(&database.url, scratch_directory("proxy")));
    let server = TestServer::on(database, &proxy.url, &[]);
    let frequent = crate::support::content::word(20);
    let mut shown = HashSet::new();
    for (name, path) in REQUESTS {
        let path = path.replace("BASE", &frequent);
        let mut plans = format!("{version}\nGET {path}\n");
        // The first time, a connection may have to be made.
        server.get(&path);
        let statements = proxy.record(|| assert!(matches!(server.get(&path).status, 200 | 404), "{path}"));
        for statement in statements {
            // What many requests ask is shown with the first; what asks for a plan itself has none.
            if !shown.insert(statement.sql.clone()) || statement.sql.starts_with("EXPLAIN") {
                continue;
            }
            let plan = block_on(explain(&server.database.url, &statement));
            write!(plans, "\n{}\n\n{plan}", statement.sql).unwrap();
        }
        let file = format!("tests/suite/plans/{name}.txt");
        let stored = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap_or_default();
        if is_updating() || stored.starts_with(&version) {
            compare(&file, &plans);
        } else {
            // Another PostgreSQL may join and sort otherwise, but needs the same indexes.
            assert_eq!(scans(&plans), scans(&stored), "{file}: the plans are now\n{plans}");
        }
    }
}

#[test]
fn pages_of_everything_are_planned_once_whatever_was_asked_before() {
    let database = TestDatabase::migrated();
    block_on(async { Content::of(2_000).fill(&client(&database.administrator_url()).await).await.unwrap() });
    let proxy = block_on(RecordingProxy::before(&database.url, scratch_directory("proxy")));
    let server = TestServer::on(database, &proxy.url, &[]);
    let record = |path: &str| {
        server.get(path);
        proxy.record(|| assert_eq!(server.get(path).status, 200, "{path}"))
    };
    for path in ["/v1/articles", "/v1/quotes", "/v1/people", "/v1/labels"] {
        let of_one = record(&format!("{path}?limit=1"));
        for statement in record(path) {
            let before = of_one.iter().find(|one| one.sql == statement.sql).unwrap_or(&statement);
            let kept = block_on(is_plan_kept(&server.database.url, before, &statement));
            assert!(kept, "{path} is planned anew each time: {}", statement.sql);
        }
    }
}

/// Whether PostgreSQL runs a statement by a plan that it keeps, after it was run for other parameters so often that it
/// has decided.
async fn is_plan_kept(url: &str, before: &Statement, statement: &Statement) -> bool {
    const DECIDING: usize = 5;
    let client = client(url).await;
    let types: Vec<Type> = statement.types.iter().map(|oid| Type::from_oid(*oid).unwrap()).collect();
    let prepared = client.prepare_typed(&statement.sql, &types).await.unwrap();
    for run in std::iter::repeat_n(before, DECIDING).chain([statement]) {
        let parameters: Vec<Sent<'_>> = run.parameters.iter().map(|value| Sent(value.as_deref())).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|value| value as _).collect();
        client.query(&prepared, &parameters).await.unwrap();
    }
    let sql = "SELECT generic_plans FROM pg_prepared_statements WHERE statement = $1";
    client.query_one(sql, &[&statement.sql]).await.unwrap().get::<_, i64>(0) > 0
}

/// Which indexes plans use, and which tables they read from end to end.
fn scans(plans: &str) -> BTreeSet<&str> {
    plans.lines().filter(|line| line.contains("Scan ")).filter_map(scanned).collect()
}

/// The index or the table in a line of a plan.
fn scanned(line: &str) -> Option<&str> {
    let marks = [" using ", "Index Scan on ", "Seq Scan on "];
    let (_, name) = marks.iter().find_map(|mark| line.split_once(mark))?;
    name.split(' ').next()
}

/// The plan that PostgreSQL makes of a statement: one for all parameters where it is kept, else for those it had.
async fn explain(url: &str, statement: &Statement) -> String {
    let client = client(url).await;
    let types: Vec<Type> = statement.types.iter().map(|oid| Type::from_oid(*oid).unwrap()).collect();
    let sql = &statement.sql;
    let rows = if statement.is_kept {
        let types = list(types.iter().map(sql_name).collect());
        client
            .batch_execute(&format!("SET plan_cache_mode = force_generic_plan; PREPARE kept {types} AS {sql}"))
            .await
            .unwrap();
        let nulls = list(vec!["NULL".to_owned(); statement.parameters.len()]);
        client.query(&format!("EXPLAIN (COSTS OFF) EXECUTE kept {nulls}"), &[]).await.unwrap()
    } else {
        let parameters: Vec<Sent<'_>> = statement.parameters.iter().map(|value| Sent(value.as_deref())).collect();
        let typed = parameters.iter().map(|value| value as &(dyn ToSql + Sync)).zip(types).collect::<Vec<_>>();
        client.query_typed(&format!("EXPLAIN (COSTS OFF) {sql}"), &typed).await.unwrap()
    };
    rows.iter().map(|row| row.get::<_, String>(0) + "\n").collect()
}

/// In brackets, or nothing for nothing.
fn list(items: Vec<String>) -> String {
    if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) }
}

/// What SQL calls a type; an array's own name has a line before it.
fn sql_name(sql_type: &Type) -> String {
    sql_type.name().strip_prefix('_').map_or_else(|| sql_type.name().to_owned(), |element| format!("{element}[]"))
}

/// A parameter as it was sent.
#[derive(Debug)]
struct Sent<'a>(Option<&'a [u8]>);

impl ToSql for Sent<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(self.0.map_or(IsNull::Yes, |bytes| {
            out.extend_from_slice(bytes);
            IsNull::No
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
