//! One owner per data directory: a file lock, which the system releases however the owner ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;

use super::error::{At, Error};
use super::layout::Layout;

/// A process that was killed may hold its lock for some milliseconds more, as may one it was just starting.
const PATIENCE: Duration = Duration::from_secs(3);

/// Held as long as this value lives.
#[derive(Debug)]
pub(super) struct DataLock {
    _file: File,
}

/// Another process has the lock.
pub(super) struct Held;

impl DataLock {
    /// Takes the lock, or says who has it.
    pub(super) fn wait(layout: &Layout) -> Result<DataLock, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match DataLock::try_take(layout)? {
                Ok(lock) => return Ok(lock),
                Err(Held) if Instant::now() > deadline => return Err(already_running(layout)),
                Err(Held) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    pub(super) fn try_take(layout: &Layout) -> Result<Result<DataLock, Held>, Error> {
        let path = layout.lock();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(&path)
            .at("open", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Err(Held)),
            Err(TryLockError::Error(source)) => return Err(source).at("lock", &path),
        }
        // The number is for the message of the next one who comes; the lock is what counts.
        file.set_len(0).at("write", &path)?;
        file.rewind().at("write", &path)?;
        writeln!(file, "{}", std::process::id()).at("write", &path)?;
        Ok(Ok(DataLock { _file: file }))
    }
}

pub(super) fn already_running(layout: &Layout) -> Error {
    let process = fs::read_to_string(layout.lock())
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok())
        .map_or(String::new(), |pid| format!(" (process {pid})"));
    Error::AlreadyRunning { dir: layout.data_dir().to_owned(), process }
}
