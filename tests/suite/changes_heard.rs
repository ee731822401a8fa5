//! Hearing of changes: what commits is heard in order, and a listener knows up to when it has heard everything.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use verbatim::changes::ResourceType;
use verbatim::changes::listener::{Listener, Notification};
use verbatim::db::Address;

use crate::support::cluster::{TestDatabase, client, scratch_directory};
use crate::support::valve::Valve;
use crate::support::{block_on, runtime, wait_until};

const HEARTBEAT: Duration = Duration::from_millis(10);

/// A listener, and what it has heard.
struct Ears {
    listener: Listener,
    heard: Arc<Mutex<Vec<Notification>>>,
}

impl Ears {
    fn on(url: &str) -> Self {
        let _runtime = runtime().enter();
        let listener = Listener::start(Address::parse(url).unwrap(), HEARTBEAT);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        listener.on_notification(Box::new(move |notification| notes.lock().unwrap().push(notification.clone())));
        Self { listener, heard }
    }

    /// Waits until everything that has committed by now has been heard; returns what was heard since the last time.
    fn catch_up(&self) -> Vec<Notification> {
        let now = Instant::now();
        wait_until("hearing is proven", || self.listener.proven_at().is_some_and(|proven| proven > now));
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

/// Changes so many resources, and announces it.
fn change(count: usize) -> String {
    note(count, true)
}

/// The same, where the public sees it or not.
fn note(count: usize, is_visible: bool) -> String {
    format!(
        "INSERT INTO unannounced (resource_type, resource_id, due_at, is_touched, is_visible) \
         SELECT 'label', ('0192d2d0-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '-infinity', false, {is_visible} \
         FROM generate_series(1, {count}) AS n; SELECT announce_changes(now())"
    )
}

fn numbers(notifications: &[Notification]) -> Vec<u128> {
    let changed = notifications.iter().flat_map(|notification| match notification {
        Notification::Changed(changed) => changed.clone(),
        Notification::Anything => Vec::new(),
    });
    changed
        .map(|(resource_type, id)| {
            assert_eq!(resource_type, ResourceType::Label);
            id.as_u128() & 0xffff
        })
        .collect()
}

#[test]
fn what_committed_before_a_proof_has_been_heard_and_what_was_rolled_back_has_not() {
    let database = TestDatabase::migrated();
    let ears = Ears::on(&database.url);
    assert_eq!(ears.catch_up(), [Notification::Anything], "nobody heard before");
    database.execute(&change(2));
    database.execute(&format!("BEGIN; {}; ROLLBACK", change(3)));
    assert_eq!(numbers(&ears.catch_up()), [1, 2]);
    let open = block_on(client(&database.url));
    block_on(open.batch_execute(&format!("BEGIN; {}", change(1)))).unwrap();
    assert_eq!(ears.catch_up(), [], "it has not committed");
    block_on(open.batch_execute("COMMIT")).unwrap();
    assert_eq!(numbers(&ears.catch_up()), [1]);
}

#[test]
fn more_than_one_notification_can_say_is_heard_as_anything() {
    let database = TestDatabase::migrated();
    let ears = Ears::on(&database.url);
    ears.catch_up();
    database.execute(&change(150));
    assert_eq!(numbers(&ears.catch_up()).len(), 150);
    database.execute(&change(300));
    assert_eq!(ears.catch_up(), [Notification::Anything]);
}

#[test]
fn of_what_the_public_does_not_see_nothing_is_heard_but_that_there_was_something() {
    let database = TestDatabase::migrated();
    let ears = Ears::on(&database.url);
    ears.catch_up();
    database.execute(&note(2, false));
    assert_eq!(ears.catch_up(), [Notification::Changed(Vec::new())]);
}

#[test]
fn a_connection_that_is_ended_is_opened_again_and_proves_itself_anew() {
    let database = TestDatabase::migrated();
    let ears = Ears::on(&database.url);
    ears.catch_up();
    for _ in 0..3 {
        database.let_in(false);
        database.end_sessions();
        database.let_in(true);
        assert_eq!(ears.catch_up(), [Notification::Anything], "something may have been told meanwhile");
        database.execute(&change(1));
        assert_eq!(numbers(&ears.catch_up()), [1]);
    }
}

#[test]
fn a_connection_that_is_held_up_proves_nothing() {
    let database = TestDatabase::migrated();
    let valve = block_on(Valve::before(&database.url, scratch_directory("valve")));
    let ears = Ears::on(&valve.url);
    ears.catch_up();
    valve.open(false);
    let shut_at = Instant::now();
    database.execute(&change(1));
    // What was under way when the valve was shut may still arrive; nothing that was sent later does.
    wait_until("a heartbeat would have been back", || shut_at.elapsed() > 20 * HEARTBEAT);
    assert!(ears.listener.proven_at().is_some_and(|proven| proven <= shut_at));
    assert_eq!(*ears.heard.lock().unwrap(), []);
    valve.open(true);
    assert_eq!(numbers(&ears.catch_up()), [1]);
}

#[test]
fn who_waits_is_woken_when_something_is_heard() {
    let database = TestDatabase::migrated();
    let ears = Ears::on(&database.url);
    ears.catch_up();
    let mut subscription = ears.listener.subscribe();
    assert!(!subscription.has_changed().unwrap());
    database.execute(&change(1));
    block_on(subscription.changed()).unwrap();
}
