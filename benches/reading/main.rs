//! How fast lists are read, and how that grows with the content.
//!
//!     cargo bench --bench reading -- --sizes 10000,100000,1000000
//!
//! Content of each size is made once and kept under `target/`. Every size is served by a process of its own from one
//! PostgreSQL, without any cache of answers; PostgreSQL and the servers have one processor, the load another. What is
//! compared is measured in turns, so that whatever else the machine does falls on both.
//!
//! - `growth`: the time of one request at each size, and how many times that is of the smallest.
//! - `overhead`: requests in a second, beside a server that sends PostgreSQL the very same statements through
//!   tokio-postgres and writes the same answer, and does nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    reason = "a benchmark: it tells its figures, and stops where something is wrong"
)]

mod bare;
mod content;
mod load;
mod overhead;
mod postgres;
#[path = "../../tests/suite/support/proxy.rs"]
mod proxy;
mod server;

use clap::{Parser, ValueEnum};
use mimalloc::MiMalloc;
use tokio::runtime::{Builder, Runtime};

use load::Client;
use server::{READING, Server};

/// The program's own, so that what is compared differs in what it does alone.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[derive(Parser)]
struct Arguments {
    /// How many articles there are, in one database after the other.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    sizes: Vec<usize>,
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "growth,overhead")]
    only: Vec<Measure>,
    /// How often each measurement is taken; the median counts.
    #[arg(long, default_value_t = 25)]
    rounds: usize,
    /// Serve recorded statements: what this program calls itself with.
    #[arg(long, hide = true)]
    bare: bool,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    Growth,
    Overhead,
}

fn main() {
    let Arguments { sizes, only, rounds, bare, bench: _ } = Arguments::parse();
    if bare {
        return bare::serve();
    }
    let databases = content::prepare(&sizes);
    // PostgreSQL and the servers inherit the first processor; then this process moves to the second.
    load::stay_on_processor(0);
    let postgres = postgres::start();
    let servers: Vec<(usize, Server)> = databases
        .iter()
        .map(|(size, name)| (*size, Server::verbatim(&postgres::url_of(&postgres, name), READING)))
        .collect();
    let (_, largest) = databases.last().unwrap();
    let setting =
        only.contains(&Measure::Overhead).then(|| overhead::Setting::new(&postgres::url_of(&postgres, largest)));
    load::stay_on_processor(1);
    if only.contains(&Measure::Growth) {
        growth(&servers, rounds);
    }
    if let Some(setting) = setting {
        overhead::measure(&setting, rounds);
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What is asked, by name. `{deep}` stands for a cursor in the middle of the list.
const QUESTIONS: &[(&str, &str)] = &[
    ("newest 20 articles", "/v1/articles"),
    ("of a frequent label", "/v1/articles?label=label-0"),
    ("of a rare label (2 articles)", "/v1/articles?label=rare-0"),
    ("of two labels at once", "/v1/articles?label[all]=label-1,label-2"),
    ("of a frequent label and a rare one", "/v1/articles?label[all]=label-0,rare-1"),
    ("without a label", "/v1/articles?label[none]=label-0"),
    ("by an author", "/v1/articles?author=person-7"),
    ("that quote a frequent speaker", "/v1/people/person-0/articles"),
    ("that quote an occasional speaker", "/v1/people/person-120/articles"),
    ("by title", "/v1/articles?sort=title"),
    ("a page in the middle of all articles", "{deep}"),
    ("quotes of a frequent speaker", "/v1/people/person-0/quotes"),
    ("quotes of an occasional speaker", "/v1/people/person-120/quotes"),
    ("newest quotes", "/v1/quotes"),
    ("quotes of a frequent label", "/v1/quotes?label=label-0"),
    ("quotes of a rare label", "/v1/quotes?label=rare-0"),
    ("people", "/v1/people"),
    ("people quoted on a rare label", "/v1/labels/rare-0/people"),
    ("labels", "/v1/labels"),
    ("feed of the newest 20 articles", "/feeds/articles.atom"),
    ("index of the sitemap", "/sitemap.xml"),
    ("part of the sitemap", "/sitemaps/articles.xml?month=2019-03"),
    ("one article with quotes and speakers", "/v1/articles/article-77?include=quotes.speaker,labels"),
    ("full text, a frequent word", "/v1/articles?q={word}"),
    ("full text, the newest with a frequent word", "/v1/articles?q={word}&sort=-published_at"),
];

/// How long one request takes at each size.
fn growth(servers: &[(usize, Server)], rounds: usize) {
    let deep: Vec<String> = servers.iter().map(|(size, server)| middle(&mut Client::new(server.port), *size)).collect();
    let mut clients: Vec<Client> = servers.iter().map(|(_, server)| Client::new(server.port)).collect();
    println!(
        "\nMilliseconds for one request, the median of {rounds} rounds, and how many times that of the smallest size\n"
    );
    print!("{:<44}", "");
    for (size, _) in servers {
        print!("{:>18}", format!("{size} articles"));
    }
    println!();
    for (name, path) in QUESTIONS {
        let paths: Vec<String> =
            deep.iter().map(|deep| path.replace("{deep}", deep).replace("{word}", &content::frequent_word())).collect();
        let times = load::alternately(&mut clients, &paths, rounds);
        print!("{name:<44}");
        for time in &times {
            print!("{:>10.2} ({:>4.2})", time * 1000.0, time / times[0]);
        }
        println!();
    }
}

/// The page in the middle of the list of articles.
fn middle(client: &mut Client, size: usize) -> String {
    let mut path = "/v1/articles?limit=100&fields=id".to_owned();
    for _ in 0..size / 200 {
        let answer: serde_json::Value = serde_json::from_slice(&client.get(&path)).unwrap();
        path = answer["links"]["next"].as_str().unwrap().to_owned();
    }
    path.replace("limit=100", "limit=20").replace("&fields=id", "").replace("fields=id&", "")
}
