//! Where a usable PostgreSQL may be installed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::account::plain_command;
use super::error::{At, Error};
use super::fetch;
use super::layout::Layout;

pub(super) const OLDEST_MAJOR: u32 = 15;

/// Where packages put the programs. A star stands for the rest of a name; the newest version comes first.
const PLACES: &[&str] = &[
    // Debian, Ubuntu
    "/usr/lib/postgresql/*/bin",
    // Red Hat, Fedora, SUSE
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    // Alpine
    "/usr/libexec/postgresql*",
    // Homebrew: Apple silicon, Intel, Linux
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    // MacPorts
    "/opt/local/lib/postgresql*/bin",
    // Postgres.app
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    // The installer of EDB, and from source
    "/Library/PostgreSQL/*/bin",
    "/usr/local/pgsql/bin",
];

/// A folder with `postgres` and `initdb` that run.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    pub bindir: PathBuf,
    pub major: u32,
}

impl Installation {
    pub(super) fn postgres(&self) -> PathBuf {
        self.bindir.join("postgres")
    }

    /// None when the programs are not there; an error text when they do not run.
    pub(super) fn probe(bindir: &Path) -> Option<Result<Installation, String>> {
        let postgres = bindir.join("postgres");
        if !(postgres.is_file() && bindir.join("initdb").is_file()) {
            return None;
        }
        Some(major_of(&postgres).map(|major| Installation { bindir: bindir.to_owned(), major }))
    }
}

/// The first installation that suits the cluster; a private copy when there is none.
pub(super) fn locate_or_fetch(layout: &Layout, bindir: Option<&Path>) -> Result<Installation, Error> {
    let made_by = cluster_major(layout)?;
    if let Some(bindir) = bindir {
        return suits(vec![explicit(bindir)?], made_by, layout);
    }
    let mut others = Vec::new();
    for place in candidates(layout) {
        let Some(Ok(installation)) = Installation::probe(&place) else {
            continue;
        };
        if is_suitable(&installation, made_by) {
            tracing::debug!(bindir = %place.display(), "found PostgreSQL {}", installation.major);
            return Ok(installation);
        }
        others.push(installation);
    }
    let fetching_helps = made_by.map_or(others.is_empty(), |major| major == fetch::MAJOR);
    if fetching_helps {
        tracing::warn!("No suitable PostgreSQL found on this machine.");
        match fetch::fetch(layout) {
            Ok(bindir) => others = vec![explicit(&bindir)?],
            Err(error) if others.is_empty() => return Err(error),
            // What was found and does not suit is the better explanation.
            Err(_) => {}
        }
    }
    suits(others, made_by, layout)
}

fn is_suitable(installation: &Installation, made_by: Option<u32>) -> bool {
    made_by.map_or(installation.major >= OLDEST_MAJOR, |major| major == installation.major)
}

/// The first that suits, or why none does.
fn suits(found: Vec<Installation>, made_by: Option<u32>, layout: &Layout) -> Result<Installation, Error> {
    let mut names: Vec<String> = found.iter().map(|one| format!("{} ({})", one.major, one.bindir.display())).collect();
    names.dedup();
    let mut found = found.into_iter();
    if let Some(installation) = found.find(|one| is_suitable(one, made_by)) {
        return Ok(installation);
    }
    let found = match names.join(", ") {
        none if none.is_empty() => "no PostgreSQL".to_owned(),
        names => format!("only {names}"),
    };
    Err(match made_by {
        Some(made_by) => Error::WrongMajor { cluster: layout.cluster(), made_by, found },
        None => Error::TooOld { found },
    })
}

/// A folder that was named must be right: another one would be a surprise.
fn explicit(bindir: &Path) -> Result<Installation, Error> {
    let dir = std::path::absolute(bindir).at("find", bindir)?;
    let wrong = |detail: String| Error::Bindir { dir: bindir.to_owned(), detail };
    match Installation::probe(&dir) {
        Some(Ok(installation)) => Ok(installation),
        Some(Err(error)) => Err(wrong(format!(": {error}"))),
        None => Err(wrong(String::new())),
    }
}

/// The major version that made the cluster, if there is one.
fn cluster_major(layout: &Layout) -> Result<Option<u32>, Error> {
    let path = layout.cluster().join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(source).at("read", &path),
    }
}

/// Folders to look in, the likeliest first.
fn candidates(layout: &Layout) -> impl Iterator<Item = PathBuf> {
    let dist = layout.dist();
    pg_config_bindir()
        .into_iter()
        .chain(on_path())
        .chain(PLACES.iter().flat_map(|place| expand(place)))
        .chain(fetch::BINDIRS.iter().map(move |bindir| dist.join(bindir)))
}

fn pg_config_bindir() -> Option<PathBuf> {
    let mut command = plain_command("pg_config");
    let output = command.arg("--bindir").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(text.trim()))
}

/// Links are followed, because the other programs are beside the real one.
fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter_map(|dir| fs::canonicalize(dir.join("postgres")).ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .collect()
}

/// The folders that a pattern with at most one star stands for, the highest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<OsString> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.file_name()))
        .filter(|name| name.to_string_lossy().starts_with(prefix))
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(version_in(&name.to_string_lossy())));
    names
        .into_iter()
        .map(|name| {
            let folder = Path::new(folder).join(name);
            match after.trim_start_matches('/') {
                "" => folder,
                rest => folder.join(rest),
            }
        })
        .collect()
}

/// The numbers in a name such as `postgresql@17` or `9.6`.
fn version_in(name: &str) -> Vec<u32> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

fn major_of(postgres: &Path) -> Result<u32, String> {
    let mut command = plain_command(postgres);
    let output = command.arg("--version").output();
    let output = output.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_once("(PostgreSQL) ").map(|(_, version)| version);
    version
        .and_then(|version| version_in(version).first().copied())
        .ok_or_else(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_numbers() {
        assert!(version_in("postgresql@17") > version_in("postgresql@9.6"));
        assert!(version_in("18") > version_in("9.6"));
        assert_eq!(version_in("18beta2 (Debian)"), [18, 2]);
    }
}
