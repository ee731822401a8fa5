//! The server process: start, wait until it accepts connections, stop.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use super::Durability;
use super::account::Account;
use super::cluster::last_lines;
use super::error::{At, Error};
use super::layout::Layout;
use super::locate::Installation;
use super::postmaster::{PidFile, stop_process};
use super::watchdog::Watchdog;

/// Recovery after a crash may take minutes on a large cluster; the log says how far it is.
const READY_PATIENCE: Duration = Duration::from_secs(600);

/// How long the remains of a server that was killed may be in the way.
const REMAINS_PATIENCE: Duration = Duration::from_secs(15);

/// A larger log is put aside at start, once.
const LARGEST_LOG: u64 = 10_000_000;

/// A server of this process. Dropping it does not stop it: `PrivatePostgres` and the watchdog do.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    cluster: PathBuf,
}

/// How one attempt to start ended.
enum Attempt {
    Ready(Child),
    /// Processes of a killed server still hold the cluster.
    InTheWay(Error),
}

impl Server {
    pub(super) fn start(
        layout: &Layout,
        installation: &Installation,
        account: &Account,
        durability: Durability,
        socket_dir: &Path,
        watchdog: &mut Watchdog,
    ) -> Result<Server, Error> {
        put_aside_large_log(layout)?;
        let deadline = Instant::now() + REMAINS_PATIENCE;
        loop {
            let mut command = account.command(installation.postgres());
            command.arg("-D").arg(layout.cluster());
            add_options(&mut command, durability, socket_dir);
            match attempt(command, layout, account, watchdog)? {
                Attempt::Ready(child) => {
                    let cluster = layout.cluster();
                    return Ok(Server { child, cluster });
                }
                Attempt::InTheWay(error) if Instant::now() > deadline => return Err(error),
                Attempt::InTheWay(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Ends sessions, writes everything out and waits. Nothing happens the second time.
    pub(super) fn stop(&mut self) -> Result<(), Error> {
        if self.child.try_wait().at("wait for the server of", &self.cluster)?.is_some() {
            return Ok(());
        }
        let pid = self.child.id().cast_signed();
        stop_process(pid, &self.cluster, || self.child.try_wait().map(|status| status.is_some()))
    }
}

fn attempt(
    mut command: Command,
    layout: &Layout,
    account: &Account,
    watchdog: &mut Watchdog,
) -> Result<Attempt, Error> {
    let (log, said_before) = open_log(layout, account)?;
    command.stdout(log.try_clone().at("open", &layout.log())?);
    command.stderr(log);
    let program = PathBuf::from(command.get_program());
    let mut child = command.spawn().at("run", &program)?;
    watchdog.watch(child.id())?;
    let Some(what) = wait_ready(&mut child, layout)? else {
        return Ok(Attempt::Ready(child));
    };
    let said = read_from(&layout.log(), said_before);
    let in_the_way = said.contains("\" already exists") || said.contains("still in use");
    let error = Error::Start { what, log: layout.log(), tail: last_lines(&said, 15) };
    if in_the_way { Ok(Attempt::InTheWay(error)) } else { Err(error) }
}

/// None when the server accepts connections, else what happened instead.
fn wait_ready(child: &mut Child, layout: &Layout) -> Result<Option<String>, Error> {
    let cluster = layout.cluster();
    let deadline = Instant::now() + READY_PATIENCE;
    loop {
        if let Some(status) = child.try_wait().at("wait for the server of", &cluster)? {
            return Ok(Some(format!("it ended with {status}")));
        }
        let pid_file = PidFile::read(&cluster);
        if pid_file.is_some_and(|file| file.ready && file.pid == child.id().cast_signed()) {
            return Ok(None);
        }
        if Instant::now() > deadline {
            // The caller's watchdog stops it.
            let minutes = READY_PATIENCE.as_secs() / 60;
            return Ok(Some(format!("it was not ready after {minutes} minutes")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// No network at all: only who may enter the socket directory can connect.
fn add_options(command: &mut Command, durability: Durability, socket_dir: &Path) {
    // The setting is a list: quoted, a path may contain anything.
    let quoted = socket_dir.display().to_string().replace('"', "\"\"");
    set(command, "listen_addresses=");
    set(command, &format!("unix_socket_directories=\"{quoted}\""));
    set(command, "unix_socket_permissions=0700");
    set(command, "timezone=UTC");
    if durability == Durability::Throwaway {
        // In files of the cluster: the usual kind would stay in /dev/shm after a kill.
        set(command, "dynamic_shared_memory_type=mmap");
        set(command, "fsync=off");
        set(command, "full_page_writes=off");
        set(command, "synchronous_commit=off");
        set(command, "shared_buffers=64MB");
        set(command, "max_connections=100");
    }
}

fn set(command: &mut Command, setting: &str) {
    command.arg("-c").arg(setting);
}

fn put_aside_large_log(layout: &Layout) -> Result<(), Error> {
    let log = layout.log();
    match fs::metadata(&log) {
        Ok(metadata) if metadata.len() > LARGEST_LOG => {
            fs::rename(&log, log.with_extension("log.old")).at("rename", &log)
        }
        _ => Ok(()),
    }
}

/// The log may quote statements, so only the account reads it. Also answers where its end is now.
fn open_log(layout: &Layout, account: &Account) -> Result<(File, u64), Error> {
    let path = layout.log();
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(&path)
        .at("open", &path)?;
    account.give(&path)?;
    let length = file.metadata().at("open", &path)?.len();
    Ok((file, length))
}

fn read_from(path: &Path, start: u64) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(&mut bytes)
    });
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => error.to_string(),
    }
}
