//! A door between the server and PostgreSQL that counts the statements going through it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use super::cluster::{TestDatabase, scratch_directory};
use super::{block_on, runtime};

/// The message by which a client runs a prepared statement (PostgreSQL, "Message Formats").
const EXECUTE: u8 = b'E';

/// The message by which a client runs statements as text.
const QUERY: u8 = b'Q';

/// What a client may send before its first message, to ask for encryption.
const ENCRYPTION_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();

pub struct CountingProxy {
    directory: PathBuf,
    statements: Arc<AtomicUsize>,
    pub url: String,
}

impl CountingProxy {
    /// A proxy in front of a test's database.
    pub fn before(database: &TestDatabase) -> Self {
        let config: tokio_postgres::Config = database.url.parse().unwrap();
        let [tokio_postgres::config::Host::Unix(target)] = config.get_hosts() else {
            panic!("the test cluster listens on one Unix socket");
        };
        let target = target.join(".s.PGSQL.5432");
        let directory = scratch_directory("proxy");
        std::fs::create_dir(&directory).unwrap();
        let listener = block_on(async { UnixListener::bind(directory.join(".s.PGSQL.5432")).unwrap() });
        let statements = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&statements);
        runtime().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&target).await else { continue };
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = server.into_split();
                tokio::spawn(forward(from_client, to_server, Arc::clone(&counter)));
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            }
        });
        let (base, _) = database.url.split_once('?').unwrap();
        let url = format!("{base}?host={}", directory.display());
        Self { directory, statements, url }
    }

    /// How many statements went through while `work` ran.
    pub fn count(&self, work: impl FnOnce()) -> usize {
        let before = self.statements.load(Ordering::SeqCst);
        work();
        self.statements.load(Ordering::SeqCst) - before
    }
}

impl Drop for CountingProxy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Passes messages on, one by one. The first has no type, only a length.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, statements: Arc<AtomicUsize>) -> Option<()> {
    let mut is_first = true;
    loop {
        let kind = if is_first { None } else { Some(from.read_u8().await.ok()?) };
        let length = from.read_u32().await.ok()?;
        let mut body = vec![0; length as usize - 4];
        from.read_exact(&mut body).await.ok()?;
        if matches!(kind, Some(EXECUTE | QUERY)) {
            statements.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(kind) = kind {
            to.write_u8(kind).await.ok()?;
        }
        to.write_u32(length).await.ok()?;
        to.write_all(&body).await.ok()?;
        is_first = is_first && body == ENCRYPTION_REQUEST;
    }
}
