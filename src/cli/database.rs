//! The database a command works on: the one that is configured, else a private one.

use secrecy::ExposeSecret;

use super::Failure;
use crate::config::Config;
use crate::db::private_postgres::{self, Connection, Durability, PrivatePostgres};
use crate::db::{Address, migrate};

/// A reachable database. A private server that this process started stops when it is closed.
pub(super) struct Database {
    pub(super) address: Address,
    private: Option<PrivatePostgres>,
}

/// Who may run a private server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ownership {
    /// This process alone, as long as it runs.
    Own,
    /// Another one too: then its server is used.
    Shared,
}

impl Database {
    /// Reaches the database, starting a private server where none is configured.
    pub(super) fn open(config: &Config, ownership: Ownership) -> Result<Self, Failure> {
        if let Some(url) = &config.database_url {
            return Ok(Self { address: Address::parse(url.expose_secret())?, private: None });
        }
        let settings = private_postgres::Settings {
            data_dir: config.data_dir.clone(),
            bindir: config.pg_bindir.clone(),
            durability: Durability::Durable,
        };
        let connection = match ownership {
            Ownership::Own => Connection::Started(PrivatePostgres::start(&settings)?),
            Ownership::Shared => private_postgres::start_or_attach(&settings)?,
        };
        Ok(match connection {
            Connection::Started(private) => Self { address: Address::parse(&private.url())?, private: Some(private) },
            Connection::Attached { url } => Self { address: Address::parse(&url)?, private: None },
        })
    }

    /// Applies missing migrations and says which.
    pub(super) async fn migrate(&self) -> Result<Vec<String>, Failure> {
        let applied = migrate(&self.address).await?;
        for version in &applied {
            tracing::info!(version, "applied a migration");
        }
        Ok(applied)
    }

    /// Stops the private server, if this process started one.
    pub(super) fn close(self) -> Result<(), Failure> {
        self.private.map_or(Ok(()), |private| private.stop().map_err(Failure::from))
    }
}

/// The runtime that connections live on.
pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("verbatim").enable_all().build()
}
