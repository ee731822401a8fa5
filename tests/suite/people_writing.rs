//! Writing people.

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::support::http::Answer;
use crate::writing::{ANY, send, send_empty};

/// A server with an article by Dora Lind that quotes Ada Quill, warden of the Tern Society, and Bram Oster.
fn newsroom() -> (TestServer, String) {
    let server = TestServer::start();
    server.import(
        "a.txt",
        "First\nMay 1, 2023\nIt rained all day. \"The tide waits for nobody in the harbour,\" said Ada Quill, warden of the \
         Tern Society. \"A gull is never late for its supper,\" said Bram Oster.\nLabels: Sea\n",
    );
    let key = server.key(&[Scope::Write]);
    post(&server, &key, "/v1/people", &json!({ "name": "Dora Lind" }));
    server.database.execute(
        "INSERT INTO article_authors SELECT articles.id, people.id, 1, articles.public_from FROM articles, people \
         WHERE people.slug = 'dora-lind'",
    );
    (server, key)
}

fn post(server: &TestServer, key: &str, path: &str, body: &Value) -> Answer {
    send(server, key, "POST", path, &[], body)
}

fn pointers(answer: &Answer) -> Vec<String> {
    let problem = answer.problem();
    let faults = problem["errors"].as_array().unwrap().iter();
    faults.map(|fault| fault["pointer"].as_str().unwrap().to_owned()).collect()
}

/// What an article or a quote shows at a pointer.
fn shown(server: &TestServer, path: &str, pointer: &str) -> Value {
    server.get(path).data().pointer(pointer).cloned().unwrap_or_default()
}

#[test]
fn a_person_is_created_shown_changed_deleted_and_restored() {
    let (server, key) = newsroom();
    let body = json!({
        "name": "Cleo Marsh", "aliases": ["C. Marsh"],
        "affiliations": [
            { "role": "keeper", "organization": "tern society", "starts_on": "2003-11", "ends_on": "2009" },
            { "role": "treasurer", "organization": "Lighthouse Trust" },
        ],
        "external_ids": [{ "source": "cms", "id": "7" }],
    });
    let made = post(&server, &key, "/v1/people", &body);
    assert_eq!(made.status, 201, "{}", made.text);
    let person = made.json()["data"].take();
    assert_eq!(made.header("location"), format!("/v1/people/{}", person["id"].as_str().unwrap()));
    assert_eq!(
        (&person["slug"], &person["kind"], &person["version"]),
        (&json!("cleo-marsh"), &json!("person"), &json!(1))
    );
    let first = &person["affiliations"][0];
    assert_eq!((&first["starts_on"], &first["ends_on"]), (&json!("2003-11"), &json!("2009")), "the latest first");
    assert_eq!(first["organization"]["slug"], "tern-society", "one that was there, by its name");
    assert_eq!(person["affiliations"][1]["organization"]["slug"], "lighthouse-trust");
    assert_eq!(
        server.get("/v1/people/cleo-marsh").data(),
        person,
        "it is public, and the answer is what a reader sees"
    );
    assert_eq!(server.get("/v1/people/external/cms/7").data(), person);
    assert_eq!(server.get("/v1/people/lighthouse-trust").data()["kind"], "organization", "made on the way, and public");
    assert_eq!(server.get("/v1/people?affiliation=lighthouse-trust").column("/slug"), ["cleo-marsh"]);

    let patch = json!({ "name": "Cleo Marsh-Oster", "slug": "cleo-marsh-oster", "aliases": null });
    let changed = send(&server, &key, "PATCH", "/v1/people/cleo-marsh", &[("if-match", "\"1\"")], &patch);
    assert_eq!(changed.status, 200, "{}", changed.text);
    let now = changed.json()["data"].take();
    assert_eq!((&now["version"], &now["aliases"]), (&json!(2), &json!([])));
    assert_eq!(now["affiliations"], person["affiliations"], "what is absent stays, ids too");
    assert_eq!(server.get("/v1/people/cleo-marsh").status, 308, "the former slug leads on");
    let fewer = json!({ "affiliations": [{ "role": "keeper", "organization": "tern-society", "starts_on": "2004" }] });
    let changed = send(&server, &key, "PATCH", "/v1/people/cleo-marsh-oster", ANY, &fewer).json()["data"].take();
    assert_eq!(changed["affiliations"].as_array().unwrap().len(), 1);
    assert_eq!(changed["affiliations"][0]["id"], person["affiliations"][0]["id"], "a correction is no other row");
    assert_eq!(
        server.get("/v1/people/lighthouse-trust").status,
        404,
        "made only on the way, and nobody is with it now"
    );

    let deleted = send_empty(&server, &key, "DELETE", "/v1/people/cleo-marsh-oster?reason=A+mistake.", ANY);
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    let gone = server.get("/v1/people/cleo-marsh-oster").problem();
    assert!(gone["status"] == 410 && gone["detail"].as_str().unwrap().contains("A mistake."), "{gone}");
    assert_eq!(send(&server, &key, "PATCH", "/v1/people/cleo-marsh-oster", ANY, &json!({})).status, 410);
    let restored = send_empty(&server, &key, "POST", "/v1/people/cleo-marsh-oster/restore", ANY);
    assert_eq!(restored.json()["data"]["version"], 5);
    assert_eq!(restored.json()["data"]["affiliations"], changed["affiliations"]);
}

#[test]
fn what_changes_nothing_raises_nothing_however_it_is_said() {
    let (server, key) = newsroom();
    let body = json!({
        "name": "Cleo Marsh", "aliases": ["C. Marsh", "Cleo M."],
        "affiliations": [{ "organization": "Tern Society", "starts_on": "2004" }, { "role": "keeper" }],
    });
    let path = "/v1/people/external/cms/42";
    assert_eq!(send(&server, &key, "PUT", path, &[("if-none-match", "*")], &body).status, 201);
    assert_eq!(send(&server, &key, "PUT", path, &[], &body).status, 428);
    let same = json!({
        "name": "Cleo Marsh", "slug": "cleo-marsh", "kind": "person", "aliases": ["Cleo M.", "c. marsh", "C. Marsh", "CLEO MARSH"],
        "affiliations": [{ "role": "keeper", "organization": null }, { "organization": "tern-society", "starts_on": "2004" }],
    });
    let again = send(&server, &key, "PUT", path, ANY, &same);
    assert_eq!(
        (again.status, &again.json()["data"]["version"]),
        (200, &json!(2)),
        "c. marsh is spelled otherwise: {}",
        again.text
    );
    let again = send(&server, &key, "PUT", path, ANY, &same);
    assert_eq!(again.json()["data"]["version"], 2);
    let replaced = send(&server, &key, "PUT", path, ANY, &json!({ "name": "Cleo Marsh" })).json()["data"].take();
    assert_eq!((&replaced["aliases"], &replaced["affiliations"]), (&json!([]), &json!([])));
    assert_eq!(replaced["external_ids"], json!([{ "source": "cms", "id": "42" }]));
}

#[test]
fn what_an_article_prints_stays_beside_what_editors_write() {
    let (server, key) = newsroom();
    let affiliations = || server.get("/v1/people/ada-quill").data()["affiliations"].take();
    let printed = affiliations();
    assert_eq!((&printed[0]["role"], printed.as_array().unwrap().len()), (&json!("warden"), 1));
    let patch = |body: &Value| send(&server, &key, "PATCH", "/v1/people/ada-quill", ANY, body).json()["data"].take();
    patch(&json!({ "affiliations": [{ "role": "mayor" }] }));
    assert_eq!(affiliations().as_array().unwrap().len(), 2);
    patch(&json!({ "affiliations": [{ "role": "warden", "organization": "tern-society", "starts_on": "2001" }] }));
    let dated = affiliations();
    assert_eq!((dated.as_array().unwrap().len(), &dated[0]["starts_on"]), (1, &json!("2001")), "one row says both");
    assert_eq!(dated[0]["id"], printed[0]["id"]);
    patch(&json!({ "affiliations": [] }));
    let left = affiliations();
    assert_eq!(
        (left.as_array().unwrap().len(), &left[0]["starts_on"]),
        (1, &Value::Null),
        "the article prints it still"
    );
    server.database.execute("UPDATE articles SET status = 'draft'");
    let person = patch(&json!({ "aliases": ["A. Quill"] }));
    assert_eq!(person["affiliations"].as_array().unwrap().len(), 1, "an editor sees what a draft prints");
    assert_eq!(affiliations(), json!([]), "and a reader does not");
}

#[test]
fn every_fault_of_a_person_is_told_at_once_and_nothing_is_written() {
    let (server, key) = newsroom();
    post(&server, &key, "/v1/people", &json!({ "name": "Tern Society", "kind": "organization" }));
    let wrong = json!({
        "name": "", "kind": "robot", "slug": "No Slug", "born": 1,
        "affiliations": [{ "starts_on": "2003-02-30" }, { "role": "" }],
    });
    let refused = post(&server, &key, "/v1/people", &wrong);
    assert_eq!(refused.status, 422);
    let mut found = pointers(&refused);
    found.sort();
    assert_eq!(found, ["/affiliations/0/starts_on", "/affiliations/1/role", "/born", "/kind", "/name", "/slug"]);

    let wrong = json!({ "name": "Cleo Marsh", "affiliations": [
        { "role": "keeper", "organization": "TERN SOCIETY" }, { "role": "keeper", "organization": "ada-quill" },
        { "organization": "per_01h455vb4pex5vsknk084sn02q" }, { "organization": "!" },
    ] });
    let refused = post(&server, &key, "/v1/people", &wrong);
    let organization = |index: u8| format!("/affiliations/{index}/organization");
    assert_eq!((refused.status, pointers(&refused)), (422, (0..4).map(organization).collect::<Vec<_>>()));
    let problem = refused.problem();
    assert_eq!(problem["errors"][0]["did_you_mean"], json!(["tern-society", "tern-society-2"]), "none is chosen");

    for (affiliations, pointer) in [
        (json!([{ "starts_on": "2003" }]), "/affiliations/0"),
        (json!([{ "role": "keeper", "starts_on": "2003-05", "ends_on": "2003-04" }]), "/affiliations/0/ends_on"),
        (json!([{ "role": "keeper" }, { "role": "keeper", "ends_on": "2003" }]), "/affiliations/1"),
        (json!([{ "organization": "tern-society-2" }]), "/affiliations/0/organization"),
    ] {
        let body = json!({ "affiliations": affiliations });
        let refused = send(&server, &key, "PATCH", "/v1/people/tern-society-2", ANY, &body);
        assert_eq!((refused.status, pointers(&refused)), (422, vec![pointer.to_owned()]), "{affiliations}");
    }
    let kind = send(&server, &key, "PATCH", "/v1/people/tern-society", ANY, &json!({ "kind": "person" }));
    assert_eq!((kind.status, pointers(&kind)), (409, vec!["/kind".to_owned()]), "it is Ada Quill's organization");
    let taken = json!({ "name": "X", "external_ids": [{ "source": "cms", "id": "1" }] });
    assert_eq!(post(&server, &key, "/v1/people", &taken).status, 201);
    let refused = post(&server, &key, "/v1/people", &taken);
    assert_eq!((refused.status, pointers(&refused)), (409, vec!["/external_ids/0".to_owned()]));
    assert_eq!(server.get("/v1/people?q=cleo").column("/slug"), Vec::<String>::new());
    assert_eq!(server.get("/v1/people/tern-society-2").data()["version"], 1);
}

#[test]
fn people_of_one_name_are_told_apart_and_a_name_alone_means_none_of_them() {
    let (server, key) = newsroom();
    let second = post(&server, &key, "/v1/people", &json!({ "name": "Ada Quill" })).json()["data"].take();
    assert_eq!(second["slug"], "ada-quill-2");
    assert_eq!(server.get("/v1/quotes?speaker=Ada+Quill").status, 400);
    assert_eq!(server.get("/v1/quotes?speaker=ada-quill").data().as_array().unwrap().len(), 1);
    assert_eq!(server.get("/v1/quotes?speaker=ada-quill-2").data(), json!([]));
}

#[test]
fn a_deleted_person_speaks_writes_and_employs_nowhere_until_restored() {
    let (server, key) = newsroom();
    let quote = "/v1/quotes?q=tide&include=speaker";
    let everything = || {
        let paths = [
            "/v1/people?sort=name",
            "/v1/articles?include=quotes,authors&facets=speaker,author",
            "/v1/quotes?facets=speaker,affiliation",
            "/v1/people/ada-quill",
            "/v1/people/bram-oster/co-quoted",
            "/v1/voices",
            "/v1/voices?by=affiliation",
            "/v1/search?q=quill",
            "/v1/suggest?q=quill",
            "/v1/suggest?q=tern",
            quote,
            "/v1/quotes?q=quill",
            "/v1/people/dora-lind",
        ];
        paths.map(|path| {
            let answer = server.get(path);
            if answer.status == 400 {
                panic!("{path}: {}", answer.text)
            }
            // Deleting and restoring are changes of the person alone.
            answer.text.replace("\"version\":3", "\"version\":1")
        })
    };
    let updated = "UPDATE people SET updated_at = created_at";
    server.database.execute(updated);
    let before = everything();
    for name in ["ada-quill", "tern-society", "dora-lind"] {
        assert_eq!(send_empty(&server, &key, "DELETE", &format!("/v1/people/{name}"), ANY).status, 204);
        for (path, text) in
            [("with", server.get("/v1/articles?include=quotes,authors").text), ("quotes", server.get(quote).text)]
        {
            assert!(!text.contains(&format!("\"{name}\"")), "{name} {path}: {text}");
        }
    }
    for text in everything() {
        for name in ["\"ada-quill\"", "\"tern-society\"", "\"dora-lind\""] {
            assert!(!text.contains(name), "{name} {text}");
        }
    }
    assert_eq!(
        shown(&server, "/v1/articles/first?include=quotes", "/quotes/0/attribution"),
        "said Ada Quill, warden of the Tern Society"
    );
    assert_eq!(server.get("/v1/quotes?q=quill").data(), json!([]), "not by the name either");
    let taken = post(
        &server,
        &key,
        "/v1/people",
        &json!({ "name": "Y", "affiliations": [{ "organization": "tern-society" }] }),
    );
    assert_eq!((taken.status, pointers(&taken)), (422, vec!["/affiliations/0/organization".to_owned()]));
    let other = send(&server, &key, "PATCH", "/v1/people/bram-oster", ANY, &json!({})).status;
    assert_eq!(other, 200);
    for name in ["ada-quill", "tern-society", "dora-lind"] {
        assert_eq!(send_empty(&server, &key, "POST", &format!("/v1/people/{name}/restore"), ANY).status, 200);
    }
    server.database.execute(updated);
    assert_eq!(everything(), before);
}

#[test]
fn a_purge_leaves_the_words_and_takes_the_name() {
    let (server, key) = newsroom();
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/people/ada-quill?purge=true", ANY).status, 403);
    let admin = server.key(&[Scope::Admin]);
    post(
        &server,
        &key,
        "/v1/people",
        &json!({ "name": "Cleo", "affiliations": [
        { "role": "keeper", "organization": "Tern Society" }, { "organization": "Tern Society", "starts_on": "2001" }, { "role": "keeper" },
    ] }),
    );
    let text = shown(&server, "/v1/quotes?q=tide", "/0/text");
    let count = |attributed: &str| {
        let quotes = server.get(&format!("/v1/quotes?attributed={attributed}&count=exact")).json();
        quotes["meta"]["total"].as_u64().unwrap()
    };
    let attributed = count("true");
    assert_eq!(send_empty(&server, &admin, "DELETE", "/v1/people/ada-quill", ANY).status, 204);
    assert_eq!((count("true"), count("false")), (attributed - 1, 1), "of a withdrawn speaker nobody is told");
    for name in ["ada-quill", "dora-lind", "tern-society"] {
        assert_eq!(send_empty(&server, &admin, "DELETE", &format!("/v1/people/{name}?purge=true"), ANY).status, 204);
        assert_eq!(server.get(&format!("/v1/people/{name}")).status, 404);
    }
    let quote = server.get("/v1/quotes?q=tide").data()[0].take();
    assert_eq!((&quote["text"], &quote["speaker"], &quote["version"]), (&text, &Value::Null, &json!(3)));
    assert_eq!(quote["occurrences"][0]["attribution"], "said Ada Quill, warden of the Tern Society");
    assert_eq!(quote["occurrences"][0]["organization"], Value::Null);
    assert_eq!(server.get("/v1/quotes?attributed=false").data().as_array().unwrap().len(), 1);
    let article = server.get("/v1/articles/first").data();
    assert_eq!(
        (&article["authors"], &article["version"]),
        (&json!([]), &json!(4)),
        "speaker, author and organization went"
    );
    let cleo = server.get("/v1/people/cleo").data();
    assert_eq!(cleo["version"], 2);
    let left: Vec<_> =
        cleo["affiliations"].as_array().unwrap().iter().map(|one| (&one["role"], &one["organization"])).collect();
    assert_eq!(left, [(&json!("keeper"), &Value::Null)], "of two that are the same one stays");
    let made = post(&server, &key, "/v1/people", &json!({ "name": "Ada Quill" }));
    assert_eq!(made.json()["data"]["slug"], "ada-quill", "the slug is free");
    let record = "SELECT resource_type || ' ' || action FROM changes WHERE actor LIKE 'key%' AND resource_type IN ('article', 'quote')";
    assert_eq!(server.database.query(record).len(), 5, "three of the article, two of the quote");
}

#[test]
fn a_dry_run_makes_nobody() {
    let (server, key) = newsroom();
    let body = json!({ "name": "Cleo Marsh", "affiliations": [{ "organization": "Lighthouse Trust" }] });
    let dry = post(&server, &key, "/v1/people?dry_run=true", &body);
    assert_eq!(
        (dry.status, &dry.json()["data"]["affiliations"][0]["organization"]["slug"]),
        (200, &json!("lighthouse-trust"))
    );
    assert_eq!(
        server.database.query("SELECT count(*) FROM people WHERE name IN ('Cleo Marsh', 'Lighthouse Trust')"),
        ["0"]
    );
}
