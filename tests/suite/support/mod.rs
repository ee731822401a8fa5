//! What the tests stand on: one private PostgreSQL for the run, a database of its own for each test, a server on it.

pub mod cluster;
pub mod content;
pub mod events;
pub mod http;
pub mod proxy;
pub mod receiver;
pub mod schema_writer;
pub mod server;
pub mod valve;

pub use cluster::TestDatabase;
pub use server::{Report, TestServer};

use std::future::Future;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// The runtime that all tests share.
pub fn runtime() -> &'static Runtime {
    &RUNTIME
}

/// Runs something asynchronous from a test.
pub fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// Waits until `is_so`; fails when it has not come about after a long time.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
