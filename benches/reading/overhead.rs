//! What the API costs beside the statements it runs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::bare::Recording;
use crate::load::{self, Client};
use crate::proxy::RecordingProxy;
use crate::runtime;
use crate::server::{READING, Server};

/// The lists that are measured.
const LISTS: &[&str] = &[
    "/v1/articles",
    "/v1/articles?label=label-0",
    "/v1/articles?include=quotes.speaker,labels",
    "/v1/quotes",
    "/v1/people",
    "/v1/labels",
    "/v1/articles/article-77/quotes",
    "/v1/people/person-0/quotes",
    "/v1/people/person-0/articles",
    "/v1/labels/label-0/articles",
    "/v1/labels/rare-0/people",
];

const CONNECTIONS: usize = 8;
const TURN: Duration = Duration::from_millis(400);

/// Two servers of the same answers.
pub struct Setting {
    verbatim: Server,
    bare: Server,
}

impl Setting {
    /// Records what Verbatim asks its database, and starts both servers.
    pub fn new(database: &str) -> Self {
        let runtime = runtime();
        let directory: PathBuf = std::env::temp_dir().join(format!("verbatim-bench-{}", std::process::id()));
        let proxy = runtime.block_on(RecordingProxy::before(database, directory));
        let watched = Server::verbatim(&proxy.url, READING);
        let mut client = Client::new(watched.port);
        let mut answers = HashMap::new();
        for path in LISTS {
            // The first time, connections are made and statements prepared.
            client.get(path);
            let mut body = Vec::new();
            let statements = proxy.record(|| body = client.get(path));
            answers.insert((*path).to_owned(), (statements, serde_json::from_slice(&body).unwrap()));
        }
        let recording = Recording { database: database.to_owned(), answers };
        let bare = Server::of_this_program("--bare", &serde_json::to_string(&recording).unwrap());
        Self { verbatim: Server::verbatim(database, READING), bare }
    }
}

/// Prints how many requests each server answers in a second.
pub fn measure(setting: &Setting, rounds: usize) {
    println!("\nRequests in a second, {CONNECTIONS} connections, the median of {rounds} rounds\n");
    println!("{:<48}{:>10}{:>10}{:>10}", "", "verbatim", "bare", "share");
    for path in LISTS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let rates =
                [&setting.verbatim, &setting.bare].map(|server| load::rate(server.port, path, CONNECTIONS, TURN));
            if round > 0 {
                ours.push(rates[0]);
                theirs.push(rates[1]);
            }
        }
        let (ours, theirs) = (load::median(ours), load::median(theirs));
        println!("{path:<48}{ours:>10.0}{theirs:>10.0}{:>9.0}%", 100.0 * ours / theirs);
    }
}
