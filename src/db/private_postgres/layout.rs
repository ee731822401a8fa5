//! The names inside the data directory, the socket directory, and the URLs.

use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use super::account::Account;
use super::error::{At, Error};
use super::{Durability, Settings};

pub(super) const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// A socket's whole path has 103 usable bytes on macOS, 107 on Linux; longer is fatal for the server.
const LONGEST_SOCKET_DIR: usize = 85;

/// Where everything is. The data directory is absolute and without symbolic links.
#[derive(Debug)]
pub(super) struct Layout {
    data_dir: PathBuf,
    /// As the user wrote it, for messages.
    shown: PathBuf,
    /// What `throwaway` in the data directory must say before anything is removed.
    throwaway: Option<String>,
}

impl Layout {
    /// Makes the data directory if it is missing; also tells whether it did.
    pub(super) fn prepare(settings: &Settings) -> Result<(Layout, bool), Error> {
        let created = create_data_dir(&settings.data_dir)?;
        let mut layout = Layout::resolve(&settings.data_dir)?;
        if settings.durability == Durability::Throwaway {
            if !created {
                let dir = layout.data_dir;
                return Err(Error::ThrowawayExists { dir });
            }
            layout.mark_throwaway()?;
        }
        Ok((layout, created))
    }

    /// The same without the rules of `Settings`.
    pub(super) fn open(data_dir: &Path) -> Result<Layout, Error> {
        create_data_dir(data_dir)?;
        Layout::resolve(data_dir)
    }

    fn resolve(shown: &Path) -> Result<Layout, Error> {
        let layout =
            Layout { data_dir: fs::canonicalize(shown).at("open", shown)?, shown: shown.to_owned(), throwaway: None };
        layout.check_owner()?;
        Ok(layout)
    }

    /// Says it before the server or the file system would, in their words about permissions.
    fn check_owner(&self) -> Result<(), Error> {
        let ours = geteuid();
        let mut path = self.cluster();
        let mut found = fs::metadata(&path);
        if matches!(&found, Err(error) if error.kind() == ErrorKind::PermissionDenied) {
            path.clone_from(&self.data_dir);
            found = fs::metadata(&path);
        }
        match found {
            Ok(found) if !ours.is_root() && found.uid() != ours.as_raw() => {
                Err(Error::NotOurs { path, owner: found.uid(), ours: ours.as_raw() })
            }
            _ => Ok(()),
        }
    }

    /// Only a directory that carries this mark is ever removed.
    fn mark_throwaway(&mut self) -> Result<(), Error> {
        // A number that no other process chose.
        let random = RandomState::new().build_hasher().finish();
        let token = format!("{}-{random:016x}", std::process::id());
        fs::write(self.marker(), format!("{token}\n")).at("write", &self.marker())?;
        self.throwaway = Some(token);
        Ok(())
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(super) fn shown(&self) -> &Path {
        &self.shown
    }

    pub(super) fn throwaway(&self) -> Option<&str> {
        self.throwaway.as_deref()
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.data_dir.join("pg")
    }

    /// Clusters that are being made. Each has a name of its own inside, so that an `initdb` that outlived
    /// its killed parent cannot write into the next one.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.data_dir.join("pg.init")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.data_dir.join("pg.log")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.data_dir.join("lock")
    }

    pub(super) fn dist(&self) -> PathBuf {
        self.data_dir.join("pgdist")
    }

    fn marker(&self) -> PathBuf {
        self.data_dir.join("throwaway")
    }

    /// `run` in the data directory, or a short name in /tmp where that would be too long for a socket.
    pub(super) fn socket_dir(&self, owner: u32) -> PathBuf {
        let inside = self.data_dir.join("run");
        if inside.as_os_str().len() <= LONGEST_SOCKET_DIR {
            return inside;
        }
        let hash = Sha256::digest(self.data_dir.as_os_str().as_bytes());
        let short = hash[..6].iter().map(|byte| format!("{byte:02x}"));
        PathBuf::from(format!("/tmp/verbatim-{owner}-{}", short.collect::<String>()))
    }

    /// Makes the socket directory for the server's account alone: whoever enters it is trusted without a password.
    pub(super) fn prepare_socket_dir(&self, account: &Account) -> Result<PathBuf, Error> {
        let owner = account.uid();
        let dir = self.socket_dir(owner);
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => account.give(&dir)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(source).at("make", &dir),
        }
        let metadata = fs::symlink_metadata(&dir).at("open", &dir)?;
        let private = metadata.mode() & 0o077 == 0;
        if !(metadata.is_dir() && private && metadata.uid() == owner) {
            return Err(Error::SocketDir { dir, owner });
        }
        Ok(dir)
    }

    /// A socket directory in /tmp is of no use once the server is gone.
    pub(super) fn remove_socket_dir(&self, dir: &Path) {
        if !dir.starts_with(&self.data_dir) {
            let _ = fs::remove_dir(dir);
        }
    }

    /// Removes the data directory if it is a throwaway one of this process and the watchdog has not done so.
    pub(super) fn remove_throwaway(&self) -> Result<(), Error> {
        let Some(token) = &self.throwaway else {
            return Ok(());
        };
        let marked = fs::read_to_string(self.marker()).is_ok_and(|text| text.trim_end() == token);
        if !marked {
            return Ok(());
        }
        fs::remove_dir_all(&self.data_dir).at("remove", &self.data_dir)
    }
}

/// Private for an ordinary user; open for passage when root makes it, because the server runs as someone else.
fn create_data_dir(dir: &Path) -> Result<bool, Error> {
    let mode = if geteuid().is_root() { 0o755 } else { 0o700 };
    let absolute = std::path::absolute(dir).at("find", dir)?;
    if let Some(parent) = absolute.parent() {
        fs::create_dir_all(parent).at("make", parent)?;
    }
    match DirBuilder::new().mode(mode).create(&absolute) {
        Ok(()) => {
            // The umask may have taken some of it away.
            fs::set_permissions(&absolute, fs::Permissions::from_mode(mode)).at("set permissions of", &absolute)?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && absolute.is_dir() => Ok(false),
        Err(source) => Err(source).at("make", &absolute),
    }
}

/// Removes a folder that need not be there.
pub(super) fn remove_tree(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A connection URL over the Unix socket.
pub(super) fn url(role: &str, database: &str, socket_dir: &Path) -> String {
    let mut host = String::new();
    for &byte in socket_dir.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            host.push(char::from(byte));
        } else {
            host.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("postgres://{role}@/{database}?host={host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(data_dir: &str) -> Layout {
        Layout { data_dir: data_dir.into(), shown: data_dir.into(), throwaway: None }
    }

    #[test]
    fn a_url_survives_any_path() {
        let url = url("verbatim", "verbatim", Path::new("/a b/é&c/run"));
        assert_eq!(url, "postgres://verbatim@/verbatim?host=%2Fa%20b%2F%C3%A9%26c%2Frun");
    }

    #[test]
    fn a_long_path_gets_a_short_socket_directory() {
        let short = layout("/srv/data").socket_dir(7);
        assert_eq!(short, Path::new("/srv/data/run"));
        let long = layout(&format!("/srv/{}", "x".repeat(100))).socket_dir(7);
        assert!(long.starts_with("/tmp") && long.as_os_str().len() < 40);
        assert!(long.to_string_lossy().starts_with("/tmp/verbatim-7-"));
    }
}
