//! How fast articles are imported, beside `COPY` of the same finished rows into the same indexed tables.
//!
//!     cargo bench --bench import -- --articles 5000
//!
//! A file of generated articles of 500 to 900 words is imported into an empty database: read, rendered, its quotes found
//! and attributed, everything indexed. The rows that come of it are then loaded by `COPY` into another empty database with
//! the same tables, indexes, constraints and triggers, in one transaction. Both are done in turns; the medians are compared.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark: it tells its figures, and stops where something is wrong"
)]

#[path = "../reading/postgres.rs"]
mod postgres;

use std::fmt::Write;
use std::path::Path;
use std::pin::pin;
use std::time::Instant;

use bytes::Bytes;
use clap::Parser;
use diesel_async::RunQueryDsl;
use futures_util::{SinkExt, StreamExt};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use tokio_postgres::{Client, NoTls};
use verbatim::clock::Clock;
use verbatim::db::private_postgres::PrivatePostgres;
use verbatim::db::{Address, connect, migrate};
use verbatim::imports::{Content, Options, Run, Source};
use verbatim::writing::Origin;

#[derive(Parser)]
struct Arguments {
    /// How many articles the file has.
    #[arg(long, default_value_t = 5_000)]
    articles: usize,
    /// How often each is done; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// The tables that an import fills, in an order that foreign keys allow.
const TABLES: [&str; 20] = [
    "labels",
    "label_slugs",
    "label_names",
    "label_external_ids",
    "people",
    "person_slugs",
    "person_aliases",
    "affiliations",
    "articles",
    "article_slugs",
    "article_external_ids",
    "article_authors",
    "article_labels",
    "quotes",
    "occurrences",
    "segments",
    "article_sources",
    "article_revisions",
    "changes",
    "announcements",
];

/// How long something took, and how long PostgreSQL worked on it, in seconds.
#[derive(Clone, Copy)]
struct Time {
    elapsed: f64,
    /// The time of the connection's own server process on a processor, which other work on the machine hardly disturbs.
    /// Only Linux tells it.
    worked: f64,
}

fn main() {
    let Arguments { articles, rounds, bench: _ } = Arguments::parse();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import.ndjson");
    let words = generate(&file, articles);
    let postgres = postgres::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut imports, mut copies) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let (imported, copied) = runtime.block_on(measure(&postgres, &file, articles, round));
        println!("round {}: import {imported}, COPY {copied}", round + 1);
        imports.push(imported);
        copies.push(copied);
    }
    postgres.stop().unwrap();
    let (imported, copied) = (median(imports), median(copies));
    let rate = |seconds: f64| articles as f64 / seconds;
    println!("\n{articles} articles of {} words each", words / articles);
    println!("import: {imported}, {:.0} articles a second", rate(imported.elapsed));
    println!("COPY:   {copied}, {:.0} articles a second", rate(copied.elapsed));
    println!("share:  {:.0} %", 100.0 * copied.elapsed / imported.elapsed);
    println!("share of PostgreSQL's work: {:.0} %", 100.0 * copied.worked / imported.worked);
}

fn median(mut times: Vec<Time>) -> Time {
    times.sort_by(|one, other| one.elapsed.total_cmp(&other.elapsed));
    times[times.len() / 2]
}

impl std::fmt::Display for Time {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:.2} s (PostgreSQL worked {:.2} s)", self.elapsed, self.worked)
    }
}

/// How long a process has been on a processor, in seconds; 0 where that is not told.
fn worked(process: i32) -> f64 {
    const TICKS_A_SECOND: f64 = 100.0;
    let told = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name in brackets: utime and stime are the 12th and 13th (proc_pid_stat(5)).
    let fields: Vec<&str> = told.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / TICKS_A_SECOND
}

async fn measure(postgres: &PrivatePostgres, file: &Path, articles: usize, round: usize) -> (Time, Time) {
    let administrator = client(&postgres.administrator_url()).await;
    let names = [format!("imported_{round}"), format!("copied_{round}")];
    for name in &names {
        administrator.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
        administrator.batch_execute(&format!("CREATE DATABASE {name} OWNER verbatim")).await.unwrap();
        migrate(&Address::parse(&postgres::url_of(postgres, name)).unwrap()).await.unwrap();
    }
    let [imported, copied] = names.each_ref().map(|name| postgres::administrator_url_of(postgres, name));
    administrator.batch_execute("CHECKPOINT").await.unwrap();
    let import_time = import(&postgres::url_of(postgres, &names[0]), file, articles).await;
    let (from, to) = (client(&imported).await, client(&copied).await);
    let rows = finished_rows(&from).await;
    administrator.batch_execute("CHECKPOINT").await.unwrap();
    let copy_time = copy(&to, &rows).await;
    drop((from, to));
    for name in &names {
        administrator.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    }
    (import_time, copy_time)
}

async fn import(url: &str, file: &Path, articles: usize) -> Time {
    let mut connection = connect(&Address::parse(url).unwrap()).await.unwrap();
    let process: i32 = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("pg_backend_pid()"))
        .get_result(&mut connection)
        .await
        .unwrap();
    let content = Content::Path(file.to_owned());
    let source = Source { shown: "import.ndjson".into(), system: "file", id: "import.ndjson".into(), content };
    let origin = Origin { actor: "import".into(), request_id: None };
    let (worked_before, start) = (worked(process), Instant::now());
    let mut run = Run::start(vec![source], Options { is_dry_run: false, origin });
    let mut done = 0;
    while let Some(batch) = run.next().await {
        let stored = run.store(&mut connection, Clock::System, batch, async |_, _| Ok(()), drop).await;
        done += stored.unwrap().len();
    }
    assert_eq!(done, articles);
    Time { elapsed: start.elapsed().as_secs_f64(), worked: worked(process) - worked_before }
}

/// What `COPY` gives of each table, with the columns that are not made by PostgreSQL.
async fn finished_rows(from: &Client) -> Vec<(String, Vec<Bytes>)> {
    let mut tables = Vec::new();
    for table in TABLES {
        let columns = from
            .query_one(
                "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER' AND is_identity = 'NO'",
                &[&table],
            )
            .await
            .unwrap();
        let target = format!("{table} ({})", columns.get::<_, &str>(0));
        let mut stream = pin!(from.copy_out(&format!("COPY {target} TO STDOUT")).await.unwrap());
        let mut rows = Vec::new();
        while let Some(row) = stream.next().await {
            rows.push(row.unwrap());
        }
        tables.push((target, rows));
    }
    tables
}

async fn copy(to: &Client, tables: &[(String, Vec<Bytes>)]) -> Time {
    let process: i32 = to.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let (worked_before, start) = (worked(process), Instant::now());
    to.batch_execute("BEGIN").await.unwrap();
    for (target, rows) in tables {
        let mut sink = pin!(to.copy_in::<_, Bytes>(&format!("COPY {target} FROM STDIN")).await.unwrap());
        for rows in rows.chunks(1_000) {
            sink.send(Bytes::from(rows.concat())).await.unwrap();
        }
        sink.finish().await.unwrap();
    }
    to.batch_execute("COMMIT").await.unwrap();
    Time { elapsed: start.elapsed().as_secs_f64(), worked: worked(process) - worked_before }
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Writes a file of articles; tells how many words they have together.
fn generate(file: &Path, articles: usize) -> usize {
    let mut random = StdRng::seed_from_u64(1);
    let (mut text, mut words) = (String::new(), 0);
    for number in 0..articles {
        let body = body(&mut random);
        words += body.split_whitespace().count();
        let labels: Vec<String> = (0..4).map(|_| format!("Label {}", frequent(&mut random, 500))).collect();
        let line = json!({
            "id": number.to_string(),
            "title": sentence(&mut random, 6),
            "body_source": body,
            "authors": [person(frequent(&mut random, 40))],
            "labels": labels,
            "published_at": format!("{}-{:02}-{:02}T08:00:00Z", 2015 + number % 10, 1 + number % 12, 1 + number % 28),
        });
        writeln!(text, "{line}").unwrap();
    }
    std::fs::write(file, text).unwrap();
    words
}

/// A text of 500 to 900 words with some six quotations.
fn body(random: &mut StdRng) -> String {
    let length = random.random_range(500..900);
    let (mut body, mut words) = (String::new(), 0);
    while words < length {
        let mut paragraph = String::new();
        for _ in 0..random.random_range(2..5) {
            let count = random.random_range(12..26);
            paragraph += &sentence(random, count);
            paragraph.push_str(". ");
        }
        if random.random_range(0..2) == 0 {
            let count = random.random_range(6..22);
            let (said, who) = (sentence(random, count), frequent(random, 2_000));
            let _ =
                write!(paragraph, "“{said},” said {}, {} of the Harbour Board.", person(who), ROLES[who % ROLES.len()]);
        }
        words += paragraph.split_whitespace().count();
        body += paragraph.trim_end();
        body.push_str("\n\n");
    }
    body.trim_end().to_owned()
}

const ROLES: [&str; 6] = ["spokeswoman", "director", "captain", "secretary", "chairman", "engineer"];

/// Mostly the first of so many.
fn frequent(random: &mut StdRng, of: usize) -> usize {
    let at: f64 = random.random();
    ((of as f64).powf(at) as usize).min(of) - 1
}

fn person(number: usize) -> String {
    const FIRST: [&str; 20] = [
        "Anna", "Peter", "Maria", "John", "Laura", "David", "Helen", "Robert", "Susan", "Thomas", "Emma", "James",
        "Julia", "Martin", "Sarah", "Paul", "Clara", "Simon", "Nora", "Henry",
    ];
    format!("{} {}son", FIRST[number % 20], capitalised(&word(number / 20 + 40)))
}

fn sentence(random: &mut StdRng, count: usize) -> String {
    let words: Vec<String> = (0..count).map(|_| word(frequent(random, 20_000))).collect();
    capitalised(&words.join(" "))
}

/// A word of the invented language, the most frequent first.
fn word(rank: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ko", "ri", "lun", "ta", "mer", "so", "vi", "dan", "pe", "ul", "gri", "no", "cha", "fe", "tor", "wi",
        "zan", "ho", "quel",
    ];
    let (mut word, mut rest) = (String::new(), rank + SYLLABLES.len());
    while rest > 0 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
