//! The PostgreSQL that holds the content: a private one under the build directory, kept from run to run.

use std::path::{Path, PathBuf};

use verbatim::db::private_postgres::{Durability, PrivatePostgres, Settings, find_or_fetch};

/// What benchmarks keep.
fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("reading")
}

pub fn start() -> PrivatePostgres {
    let bindir = find_or_fetch(&directory()).unwrap();
    PrivatePostgres::start(&Settings { data_dir: directory(), bindir: Some(bindir), durability: Durability::Durable })
        .unwrap()
}

/// The URL of a database.
pub fn url_of(postgres: &PrivatePostgres, database: &str) -> String {
    postgres.url().replacen("/verbatim?", &format!("/{database}?"), 1)
}

/// The URL of a database, as a superuser.
pub fn administrator_url_of(postgres: &PrivatePostgres, database: &str) -> String {
    postgres.administrator_url().replacen("/postgres?", &format!("/{database}?"), 1)
}
