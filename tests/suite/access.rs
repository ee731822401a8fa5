//! Keys, and what each may do.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::clock::Clock;

use crate::document::{document, operations};
use crate::support::http::{Answer, send_body, send_bytes};
use crate::support::server::bearer;
use crate::support::{TestServer, wait_until};

const SCOPES: [Scope; 4] = [Scope::Read, Scope::Drafts, Scope::Write, Scope::Admin];

fn in_an_hour() -> DateTime<Utc> {
    Clock::System.now() + TimeDelta::hours(1)
}

/// What an operation declares to need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing, whatever the configuration says.
    Nothing,
    /// A key with this scope where reading takes one.
    NothingUnlessReadsTakeKeys(Scope),
    /// A key with this scope.
    Key(Scope),
}

fn declared(operation: &Value) -> Option<Needs> {
    let scope = |requirement: &Value| requirement["key"][0].as_str().and_then(|scope| scope.parse().ok());
    match operation["security"].as_array()?.as_slice() {
        [only] if *only == json!({}) => Some(Needs::Nothing),
        [only] => Some(Needs::Key(scope(only)?)),
        [open, key] if *open == json!({}) => Some(Needs::NothingUnlessReadsTakeKeys(scope(key)?)),
        _ => None,
    }
}

/// Sends a request for an operation with the parameters that it needs; nothing that its path names exists.
fn ask(server: &TestServer, (method, path, operation): &(String, String, &Value), headers: &[(&str, &str)]) -> Answer {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let needed = parameters.filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let query: Vec<String> = needed
        .map(|parameter| format!("{}={}", parameter["name"].as_str().unwrap(), parameter["example"].as_str().unwrap()))
        .collect();
    let path = format!("{}?{}", path.replace("{ref}", "nothing"), query.join("&").replace(' ', "+"));
    server.send(&method.to_uppercase(), &path, headers)
}

#[test]
fn every_operation_declares_what_it_needs_and_keeps_to_it() {
    for is_open in [true, false] {
        let server = TestServer::with(&[("VERBATIM_PUBLIC_READS", if is_open { "true" } else { "false" })]);
        let expired = server.expiring_key(&[Scope::Admin], Some(Clock::System.now() - TimeDelta::seconds(1)));
        let revoked = server.key(&[Scope::Admin]);
        server.database.execute("UPDATE keys SET revoked_at = now() WHERE expires_at IS NULL");
        let wrong = expired.replace(&expired[3..9], "AAAAAA");
        let keys = SCOPES.map(|scope| (scope, bearer(&server.key(&[scope]))));
        for operation in operations(&document()) {
            let (method, path, described) = &operation;
            let what = format!("{method} {path} with public reads: {is_open}");
            let needs = declared(described).unwrap_or_else(|| panic!("{what} declares no right"));
            let status = |headers: &[(&str, &str)]| ask(&server, &operation, headers).status;
            let is_let_in = |status: u16| !matches!(status, 401 | 403);
            if needs == Needs::Nothing {
                assert!(is_let_in(status(&[])) && is_let_in(status(&[("authorization", &bearer(&wrong))])), "{what}");
                continue;
            }
            let (scope, may_anyone) = match needs {
                Needs::Key(scope) => (scope, false),
                Needs::NothingUnlessReadsTakeKeys(scope) => (scope, is_open),
                Needs::Nothing => unreachable!(),
            };
            assert_eq!(is_let_in(status(&[])), may_anyone, "{what} without a key");
            for refused in [&wrong, &expired, &revoked] {
                assert_eq!(status(&[("authorization", &bearer(refused))]), 401, "{what}");
            }
            for (had, key) in &keys {
                let answer = ask(&server, &operation, &[("authorization", key)]);
                assert_eq!(is_let_in(answer.status), *had >= scope, "{what} with {had:?}: {}", answer.text);
                if *had < scope {
                    let problem = answer.problem();
                    assert_eq!((answer.status, &problem["code"]), (403, &json!("insufficient_scope")), "{what}");
                    assert!(problem["detail"].as_str().unwrap().contains(scope.as_str()), "{what}");
                }
            }
            for status in ["401", "403"] {
                assert!(described["responses"][status].is_object(), "{what} declares no {status}");
            }
        }
    }
}

#[test]
fn whatever_is_no_valid_key_is_refused_in_the_same_words() {
    let server = TestServer::start();
    let valid = server.key(&[Scope::Read]);
    let expired = server.expiring_key(&[Scope::Read], Some(Clock::System.now()));
    let refused: Vec<String> = vec![
        bearer(&expired),
        bearer(&valid.replace(&valid[3..9], "AAAAAA")),
        bearer("vb_short"),
        bearer(&format!("{valid}A")),
        bearer(""),
        "Bearer".to_owned(),
        String::new(),
        valid.clone(),
        format!("Basic {valid}"),
        format!("Bearer {valid}, Bearer {valid}"),
        format!("Bearer {}", valid.to_uppercase()),
    ];
    let mut told = Vec::new();
    for header in &refused {
        let answer = server.send("GET", "/v1/articles", &[("authorization", header)]);
        assert_eq!(answer.status, 401, "{header}");
        let mut problem = answer.problem();
        problem["request_id"].take();
        told.push((answer.header("www-authenticate").to_owned(), problem));
        assert!(!answer.text.contains(&valid[3..]));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
    assert_eq!(told[0].0, "Bearer realm=\"verbatim\", error=\"invalid_token\"");
    let twice =
        server.send("GET", "/v1/articles", &[("authorization", &bearer(&valid)), ("authorization", &bearer(&valid))]);
    assert_eq!(twice.status, 401);

    let without = server.get("/v1/keys");
    assert_eq!((without.status, without.header("www-authenticate")), (401, "Bearer realm=\"verbatim\""));
    let lower = server.send("GET", "/v1/articles", &[("authorization", &format!("bearer {valid}"))]);
    assert_eq!(lower.status, 200, "the name of the scheme has no case");
    let lacking = server.get_with(&valid, "/v1/keys");
    assert_eq!(
        lacking.header("www-authenticate"),
        "Bearer realm=\"verbatim\", error=\"insufficient_scope\", scope=\"admin\""
    );
}

#[test]
fn a_key_in_a_url_is_refused() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Admin]);
    for name in ["key", "access_token", "authorization"] {
        let answer = server.get(&format!("/v1/keys?{name}={key}"));
        assert!(matches!(answer.status, 400 | 401), "{name}");
        assert!(!answer.text.contains(&key));
    }
    assert_eq!(server.get(&format!("/v1/articles?key={key}")).problem()["code"], "unknown_parameter");
}

#[test]
fn what_is_read_with_a_key_is_kept_by_no_cache() {
    let server = TestServer::with_sample();
    let key = server.key(&[Scope::Read]);
    for path in ["/v1/articles", "/v1/articles/the-ferry-bell-comes-home", "/v1/articles/none", "/v1/articles?x=1"] {
        let with = server.get_with(&key, path);
        assert_eq!(with.header("cache-control"), "private, no-store", "{path}");
        for answer in [with, server.get(path)] {
            assert!(answer.header("vary").contains("Authorization"), "{path}: {}", answer.header("vary"));
        }
        assert_ne!(server.get(path).header("cache-control"), "private, no-store");
    }
    let request = b"GET /v1/articles HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n";
    let compressed = send_bytes(&server.address, request).to_lowercase();
    let vary = compressed.lines().find(|line| line.starts_with("vary:")).unwrap();
    assert!(vary.contains("accept-encoding") && vary.contains("authorization"), "{vary}");
}

#[test]
fn an_admin_makes_lists_fetches_and_revokes_keys() {
    let server = TestServer::start();
    let admin = server.key(&[Scope::Admin]);
    let expiry = in_an_hour();
    let draft = json!({ "name": "The newsroom's", "scopes": ["write", "read"], "expires_at": expiry });
    let made = server.send_json("POST", "/v1/keys", &admin, &draft.to_string());
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.header("cache-control"), "private, no-store");
    let made_key = made.json()["data"].take();
    let id = made_key["id"].as_str().unwrap();
    let secret = made_key["secret"].as_str().unwrap();
    assert_eq!(made.header("location"), format!("/v1/keys/{id}"));
    assert!(id.starts_with("key_") && secret.starts_with("vb_") && secret.len() == 46);
    assert_eq!(made_key["scopes"], json!(["read", "write"]));
    assert_eq!(made_key["expires_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), expiry);
    assert!(made_key["created_by"].as_str().unwrap().starts_with("key_"), "the key of who made it");

    let fetched = server.get_with(&admin, made.header("location"));
    assert!(!fetched.text.contains(secret) && !fetched.text.contains("secret"), "it is shown once");
    assert_eq!(fetched.data()["name"], "The newsroom's");
    let listed = server.get_with(&admin, "/v1/keys?count=exact&limit=1");
    assert_eq!((listed.column("/id"), listed.json()["meta"]["total"].clone()), (vec![id.to_owned()], json!(2)));
    let next = listed.json()["links"]["next"].as_str().unwrap().to_owned();
    assert_eq!(server.get_with(&admin, &next).column("/created_by"), ["command-line"]);

    assert_eq!(server.get_with(secret, "/v1/articles").status, 200);
    let revoke = || server.send("DELETE", &format!("/v1/keys/{id}"), &[("authorization", &bearer(&admin))]);
    let revoked = revoke().data();
    assert!(revoked["revoked_at"].is_string());
    assert_eq!(server.get_with(secret, "/v1/articles").status, 401);
    assert_eq!(revoke().data()["revoked_at"], revoked["revoked_at"], "a second time changes nothing");
    for nothing in ["key_01h455vb4pex5vsknk084sn02q", "nothing", "art_01h455vb4pex5vsknk084sn02q"] {
        for method in ["GET", "DELETE"] {
            let answer = server.send(method, &format!("/v1/keys/{nothing}"), &[("authorization", &bearer(&admin))]);
            assert_eq!((answer.status, &answer.problem()["code"]), (404, &json!("not_found")));
        }
    }
}

#[test]
fn a_key_is_made_once_under_one_name_and_its_secret_is_shown_once() {
    let server = TestServer::start();
    let admin = server.key(&[Scope::Admin]);
    let authorization = bearer(&admin);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "the-newsroom"),
    ];
    let draft = json!({ "name": "The newsroom's", "scopes": ["write"] }).to_string();
    let send = |query: &str, body: &str| {
        send_body("POST", &server.url(&format!("/v1/keys{query}")), &headers, body.as_bytes())
    };
    let dry = send("?dry_run=true", &draft);
    assert_eq!((dry.status, &dry.json()["data"]["secret"]), (200, &Value::Null), "nobody needs the secret of no key");
    let made = send("", &draft);
    assert_eq!(made.status, 201, "{}", made.text);
    let key = made.json()["data"].take();
    let again = send("", &draft).problem();
    assert_eq!((&again["code"], &again["current"]), (&json!("answer_shown_once"), &key["id"]));
    assert_eq!(send("", &json!({ "name": "Other", "scopes": ["write"] }).to_string()).status, 422);
    assert_eq!(server.get_with(&admin, "/v1/keys").column("/name").len(), 2, "there is one such key");
    let secret = key["secret"].as_str().unwrap();
    let kept =
        server.database.query("SELECT stored_answers::text || convert_from(body, 'UTF8') FROM stored_answers").concat();
    assert!(!kept.contains(&secret[3..]) && kept.contains(key["id"].as_str().unwrap()), "{kept}");
}

#[test]
fn who_made_and_who_revoked_a_key_is_noted_with_the_request() {
    let server = TestServer::start();
    let admin = server.key(&[Scope::Admin]);
    let own = server.get_with(&admin, "/v1/keys").data()[0]["id"].take();
    let made = server.send_json("POST", "/v1/keys", &admin, r#"{"name":"A guest's","scopes":["read"]}"#);
    let id = made.json()["data"]["id"].take();
    let path = format!("/v1/keys/{}", id.as_str().unwrap());
    let revoked = server.send("DELETE", &path, &[("authorization", &bearer(&admin))]);
    let key = revoked.data();
    assert_eq!((&key["created_by"], &key["revoked_by"]), (&own, &own));
    let noted = "SELECT created_request_id || ' ' || revoked_request_id FROM keys WHERE revoked_at IS NOT NULL";
    let requests = format!("{} {}", made.header("x-request-id"), revoked.header("x-request-id"));
    assert_eq!(server.database.query(noted), [requests]);
    assert_eq!(server.database.query("SELECT count(*) FROM changes"), ["0"], "keys are no part of the change log");
}

#[test]
fn a_key_is_stored_as_nothing_that_opens() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Read]);
    let row = server.database.query("SELECT keys::text || encode(digest, 'escape') FROM keys").remove(0);
    assert!(!row.contains(&key) && !row.contains(&key[3..]));
}

#[test]
fn a_key_that_is_made_wrongly_is_told_every_fault() {
    let server = TestServer::start();
    let admin = server.key(&[Scope::Admin]);
    let faults = |body: &str| {
        let answer = server.send_json("POST", "/v1/keys", &admin, body);
        assert_eq!(answer.status, 422, "{}", answer.text);
        let problem = answer.problem();
        let of = |fault: &Value| {
            let text = |name: &str| fault[name].as_str().unwrap().to_owned();
            (text("pointer"), text("code"))
        };
        let mut told: Vec<_> = problem["errors"].as_array().unwrap().iter().map(of).collect();
        told.sort();
        told
    };
    let told = |pairs: &[(&str, &str)]| pairs.iter().map(|(p, c)| ((*p).into(), (*c).into())).collect::<Vec<_>>();
    assert_eq!(
        faults(r#"{"nam": "x", "scopes": ["write", "wirte", "write"], "expires_at": "tomorrow"}"#),
        told(&[
            ("/expires_at", "invalid_value"),
            ("/nam", "unknown_member"),
            ("/name", "missing_member"),
            ("/scopes/1", "invalid_value"),
            ("/scopes/2", "invalid_value"),
        ])
    );
    assert_eq!(
        faults(r#"{"name": " ", "scopes": []}"#),
        told(&[("/name", "invalid_value"), ("/scopes", "invalid_value")])
    );
    assert_eq!(
        faults(r#"{"name": "x", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z"}"#),
        told(&[("/expires_at", "invalid_value")])
    );
    let long = json!({ "name": "é".repeat(101), "scopes": ["read"] }).to_string();
    assert_eq!(faults(&long), told(&[("/name", "invalid_value")]));
    let longest = json!({ "name": "é".repeat(100), "scopes": ["read"] }).to_string();
    assert_eq!(server.send_json("POST", "/v1/keys", &admin, &longest).status, 201);
    assert_eq!(server.get_with(&admin, "/v1/keys").column("/name").len(), 2, "nothing else was written");
}

#[test]
fn a_use_is_noted_once_in_a_while() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Read]);
    let last_use = || server.database.query("SELECT last_used_at::text FROM keys").remove(0);
    assert_eq!(last_use(), "null");
    assert_eq!(server.get_with(&key, "/v1/articles").status, 200);
    wait_until("the use is noted", || last_use() != "null");
    let recent = "UPDATE keys SET last_used_at = now() - interval '50 seconds'";
    server.database.execute(recent);
    let noted = last_use();
    server.get_with(&key, "/v1/articles");
    server.database.execute("UPDATE keys SET name = 'waits for a write under way'");
    assert_eq!(last_use(), noted, "a use shortly before counts");
    server.database.execute("UPDATE keys SET last_used_at = now() - interval '70 seconds'");
    let noted = last_use();
    server.get_with(&key, "/v1/articles");
    wait_until("the next use is noted", || last_use() != noted);
}

#[test]
fn a_use_that_cannot_be_noted_fails_no_request() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Read]);
    server.database.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'; \
         CREATE TRIGGER refuse BEFORE UPDATE ON keys EXECUTE FUNCTION refuse()",
    );
    for _ in 0..3 {
        assert_eq!(server.get_with(&key, "/v1/articles").status, 200);
    }
}

#[test]
fn pages_of_any_origin_may_read_without_a_key_and_named_ones_with() {
    let preflight = |server: &TestServer, origin: &str, method: &str, headers: &str| {
        let answer = server.send(
            "OPTIONS",
            "/v1/articles",
            &[
                ("origin", origin),
                ("access-control-request-method", method),
                ("access-control-request-headers", headers),
            ],
        );
        answer.status == 200 && !answer.header("access-control-allow-origin").is_empty()
    };
    let open = TestServer::start();
    assert!(preflight(&open, "https://reader.example", "GET", "prefer"));
    assert!(!preflight(&open, "https://reader.example", "GET", "authorization"));
    assert!(!preflight(&open, "https://reader.example", "POST", "content-type"));
    let named = TestServer::with(&[("VERBATIM_CORS_ORIGINS", "https://desk.example")]);
    assert!(preflight(&named, "https://desk.example", "GET", "authorization"));
    assert!(preflight(&named, "https://desk.example", "DELETE", "authorization,content-type"));
    assert!(!preflight(&named, "https://reader.example", "GET", "authorization"));
}
