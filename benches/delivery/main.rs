//! How fast answers are handed out that are kept in memory, beside fixed bytes, the database, and bare statements.
//!
//!     cargo bench --bench delivery
//!
//! One process for each server, all of them and PostgreSQL on one processor, the load from another. What is compared is
//! measured in turns. Beside the requests in a second stands the processor's time of the server for one request, which
//! other work on the machine disturbs less.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    dead_code,
    reason = "a benchmark, which shares its parts with another: it tells its figures, and stops where something is wrong"
)]

#[path = "../reading/bare.rs"]
mod bare;
#[path = "../reading/content.rs"]
mod content;
mod fixed;
#[path = "../reading/load.rs"]
mod load;
mod measure;
#[path = "../reading/postgres.rs"]
mod postgres;
#[path = "../../tests/suite/support/proxy.rs"]
mod proxy;
#[path = "../reading/server.rs"]
mod server;

use std::collections::HashMap;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use bare::Recording;
use load::{Client, request};
use measure::{Figures, Subject};
use proxy::RecordingProxy;
use server::{READING, Server};

#[derive(Parser)]
struct Arguments {
    /// How many articles there are.
    #[arg(long, default_value_t = 20_000)]
    size: usize,
    /// How often each measurement is taken; the median counts.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Milliseconds of one measurement.
    #[arg(long, default_value_t = 500)]
    turn: u64,
    /// Serve recorded statements: what this program calls itself with.
    #[arg(long, hide = true)]
    bare: bool,
    /// Serve fixed bytes: what this program calls itself with.
    #[arg(long, hide = true)]
    fixed: bool,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

const ARTICLE: &str = "/v1/articles/article-77";
const LIST: &str = "/v1/articles";

/// As it runs when nothing is configured: what is logged goes nowhere.
const CACHED: &[(&str, &str)] = &[("VERBATIM_CACHE_BYTES", "67108864")];

fn main() {
    let Arguments { size, rounds, turn, bare, fixed, bench: _ } = Arguments::parse();
    if bare {
        return bare::serve();
    }
    if fixed {
        return fixed::serve();
    }
    let databases = content::prepare(&[size]);
    load::stay_on_processor(0);
    let postgres = postgres::start();
    let database = postgres::url_of(&postgres, &databases[0].1);
    let answers = record(&database);
    let bodies: HashMap<String, String> =
        answers.iter().map(|(path, (_, body))| (path.clone(), serde_json::to_string(body).unwrap())).collect();
    let fixed = Server::of_this_program("--fixed", &serde_json::to_string(&bodies).unwrap());
    let cached = Server::verbatim(&database, CACHED);
    let quiet = Server::verbatim(&database, &[CACHED, &[("VERBATIM_LOG", "warn")]].concat());
    let uncached = Server::verbatim(&database, READING);
    let recording = Recording { database: database.clone(), answers };
    let statements = Server::of_this_program("--bare", &serde_json::to_string(&recording).unwrap());
    load::stay_on_processor(1);
    let tag = Client::new(cached.port).header(ARTICLE, "etag");
    let held = request(ARTICLE, &format!("If-None-Match: {tag}\r\n"));
    let of = |name, server, request, status| Subject { name, server, request, status };
    let plain = |name, server, path| of(name, server, request(path, ""), 200);
    let memory = [
        plain("(a) fixed bytes, as long as the article", &fixed, ARTICLE),
        plain("(a) fixed bytes, as long as the list", &fixed, LIST),
        plain("(b) the article from memory", &cached, ARTICLE),
        plain("(b) the article from memory, nothing logged", &quiet, ARTICLE),
        plain("(c) the list from memory", &cached, LIST),
        plain("(c) the list from memory, nothing logged", &quiet, LIST),
        of("(d) 304 for the article", &cached, held.clone(), 304),
        of("(d) 304 for the article, nothing logged", &quiet, held, 304),
    ];
    println!("article: {} bytes, list: {} bytes, {size} articles", bodies[ARTICLE].len(), bodies[LIST].len());
    let figures = measure::in_turns(&memory, 32, rounds, turn);
    print(&memory, &figures, &[0, 1, 0, 0, 1, 1, 0, 0]);
    let database = [
        plain("(g) the statements of the article, bare", &statements, ARTICLE),
        plain("(g) the statements of the list, bare", &statements, LIST),
        plain("(e) the article from the database", &uncached, ARTICLE),
        plain("(f) the list from the database", &uncached, LIST),
    ];
    let figures = measure::in_turns(&database, 8, rounds, turn);
    print(&database, &figures, &[0, 1, 0, 1]);
    let before = measure::resident(&cached);
    measure::read_many(&cached, size);
    println!(
        "\nresident memory with 64 MiB of answers: {:.0} MB after the load above, {:.0} MB after {} more articles",
        before as f64 / 1e6,
        measure::resident(&cached) as f64 / 1e6,
        size
    );
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The statements and answers of both paths.
fn record(database: &str) -> HashMap<String, (Vec<proxy::Statement>, serde_json::Value)> {
    let runtime = runtime();
    let directory = std::env::temp_dir().join(format!("verbatim-bench-{}", std::process::id()));
    let proxy = runtime.block_on(RecordingProxy::before(database, directory));
    let watched = Server::verbatim(&proxy.url, READING);
    let mut client = Client::new(watched.port);
    let of_path = |path: &str| {
        // The first time, connections are made and statements prepared.
        client.get(path);
        let mut body = Vec::new();
        let mut statements = proxy.record(|| body = client.get(path));
        statements.retain(|statement| !statement.sql.contains("pg_notify"));
        (path.to_owned(), (statements, serde_json::from_slice(&body).unwrap()))
    };
    [ARTICLE, LIST].map(of_path).into_iter().collect()
}

/// A table; `base` tells which row each is a share of.
fn print(subjects: &[Subject<'_>], figures: &[Figures], base: &[usize]) {
    println!(
        "\n{:<48}{:>12}{:>8}{:>14}{:>8}{:>12}{:>12}",
        "", "requests/s", "share", "µs of CPU", "share", "median ms", "p99 ms"
    );
    for ((subject, figure), base) in subjects.iter().zip(figures).zip(base) {
        let base = &figures[*base];
        println!(
            "{:<48}{:>12.0}{:>7.0}%{:>14.1}{:>7.0}%{:>12.2}{:>12.2}",
            subject.name,
            figure.rate,
            100.0 * figure.rate / base.rate,
            figure.processor,
            100.0 * base.processor / figure.processor,
            figure.median,
            figure.p99
        );
    }
}
