//! Databases with generated content, made when they are first asked for.

#[path = "../../tests/suite/support/content.rs"]
mod generated;

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, NoTls};
use verbatim::db::private_postgres::PrivatePostgres;
use verbatim::db::{Address, migrate};

use crate::{postgres, runtime};

/// A word that is in about a third of all articles.
pub fn frequent_word() -> String {
    generated::word(20)
}

/// The databases for these sizes, with their names.
pub fn prepare(sizes: &[usize]) -> Vec<(usize, String)> {
    let postgres = postgres::start();
    let version = version();
    let databases: Vec<(usize, String)> =
        sizes.iter().map(|size| (*size, format!("content_{size}_{version}"))).collect();
    runtime().block_on(async {
        let administrator = connect(&postgres.administrator_url()).await;
        let query = "SELECT datname FROM pg_database WHERE datname LIKE 'content\\_%'";
        let present: Vec<String> =
            administrator.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        for outdated in present.iter().filter(|name| !name.ends_with(&version)) {
            administrator.batch_execute(&format!("DROP DATABASE {outdated} WITH (FORCE)")).await.unwrap();
        }
        for (size, name) in databases.iter().filter(|(_, name)| !present.contains(name)) {
            eprintln!("making content: {size} articles");
            make(&postgres, &administrator, *size, name).await;
        }
        for (_, name) in &databases {
            migrate(&Address::parse(&postgres::url_of(&postgres, name)).unwrap()).await.unwrap();
        }
    });
    postgres.stop().unwrap();
    databases
}

async fn make(postgres: &PrivatePostgres, administrator: &Client, size: usize, name: &str) {
    let unfinished = format!("unfinished_{size}");
    administrator.batch_execute(&format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await.unwrap();
    administrator.batch_execute(&format!("CREATE DATABASE {unfinished} OWNER verbatim")).await.unwrap();
    migrate(&Address::parse(&postgres::url_of(postgres, &unfinished)).unwrap()).await.unwrap();
    let client = connect(&postgres::administrator_url_of(postgres, &unfinished)).await;
    generated::Content::of(size).fill(&client).await.unwrap();
    client.batch_execute("CHECKPOINT").await.unwrap();
    drop(client);
    let rename = format!("ALTER DATABASE {unfinished} RENAME TO {name}");
    // The session just ended may take a moment to be gone.
    while administrator.batch_execute(&rename).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Tells content apart that another version of the generator made.
fn version() -> String {
    let digest = Sha256::digest(include_str!("../../tests/suite/support/content.rs"));
    format!("{digest:x}")[..12].to_owned()
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
