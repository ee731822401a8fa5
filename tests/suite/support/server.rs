//! A server of a test's own, on a free port.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::ServerHandle;
use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;
use verbatim::access::db::{NewKey, insert_key};
use verbatim::access::secret::Secret;
use verbatim::access::{COMMAND_LINE, Scope};
use verbatim::changes::follower::Follower;
use verbatim::changes::listener::Listener;
use verbatim::clock::Clock;
use verbatim::config::Config;
use verbatim::db::{Address, PoolSettings, connect, open_pool};
use verbatim::delivery::{Cache, CacheSettings};
use verbatim::http::reference::Urls;
use verbatim::import_jobs::{self, Uploads};
use verbatim::imports::{self, ReportedEntry, Source, Tally};
use verbatim::server::{self, ServerSettings};
use verbatim::state::State;
use verbatim::values::id::{ImportId, KeyId, OccurrenceId, QuoteId};

use super::cluster::{TestDatabase, scratch_directory};
use super::http::{Answer, send, send_body};
use super::{block_on, runtime, wait_until};

/// What stands in the `Authorization` header for a key.
pub fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// A running server.
pub struct TestServer {
    pub database: Arc<TestDatabase>,
    pub address: String,
    pub follower: Follower,
    /// Its answers in memory.
    pub cache: Arc<Cache>,
    state: State,
    handle: ServerHandle,
    changes: Arc<Listener>,
    uploads: Uploads,
    data: PathBuf,
    worker: Option<JoinHandle<()>>,
}

impl TestServer {
    /// A server on an empty database, with the default settings.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// A server with settings of its own.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::migrated();
        let url = database.url.clone();
        Self::on(database, &url, settings)
    }

    /// A server on the sample content.
    pub fn with_sample() -> Self {
        let server = Self::start();
        server.import_sources(imports::sample_sources(), Clock::System);
        server
    }

    /// A server on the sample content, with everything that the examples of the document name.
    pub fn with_examples() -> Self {
        let server = Self::with_sample();
        let key = server.key(&[Scope::Write]);
        for name in ["Ferries at Night", "Night Ferries of Old"] {
            server.send_json("POST", "/v1/labels", &key, &format!(r#"{{"name":"{name}"}}"#));
        }
        let headers =
            [("authorization", bearer(&key)), ("content-type", "application/json".into()), ("if-match", "*".into())];
        let headers = headers.each_ref().map(|(name, value): &(&str, String)| (*name, value.as_str()));
        let merge = server.url("/v1/labels/ferries-at-night/merge");
        send_body("POST", &merge, &headers, br#"{"into":"night-ferries-of-old"}"#);
        server
            .database
            .execute("INSERT INTO label_external_ids SELECT 'cms', '4711', id FROM labels WHERE slug = 'courts'; \
             INSERT INTO article_external_ids SELECT 'cms', '4711', id FROM articles WHERE slug = 'the-ferry-bell-comes-home'; \
             INSERT INTO person_external_ids SELECT 'cms', '4711', id FROM people WHERE slug = 'ottoline-brask'; \
             INSERT INTO working_copies SELECT article_id, 1, version, jsonb_strip_nulls(document - 'printings' - 'text_rule' - 'quotes') \
             || jsonb_build_object('external_ids', (SELECT jsonb_agg(jsonb_build_object('source', source, 'id', external_id) \
             ORDER BY source, external_id) FROM article_external_ids AS known \
             WHERE known.article_id = article_revisions.article_id)), 'key', created_at, created_at \
             FROM article_revisions WHERE article_id = (SELECT id FROM articles WHERE slug = 'the-ferry-bell-comes-home')");

        server.give_quotes_the_ids_of_examples();
        let ImportId(import) = "imp_01jdb2q9x8e4tw6h2k9r5c7msz".parse().unwrap();
        server.database.execute(&format!(
            "INSERT INTO imports (id, state, is_dry_run, file_name, size, actor, bytes_read, entries, refused, created_at, \
             started_at, heard_at) SELECT '{import}', 'running', false, 'blog.xml', 2048, 'key', 1024, 1, 1, \
             instant, instant, instant FROM (VALUES ('2024-03-01T08:00:00Z'::timestamptz)) AS given (instant); \
             INSERT INTO import_entries VALUES ('{import}', 1, 'refused', '{{\"entry\": \"blog.xml\", \"outcome\": \
             \"refused\", \"reason\": \"not JSON\", \"place\": {{\"number\": 1, \"line\": 1, \"byte\": 0}}, \"title\": null}}')"
        ));
        server
    }

    /// The quote and the printing of the examples: a quote of the sample content that is printed more than once. The other
    /// quote of the examples nobody prints.
    fn give_quotes_the_ids_of_examples(&self) {
        let [quote, other] = ["quo_01jdb2q9x3e2tbvq6d9m4y8k1s", "quo_01jdb2q9x5g9vb3rkpe7wd0n4m"]
            .map(|example| example.parse::<QuoteId>().unwrap().0);
        let OccurrenceId(printing) = "occ_01jdb2q9x4fbr9w2h7z5n3c6pt".parse().unwrap();
        let columns = "text, speaker_id, public_from, created_at, updated_at";
        let text = "'Somebody patient, with the right spanner.'";
        self.database.execute(&format!(
            "CREATE TEMPORARY TABLE former ON COMMIT DROP AS SELECT id FROM quotes WHERE text = {text}; \
             INSERT INTO quotes (id, is_independent, {columns}) SELECT '{other}', true, {columns} FROM quotes WHERE text = {text}; \
             INSERT INTO quotes (id, {columns}) SELECT '{quote}', {columns} FROM quotes JOIN former USING (id); \
             UPDATE occurrences SET quote_id = '{quote}' WHERE quote_id = (SELECT id FROM former); \
             UPDATE occurrences SET id = '{printing}' WHERE quote_id = '{quote}' AND kind = 'pull'; \
             DELETE FROM quotes WHERE id = (SELECT id FROM former)",
        ));
    }

    /// A server that reaches its database under another URL.
    pub fn on(database: impl Into<Arc<TestDatabase>>, url: &str, settings: &[(&str, &str)]) -> Self {
        Self::hearing(database, url, url, settings)
    }

    /// A server that reaches its database under one URL and listens to it under another.
    pub fn hearing(
        database: impl Into<Arc<TestDatabase>>,
        url: &str,
        url_to_hear: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let database = database.into();
        // Tests reach past the server into its database, which no cache allows for: it is on where a test says so.
        let settings = [&[("VERBATIM_CACHE_BYTES", "0")], settings].concat();
        let variables = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut config = Config::read(variables).unwrap();
        config.workers = 1;
        config.data_dir = scratch_directory("data");
        let data = config.data_dir.clone();
        let listener = server::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let address_of_database = Address::parse(url).unwrap();
        let started = block_on(async {
            let settings = PoolSettings { connections: 4, statement_timeout: config.statement_timeout };
            let has_cache = config.cache_bytes > 0;
            // Where nothing is kept, not by way of the other URL, whose proxy would see it.
            let url_to_hear = if has_cache { url_to_hear } else { &database.url };
            let changes = Listener::start(Address::parse(url_to_hear).unwrap(), config.cache_lease / 4);
            let changes = Arc::new(changes);
            let cache_settings = CacheSettings {
                bytes: config.cache_bytes,
                lease: config.cache_lease,
                has_surrogate_keys: config.surrogate_keys,
            };
            let cache = Cache::new(cache_settings, Clock::System, has_cache.then(|| Arc::clone(&changes)));
            let state = State {
                pool: open_pool(&address_of_database, settings).unwrap(),
                clock: Clock::System,
                urls: Urls::new(config.public_url.clone(), config.article_url.clone()),
                has_public_reads: config.public_reads,
                cache: Arc::new(cache),
            };
            let own = Address::parse(&database.url).unwrap();
            let pool = open_pool(&own, PoolSettings { connections: 1, ..settings }).unwrap();
            let follower = Follower::start(pool, state.urls.clone(), changes.subscribe());
            let settings = ServerSettings::from(&config);
            let uploads = settings.uploads().clone();
            let server = server::start(listener, state.clone(), settings, follower.clone()).unwrap();
            let handle = server.handle();
            runtime().spawn(server);
            (handle, changes, follower, state, uploads)
        });
        let (handle, changes, follower, state, uploads) = started;
        let cache = Arc::clone(&state.cache);
        Self { database, address, follower, cache, state, handle, changes, uploads, data, worker: None }
    }

    /// Waits until it has heard of everything that has committed by now.
    pub fn catch_up(&self) {
        let now = Instant::now();
        wait_until("everything is heard", || self.changes.proven_at().is_some_and(|proven| proven > now));
    }

    /// Begins to import what is sent to it.
    pub fn start_importing(&mut self) {
        let address = Address::parse(&self.database.url).unwrap();
        let worker = import_jobs::worker::run(address, self.uploads.clone(), self.state.clone());
        self.worker = Some(runtime().spawn(async move { match worker.await {} }));
    }

    /// Stops in the middle of whatever it imports.
    pub fn stop_importing(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.abort();
            let _ = block_on(worker);
        }
    }

    /// How many files that were sent it keeps.
    pub fn uploaded_files(&self) -> usize {
        fs::read_dir(&self.uploads.directory).map_or(0, Iterator::count)
    }

    /// Loses the files that were sent to it.
    pub fn lose_uploads(&self) {
        fs::remove_dir_all(&self.uploads.directory).unwrap();
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Fetches a path.
    pub fn get(&self, path: &str) -> Answer {
        send("GET", &self.url(path), &[])
    }

    /// Sends a request without a body.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(method, &self.url(path), headers)
    }

    /// Fetches a path with a key.
    pub fn get_with(&self, key: &str, path: &str) -> Answer {
        send("GET", &self.url(path), &[("authorization", &bearer(key))])
    }

    /// Sends a JSON body with a key.
    pub fn send_json(&self, method: &str, path: &str, key: &str, body: &str) -> Answer {
        let headers = [("authorization", bearer(key)), ("content-type", "application/json".to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        send_body(method, &self.url(path), &headers, body.as_bytes())
    }

    /// Makes a key that may do this.
    pub fn key(&self, scopes: &[Scope]) -> String {
        self.expiring_key(scopes, None)
    }

    /// Makes a key that is refused from an instant on.
    pub fn expiring_key(&self, scopes: &[Scope], expires_at: Option<DateTime<Utc>>) -> String {
        let secret = Secret::generate().unwrap();
        let new = NewKey {
            id: KeyId::generate(),
            name: "A test's",
            digest: &secret.digest(),
            scopes,
            created_at: Clock::System.now(),
            created_by: COMMAND_LINE,
            created_request_id: None,
            expires_at,
        };
        let address = Address::parse(&self.database.url).unwrap();
        block_on(async { insert_key(&connect(&address).await.unwrap(), &new).await.unwrap() });
        secret.expose().to_owned()
    }

    /// Imports one text under a name, now.
    pub fn import(&self, name: &str, text: impl AsRef<[u8]>) -> Report {
        self.import_with(Clock::System, name, text)
    }

    /// Imports one text under a name, at an instant.
    pub fn import_at(&self, instant: DateTime<Utc>, name: &str, text: impl AsRef<[u8]>) -> Report {
        self.import_with(Clock::Fixed(instant), name, text)
    }

    fn import_with(&self, clock: Clock, name: &str, text: impl AsRef<[u8]>) -> Report {
        let directory = scratch_directory("import");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join(name), text).unwrap();
        let sources = imports::sources(std::slice::from_ref(&directory)).unwrap();
        let report = self.import_sources(sources, clock);
        fs::remove_dir_all(&directory).unwrap();
        report
    }

    /// Imports files.
    pub fn import_sources(&self, sources: Vec<Source>, clock: Clock) -> Report {
        let address = Address::parse(&self.database.url).unwrap();
        block_on(async {
            let mut connection = connect(&address).await.unwrap();
            let mut entries = Vec::new();
            let imported = imports::import(&mut connection, sources, clock, |entry| entries.push(entry.clone()));
            let tally = imported.await.unwrap();
            Report { entries, tally }
        })
    }
}

/// What an import did.
#[derive(Debug)]
pub struct Report {
    /// What became of each entry, in order.
    pub entries: Vec<ReportedEntry>,
    pub tally: Tally,
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop_importing();
        block_on(self.handle.stop(false));
        let _ = fs::remove_dir_all(&self.data);
    }
}
