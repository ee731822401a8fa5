//! A way to PostgreSQL that can be shut: nothing goes through then, and nobody is told.

use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

pub struct Valve {
    directory: PathBuf,
    is_open: watch::Sender<bool>,
    pub url: String,
}

impl Valve {
    /// A way to a database that is reached through a Unix socket, with a socket of its own in `directory`, which is made,
    /// and removed in the end.
    pub async fn before(url: &str, directory: PathBuf) -> Self {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let [tokio_postgres::config::Host::Unix(target)] = config.get_hosts() else {
            panic!("the database listens on one Unix socket");
        };
        let target = target.join(".s.PGSQL.5432");
        std::fs::create_dir(&directory).unwrap();
        let listener = UnixListener::bind(directory.join(".s.PGSQL.5432")).unwrap();
        let is_open = watch::Sender::new(true);
        let opened = is_open.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&target).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, opened.clone()));
                tokio::spawn(pass(from_server, to_client, opened.clone()));
            }
        });
        let (base, _) = url.split_once('?').unwrap();
        let url = format!("{base}?host={}", directory.display());
        Self { directory, is_open, url }
    }

    /// Lets what was sent go through, or holds it up from now on.
    pub fn open(&self, is_open: bool) {
        self.is_open.send_replace(is_open);
    }
}

impl Drop for Valve {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut opened: watch::Receiver<bool>) -> Option<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        opened.wait_for(|is_open| *is_open).await.ok()?;
        to.write_all(&buffer[..length]).await.ok()?;
    }
}
