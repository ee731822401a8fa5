//! The program itself, with a private PostgreSQL of its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use verbatim::access::Scope;

use crate::schedule::{come, done, schedule_article};
use crate::support::cluster::{bindir, scratch_directory};
use crate::support::http::{Answer, send};
use crate::support::wait_until;
use crate::support::{TestDatabase, TestServer};

const BELL: &str =
    "The Bell\nMay 1, 2023\nIt rained. \"The bell stays where it hangs,\" said Ada Quill.\nLabels: Sea\n";

/// A data directory of a test's own, removed at its end.
pub struct DataDirectory(PathBuf);

impl DataDirectory {
    pub fn new() -> Self {
        let path = scratch_directory("data");
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_verbatim"));
        let settings = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("VERBATIM_"));
        settings.for_each(|name| {
            command.env_remove(name);
        });
        command
            .args(arguments)
            .env_remove("DATABASE_URL")
            .env("VERBATIM_DATA_DIR", self.0.join("data"))
            .env("VERBATIM_PG_BINDIR", bindir())
            .env("VERBATIM_LISTEN", "127.0.0.1:0")
            .env("VERBATIM_WORKERS", "1")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn start(&self, command: &str) -> Running {
        self.start_with(command, &[])
    }

    fn start_with(&self, command: &str, settings: &[(&str, &str)]) -> Running {
        let mut command = self.command(&[command]);
        let mut child = command.envs(settings.iter().copied()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let base = lines.find_map(|line| {
            let line = line.unwrap();
            said.push_str(&line);
            said.push('\n');
            line.strip_prefix("Verbatim serves on ").map(str::to_owned)
        });
        // The rest is read so that the program never waits for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        Running { child, base: base.unwrap_or_else(|| panic!("it did not start: {said}")) }
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn postmaster(&self) -> Option<i32> {
        let file = fs::read_to_string(self.0.join("data/pg/postmaster.pid")).ok()?;
        file.lines().next()?.parse().ok()
    }
}

impl Drop for DataDirectory {
    fn drop(&mut self) {
        wait_until("PostgreSQL is gone", || {
            self.postmaster().is_none_or(|pid| kill(Pid::from_raw(pid), None).is_err())
        });
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A running server.
pub struct Running {
    child: Child,
    pub base: String,
}

impl Running {
    pub fn get(&self, path: &str) -> Answer {
        send("GET", &format!("{}{path}", self.base), &[])
    }

    /// Kills it at once, without waiting for its end.
    pub fn kill(&self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL).unwrap();
    }

    pub fn signal(&mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn demo_serves_the_sample_content_and_stops_cleanly_when_told() {
    let directory = DataDirectory::new();
    let mut demo = directory.start("demo");
    assert_eq!(demo.get("/v1/articles?limit=100").data().as_array().unwrap().len(), 30);
    let postmaster = directory.postmaster().unwrap();
    assert_eq!(demo.signal(Signal::SIGTERM), Some(0));
    assert!(kill(Pid::from_raw(postmaster), None).is_err(), "PostgreSQL stops with it");
    assert!(!directory.0.join("data/pg/postmaster.pid").exists(), "and in good order");

    let mut again = directory.start("demo");
    assert_eq!(again.get("/v1/articles?limit=100").data().as_array().unwrap().len(), 30, "loaded once");
    assert_eq!(again.signal(Signal::SIGINT), Some(0));
}

#[test]
fn serve_writes_no_content_and_import_works_beside_it() {
    let directory = DataDirectory::new();
    let serve = directory.start("serve");
    assert_eq!(serve.get("/v1/articles").data(), serde_json::json!([]));
    let bell = directory.write("bell.txt", BELL);
    let output = directory.run(&["import", &bell]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(serve.get("/v1/articles").column("/slug"), ["the-bell"]);
    assert_eq!(text(&output.stdout), "", "what people read goes to standard error");
    assert!(text(&output.stderr).contains("bell.txt:1: created the-bell, 1 quotes, 1 attributed"));
}

#[test]
fn serve_publishes_what_is_scheduled_when_its_time_has_come() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    schedule_article(&server, &key, &serde_json::json!({ "title": "Tide" }));
    come(&server);
    let directory = DataDirectory::new();
    let mut serve = directory.start_with("serve", &[("DATABASE_URL", &server.database.url)]);
    wait_until("the article is published", || done(&server) == ["tide updated 1-2"]);
    assert_eq!(serve.signal(Signal::SIGTERM), Some(0), "it stops as cleanly as ever");
}

#[test]
fn keys_are_made_listed_and_revoked_beside_a_running_server() {
    let directory = DataDirectory::new();
    let serve = directory.start("serve");
    let output = directory.run(&["keys", "create", "--name", "The newsroom's", "--scope", "write", "--scope", "admin"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let key = text(&output.stdout).strip_suffix('\n').unwrap().to_owned();
    assert!(key.len() == 46 && key.starts_with("vb_"), "the key and nothing else: {key}");
    assert!(!text(&output.stderr).contains(&key));
    let list = || send("GET", &format!("{}/v1/keys", serve.base), &[("authorization", &format!("Bearer {key}"))]);
    let id = list().column("/id").remove(0);

    let output = directory.run(&[
        "keys",
        "create",
        "--name",
        "A guest's",
        "--scope",
        "read",
        "--expires-at",
        "2100-01-01T00:00:00Z",
    ]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listed = text(&directory.run(&["keys", "list"]).stdout);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].contains("read  expires 2100-01-01T00:00:00Z  never used  A guest's"), "{listed}");
    assert!(lines[1].starts_with(&format!("{id}  write,admin  valid  used ")) && lines.len() == 2, "{listed}");

    let output = directory.run(&["keys", "revoke", &id]);
    assert!(output.status.success() && text(&output.stderr).contains("is revoked"));
    assert_eq!(list().status, 401);
    let listed = directory.run(&["keys", "list", "--json"]).stdout;
    let keys: serde_json::Value = serde_json::from_slice(&listed).unwrap();
    assert_eq!(keys[1]["id"], *id);
    assert!(keys[1]["revoked_at"].is_string() && keys[0]["revoked_at"].is_null());
    assert!(!text(&listed).contains("secret"));
    assert_eq!(directory.run(&["keys", "revoke", "key_01h455vb4pex5vsknk084sn02q"]).status.code(), Some(1));
}

#[test]
fn a_key_that_is_asked_for_wrongly_is_not_made() {
    let directory = DataDirectory::new();
    let long = "x".repeat(101);
    for (arguments, said) in [
        (vec!["--name", "x"], "--scope"),
        (vec!["--name", "x", "--scope", "wirte"], "read, drafts, write or admin"),
        (vec!["--name", " ", "--scope", "read"], "1 to 100 characters"),
        (vec!["--name", &long, "--scope", "read"], "1 to 100 characters"),
        (vec!["--name", "x", "--scope", "read", "--expires-at", "tomorrow"], "--expires-at"),
    ] {
        let output = directory.run(&[vec!["keys", "create"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(said) && output.stdout.is_empty(), "{}", text(&output.stderr));
    }
    let past = ["keys", "create", "--name", "x", "--scope", "read", "--expires-at", "2001-01-01T00:00:00Z"];
    let output = directory.run(&past);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
    assert!(text(&output.stderr).contains("must be an instant in the future"));
}

#[test]
fn a_second_start_on_the_same_directory_is_told_so() {
    let directory = DataDirectory::new();
    let _serve = directory.start("serve");
    let output = directory.run(&["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("already running"), "{}", text(&output.stderr));
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let directory = DataDirectory::new();
    let mut serve = directory.start("serve");
    let bell = directory.write("bell.txt", BELL);
    assert!(directory.run(&["import", &bell]).status.success());
    assert_eq!(serve.signal(Signal::SIGKILL), None);
    let again = directory.start("serve");
    assert_eq!(again.get("/v1/articles").column("/slug"), ["the-bell"]);
}

#[test]
fn the_exit_status_of_an_import_tells_what_went_in() {
    let directory = DataDirectory::new();
    let (good, bad) = (directory.write("good.txt", BELL), directory.write("bad.txt", b"Title\nbad \xff\n"));
    let code = |paths: &[&str]| {
        let output = directory.run(&[&["import"], paths].concat());
        (output.status.code(), text(&output.stderr))
    };
    let (status, said) = code(&[&bad]);
    assert_eq!(status, Some(1), "nothing went in");
    assert!(said.contains("bad.txt:2: refused: not UTF-8 text"), "{said}");
    assert_eq!(code(&[&good, &bad]).0, Some(3), "some did");
    assert_eq!(code(&[&good]).0, Some(0), "a second time is no fault");
    assert_eq!(code(&["/nowhere.txt"]).0, Some(1));

    let output = directory.run(&["import", "--json", &good, &bad]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["entries"][0]["outcome"], "unchanged");
    assert_eq!(report["entries"][1]["place"]["line"], 2);
}

/// Lines of many articles by a few speakers, with labels.
fn many_articles(count: usize) -> String {
    let line = |number: usize| {
        let body = format!(
            "It was day {number}. “We sail at dawn, and that is word number {number},” said Ada Quill, captain of ship {}. \
             “We sail at dawn whatever they say,” said Bo Marsh.",
            number % 7
        );
        let labels = [format!("Label {}", number % 5), "Sea".to_owned()];
        serde_json::json!({ "id": number.to_string(), "title": "The Same Title", "body_source": body, "labels": labels })
    };
    (0..count).map(|number| format!("{}\n", line(number))).collect()
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was_and_ends_as_one_that_was_not() {
    let directory = DataDirectory::new();
    let path = directory.write("many.ndjson", many_articles(900));
    let (broken, unbroken) = (TestDatabase::migrated(), TestDatabase::migrated());
    let mut child =
        directory.command(&["import", &path]).env("DATABASE_URL", &broken.url).stderr(Stdio::null()).spawn().unwrap();
    wait_until("some articles are in", || broken.query("SELECT count(*) FROM articles")[0] != "0");
    child.kill().unwrap();
    child.wait().unwrap();
    let stored: usize = broken.query("SELECT count(*) FROM articles")[0].parse().unwrap();
    assert!(stored < 900, "it was killed in the middle");
    let said = |database: &TestDatabase| {
        let output = directory.command(&["import", &path]).env("DATABASE_URL", &database.url).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stderr).lines().last().unwrap().to_owned()
    };
    // Whatever was under way when it was killed may have been stored after it was counted.
    let again = said(&broken);
    assert!(again.contains(" unchanged, 0 refused") && !again.starts_with("900 "), "{again}");
    assert!(said(&unbroken).starts_with("900 created, 0 updated, 0 unchanged"));
    let content = |database: &TestDatabase| {
        database.query(
            "SELECT row::text FROM (SELECT 'article', slug, body_text, version::text FROM articles \
             UNION ALL SELECT 'person', slug, name, version::text FROM people \
             UNION ALL SELECT 'label', slug, name, version::text FROM labels \
             UNION ALL SELECT 'quote', text, coalesce(people.slug, ''), quotes.version::text FROM quotes \
                 LEFT JOIN people ON people.id = speaker_id \
             UNION ALL SELECT 'printing', slug, position::text, text FROM occurrences JOIN articles ON articles.id = article_id \
             UNION ALL SELECT 'affiliation', slug, role, '' FROM affiliations JOIN people ON people.id = person_id \
             UNION ALL SELECT 'change', resource_type, action, count(*)::text FROM changes GROUP BY 2, 3 \
             UNION ALL SELECT 'revision', '', '', count(*)::text FROM article_revisions) AS row ORDER BY 1",
        )
    };
    assert_eq!(content(&broken), content(&unbroken));
}

#[test]
fn a_dry_run_tells_what_it_found_and_why_and_keeps_nothing() {
    let directory = DataDirectory::new();
    let database = TestDatabase::migrated();
    let bell = directory.write("bell.txt", BELL);
    let run = |arguments: &[&str]| directory.command(arguments).env("DATABASE_URL", &database.url).output().unwrap();
    let output = run(&["import", "--dry-run", &bell]);
    let said = text(&output.stderr);
    assert!(said.contains("“The bell stays where it hangs,” — Ada Quill (cue_after"), "{said}");
    assert!(said.contains("title: The Bell (first_line)") && said.contains("nothing was kept"), "{said}");
    let output = run(&["import", "--dry-run", "--json", &bell]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let quote = &report["entries"][0]["found"]["quotes"][0];
    assert_eq!(
        (&quote["speaker"], &report["dry_run"], &report["created"]),
        (&"Ada Quill".into(), &true.into(), &1.into())
    );
    let [start, end]: [usize; 2] = serde_json::from_value(quote["provenance"]["bytes"][0].clone()).unwrap();
    assert_eq!(&BELL[start..end], "The bell stays where it hangs,");
    assert_eq!(database.query("SELECT count(*) FROM articles"), ["0"]);
    assert_eq!(database.query("SELECT count(*) FROM people"), ["0"]);
}

#[test]
fn what_is_exported_can_be_imported_elsewhere() {
    let directory = DataDirectory::new();
    let (one, other) = (TestDatabase::migrated(), TestDatabase::migrated());
    let bell = directory.write("bell.txt", BELL);
    let run = |database: &TestDatabase, arguments: &[&str]| {
        let output = directory.command(arguments).env("DATABASE_URL", &database.url).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    run(&one, &["import", &bell]);
    let exported = run(&one, &["export"]);
    let path = directory.write("export.ndjson", &exported);
    run(&other, &["import", &path]);
    assert_eq!(run(&other, &["export"]), exported);
    run(&other, &["import", &bell]);
    assert_eq!(run(&other, &["export"]), exported, "what it was imported from is known there too");
}

#[test]
fn a_directory_is_imported_with_everything_in_it() {
    let directory = DataDirectory::new();
    fs::create_dir_all(directory.0.join("posts/2023")).unwrap();
    directory.write("posts/2023/bell.txt", BELL);
    directory.write("posts/notes.txt", "Notes\nSome notes that somebody wrote down.\n");
    directory.write("posts/.hidden.txt", "Hidden\nNot to be read.\n");
    directory.write("posts/picture.png", "no text");
    let output = directory.run(&["import", &directory.0.join("posts").to_string_lossy()]);
    assert!(text(&output.stderr).contains("2 created, 0 updated, 0 unchanged, 0 refused"), "{}", text(&output.stderr));
}

#[test]
fn wrong_settings_stop_the_start_and_are_named() {
    let directory = DataDirectory::new();
    let output =
        directory.command(&["serve"]).env("VERBATIM_LISTEN", "here").env("VERBATIM_LOGG", "x").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("VERBATIM_LISTEN: \"here\" is not an IP address"), "{said}");
    assert!(said.contains("VERBATIM_LOGG: there is no such setting; did you mean VERBATIM_LOG"), "{said}");
}

#[test]
fn an_unreachable_database_is_told_without_its_password() {
    let directory = DataDirectory::new();
    let url = "postgres://someone:hunter2@127.0.0.1:1/nowhere";
    let started = Instant::now();
    let output = directory.command(&["serve"]).env("DATABASE_URL", url).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("the database is away") && !said.contains("hunter2"), "{said}");
    assert!(started.elapsed() < Duration::from_secs(60), "it gives up");
    assert!(!directory.0.join("data").exists(), "a configured server touches nothing else");
}

#[test]
fn openapi_prints_the_document_and_nothing_else() {
    let directory = DataDirectory::new();
    let output = directory.run(&["openapi"]);
    assert_eq!(text(&output.stdout), verbatim::server::openapi_json());
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn migrate_says_what_it_did() {
    let directory = DataDirectory::new();
    let output = directory.run(&["migrate"]);
    assert!(text(&output.stderr).contains("applied "), "{}", text(&output.stderr));
    let output = directory.run(&["migrate"]);
    assert!(text(&output.stderr).contains("the database is up to date"));
    assert!(Path::new(&directory.0).join("data/pg").exists());
}

#[test]
fn attribute_is_a_filter_that_needs_no_settings_and_no_database() {
    let directory = DataDirectory::new();
    let attribute = |arguments: &[&str], input: &[u8]| {
        let mut child = directory
            .command(&[&["attribute"], arguments].concat())
            .env("VERBATIM_LISTEN", "nonsense")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    };
    let lines = "{\"id\": \"a\", \"text\": \"\u{2019}Twas \\\"late,\\\" said Ada Quill.\"}\nnonsense\n{\"id\": 2, \"text\": \"\"}\n";
    let output = attribute(&[], lines.as_bytes());
    assert_eq!(output.status.code(), Some(3), "some lines were refused");
    assert!(text(&output.stderr).starts_with("line 2: not JSON"), "{}", text(&output.stderr));
    let answers: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&answers[0]["id"], &answers[1]["id"]), (&"a".into(), &2.into()));
    let quote = &answers[0]["quotes"][0];
    assert_eq!((&quote["text"], &quote["speaker"]), (&"late,".into(), &"Ada Quill".into()));
    assert_eq!((&quote["start"], &quote["end"]), (&7.into(), &12.into()));

    let output = attribute(&["--text"], b"\"It is late,\" said Ada Quill.");
    assert_eq!(output.status.code(), Some(0));
    let answer: serde_json::Value = serde_json::from_str(&text(&output.stdout)).unwrap();
    assert_eq!(answer["quotes"][0]["speaker"], "Ada Quill");
    assert!(!directory.0.join("data").exists(), "nothing is made for it");
}

#[test]
fn attribute_answers_a_line_before_the_next_one_comes() {
    let directory = DataDirectory::new();
    let mut child = directory.command(&["attribute"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for id in ["1", "2"] {
        writeln!(input, "{{\"id\": {id}, \"text\": \"\"}}").unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), format!("{{\"id\":{id},\"quotes\":[]}}"));
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}
