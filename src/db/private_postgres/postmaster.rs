//! What `postmaster.pid` and the process table say about a server on our cluster.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{At, Error};
use super::layout::{Layout, SOCKET_NAME};

/// A fast shutdown may have much to write; then it is cut short, which costs only a recovery at the next start.
pub(super) const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// The lines of `postmaster.pid` that matter here.
pub(super) struct PidFile {
    pub pid: i32,
    /// The server accepts connections.
    pub ready: bool,
}

impl PidFile {
    pub(super) fn read(cluster: &Path) -> Option<PidFile> {
        PidFile::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<PidFile> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        // Line 8 is the state, padded with spaces.
        let ready = lines.nth(6).is_some_and(|state| state.trim() == "ready");
        Some(PidFile { pid, ready })
    }
}

/// What became of the process that a left-over `postmaster.pid` names.
enum Leftover {
    /// Gone, or dead and soon gone: the new server sees to the rest.
    Gone,
    /// A server of ours that outlived its parent.
    Running,
    /// The number belongs to another program now.
    Stranger,
}

/// Stops a server that outlived the process that owned it. The caller holds the lock, so nobody else wants it.
pub(super) fn stop_leftover(layout: &Layout, socket_dir: &Path) -> Result<(), Error> {
    let cluster = layout.cluster();
    if let Some(PidFile { pid, .. }) = PidFile::read(&cluster) {
        stop_named(pid, &cluster)?;
    }
    // It names a process too, and the server would refuse for that one as well.
    let socket_lock = socket_dir.join(format!("{SOCKET_NAME}.lock"));
    match fs::remove_file(&socket_lock) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).at("remove", &socket_lock),
        _ => Ok(()),
    }
}

fn stop_named(pid: i32, cluster: &Path) -> Result<(), Error> {
    match look_at(pid, cluster) {
        Leftover::Gone => Ok(()),
        Leftover::Stranger => {
            // The server refuses while any process has that number. It still checks by itself
            // whether shared memory of this cluster is in use.
            let file = cluster.join("postmaster.pid");
            fs::remove_file(&file).at("remove", &file)
        }
        Leftover::Running => {
            tracing::info!(pid, "stopping a PostgreSQL that outlived its owner");
            stop_process(pid, cluster, || Ok(!matches!(look_at(pid, cluster), Leftover::Running)))
        }
    }
}

/// Fast shutdown, then immediate shutdown; `is_gone` says when it is over.
pub(super) fn stop_process(
    pid: i32,
    cluster: &Path,
    mut is_gone: impl FnMut() -> std::io::Result<bool>,
) -> Result<(), Error> {
    // Not SIGTERM, which waits for every client to leave by itself.
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        send(pid, signal).at("stop the server of", cluster)?;
        let deadline = Instant::now() + STOP_PATIENCE;
        while Instant::now() < deadline {
            if is_gone().at("wait for the server of", cluster)? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    Err(Error::Stop { cluster: cluster.to_owned(), pid })
}

fn send(pid: i32, signal: Signal) -> std::io::Result<()> {
    match kill(Pid::from_raw(pid), signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn look_at(pid: i32, cluster: &Path) -> Leftover {
    if pid <= 0 || kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
        return Leftover::Gone;
    }
    examine(pid, cluster)
}

/// A postmaster works in its cluster's directory; a zombie has no directory.
#[cfg(target_os = "linux")]
fn examine(pid: i32, cluster: &Path) -> Leftover {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may contain anything; the state follows the last one.
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    if state.is_empty() || state.starts_with(['Z', 'X']) {
        return Leftover::Gone;
    }
    match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(directory) if directory == cluster && stat.contains("(postgres)") => Leftover::Running,
        _ => Leftover::Stranger,
    }
}

/// Without /proc only the name tells; a stranger is left to the server's own judgement.
#[cfg(not(target_os = "linux"))]
fn examine(pid: i32, _cluster: &Path) -> Leftover {
    let ps = std::process::Command::new("ps").args(["-o", "stat=,comm=", "-p", &pid.to_string()]).output();
    let text = ps.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    if text.contains("postgres") && !text.trim_start().starts_with('Z') { Leftover::Running } else { Leftover::Gone }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_says_when_the_server_is_ready() {
        let whole = "42\n/d/pg\n1795344477\n5432\n/d/run\n\n  1234 5\nready   \n";
        let file = PidFile::parse(whole).map(|file| (file.pid, file.ready));
        assert_eq!(file, Some((42, true)));
        let starting = PidFile::parse("42\n/d/pg\n1795344477\n5432\n/d/run\n\n");
        assert!(starting.is_some_and(|file| !file.ready));
        assert!(PidFile::parse("").is_none());
    }
}
