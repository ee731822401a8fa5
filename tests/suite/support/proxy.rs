//! A door between the server and PostgreSQL that sees which statements go through it (PostgreSQL, "Frontend/Backend
//! Protocol").

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

/// What a client may send before its first message, to ask for encryption.
const ENCRYPTION_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();

/// A statement as it was run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Statement {
    pub sql: String,
    /// The types of the parameters, as object ids.
    pub types: Vec<u32>,
    /// The parameters as they were sent, in binary; `None` for null.
    pub parameters: Vec<Option<Vec<u8>>>,
    /// Whether it stays prepared, so that PostgreSQL may plan it once for all parameters.
    pub is_kept: bool,
    /// Which statements it was sent together with: those of the same number, one after the other without waiting.
    pub round: usize,
}

/// What the proxy has seen.
#[derive(Default)]
struct Seen {
    statements: Vec<Statement>,
    round: usize,
}

pub struct RecordingProxy {
    directory: PathBuf,
    seen: Arc<Mutex<Seen>>,
    pub url: String,
}

impl RecordingProxy {
    /// A proxy in front of a database that is reached through a Unix socket, with a socket of its own in `directory`,
    /// which is made, and removed in the end.
    pub async fn before(url: &str, directory: PathBuf) -> Self {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let [tokio_postgres::config::Host::Unix(target)] = config.get_hosts() else {
            panic!("the database listens on one Unix socket");
        };
        let target = target.join(".s.PGSQL.5432");
        std::fs::create_dir(&directory).unwrap();
        let listener = UnixListener::bind(directory.join(".s.PGSQL.5432")).unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&target).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let open = Arc::new(Mutex::new(VecDeque::new()));
                tokio::spawn(forward(from_client, to_server, Arc::clone(&shared), Arc::clone(&open)));
                tokio::spawn(back(from_server, to_client, open));
            }
        });
        let (base, _) = url.split_once('?').unwrap();
        let url = format!("{base}?host={}", directory.display());
        Self { directory, seen, url }
    }

    /// The statements that go through while `work` runs.
    pub fn record(&self, work: impl FnOnce()) -> Vec<Statement> {
        self.seen.lock().unwrap().statements.clear();
        work();
        std::mem::take(&mut self.seen.lock().unwrap().statements)
    }
}

impl Drop for RecordingProxy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Whether each statement without an answer yet asks anything.
type Open = Arc<Mutex<VecDeque<bool>>>;

/// Passes a client's messages on, one by one, and notes statements that are run.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, seen: Arc<Mutex<Seen>>, open: Open) -> Option<()> {
    let mut prepared: HashMap<String, (String, Vec<u32>)> = HashMap::new();
    loop {
        // Before a session there are messages without a type: only a length.
        let (length, body) = message(&mut from).await?;
        to.write_u32(length).await.ok()?;
        to.write_all(&body).await.ok()?;
        if body != ENCRYPTION_REQUEST {
            break;
        }
    }
    loop {
        let kind = from.read_u8().await.ok()?;
        let (length, body) = message(&mut from).await?;
        let mut reader = Reader(&body);
        // What begins and ends a snapshot asks nothing; its end comes whenever it comes.
        let is_frame = kind == b'Q' && matches!(body.get(..5), Some(b"BEGIN" | b"ROLLB"));
        match kind {
            // Parse.
            b'P' => {
                let (name, sql) = (reader.text(), reader.text());
                let types = (0..reader.int16()).map(|_| reader.int32().cast_unsigned()).collect();
                prepared.insert(name, (sql, types));
            }
            // Bind.
            b'B' => {
                let (_, name) = (reader.text(), reader.text());
                let (sql, types) = prepared.get(&name).cloned().unwrap_or_default();
                for _ in 0..reader.int16() {
                    reader.int16();
                }
                let parameters = (0..reader.int16()).map(|_| reader.value()).collect();
                let mut seen = seen.lock().unwrap();
                if !open.lock().unwrap().contains(&true) {
                    seen.round += 1;
                }
                let round = seen.round;
                seen.statements.push(Statement { sql, types, parameters, is_kept: !name.is_empty(), round });
            }
            _ if is_frame => {}
            b'Q' => {
                let mut seen = seen.lock().unwrap();
                seen.round += 1;
                let (sql, round) = (reader.text(), seen.round);
                seen.statements.push(Statement {
                    sql,
                    types: Vec::new(),
                    parameters: Vec::new(),
                    is_kept: false,
                    round,
                });
            }
            _ => {}
        }
        // Sync and Query are answered by one ReadyForQuery each.
        if matches!(kind, b'S' | b'Q') {
            open.lock().unwrap().push_back(!is_frame);
        }
        to.write_u8(kind).await.ok()?;
        to.write_u32(length).await.ok()?;
        to.write_all(&body).await.ok()?;
    }
}

/// Passes the server's messages on.
async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, open: Open) -> Option<()> {
    loop {
        let kind = from.read_u8().await.ok()?;
        if kind == b'N' && open.lock().unwrap().is_empty() {
            // No encryption: a lone byte, or a notice, which does not come before the first statement here.
            to.write_u8(kind).await.ok()?;
            continue;
        }
        let (length, body) = message(&mut from).await?;
        if kind == b'Z' {
            open.lock().unwrap().pop_front();
        }
        to.write_u8(kind).await.ok()?;
        to.write_u32(length).await.ok()?;
        to.write_all(&body).await.ok()?;
    }
}

/// The rest of a message, after its type.
async fn message(from: &mut OwnedReadHalf) -> Option<(u32, Vec<u8>)> {
    let length = from.read_u32().await.ok()?;
    let mut body = vec![0; length as usize - 4];
    from.read_exact(&mut body).await.ok()?;
    Some((length, body))
}

/// Reads the parts of a message.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, length: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn text(&mut self) -> String {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap();
        let text = String::from_utf8(self.take(length).to_vec()).unwrap();
        self.take(1);
        text
    }

    fn int16(&mut self) -> i16 {
        i16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    fn int32(&mut self) -> i32 {
        i32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(self.int32()).ok()?;
        Some(self.take(length).to_vec())
    }
}
