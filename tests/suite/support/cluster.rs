//! One PostgreSQL for the whole run, in memory where possible, and a database cloned from a template for each test.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};
use verbatim::db::private_postgres::{Durability, PrivatePostgres, Settings, find_or_fetch};
use verbatim::db::{Address, migrate};

use super::block_on;

/// The migrated database that others are cloned from.
const TEMPLATE: &str = "template_verbatim";

static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The server of the run. It is never dropped: its watchdog stops it and removes its files when this process ends,
/// however it ends.
struct Cluster {
    postgres: PrivatePostgres,
}

impl Cluster {
    fn start() -> Self {
        let postgres = PrivatePostgres::start(&Settings {
            data_dir: scratch_directory("cluster"),
            bindir: Some(bindir()),
            durability: Durability::Throwaway,
        })
        .unwrap();
        let cluster = Self { postgres };
        block_on(async {
            let administrator = client(&cluster.postgres.administrator_url()).await;
            administrator.batch_execute(&format!("CREATE DATABASE {TEMPLATE} OWNER verbatim")).await.unwrap();
            migrate(&Address::parse(&cluster.url(TEMPLATE)).unwrap()).await.unwrap();
        });
        cluster
    }

    /// The URL of a database, as the role that the program has.
    fn url(&self, database: &str) -> String {
        self.postgres.url().replacen("/verbatim?", &format!("/{database}?"), 1)
    }
}

/// Where PostgreSQL's programs are; fetched once into the build directory where none is installed.
pub fn bindir() -> PathBuf {
    let build_directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    find_or_fetch(&build_directory.join("postgres")).unwrap()
}

/// A new directory's path for this run, in memory where the system has such a place.
pub fn scratch_directory(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    parent.join(format!("verbatim-test-{}-{name}-{number}", std::process::id()))
}

/// Connects to a database.
pub async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A migrated, empty database of a test's own; dropped with the test.
pub struct TestDatabase {
    name: String,
    pub url: String,
}

impl TestDatabase {
    /// A database with every migration applied.
    pub fn migrated() -> Self {
        Self::create(&format!("TEMPLATE {TEMPLATE} STRATEGY file_copy"))
    }

    /// A database with nothing in it.
    pub fn bare() -> Self {
        Self::create("")
    }

    /// A database that holds what another holds, ids and instants included. Ends every session on the other.
    pub fn copy_of(other: &Self) -> Self {
        other.let_in(false);
        other.end_sessions();
        let copy = Self::create(&format!("TEMPLATE {}", other.name));
        other.let_in(true);
        copy
    }

    fn create(options: &str) -> Self {
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        administer(&format!("CREATE DATABASE {name} OWNER verbatim {options}"));
        let url = CLUSTER.url(&name);
        Self { name, url }
    }

    /// The URL of a superuser.
    pub fn administrator_url(&self) -> String {
        CLUSTER.postgres.administrator_url().replacen("/postgres?", &format!("/{}?", self.name), 1)
    }

    /// Ends every session on it, as a restart of PostgreSQL would.
    pub fn end_sessions(&self) {
        let name = &self.name;
        administer(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
    }

    /// Lets sessions in, or keeps them out.
    pub fn let_in(&self, is_open: bool) {
        administer(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS {is_open}", self.name));
    }

    /// Runs statements on it.
    pub fn execute(&self, sql: &str) {
        block_on(async { client(&self.url).await.batch_execute(sql).await.unwrap() });
    }

    /// The first column of what a query gives, as text.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let messages = block_on(async { client(&self.url).await.simple_query(sql).await.unwrap() });
        let texts = messages.iter().filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("null").to_owned()),
            _ => None,
        });
        texts.collect()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        administer(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn administer(sql: &str) {
    let url = CLUSTER.postgres.administrator_url();
    block_on(async { client(&url).await.batch_execute(sql).await.unwrap() });
}
