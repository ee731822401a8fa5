//! That what is not public leaves no trace: a server that has it, and one that does not, answer everybody alike.
//!
//! Both databases hold the same public content, ids and instants included. One then gets articles that are not public,
//! in every way an article can be that, which name some of the public labels, people and words, and others that only they
//! know. Each of these others has the marker in it. Every GET of the document is then asked of both servers without a key,
//! with every parameter that the document names.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::delivery::{CACHED, warm};
use crate::document::{document, operations};
use crate::support::events::EventStream;
use crate::support::http::Answer;
use crate::support::{TestDatabase, TestServer};
use crate::writing::{ANY, send, send_empty};

/// In everything that only hidden articles know. No id holds it by chance: there is no `u` in their alphabet.
const MARKER: &str = "zuqv";

/// Where the articles have their pages.
const SITE: &str = "https://paper.example/";

/// The states that a hidden article is in, and whether it was public on the way there.
const STATES: [&str; 6] = ["draft", "scheduled", "archived", "retired", "returned", "withdrawn"];

const PUBLIC_BODY: &str = "It rained on the quay all day.\n\n\u{201c}The tide waits for nobody at all,\u{201d} said Ada \
    Quill, the harbour master of the Harbour Trust.\n\n\u{201c}A gull is never late for supper,\u{201d} said Bram Oster.";

fn made(answer: &Answer) -> Value {
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
    answer.json()["data"].take()
}

fn make_public_content(server: &TestServer, key: &str) {
    for (number, title) in ["Tide", "Gulls", "Rain"].iter().enumerate() {
        let draft = json!({
            "title": title, "status": "published", "published_at": format!("2024-03-0{}T08:00:00Z", number + 1),
            "body_source": format!("{title}.\n\n{PUBLIC_BODY}"), "summary": "A day at the quay.",
            "labels": ["Sea", "Harbour"], "authors": ["Ida Marlow"],
            "quotes": [{ "text": "The tide waits for nobody", "speaker": "Ada Quill", "organization": "Harbour Trust" }],
            "external_ids": [{ "source": "cms", "id": number.to_string() }],
        });
        made(&send(server, key, "POST", "/v1/articles", &[], &draft));
    }
}

/// An article with a marker in everything it has, beside what public articles have too. What it says that public people are
/// may raise their versions, where it is public for a while.
fn hidden_draft(name: &str, was_public: bool) -> Value {
    let job = if was_public { "harbour master".to_owned() } else { format!("{name}job") };
    let body = format!(
        "The {name}word stands here.\n\n\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the {job} of \
         the Harbour Trust.\n\n\u{201c}A gull is never late for supper, {name}said,\u{201d} said Bram Oster.\n\n\
         \u{201c}Nobody knows of the {name}secret so far,\u{201d} said {name}speaker Vane, the {name}role of the {name}club."
    );
    let mut draft = json!({
        "title": format!("The {name}title"), "summary": format!("A {name}summary."), "language": "de",
        "canonical_url": format!("https://{name}site.example/a"), "body_source": body,
        "labels": ["Sea", format!("{name}label"), { "name": format!("{name}new"), "aliases": [format!("{name}alias")], "parent": format!("{name}parent"), "external_ids": [{ "source": "cms", "id": format!("{name}labelid") }] }],
        "authors": ["Ida Marlow", format!("{name}author Penn")],
        "quotes": [
            { "text": format!("So it was {name}pulled"), "speaker": format!("{name}puller Dorn"), "role": format!("{name}task"), "organization": format!("{name}firm"), "attribution": format!("{name}credit") },
            { "text": "A gull is late", "speaker": "Bram Oster" },
        ],
        "external_ids": [{ "source": format!("{name}cms"), "id": format!("{name}id") }],
    });
    if !was_public {
        draft["quotes"][1]["role"] = format!("{name}duty").into();
    }
    draft
}

/// Makes one hidden article in each state; returns what may be asked for by name.
fn hide_articles(server: &TestServer, key: &str, states: &[&str]) -> Vec<String> {
    let mut names = BTreeSet::new();
    for state in states.iter().copied() {
        let name = format!("{MARKER}{state}");
        let mut draft = hidden_draft(&name, matches!(state, "retired" | "returned"));
        let (first, published_at) = match state {
            "scheduled" => ("scheduled", Some("2999-01-01T00:00:00Z")),
            "archived" => ("archived", Some("2024-03-01T08:00:00Z")),
            "retired" | "returned" => ("published", Some("2024-03-02T08:00:00Z")),
            _ => ("draft", None),
        };
        draft["status"] = first.into();
        if let Some(instant) = published_at {
            draft["published_at"] = instant.into();
        }
        let article = made(&send(server, key, "POST", "/v1/articles", &[], &draft));
        let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
        let patch = match state {
            "retired" => json!({ "status": "archived" }),
            "returned" => json!({ "status": "draft" }),
            _ => json!({ "slug": format!("{name}-renamed") }),
        };
        made(&send(server, key, "PATCH", &path, ANY, &patch));
        let whole = server.get_with(key, &format!("{path}?include=quotes,labels")).data();
        collect_names(&whole, &mut names);
        names.extend([
            article["slug"].as_str().unwrap().to_owned(),
            format!("{name}word"),
            format!("{name}cms:{name}id"),
            format!("cms:{name}labelid"),
        ]);
        if state == "withdrawn" {
            assert_eq!(send_empty(server, key, "DELETE", &path, ANY).status, 204);
        }
    }
    if states.contains(&"draft") {
        merge_hidden(server, key);
    }
    names.into_iter().collect()
}

/// Merges what only hidden articles know, and undoes half of it.
fn merge_hidden(server: &TestServer, key: &str) {
    for (resource, into) in [("labels", "label"), ("people", "author-penn")] {
        let slug = |state: &str| format!("{MARKER}{state}{into}");
        let merge = |one: &str, other: &str| {
            let path = format!("/v1/{resource}/{}/merge", slug(one));
            let merged = send(server, key, "POST", &path, ANY, &json!({ "into": slug(other) }));
            assert_eq!(merged.status, 201, "{}", merged.text);
            merged.header("location").to_owned()
        };
        merge("draft", "scheduled");
        let merged = merge("archived", "scheduled");
        assert_eq!(send_empty(server, key, "POST", &format!("{merged}/undo"), ANY).status, 200);
    }
}

/// The ids, slugs, names and roles in an answer.
fn collect_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if ["id", "slug", "name", "title", "role"].contains(&name.as_str()) => {
                        names.insert(text.clone());
                    }
                    other => collect_names(other, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        _ => {}
    }
}

/// The public things that hidden articles name too.
const SHARED: [&str; 8] = ["sea", "harbour", "ada-quill", "bram-oster", "ida-marlow", "harbour-trust", "tide", "rain"];

/// Whether an operation tells of content at all.
fn tells_of_content(path: &str) -> bool {
    path != "/openapi.json" && !path.starts_with("/health/")
}

/// Every target that is asked for.
fn targets(server: &TestServer, hidden: &[String]) -> Vec<String> {
    let document = document();
    let quote = server.get("/v1/quotes?limit=1").column("/id").remove(0);
    let mut targets = Vec::new();
    for (_, path, operation) in
        operations(&document).into_iter().filter(|(method, path, _)| method == "get" && tells_of_content(path))
    {
        // What was public once stays told, without its name.
        if path == "/v1/changes" || path == "/v1/events" {
            continue;
        }
        if path == "/oembed" {
            let named = hidden.iter().map(String::as_str).chain(SHARED);
            targets.extend(named.flat_map(|reference| {
                let places = [
                    format!("/v1/articles/{reference}"),
                    format!("/v1/quotes/{reference}"),
                    format!("{SITE}{reference}"),
                ];
                places.map(|place| format!("/oembed?url={}", escaped(&place)))
            }));
            targets.extend(STATES.map(|state| format!("/oembed?url=https://{MARKER}{state}site.example/a")));
        }
        if path == "/sitemaps/articles.xml" {
            targets.extend(["2024-03", "2999-01"].map(|month| format!("{path}?month={month}")));
        }
        let shared = match path.split('/').nth(2) {
            Some("people") => "ada-quill",
            Some("labels") => "sea",
            Some("quotes") => &quote,
            _ => "tide",
        };
        let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
        for reference in hidden.iter().map(String::as_str).chain(SHARED) {
            let path = match reference.split_once(':') {
                Some((source, id)) if path.contains("{source}") => path.replace("{source}", source).replace("{id}", id),
                None if path.contains("{ref}") && !reference.contains(' ') => path.replace("{ref}", reference),
                _ => continue,
            };
            targets.push(with_needed(&path, &parameters, &[]));
        }
        let path = path.replace("{ref}", shared).replace("{source}", "cms").replace("{id}", "1");
        let rich = rich(&parameters);
        targets.push(with_needed(&path, &parameters, &[]));
        targets.push(with_needed(&path, &parameters, &rich));
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            for value in values(parameter, hidden) {
                let others = rich.iter().filter(|(other, _)| *other != name).cloned();
                let query: Vec<(&str, String)> = others.chain([(name, value)]).collect();
                targets.push(with_needed(&path, &parameters, &query));
            }
        }
    }
    targets
}

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A target with this query, and with what the operation cannot do without.
fn with_needed(path: &str, parameters: &[&Value], query: &[(&str, String)]) -> String {
    let needed = parameters.iter().filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    let needed = needed.filter_map(|parameter| {
        let name = parameter["name"].as_str()?;
        let is_given = query.iter().any(|(given, _)| *given == name);
        (!is_given).then(|| (name, "ti".to_owned()))
    });
    let pairs: Vec<String> =
        needed.chain(query.iter().cloned()).map(|(name, value)| format!("{name}={}", escaped(&value))).collect();
    format!("{path}?{}", pairs.join("&"))
}

/// Parameters that make an answer tell as much as it can.
fn rich<'p>(parameters: &[&'p Value]) -> Vec<(&'p str, String)> {
    let all = |parameter: &'p Value| {
        let name = parameter["name"].as_str()?;
        match name {
            "include" | "facets" => Some((name, words(parameter).join(","))),
            "count" => Some((name, "exact".to_owned())),
            _ => None,
        }
    };
    parameters.iter().filter_map(|parameter| all(parameter)).collect()
}

/// The words that a parameter may be.
fn words(parameter: &Value) -> Vec<String> {
    let schema = &parameter["schema"];
    let listed = [&schema["enum"], &schema["items"]["enum"], &schema["allOf"][0]["enum"]];
    let words = listed.into_iter().find_map(Value::as_array).into_iter().flatten();
    words.map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// What a parameter is given, one after the other.
fn values(parameter: &Value, hidden: &[String]) -> Vec<String> {
    let words = words(parameter);
    if parameter["name"] == "fields" {
        return vec![words.join(",")];
    }
    if !words.is_empty() {
        return words;
    }
    let schema = &parameter["schema"];
    let examples = schema["examples"].as_array().into_iter().flatten().chain([&parameter["example"]]);
    let mut values: Vec<String> = examples
        .filter(|example| !example.is_null())
        .map(|example| match example {
            Value::String(text) => text.clone(),
            Value::Array(words) => words.iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        })
        .collect();
    let kind = schema["items"]["type"].as_str().or(schema["type"].as_str());
    match kind {
        Some("integer") => values.extend(["1", "2", "3", "4", "5", "7"].map(str::to_owned)),
        Some("boolean") => values.extend(["true", "false"].map(str::to_owned)),
        Some("string") if schema["format"] == "date-time" => values.push("2998-01-01T00:00:00Z".to_owned()),
        Some("string") if schema["format"].is_null() && schema["pattern"].is_null() => {
            // A few of each state: what is asked for by path is all of them.
            values.extend(hidden.iter().step_by(30).cloned());
            values.extend(SHARED.map(str::to_owned));
            values.extend(
                ["de", "harbour master", "nobody", MARKER, "Zuqvdraftla", "Labels: Sea, zuqvdraftlabel"]
                    .map(str::to_owned),
            );
        }
        _ => {}
    }
    values
}

/// What a client learns from an answer, but for what differs from request to request.
fn told(answer: &Answer) -> (u16, String, Vec<String>) {
    let request_id = answer.header("x-request-id").to_owned();
    let text = answer.text.replace(&request_id, "");
    let of_its_own = ["x-request-id", "date"];
    let names = answer.header_names().into_iter().filter(|name| !of_its_own.contains(name));
    let mut headers: Vec<String> = names.map(|name| format!("{name}: {}", answer.header(name))).collect();
    headers.sort();
    (answer.status, text, headers)
}

#[test]
fn nobody_can_tell_whether_there_is_anything_that_is_not_public() {
    let site = format!("{SITE}{{slug}}");
    let settings = [CACHED, &[("VERBATIM_ARTICLE_URL", &site)]].concat();
    let with = TestServer::with(&settings);
    let key = with.key(&[Scope::Write]);
    make_public_content(&with, &key);
    let copy = TestDatabase::copy_of(&with.database);
    let url = copy.url.clone();
    let without = TestServer::on(copy, &url, &settings);
    let hidden = hide_articles(&with, &key, &STATES);
    assert!(hidden.len() > 80, "{}", hidden.len());
    let targets = targets(&with, &hidden);
    assert!(targets.len() > 1500, "{}", targets.len());
    warm(&with);
    warm(&without);
    // Who may read drafts has asked for some of it before, and the public asks for that twice: what is kept in memory
    // tells no more than the database.
    let again: Vec<String> = targets.iter().step_by(12).cloned().collect();
    for target in &again {
        with.get_with(&key, target);
    }
    let targets = [again.clone(), targets, again].concat();
    let objections: Vec<String> = std::thread::scope(|scope| {
        let parts = targets.chunks(targets.len().div_ceil(4));
        let asking: Vec<_> = parts.map(|part| scope.spawn(|| compare(&with, &without, part))).collect();
        asking.into_iter().flat_map(|asking| asking.join().unwrap()).collect()
    });
    for path in [
        "/v1/articles?limit=1",
        "/v1/articles?sort=title&limit=1",
        "/v1/quotes?limit=1",
        "/v1/people?sort=name&limit=1",
        "/v1/labels?limit=1",
    ] {
        assert_eq!(walk(&with, path), walk(&without, path), "{path}, page by page");
    }
    assert!(
        objections.is_empty(),
        "{} of {}:\n{}",
        objections.len(),
        targets.len(),
        objections[..objections.len().min(12)].join("\n")
    );
}

/// What the pages of a list tell, from its start to its end and back.
fn walk(server: &TestServer, path: &str) -> Vec<(u16, String, Vec<String>)> {
    let mut pages = Vec::new();
    for direction in ["next", "prev"] {
        let mut target = Some(path.to_owned());
        let mut last = path.to_owned();
        while let Some(path) = target {
            let page = server.get(&path);
            target = page.json()["links"][direction].as_str().map(str::to_owned);
            pages.push(told(&page));
            last = path;
        }
        assert!(direction == "prev" || last.contains("after="), "there is a way to go: {path}");
    }
    pages
}

#[test]
fn the_change_log_tells_nothing_of_what_was_never_public_and_no_names_of_what_was() {
    let with = TestServer::start();
    let key = with.key(&[Scope::Write]);
    make_public_content(&with, &key);
    let copy = TestDatabase::copy_of(&with.database);
    let url = copy.url.clone();
    let without = TestServer::on(copy, &url, &[]);
    hide_articles(&with, &key, &["draft", "scheduled", "archived", "withdrawn"]);
    let label = json!({ "name": "After it all" });
    for server in [&with, &without] {
        made(&send(server, &server.key(&[Scope::Write]), "POST", "/v1/labels", &[], &label));
    }
    let told = |server: &TestServer, path: &str| server.get(path).json()["data"].as_array().unwrap().len();
    for path in ["/v1/changes?limit=1000", "/v1/changes?type=label", "/v1/changes?type=person&limit=1"] {
        assert_eq!(told(&with, path), told(&without, path), "{path}");
    }
    let streamed = |server: &TestServer| {
        let mut stream = EventStream::resume(&server.url("/v1/events"), "AQAAAAAAAAAAAAAAAAAAAAAA", &[]);
        let events = std::iter::from_fn(|| stream.next());
        let events: Vec<String> =
            events.map(|event| event.data.to_string()).take_while(|data| !data.contains("after-it-all")).collect();
        assert!(!events.concat().contains(MARKER));
        events.len()
    };
    assert_eq!(streamed(&with), streamed(&without));
    assert_eq!(streamed(&with) + 1, told(&with, "/v1/changes?limit=1000"));
    let positions =
        "SELECT string_agg(position::text, ' ' ORDER BY position) FROM announcements WHERE audience = 'public'";
    assert_eq!(with.database.query(positions), without.database.query(positions));
    hide_articles(&with, &key, &["retired", "returned"]);
    assert!(told(&with, "/v1/changes?limit=1000") > told(&without, "/v1/changes?limit=1000"));
    let told = with.get("/v1/changes?limit=1000").data();
    let named: Vec<&Value> =
        told.as_array().unwrap().iter().filter(|change| change.to_string().contains(MARKER)).collect();
    assert!(named.is_empty(), "{named:?}");
}

/// Where two texts begin to differ.
fn difference(one: &str, other: &str) -> String {
    let start = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let excerpt = |text: &str| text.chars().skip(start.saturating_sub(60)).take(240).collect::<String>();
    format!("  with:    {}\n  without: {}", excerpt(one), excerpt(other))
}

/// Asks both servers; tells where they differ, and where a marker is told to one who did not name it.
fn compare(with: &TestServer, without: &TestServer, targets: &[String]) -> Vec<String> {
    let mut objections = Vec::new();
    for target in targets {
        let [one, other] = [with, without].map(|server| server.send("GET", target, &[("prefer", "explain")]));
        let (one, other) = (told(&one), told(&other));
        if one != other {
            objections.push(format!("{target}\n{}", difference(&format!("{one:?}"), &format!("{other:?}"))));
        } else if !target.to_lowercase().contains(MARKER) && format!("{one:?}").to_lowercase().contains(MARKER) {
            objections.push(format!("{target} tells of a marker: {one:?}"));
        }
    }
    objections
}
