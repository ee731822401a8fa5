//! `verbatim serve` and `verbatim demo`.

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::database::{Database, Ownership, runtime};
use super::{Failure, eprint_line};
use crate::changes::follower::Follower;
use crate::changes::listener::Listener;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{PoolSettings, connect, open_pool};
use crate::delivery::{Cache, CacheSettings};
use crate::http::reference::Urls;
use crate::server::{self, ServerSettings};
use crate::state::State;
use crate::webhooks::dispatcher::{DispatchSettings, Dispatcher};
use crate::webhooks::reach::Reach;
use crate::{articles, import_jobs, imports};

/// How many connections there are for following changes and for webhooks; one more listens.
const BACKGROUND_CONNECTIONS: usize = 2;

/// How long the receiver of a webhook may take.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// After which a message to a webhook is tried a second time.
const WEBHOOK_PAUSE: Duration = Duration::from_secs(5);

/// What the server does about an empty database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing.
    AsItIs,
    /// Loads the sample content.
    SampleWhenEmpty,
}

pub(super) fn run(config: &Config, content: Content) -> Result<ExitCode, Failure> {
    // Before the database, so that a taken port is found at once.
    let listener = server::bind(config.listen).map_err(|error| {
        format!("cannot serve on {}: {error}; set VERBATIM_LISTEN to another address", config.listen)
    })?;
    let database = Database::open(config, Ownership::Own)?;
    let served = runtime()?.block_on(serve(config, content, listener, &database));
    database.close()?;
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(config: &Config, content: Content, listener: TcpListener, database: &Database) -> Result<(), Failure> {
    database.migrate().await?;
    if content == Content::SampleWhenEmpty {
        load_sample(database).await?;
    }
    let of_requests = config.database_connections.saturating_sub(BACKGROUND_CONNECTIONS + 1).max(1);
    let settings = PoolSettings { connections: of_requests, statement_timeout: config.statement_timeout };
    let background = open_pool(&database.address, PoolSettings { connections: BACKGROUND_CONNECTIONS, ..settings })?;
    let changes = Arc::new(Listener::start(database.address.clone(), config.cache_lease / 4));
    let cache = CacheSettings {
        bytes: config.cache_bytes,
        lease: config.cache_lease,
        has_surrogate_keys: config.surrogate_keys,
    };
    let state = State {
        pool: open_pool(&database.address, settings)?,
        clock: Clock::System,
        urls: Urls::new(config.public_url.clone(), config.article_url.clone()),
        has_public_reads: config.public_reads,
        cache: Arc::new(Cache::new(cache, Clock::System, Some(Arc::clone(&changes)))),
    };
    let address = listener.local_addr()?;
    let schedule = articles::schedule::run(state.pool.clone(), state.clock);
    let follower = Follower::start(background.clone(), state.urls.clone(), changes.subscribe());
    let _dispatcher = Dispatcher::start(
        background,
        state.clock,
        state.urls.clone(),
        changes.subscribe(),
        DispatchSettings {
            reach: if config.webhooks_allow_private { Reach::Anywhere } else { Reach::Public },
            timeout: WEBHOOK_TIMEOUT,
            first_pause: WEBHOOK_PAUSE,
        },
    )?;
    let settings = ServerSettings::from(config);
    let imports = import_jobs::worker::run(database.address.clone(), settings.uploads().clone(), state.clone());
    let server = server::start(listener, state, settings, follower.clone())?;
    let handle = server.handle();
    tokio::spawn(async move {
        stop_signal().await;
        eprint_line("stopping: requests under way may finish");
        follower.stop();
        handle.stop(true).await;
    });
    greet(&format!("http://{address}"));
    // What the schedule and an import have under way when the server ends is not kept: the next server does it.
    tokio::select! {
        served = server => Ok(served?),
        never = schedule => match never {},
        never = imports => match never {},
    }
}

async fn load_sample(database: &Database) -> Result<(), Failure> {
    let mut connection = connect(&database.address).await?;
    if articles::db::is_any_article(&connection).await? {
        return Ok(());
    }
    let tally = imports::import(&mut connection, imports::sample_sources(), Clock::System, |_| {}).await?;
    eprint_line(&format!("loaded {} sample articles", tally.created));
    Ok(())
}

/// Returns when the program is told to stop, by Ctrl-C or SIGTERM.
async fn stop_signal() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn greet(base: &str) {
    eprint_line(&format!(
        "Verbatim serves on {base}\n  {base}/            what this is\n  {base}/docs/       the API, to explore and try\n  \
         {base}/v1/articles the newest articles\nCtrl-C stops it."
    ));
}
