//! What is left of writes when the server is killed in the middle of them.

use std::sync::Mutex;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::program::{DataDirectory, Running};
use crate::support::http::{Answer, try_send_body};
use crate::support::server::bearer;
use crate::support::wait_until;

/// A write that was answered: the article, at this version.
type Acknowledged = (String, u64);

const BODY: &str = "\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour master.";

struct Client<'s> {
    serve: &'s Running,
    authorization: String,
    acknowledged: &'s Mutex<Vec<Acknowledged>>,
}

impl Client<'_> {
    /// Writes until the server does not answer any more: articles with all that belongs to them, changes of those, and
    /// batches, in turn.
    fn write(&self, writer: usize) {
        for number in 0.. {
            let name = format!("{writer} {number}");
            let slug = format!("article-{writer}-{number}");
            let article = json!({
                "title": format!("Article {name}"), "status": "published", "body_source": BODY,
                "labels": [format!("Label {name}"), "Sea"], "authors": [format!("Author {name}")],
            });
            let done = if number % 2 == 0 {
                self.acknowledge("POST", "/v1/articles", &article, (&slug, 1)).and_then(|()| {
                    let path = format!("/v1/articles/{slug}");
                    self.acknowledge("PATCH", &path, &json!({ "summary": "Changed." }), (&slug, 2))
                })
            } else {
                let made = |kind: &str, data: Value| json!({ "op": "create", "type": kind, "data": data });
                let operations = [
                    made("label", json!({ "name": format!("Label {name}") })),
                    made("person", json!({ "name": format!("Author {name}") })),
                    made("article", article),
                ];
                self.acknowledge("POST", "/v1/batch", &json!({ "operations": operations }), (&slug, 1))
            };
            if done.is_none() {
                return;
            }
        }
    }

    fn acknowledge(&self, method: &str, path: &str, body: &Value, (slug, version): (&str, u64)) -> Option<()> {
        let headers =
            [("authorization", self.authorization.as_str()), ("content-type", "application/json"), ("if-match", "*")];
        let url = format!("{}{path}", self.serve.base);
        let answer = try_send_body(method, &url, &headers, body.to_string().as_bytes())?;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        self.acknowledged.lock().unwrap().push((slug.to_owned(), version));
        Some(())
    }
}

/// Every row of a list, page by page.
fn all(serve: &Running, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let answer: Answer = serve.get(&path);
        rows.extend(answer.data().as_array().unwrap().iter().cloned());
        next = answer.json()["links"]["next"].as_str().map(str::to_owned);
    }
    rows
}

#[test]
fn of_writes_under_way_at_a_kill_the_acknowledged_are_there_and_none_in_half() {
    let directory = DataDirectory::new();
    let mut serve = directory.start("serve");
    let key = directory.run(&["keys", "create", "--name", "A writer's", "--scope", "write"]).stdout;
    let authorization = bearer(String::from_utf8(key).unwrap().trim());
    let acknowledged = Mutex::new(Vec::new());
    let client = Client { serve: &serve, authorization: authorization.clone(), acknowledged: &acknowledged };
    std::thread::scope(|scope| {
        let client = &client;
        let writers: Vec<_> = (0..4).map(|writer| scope.spawn(move || client.write(writer))).collect();
        wait_until("some writes are acknowledged", || acknowledged.lock().unwrap().len() >= 25);
        serve.kill();
        for writer in writers {
            writer.join().unwrap();
        }
    });
    assert_eq!(serve.signal(Signal::SIGKILL), None);

    let serve = directory.start("serve");
    let articles = all(&serve, "/v1/articles?include=quotes.speaker&limit=100");
    let at = |slug: &str| articles.iter().find(|article| article["slug"] == slug);
    for (slug, version) in acknowledged.into_inner().unwrap() {
        let article = at(&slug).unwrap_or_else(|| panic!("{slug} was acknowledged and is lost"));
        assert!(article["version"].as_u64() >= Some(version), "{slug}: version {version} was acknowledged");
    }
    let (labels, people) = (all(&serve, "/v1/labels?limit=100"), all(&serve, "/v1/people?limit=100"));
    // Each article brings a label and an author of its own; with them come the label, and the speaker, that all share.
    assert_eq!((labels.len(), people.len()), (articles.len() + 1, articles.len() + 1));
    for article in &articles {
        let count = |member: &str| article[member].as_array().unwrap().len();
        assert_eq!((count("labels"), count("authors"), count("quotes")), (2, 1, 1), "{article}");
        assert_eq!(article["quotes"][0]["speaker"]["slug"], "ada-quill", "{article}");
        assert_eq!(article["summary"] == "Changed.", article["version"] == 2, "{article}");
        let path = format!("{}/v1/articles/{}/revisions?count=exact", serve.base, article["slug"].as_str().unwrap());
        let revisions = try_send_body("GET", &path, &[("authorization", &authorization)], b"").unwrap();
        assert_eq!(revisions.json()["meta"]["total"], article["version"], "every version is kept");
    }
}
