//! Webhooks: what receivers get, and what happens when they do not take it.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::changes::listener::Listener;
use verbatim::clock::Clock;
use verbatim::db::{Address, PoolSettings, open_pool};
use verbatim::http::reference::Urls;
use verbatim::webhooks::dispatcher::{DispatchSettings, Dispatcher};
use verbatim::webhooks::reach::Reach;

use crate::support::http::Answer;
use crate::support::receiver::{Received, Receiver, status};
use crate::support::{TestServer, block_on, wait_until};
use crate::writing::{ANY, send, send_empty};

/// An instance that sends messages.
struct Instance {
    _listener: Listener,
    _dispatcher: Dispatcher,
}

const QUICK: DispatchSettings = DispatchSettings {
    reach: Reach::Anywhere,
    timeout: Duration::from_secs(20),
    first_pause: Duration::from_millis(1),
};

fn instance(server: &TestServer, settings: DispatchSettings) -> Instance {
    let address = Address::parse(&server.database.url).unwrap();
    block_on(async {
        let listener = Listener::start(address.clone(), Duration::from_millis(250));
        let pool = open_pool(&address, PoolSettings { connections: 3, statement_timeout: Duration::from_secs(30) });
        let urls = Urls::new(None, None);
        let dispatcher = Dispatcher::start(pool.unwrap(), Clock::System, urls, listener.subscribe(), settings);
        Instance { _listener: listener, _dispatcher: dispatcher.unwrap() }
    })
}

fn admin() -> (TestServer, String) {
    let server = TestServer::with(&[("VERBATIM_WEBHOOKS_ALLOW_PRIVATE", "true")]);
    let key = server.key(&[Scope::Admin]);
    (server, key)
}

fn create(server: &TestServer, key: &str, endpoint: &str, more: Value) -> Value {
    let mut draft = json!({ "name": "A test's", "endpoint": endpoint });
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = send(server, key, "POST", "/v1/webhooks", &[], &draft);
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()["data"].take()
}

fn make_label(server: &TestServer, key: &str, name: &str) {
    assert_eq!(send(server, key, "POST", "/v1/labels", &[], &json!({ "name": name })).status, 201);
}

fn deliveries(server: &TestServer, key: &str, webhook: &Value) -> Vec<Value> {
    let url = format!("{}/deliveries", webhook["url"].as_str().unwrap());
    server.get_with(key, &url).data().as_array().unwrap().clone()
}

/// Waits until nothing is to be tried any more; tells how it went.
fn settled(server: &TestServer, key: &str, webhook: &Value, count: usize) -> Vec<Value> {
    wait_until("every message is done with", || {
        let deliveries = deliveries(server, key, webhook);
        deliveries.len() == count && deliveries.iter().all(|delivery| delivery["status"] != "pending")
    });
    deliveries(server, key, webhook)
}

/// Whether one of the signatures of a message is one by this secret.
fn is_signed(message: &Received, secret: &Value) -> bool {
    let secret = STANDARD.decode(secret.as_str().unwrap().strip_prefix("whsec_").unwrap()).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    let content = format!("{}.{}.{}", message.header("webhook-id"), message.header("webhook-timestamp"), message.body);
    message.header("webhook-signature").split(' ').any(|signature| {
        let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&key, content.as_bytes(), &signature).is_ok()
    })
}

/// A message to a webhook, for the examples of the document.
pub fn message_to(server: &TestServer, webhook: &str) -> String {
    let id: verbatim::values::id::WebhookId = webhook.parse().unwrap();
    let made = server.database.query(&format!(
        "INSERT INTO webhook_deliveries (id, webhook_id, position, event, body, status, tries_left, due_at, created_at) \
         VALUES (gen_random_uuid(), '{}', 1, 'label.added', '{{}}', 'delivered', 0, now(), now()) RETURNING id",
        id.0
    ));
    verbatim::values::id::MessageId(made[0].parse().unwrap()).to_string()
}

#[test]
fn a_change_arrives_signed_and_says_what_the_log_says() {
    let (server, key) = admin();
    let receiver = Receiver::taking();
    make_label(&server, &key, "Before");
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    let _instance = instance(&server, QUICK);
    make_label(&server, &key, "Sea");
    let message = receiver.wait_for(1).remove(0);
    let change = server.get("/v1/changes").data()[1].take();
    assert_eq!(message.json(), json!({ "type": "label.added", "timestamp": change["changed_at"], "data": change }));
    assert!(is_signed(&message, &webhook["secret"]));
    let deliveries = settled(&server, &key, &webhook, 1);
    assert_eq!((&deliveries[0]["status"], &deliveries[0]["tries"]), (&json!("delivered"), &json!(1)));
    assert_eq!(deliveries[0]["id"], message.header("webhook-id"));
    assert_eq!(deliveries[0]["message"], message.json());
    assert_eq!(message.header("content-type"), "application/json");
    let shown = server.get_with(&key, webhook["url"].as_str().unwrap());
    assert!(!shown.text.contains("whsec_"), "the secret is shown once");
}

#[test]
fn a_receiver_that_fails_is_tried_again_with_the_same_message_and_a_fresh_time() {
    let (server, key) = admin();
    let receiver = Receiver::answering(|number| match number {
        1 => status("500 Internal Server Error"),
        2 => Some("nonsense\r\n\r\n".to_owned()),
        _ => status("200 OK"),
    });
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    let _instance = instance(&server, QUICK);
    make_label(&server, &key, "Sea");
    let tries = receiver.wait_for(3);
    for message in &tries {
        assert_eq!(message.header("webhook-id"), tries[0].header("webhook-id"));
        assert_eq!(message.body, tries[0].body);
        assert!(is_signed(message, &webhook["secret"]));
    }
    let delivery = settled(&server, &key, &webhook, 1).remove(0);
    assert_eq!(delivery["status"], "delivered");
    let statuses: Vec<&Value> =
        delivery["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["status"]).collect();
    assert_eq!(statuses, [&json!(500), &Value::Null, &json!(200)]);
    assert!(delivery["attempts"][1]["error"].as_str().unwrap().starts_with("no answer"));
}

#[test]
fn a_receiver_that_never_takes_it_is_given_up_and_the_message_can_be_replayed() {
    let (server, key) = admin();
    let receiver = Receiver::answering(|number| status(if number <= 10 { "503 Busy" } else { "202 Accepted" }));
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    // So that the tenth try is not days away.
    let _instance = instance(&server, DispatchSettings { first_pause: Duration::ZERO, ..QUICK });
    make_label(&server, &key, "Sea");
    let delivery = settled(&server, &key, &webhook, 1).remove(0);
    assert_eq!((&delivery["status"], &delivery["tries"]), (&json!("failed"), &json!(10)));
    assert_eq!(receiver.received().len(), 10);
    let replayed = send_empty(&server, &key, "POST", &format!("{}/replay", delivery["url"].as_str().unwrap()), &[]);
    assert_eq!(replayed.data()["status"], "pending");
    assert_eq!(receiver.wait_for(11)[10].header("webhook-id"), delivery["id"]);
    let delivery = settled(&server, &key, &webhook, 1).remove(0);
    assert_eq!((&delivery["status"], &delivery["tries"]), (&json!("delivered"), &json!(11)));
}

#[test]
fn a_receiver_that_is_gone_is_told_nothing_more() {
    let (server, key) = admin();
    let receiver = Receiver::answering(|_| status("410 Gone"));
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    let _instance = instance(&server, QUICK);
    make_label(&server, &key, "Sea");
    let shown = || server.get_with(&key, webhook["url"].as_str().unwrap()).data();
    wait_until("the webhook is disabled", || shown()["is_enabled"] == false);
    assert_eq!(shown()["disabled_reason"], "the receiver answered 410 Gone");
    make_label(&server, &key, "Land");
    let back = send(&server, &key, "PATCH", webhook["url"].as_str().unwrap(), ANY, &json!({ "is_enabled": true }));
    assert_eq!((&back.data()["disabled_reason"], &back.data()["version"]), (&Value::Null, &json!(3)));
    make_label(&server, &key, "Sky");
    let slugs: Vec<Value> = receiver.wait_for(2).iter().map(|message| message.json()["data"]["slug"].take()).collect();
    assert_eq!(slugs, ["sea", "sky"], "what happened meanwhile is not told");
}

#[test]
fn a_redirect_is_not_followed() {
    let (server, key) = admin();
    let inside = Receiver::taking();
    let target = inside.url();
    let receiver = Receiver::answering(move |number| match number {
        1 => Some(format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n")),
        _ => status("200 OK"),
    });
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    let _instance = instance(&server, QUICK);
    make_label(&server, &key, "Sea");
    let delivery = settled(&server, &key, &webhook, 1).remove(0);
    assert_eq!(delivery["attempts"][0]["status"], 307);
    assert_eq!(inside.received().len(), 0);
}

#[test]
fn a_slow_receiver_is_given_up_and_holds_up_no_other() {
    let (server, key) = admin();
    let (slow, quick) = (Receiver::answering(|_| None), Receiver::taking());
    let webhook = create(&server, &key, &slow.url(), json!({}));
    create(&server, &key, &quick.url(), json!({}));
    let timeout = Duration::from_millis(100);
    let _instance = instance(&server, DispatchSettings { timeout, first_pause: Duration::ZERO, ..QUICK });
    for name in ["One", "Two", "Three", "Four", "Five", "Six"] {
        make_label(&server, &key, name);
    }
    quick.wait_for(6);
    let delivery = settled(&server, &key, &webhook, 6).remove(0);
    assert_eq!(delivery["status"], "failed");
    assert_eq!(delivery["attempts"][0]["error"], "no answer within 0.1 seconds");
}

#[test]
fn an_answer_without_an_end_is_read_as_far_as_it_is_kept() {
    let (server, key) = admin();
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n{}", "word ".repeat(100_000));
    let receiver = Receiver::answering(move |_| Some(long.clone()));
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    let _instance = instance(&server, QUICK);
    make_label(&server, &key, "Sea");
    let delivery = settled(&server, &key, &webhook, 1).remove(0);
    assert_eq!(delivery["status"], "delivered");
    assert_eq!(delivery["attempts"][0]["answer"].as_str().unwrap().len(), 1024);
}

#[test]
fn nothing_is_sent_to_a_private_address_whatever_it_is_called() {
    let (server, key) = admin();
    let receiver = Receiver::taking();
    // The address of the name is looked up when a message is sent.
    let endpoint = receiver.url().replace("127.0.0.1", "localhost");
    let webhook = create(&server, &key, &endpoint, json!({}));
    let settings = DispatchSettings { reach: Reach::Public, first_pause: Duration::ZERO, ..QUICK };
    let _instance = instance(&server, settings);
    make_label(&server, &key, "Sea");
    let delivery = settled(&server, &key, &webhook, 1).remove(0);
    assert_eq!(delivery["attempts"][0]["error"], "the host has no address of the public internet");
    assert_eq!(receiver.received().len(), 0);

    let strict = TestServer::start();
    let key = strict.key(&[Scope::Admin]);
    let refused = |endpoint: &str| -> Answer {
        send(&strict, &key, "POST", "/v1/webhooks", &[], &json!({ "name": "A test's", "endpoint": endpoint }))
    };
    for endpoint in ["http://127.0.0.1:9/", "http://[::1]/", "http://169.254.169.254/", "http://2130706433/"] {
        let problem = refused(endpoint).problem();
        assert_eq!((&problem["status"], &problem["errors"][0]["pointer"]), (&json!(422), &json!("/endpoint")));
    }
    assert_eq!(refused("https://search.example.org/").status, 201);
}

#[test]
fn each_change_is_sent_once_however_many_instances_there_are() {
    let (server, key) = admin();
    let receivers = [Receiver::taking(), Receiver::taking()];
    let webhooks = receivers.each_ref().map(|receiver| create(&server, &key, &receiver.url(), json!({})));
    let _instances: [Instance; 3] = std::array::from_fn(|_| instance(&server, QUICK));
    for number in 0..20 {
        make_label(&server, &key, &format!("Label {number}"));
    }
    for (receiver, webhook) in receivers.iter().zip(&webhooks) {
        let deliveries = settled(&server, &key, webhook, 20);
        assert!(deliveries.iter().all(|delivery| delivery["tries"] == 1));
        let ids: BTreeSet<String> =
            receiver.received().iter().map(|message| message.header("webhook-id").to_owned()).collect();
        assert_eq!((ids.len(), receiver.received().len()), (20, 20));
    }
}

#[test]
fn what_an_instance_left_undone_another_one_does() {
    let (server, key) = admin();
    let receiver = Receiver::taking();
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    let gone = instance(&server, QUICK);
    make_label(&server, &key, "Sea");
    settled(&server, &key, &webhook, 1);
    drop(gone);
    // As it is while a try is under way, and the instance is gone.
    server.database.execute("UPDATE webhook_deliveries SET status = 'pending', due_at = now() + interval '1 hour'");
    let _instance = instance(&server, QUICK);
    make_label(&server, &key, "Land");
    receiver.wait_for(2);
    server.database.execute("UPDATE webhook_deliveries SET due_at = now() WHERE status = 'pending'");
    settled(&server, &key, &webhook, 2);
    assert_eq!(receiver.wait_for(3)[2].header("webhook-id"), receiver.received()[0].header("webhook-id"));
}

#[test]
fn a_secret_is_changed_without_a_gap() {
    let (server, key) = admin();
    let receiver = Receiver::taking();
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    let url = webhook["url"].as_str().unwrap();
    let _instance = instance(&server, QUICK);
    let rotate = format!("{url}/rotate-secret");
    assert_eq!(send_empty(&server, &key, "POST", &rotate, &[]).status, 428);
    let rotated = send_empty(&server, &key, "POST", &rotate, &[("if-match", "\"1\"")]).data();
    assert_ne!(rotated["secret"], webhook["secret"]);
    make_label(&server, &key, "Sea");
    let message = receiver.wait_for(1).remove(0);
    assert!(is_signed(&message, &webhook["secret"]) && is_signed(&message, &rotated["secret"]));
    server.database.execute("UPDATE webhooks SET former_secret_until = now()");
    make_label(&server, &key, "Land");
    let message = receiver.wait_for(2).remove(1);
    assert!(!is_signed(&message, &webhook["secret"]) && is_signed(&message, &rotated["secret"]));
}

#[test]
fn a_webhook_is_made_and_its_secret_changed_once_under_one_name_and_neither_by_a_dry_run() {
    let (server, key) = admin();
    let draft = json!({ "name": "A test's", "endpoint": "https://search.example.org/" });
    let post = |query: &str, name: &str| {
        send(&server, &key, "POST", &format!("/v1/webhooks{query}"), &[("idempotency-key", name)], &draft)
    };
    let dry = post("?dry_run=true", "one");
    assert_eq!((dry.status, &dry.json()["meta"]["dry_run"], dry.text.contains("whsec_")), (200, &json!(true), false));
    let made = post("", "one").json()["data"].take();
    let again = post("", "one").problem();
    assert_eq!((&again["code"], &again["current"]), (&json!("answer_shown_once"), &made["id"]));
    assert_eq!(server.get_with(&key, "/v1/webhooks").column("/id").len(), 1);

    let rotate = |query: &str| {
        let path = format!("{}/rotate-secret{query}", made["url"].as_str().unwrap());
        send_empty(&server, &key, "POST", &path, &[("if-match", "\"1\""), ("idempotency-key", "two")])
    };
    let dry = rotate("?dry_run=true");
    assert_eq!((dry.status, dry.text.contains("whsec_")), (200, false));
    assert_ne!(rotate("").data()["secret"], made["secret"]);
    assert_eq!(rotate("").problem()["code"], "answer_shown_once");
    let kept = server.database.query("SELECT coalesce(convert_from(body, 'UTF8'), '') FROM stored_answers").concat();
    assert!(!kept.contains("whsec_"), "{kept}");
}

#[test]
fn a_message_is_replayed_once_under_one_name_and_not_by_a_dry_run() {
    let (server, key) = admin();
    let receiver = Receiver::taking();
    let webhook = create(&server, &key, &receiver.url(), json!({}));
    let instance = instance(&server, QUICK);
    make_label(&server, &key, "Sea");
    let delivery = settled(&server, &key, &webhook, 1).remove(0);
    drop(instance);
    let replay = |query: &str| {
        let path = format!("{}/replay{query}", delivery["url"].as_str().unwrap());
        send_empty(&server, &key, "POST", &path, &[("idempotency-key", "one")])
    };
    let status = || server.get_with(&key, delivery["url"].as_str().unwrap()).data()["status"].take();
    assert_eq!((replay("?dry_run=true").data()["status"].take(), status()), (json!("pending"), json!("delivered")));
    assert_eq!((replay("").data()["status"].take(), status()), (json!("pending"), json!("pending")));
    server.database.execute("UPDATE webhook_deliveries SET status = 'delivered'");
    assert_eq!((replay("").data()["status"].take(), status()), (json!("pending"), json!("delivered")));
}

#[test]
fn a_receiver_that_is_not_there_is_tried_again() {
    let (server, key) = admin();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let webhook = create(&server, &key, &endpoint, json!({}));
    let _instance = instance(&server, DispatchSettings { first_pause: Duration::ZERO, ..QUICK });
    make_label(&server, &key, "Sea");
    let delivery = settled(&server, &key, &webhook, 1).remove(0);
    assert_eq!((&delivery["status"], &delivery["tries"]), (&json!("failed"), &json!(10)));
    assert_eq!(delivery["attempts"][9]["status"], Value::Null);
    assert!(delivery["attempts"][9]["error"].is_string());
}

#[test]
fn a_webhook_is_told_of_what_it_wants_and_may_know() {
    let (server, key) = admin();
    let (articles, everything, drafts) = (Receiver::taking(), Receiver::taking(), Receiver::taking());
    create(&server, &key, &articles.url(), json!({ "events": ["article.added", "article.removed"] }));
    create(&server, &key, &everything.url(), json!({}));
    create(&server, &key, &drafts.url(), json!({ "has_drafts": true, "events": ["article.added"] }));
    let _instance = instance(&server, QUICK);
    send(&server, &key, "POST", "/v1/articles", &[], &json!({ "title": "Tide" }));
    drafts.wait_for(1);
    send(&server, &key, "PATCH", "/v1/articles/tide", ANY, &json!({ "status": "published" }));
    make_label(&server, &key, "Sea");
    send(&server, &key, "PATCH", "/v1/articles/tide", ANY, &json!({ "title": "Tides" }));
    send_empty(&server, &key, "DELETE", "/v1/articles/tide", ANY);
    let mut types: Vec<Value> = everything.wait_for(4).iter().map(|message| message.json()["type"].take()).collect();
    types.sort_by_key(ToString::to_string);
    assert_eq!(types, ["article.added", "article.removed", "article.updated", "label.added"], "nothing of a draft");
    assert_eq!(articles.wait_for(2).len(), 2);
    assert_eq!(drafts.received().len(), 1);
}

#[test]
fn a_webhook_is_changed_and_deleted_by_whoever_has_seen_it() {
    let (server, key) = admin();
    let webhook = create(&server, &key, "https://search.example.org/", json!({}));
    let url = webhook["url"].as_str().unwrap();
    let patch = json!({ "name": "The index", "events": ["label.added"] });
    let changed = send(&server, &key, "PATCH", url, &[("if-match", "\"1\"")], &patch);
    assert_eq!((&changed.data()["version"], &changed.data()["events"]), (&json!(2), &json!(["label.added"])));
    assert_eq!(send(&server, &key, "PATCH", url, &[("if-match", "\"1\"")], &patch).status, 412);
    assert_eq!(send(&server, &key, "PATCH", url, &[], &patch).status, 428);
    let wrong = send(&server, &key, "PATCH", url, ANY, &json!({ "events": ["ship.added"], "endpoint": "ftp://x" }));
    assert_eq!(wrong.problem()["errors"].as_array().unwrap().len(), 2, "{}", wrong.text);
    assert_eq!(server.get_with(&key, "/v1/webhooks?count=exact").json()["meta"]["total"], 1);
    assert_eq!(send_empty(&server, &key, "DELETE", url, &[("if-match", "\"2\"")]).status, 204);
    assert_eq!(server.get_with(&key, url).status, 404);
    assert_eq!(server.get_with(&key, &format!("{url}/deliveries")).status, 404);
}
