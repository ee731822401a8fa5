//! Which account of the operating system the server runs as: PostgreSQL refuses root.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User, geteuid};

use super::error::{At, Error};
use super::layout::Layout;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    Ourselves,
    /// Another one, which only root can become.
    Other {
        uid: u32,
        gid: u32,
    },
    /// Ourselves, under the name of uid 1 in a user namespace (Linux): for root where no other account can enter,
    /// and for a uid without a name, which `initdb` refuses. Files stay ours.
    Namespace,
}

impl Account {
    /// The owner of what is there already, else the least privileged account that can reach everything.
    pub(super) fn choose(layout: &Layout, bindir: &Path) -> Result<Account, Error> {
        let account = if geteuid().is_root() {
            Account::choose_as_root(layout, bindir)
        } else if has_name(geteuid()) || !Account::Namespace.works(layout, bindir) {
            Some(Account::Ourselves)
        } else {
            Some(Account::Namespace)
        };
        tracing::debug!(?account, "account of the private PostgreSQL");
        account.ok_or_else(|| Error::NoAccount { data_dir: layout.data_dir().to_owned(), bindir: bindir.to_owned() })
    }

    fn choose_as_root(layout: &Layout, bindir: &Path) -> Option<Account> {
        // A cluster belongs to whoever made it; nobody else's server may open it.
        if let Ok(cluster) = fs::metadata(layout.cluster()) {
            return Some(Account::owner(&cluster)).filter(|owner| owner.works(layout, bindir));
        }
        let owner = fs::metadata(layout.data_dir()).ok();
        let owner = owner.filter(|data_dir| data_dir.uid() != 0);
        let candidates = [
            owner.as_ref().map(Account::owner),
            Account::named("postgres"),
            Account::named("_postgres"),
            Some(Account::Namespace),
            Account::named("nobody"),
        ];
        let mut candidates = candidates.into_iter().flatten();
        candidates.find(|candidate| candidate.works(layout, bindir))
    }

    fn owner(metadata: &Metadata) -> Account {
        if metadata.uid() == 0 {
            return Account::Namespace;
        }
        let user = User::from_uid(Uid::from_raw(metadata.uid())).ok().flatten();
        Account::Other { uid: metadata.uid(), gid: user.map_or(metadata.gid(), |user| user.gid.as_raw()) }
    }

    fn named(name: &str) -> Option<Account> {
        let user = User::from_name(name).ok().flatten()?;
        Some(Account::Other { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
    }

    /// Can it enter the data directory and run the programs?
    fn works(self, layout: &Layout, bindir: &Path) -> bool {
        if let Account::Other { uid, gid } = self {
            let may_enter = |path: &Path| {
                let mut folders = path.ancestors();
                folders.all(|folder| may_enter(folder, uid, gid))
            };
            let bindir = fs::canonicalize(bindir);
            if !may_enter(layout.data_dir()) || !bindir.is_ok_and(|bindir| may_enter(&bindir)) {
                return false;
            }
        }
        if self == Account::Namespace && cfg!(not(target_os = "linux")) {
            return false;
        }
        // Some containers forbid namespaces; then this fails to start.
        let mut probe = self.command(bindir.join("postgres"));
        probe.arg("--version").stdout(Stdio::null());
        probe.stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    }

    /// The owner of the files as the rest of the system sees it.
    pub(super) fn uid(self) -> u32 {
        match self {
            Account::Other { uid, .. } => uid,
            Account::Ourselves | Account::Namespace => geteuid().as_raw(),
        }
    }

    /// Makes the account the owner of something we made. A link is not followed: in a directory that is not root's,
    /// it could lead to a file that is.
    pub(super) fn give(self, path: &Path) -> Result<(), Error> {
        match self {
            Account::Other { uid, gid } => lchown(path, Some(uid), Some(gid)).at("change the owner of", path),
            Account::Ourselves | Account::Namespace => Ok(()),
        }
    }

    /// A command that runs as this account, away from our terminal's signals and our environment's `PG…` and locale.
    pub(super) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = plain_command(program);
        command.current_dir("/").process_group(0);
        match self {
            Account::Ourselves => {}
            Account::Other { uid, gid } => {
                command.uid(uid).gid(gid);
            }
            Account::Namespace => enter_namespace(&mut command),
        }
        command
    }
}

/// A command without the variables that would change what PostgreSQL's programs do.
pub(super) fn plain_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PG") || text.starts_with("LC_") || text.starts_with("LANG") {
            command.env_remove(&name);
        }
    }
    command.env("LC_ALL", "C").stdin(Stdio::null());
    command
}

fn has_name(uid: Uid) -> bool {
    User::from_uid(uid).is_ok_and(|user| user.is_some())
}

/// The `x` bit that counts for this account. Access lists are not looked at.
fn may_enter(folder: &Path, uid: u32, gid: u32) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| {
        let bit = if metadata.uid() == uid {
            0o100
        } else if metadata.gid() == gid {
            0o010
        } else {
            0o001
        };
        metadata.mode() & bit != 0
    })
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "a user namespace can only be entered between fork and exec")]
fn enter_namespace(command: &mut Command) {
    use nix::sched::{CloneFlags, unshare};

    // uid 1 has a name on every system (`daemon` or `bin`), which `initdb` insists on.
    let uid_map = format!("1 {} 1\n", geteuid());
    let gid_map = format!("1 {} 1\n", nix::unistd::getegid());
    let enter = move || {
        unshare(CloneFlags::CLONE_NEWUSER)?;
        write_file(c"/proc/self/setgroups", b"deny\n")?;
        write_file(c"/proc/self/uid_map", uid_map.as_bytes())?;
        write_file(c"/proc/self/gid_map", gid_map.as_bytes())?;
        Ok(())
    };
    // SAFETY: the closure runs in the forked child before exec. It makes only the system calls unshare, open,
    // write and close, on text that was made before the fork; it allocates nothing and takes no lock.
    unsafe { command.pre_exec(enter) };
}

#[cfg(target_os = "linux")]
fn write_file(path: &std::ffi::CStr, text: &[u8]) -> std::io::Result<()> {
    use nix::fcntl::{OFlag, open};
    let file = open(path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, nix::sys::stat::Mode::empty())?;
    nix::unistd::write(&file, text)?;
    Ok(())
}

/// There are no user namespaces here, and `works` says so.
#[cfg(not(target_os = "linux"))]
fn enter_namespace(_command: &mut Command) {}
