//! Initialisation: a cluster with our role and database appears under its name whole, or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::Durability;
use super::account::Account;
use super::error::{At, Error};
use super::layout::{Layout, remove_tree};
use super::locate::Installation;

/// Sorting by bytes (quick, and the same everywhere), but letters beyond ASCII have case and are letters:
/// with plain C, full text search and trigrams lose them. The first that the system has is taken.
#[cfg(target_os = "macos")]
const CHARACTER_TYPES: &[&str] = &["en_US.UTF-8", "UTF-8"];
#[cfg(not(target_os = "macos"))]
const CHARACTER_TYPES: &[&str] = &["C.UTF-8", "C.utf8", "en_US.UTF-8"];

/// One command a line, as `postgres --single` reads them. The role is no superuser: it can create the two extensions
/// because they are trusted.
const SET_UP: &str = "\
DO $$ BEGIN IF (SELECT count(*) FROM pg_available_extensions WHERE name IN ('pg_trgm', 'unaccent')) < 2 \
THEN RAISE EXCEPTION 'the extensions pg_trgm and unaccent are missing: install the contrib package of this PostgreSQL'; \
END IF; END $$;
CREATE ROLE verbatim LOGIN;
CREATE DATABASE verbatim OWNER verbatim;
";

pub(super) fn initialise_if_new(
    layout: &Layout,
    installation: &Installation,
    account: &Account,
    durability: Durability,
) -> Result<(), Error> {
    let cluster = layout.cluster();
    let unfinished = layout.unfinished();
    remove_unfinished(&unfinished)?;
    if cluster.join("PG_VERSION").exists() {
        return Ok(());
    }
    tracing::info!(
        cluster = %cluster.display(), major = installation.major, "making a private PostgreSQL cluster (once)"
    );
    let new = unfinished.join(std::process::id().to_string());
    for dir in [&unfinished, &new] {
        let made = fs::DirBuilder::new().mode(0o700).create(dir);
        made.at("make", dir)?;
        account.give(dir)?;
    }
    let initialiser = Initialiser { installation, account, new: &new };
    initialiser.initdb()?;
    initialiser.set_up()?;
    if durability == Durability::Durable {
        initialiser.sync()?;
    }
    fs::rename(&new, &cluster).at("rename", &new)?;
    let data_dir = layout.data_dir();
    File::open(data_dir).and_then(|dir| dir.sync_all()).at("write", data_dir)?;
    remove_tree(&unfinished).at("remove", &unfinished)
}

/// An `initdb` whose parent was killed may still write there for a moment; with its folder gone it fails and ends.
fn remove_unfinished(unfinished: &Path) -> Result<(), Error> {
    let deadline = Instant::now() + Duration::from_secs(5);
    while remove_tree(unfinished).is_err() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    remove_tree(unfinished).at("remove", unfinished)
}

struct Initialiser<'a> {
    installation: &'a Installation,
    account: &'a Account,
    new: &'a Path,
}

impl Initialiser<'_> {
    fn initdb(&self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for character_type in CHARACTER_TYPES {
            let mut command = self.command("initdb");
            command
                .args(["--no-sync", "-U", "postgres", "-A", "trust", "-E", "UTF8"])
                .arg("--lc-collate=C")
                .arg(format!("--lc-ctype={character_type}"));
            outcome = self.run(command, "");
            let unknown_locale = matches!(
                &outcome, Err(Error::Initialise { output, .. }) if output.contains("locale name")
            );
            if !unknown_locale {
                break;
            }
        }
        outcome
    }

    /// The role and the database, without a server and without a client.
    fn set_up(&self) -> Result<(), Error> {
        let mut command = self.account.command(self.installation.postgres());
        command.arg("--single").arg("-D").arg(self.new);
        // An error ends the program instead of the command; what is written is synced afterwards, at once.
        command.args(["-F", "-c", "exit_on_error=on", "postgres"]);
        self.run(command, SET_UP)
    }

    fn sync(&self) -> Result<(), Error> {
        let mut command = self.command("initdb");
        command.arg("--sync-only");
        self.run(command, "")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.account.command(self.installation.bindir.join(program));
        command.arg("-D").arg(self.new);
        command
    }

    fn run(&self, mut command: Command, input: &str) -> Result<(), Error> {
        let output = output_of(&mut command, input).at("run", command.get_program().as_ref())?;
        if output.status.success() {
            return Ok(());
        }
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Err(Error::Initialise {
            dir: self.new.to_owned(),
            program: command.get_program().into(),
            output: last_lines(&text, 20),
        })
    }
}

/// The input must be small: it is written before the output is read.
fn output_of(command: &mut Command, input: &str) -> std::io::Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that ends without reading says why by its output.
        let _ = pipe.write_all(input.as_bytes());
    }
    child.wait_with_output()
}

pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
