//! Merging people and labels, and undoing it.

use proptest::prelude::*;
use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::support::http::Answer;
use crate::writing::{ANY, send, send_empty};

/// A server with a key that may write.
struct Desk {
    server: TestServer,
    key: String,
}

impl Desk {
    fn open() -> Self {
        let server = TestServer::start();
        let key = server.key(&[Scope::Write]);
        Self { server, key }
    }

    fn article(&self, title: &str, body: &str, labels: &str) {
        let text = format!("{title}\nMay 1, 2023\n{body} It rained all day.\nLabels: {labels}\n");
        self.server.import(&format!("{title}.txt"), text);
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        send(&self.server, &self.key, "POST", path, ANY, body)
    }

    fn patch(&self, path: &str, body: &Value) -> Answer {
        send(&self.server, &self.key, "PATCH", path, ANY, body)
    }

    fn delete(&self, path: &str) -> Answer {
        send_empty(&self.server, &self.key, "DELETE", path, ANY)
    }

    /// Merges, and returns the path of the merge.
    fn merge(&self, path: &str, into: &str) -> String {
        let merged = self.post(&format!("{path}/merge"), &json!({ "into": into }));
        assert_eq!(merged.status, 201, "{path} into {into}: {}", merged.text);
        merged.header("location").to_owned()
    }

    fn undo(&self, merge: &str) -> Answer {
        send_empty(&self.server, &self.key, "POST", &format!("{merge}/undo"), ANY)
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.server.get_with(&self.key, path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()["data"].take()
    }

    fn slugs(&self, path: &str, pointer: &str) -> Vec<String> {
        let rows = self.get(path).pointer(pointer).cloned().unwrap_or_default();
        rows.as_array().unwrap().iter().map(|row| row["slug"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything that the lists show, but for versions and when they rose.
    fn everything(&self) -> Vec<Value> {
        let paths = [
            "/v1/labels?sort=name&limit=100",
            "/v1/people?sort=name&limit=100",
            "/v1/quotes?limit=100",
            "/v1/articles?include=quotes,authors,labels&limit=100",
            "/v1/voices?by=affiliation",
            "/v1/labels/resolve?line=Sea,Ocean,Tide,Rain,Alpha,Beta,Gamma,Delta",
        ];
        let mut shown: Vec<Value> = paths.iter().map(|path| self.server.get(path).data()).collect();
        shown.iter_mut().for_each(forget_versions);
        shown
    }
}

fn forget_versions(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("version");
            members.remove("updated_at");
            members.values_mut().for_each(forget_versions);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_versions),
        _ => {}
    }
}

fn conflict(answer: &Answer) -> String {
    let problem = answer.problem();
    assert_eq!((answer.status, &problem["code"]), (409, &json!("conflict")), "{problem}");
    problem["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_merged_label_is_the_survivor_under_every_name_it_had() {
    let desk = Desk::open();
    desk.article("First", "", "Ocean, Birds");
    desk.article("Second", "", "Sea, Ocean");
    desk.article("Third", "", "Sea");
    desk.patch("/v1/labels/ocean", &json!({ "aliases": ["The Deep"], "slug": "the-ocean" }));
    desk.post("/v1/labels", &json!({ "name": "Reefs", "parent": "ocean" }));
    let before = desk.everything();
    let id = desk.get("/v1/labels/the-ocean")["id"].as_str().unwrap().to_owned();

    let dry = desk.post("/v1/labels/the-ocean/merge?dry_run=true", &json!({ "into": "Sea" }));
    let touched = dry.json()["data"]["touched"].take();
    assert_eq!((dry.status, &dry.json()["meta"]["dry_run"]), (200, &json!(true)));
    assert_eq!(
        (&touched["article_labels"], &touched["names"], &touched["child_labels"]),
        (&json!(2), &json!(2), &json!(1))
    );
    assert_eq!(desk.everything(), before);

    let tagged = send(&desk.server, &desk.key, "POST", "/v1/labels/the-ocean/merge", &[], &json!({ "into": "sea" }));
    assert_eq!(tagged.status, 428);
    let stale = [("if-match", "\"1\"")];
    let stale = send(&desk.server, &desk.key, "POST", "/v1/labels/the-ocean/merge", &stale, &json!({ "into": "sea" }));
    assert_eq!(stale.status, 412);
    let merge = desk.merge("/v1/labels/the-ocean", "sea");

    for reference in ["ocean", "the-ocean", &id] {
        let led = desk.server.get(&format!("/v1/labels/{reference}"));
        assert_eq!((led.status, led.header("location")), (308, "/v1/labels/sea"), "{reference}");
        let filtered = desk.server.get(&format!("/v1/articles?label={reference}&sort=title"));
        assert_eq!(filtered.column("/title"), ["First", "Second", "Third"]);
        assert_eq!(desk.patch(&format!("/v1/labels/{reference}"), &json!({})).problem()["current"], "sea");
    }
    assert_eq!(desk.slugs("/v1/articles/first", "/labels"), ["sea", "birds"], "in its place");
    assert_eq!(desk.slugs("/v1/articles/second", "/labels"), ["sea"], "once");
    let sea = desk.get("/v1/labels/sea");
    assert_eq!((&sea["aliases"], &sea["version"]), (&json!(["Ocean", "The Deep"]), &json!(2)));
    assert_eq!(desk.get("/v1/labels/reefs")["parent"]["slug"], "sea");
    assert_eq!(
        desk.get("/v1/labels/resolve?line=ocean,The+Deep,Sea")
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["reason"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>(),
        ["merged", "alias", "exact"]
    );
    let taken = desk.post("/v1/labels", &json!({ "name": "Ocean" }));
    assert_eq!(taken.status, 409, "a name has one bearer");
    desk.article("Fourth", "", "ocean");
    assert_eq!(desk.slugs("/v1/articles/fourth", "/labels"), ["sea"]);
    for untouched in ["/v1/articles/first", "/v1/labels/reefs"] {
        assert_eq!(desk.get(untouched)["version"], 1, "a merge raises only the versions of the two");
    }

    let shown = desk.get(&merge);
    assert_eq!(
        (&shown["merged"]["slug"], &shown["survivor"]["slug"], &shown["version"]),
        (&json!("the-ocean"), &json!("sea"), &json!(1))
    );
    assert_eq!(desk.get("/v1/merges")[0], shown);
    let undone = desk.undo(&merge);
    assert_eq!((undone.status, &undone.json()["data"]["version"]), (200, &json!(2)), "{}", undone.text);
    assert_eq!(desk.slugs("/v1/articles/fourth", "/labels"), ["sea"], "what came since stays");
    desk.server.database.execute("DELETE FROM article_labels WHERE article_id IN (SELECT id FROM articles WHERE title = 'Fourth'); UPDATE articles SET deleted_at = now() WHERE title = 'Fourth'");
    assert_eq!(desk.everything(), before);
    assert!(conflict(&desk.undo(&merge)).contains("undone already"));
}

#[test]
fn a_merged_person_said_wrote_and_was_what_the_survivor_did() {
    let desk = Desk::open();
    desk.article(
        "First",
        "\"The tide waits for nobody in the harbour,\" said Ada Quill, warden of the Tern Society.",
        "Sea",
    );
    desk.article(
        "Second",
        "\"A gull is never late for its supper,\" said Adelaide Quill, warden of the Tern Society.",
        "Sea",
    );
    desk.article(
        "Third",
        "\"We count the terns in every spring,\" said Bram Oster, clerk of the Terns Society.",
        "Sea",
    );
    let known = json!({ "aliases": ["Adie Quill"], "affiliations": [{ "role": "mayor", "organization": "Terns Society", "starts_on": "2001" }] });
    assert_eq!(desk.patch("/v1/people/adelaide-quill", &known).status, 200);
    desk.server.database.execute(
        "INSERT INTO article_authors SELECT articles.id, people.id, 1, articles.public_from FROM articles, people \
         WHERE articles.title = 'Third' AND people.slug = 'adelaide-quill'",
    );
    let before = desk.everything();
    let dry = desk.post("/v1/people/adelaide-quill/merge?dry_run=true", &json!({ "into": "ada-quill" }));
    let touched = dry.json()["data"]["touched"].take();
    let counts = ["quotes", "article_authors", "affiliations", "names"].map(|name| touched[name].as_i64().unwrap());
    assert_eq!(counts, [1, 1, 2, 2]);
    let people = desk.merge("/v1/people/adelaide-quill", "Ada Quill");
    let societies = desk.merge("/v1/people/terns-society", "tern-society");
    assert_eq!(desk.server.get("/v1/people/adelaide-quill").header("location"), "/v1/people/ada-quill");
    assert_eq!(desk.get("/v1/quotes?speaker=adelaide-quill").as_array().unwrap().len(), 2);
    assert_eq!(desk.get("/v1/quotes?speaker=Adie+Quill").as_array().unwrap().len(), 2);
    assert_eq!(desk.slugs("/v1/articles/third", "/authors"), ["ada-quill"]);
    assert_eq!(desk.slugs("/v1/people?affiliation=terns-society&sort=name", ""), ["ada-quill", "bram-oster"]);
    let ada = desk.get("/v1/people/ada-quill");
    assert_eq!((&ada["aliases"], &ada["version"]), (&json!(["Adelaide Quill", "Adie Quill"]), &json!(2)));
    let was: Vec<_> = ada["affiliations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|was| (was["role"].as_str().unwrap(), &was["organization"]["slug"]))
        .collect();
    assert_eq!(was, [("mayor", &json!("tern-society")), ("warden", &json!("tern-society"))]);
    let voices = desk.get("/v1/voices?by=affiliation");
    assert_eq!(voices.as_array().unwrap().len(), 1, "{voices}");
    for untouched in ["/v1/articles/second", "/v1/articles/third", "/v1/people/bram-oster"] {
        assert_eq!(desk.get(untouched)["version"], 1, "{untouched}");
    }
    desk.article("Fourth", "\"The ferry is late again in this wind,\" said Adelaide Quill.", "Rain");
    assert_eq!(desk.get("/v1/quotes?speaker=ada-quill").as_array().unwrap().len(), 3);
    desk.server.database.execute("UPDATE articles SET deleted_at = now() WHERE title = 'Fourth'; UPDATE labels SET deleted_at = now() WHERE name = 'Rain'; \
         DELETE FROM occurrences WHERE article_id IN (SELECT id FROM articles WHERE title = 'Fourth'); DELETE FROM quotes WHERE text LIKE 'The ferry%'");
    assert_eq!(desk.undo(&people).status, 200);
    assert_eq!(desk.undo(&societies).status, 200);
    assert_eq!(desk.everything(), before);
}

#[test]
fn what_cannot_be_merged_is_refused_with_its_reason() {
    let desk = Desk::open();
    for name in ["Alpha", "Beta", "Gamma"] {
        desk.post("/v1/labels", &json!({ "name": name }));
        desk.post("/v1/people", &json!({ "name": name }));
    }
    desk.post("/v1/people", &json!({ "name": "Terns", "kind": "organization" }));
    for (path, into) in [("/v1/labels/alpha", "ALPHA"), ("/v1/people/alpha", "alpha"), ("/v1/people/terns", "beta")] {
        let refused = desk.post(&format!("{path}/merge"), &json!({ "into": into }));
        conflict(&refused);
        assert_eq!(refused.problem()["errors"][0]["pointer"], "/into");
    }
    for resource in ["labels", "people"] {
        let merge = desk.merge(&format!("/v1/{resource}/alpha"), "beta");
        let crossing = desk.post(&format!("/v1/{resource}/beta/merge"), &json!({ "into": "alpha" }));
        assert!(conflict(&crossing).contains("part of itself"), "the other way round");
        let again = desk.post(&format!("/v1/{resource}/alpha/merge"), &json!({ "into": "gamma" }));
        assert_eq!((again.status, &again.problem()["current"]), (409, &json!("beta")));
        let unknown = desk.post(&format!("/v1/{resource}/beta/merge"), &json!({ "into": "gama" }));
        assert_eq!((unknown.status, &unknown.problem()["errors"][0]["did_you_mean"]), (422, &json!(["gamma"])));

        let onward = desk.merge(&format!("/v1/{resource}/beta"), "gamma");
        assert!(conflict(&desk.undo(&merge)).contains(onward.rsplit('/').next().unwrap()), "it names the other merge");
        assert_eq!(
            desk.server.get(&format!("/v1/{resource}/alpha")).header("location"),
            format!("/v1/{resource}/gamma")
        );
        assert_eq!(desk.undo(&onward).status, 200);
        desk.delete(&format!("/v1/{resource}/beta"));
        assert!(conflict(&desk.undo(&merge)).contains("restore it first"));
        let into_deleted = desk.post(&format!("/v1/{resource}/gamma/merge"), &json!({ "into": "beta" }));
        assert_eq!(into_deleted.status, 422);
        assert_eq!(desk.post(&format!("/v1/{resource}/beta/merge"), &json!({ "into": "gamma" })).status, 410);
        let admin = desk.server.key(&[Scope::Admin]);
        let purge = format!("/v1/{resource}/beta?purge=true");
        assert_eq!(send_empty(&desk.server, &admin, "DELETE", &purge, ANY).status, 204);
        assert_eq!(desk.undo(&merge).status, 404, "the merge went with the purge");
        assert_eq!(
            desk.server.get(&format!("/v1/{resource}/alpha")).status,
            404,
            "and so did what had become part of it"
        );
    }
    assert_eq!(desk.undo("/v1/merges/none").status, 404);
}

#[test]
fn a_label_that_stood_below_the_merged_one_takes_its_place() {
    let desk = Desk::open();
    for (name, parent) in [("Alpha", None), ("Beta", Some("alpha")), ("Gamma", Some("beta")), ("Delta", Some("gamma"))]
    {
        assert_eq!(desk.post("/v1/labels", &json!({ "name": name, "parent": parent.unwrap_or("World") })).status, 201);
    }
    let before = desk.everything();
    let merge = desk.merge("/v1/labels/beta", "delta");
    let parent = |label: &str| desk.get(&format!("/v1/labels/{label}"))["parent"]["slug"].clone();
    assert_eq!((parent("delta"), parent("gamma")), (json!("alpha"), json!("delta")));
    assert_eq!(desk.undo(&merge).status, 200);
    assert_eq!(desk.everything(), before);

    let merge = desk.merge("/v1/labels/beta", "world");
    desk.patch("/v1/labels/alpha", &json!({ "parent": "delta" }));
    assert_eq!(desk.undo(&merge).status, 200);
    assert_eq!(parent("gamma"), "world", "beta is below alpha, that below gamma by now: gamma stays where it is");
}

#[test]
fn an_undo_leaves_what_was_changed_since() {
    let desk = Desk::open();
    desk.article("First", "", "Ocean");
    desk.article("Second", "", "Ocean");
    desk.post("/v1/labels", &json!({ "name": "Sea" }));
    let merge = desk.merge("/v1/labels/ocean", "sea");
    desk.server
        .database
        .execute("DELETE FROM article_labels USING articles WHERE articles.id = article_id AND title = 'Second'");
    desk.patch("/v1/labels/sea", &json!({ "name": "Ocean", "aliases": ["Sea"] }));
    assert!(conflict(&desk.undo(&merge)).contains("\"sea\""), "the survivor is called so itself");
    desk.patch("/v1/labels/sea", &json!({ "name": "Sea", "aliases": [] }));
    assert_eq!(desk.post("/v1/labels", &json!({ "name": "Ocean" })).json()["data"]["slug"], "ocean-2");
    assert!(conflict(&desk.undo(&merge)).contains("\"ocean-2\""), "another label has the name");
    desk.patch("/v1/labels/ocean-2", &json!({ "name": "Oceans" }));
    assert_eq!(desk.undo(&merge).status, 200);
    assert_eq!(desk.slugs("/v1/articles/first", "/labels"), ["ocean"]);
    assert_eq!(desk.slugs("/v1/articles/second", "/labels"), Vec::<String>::new());
    assert_eq!(desk.get("/v1/labels/ocean")["name"], "Ocean", "its own name comes back");
}

#[test]
fn merges_into_one_survivor_are_undone_in_any_order() {
    let desk = Desk::open();
    desk.article("First", "", "Alpha, Beta, Gamma");
    desk.post("/v1/labels", &json!({ "name": "Delta" }));
    for name in ["One", "Two"] {
        desk.post("/v1/people", &json!({ "name": name, "aliases": ["The Same"], "affiliations": [{ "role": "keeper", "starts_on": "2001" }] }));
    }
    desk.post("/v1/people", &json!({ "name": "Three" }));
    let before = desk.everything();
    for first in [0, 1] {
        let merges = [desk.merge("/v1/labels/alpha", "delta"), desk.merge("/v1/labels/beta", "delta")];
        assert_eq!(desk.slugs("/v1/articles/first", "/labels"), ["delta", "gamma"]);
        let people = [desk.merge("/v1/people/one", "three"), desk.merge("/v1/people/two", "three")];
        assert_eq!(desk.undo(&merges[first]).status, 200);
        let left = ["alpha", "beta"][first];
        let mut labels = desk.slugs("/v1/articles/first", "/labels");
        labels.sort();
        assert_eq!(labels, [left, "delta", "gamma"], "the article bears the other one as the survivor");
        assert_eq!(desk.undo(&people[first]).status, 200);
        let three = desk.get("/v1/people/three");
        let aliases = [json!(["The Same", "Two"]), json!(["One", "The Same"])];
        assert_eq!(three["aliases"], aliases[first]);
        assert_eq!(three["affiliations"].as_array().unwrap().len(), 1, "what the other one brought stays");
        assert_eq!(desk.undo(&merges[1 - first]).status, 200);
        assert_eq!(desk.undo(&people[1 - first]).status, 200);
        assert_eq!(desk.everything(), before);
    }
}

#[test]
fn what_another_system_calls_a_merged_resource_leads_on_and_is_not_written_over() {
    let desk = Desk::open();
    for (id, name) in [("1", "Alpha"), ("2", "Beta")] {
        let path = format!("/v1/labels/external/cms/{id}");
        assert_eq!(send(&desk.server, &desk.key, "PUT", &path, &[], &json!({ "name": name })).status, 201);
    }
    desk.merge("/v1/labels/alpha", "beta");
    let led = desk.server.get("/v1/labels/external/cms/1");
    assert_eq!((led.status, led.header("location")), (308, "/v1/labels/beta"));
    let put = send(&desk.server, &desk.key, "PUT", "/v1/labels/external/cms/1", ANY, &json!({ "name": "Alpha" }));
    assert_eq!((put.status, &put.problem()["current"]), (409, &json!("beta")));
}

#[test]
fn of_two_merges_that_cross_at_once_one_is_refused() {
    for resource in ["labels", "people"] {
        let desk = Desk::open();
        for name in ["Alpha", "Beta"] {
            desk.post(&format!("/v1/{resource}"), &json!({ "name": name }));
        }
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let requests = [("alpha", "beta"), ("beta", "alpha")].map(|(merged, into)| {
                let desk = &desk;
                scope.spawn(move || {
                    desk.post(&format!("/v1/{resource}/{merged}/merge"), &json!({ "into": into })).status
                })
            });
            requests.into_iter().map(|request| request.join().unwrap()).collect()
        });
        let mut sorted = statuses.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [201, 409], "{statuses:?}");
        assert_eq!(desk.get(&format!("/v1/{resource}")).as_array().unwrap().len(), 1);
        check(&desk);
        check_slugs(&desk);
    }
}

/// Rows that must not be there: what still names somebody merged, what is in a circle, versions with gaps.
pub const BROKEN: &[(&str, &str)] = &[
    (
        "article labels",
        "SELECT 1 FROM article_labels JOIN labels ON labels.id = label_id WHERE merged_into_id IS NOT NULL",
    ),
    ("label names", "SELECT 1 FROM label_names JOIN labels ON labels.id = label_id WHERE merged_into_id IS NOT NULL"),
    (
        "parents",
        "SELECT 1 FROM labels JOIN labels AS parents ON parents.id = labels.parent_id \
        WHERE labels.merged_into_id IS NULL AND parents.merged_into_id IS NOT NULL",
    ),
    (
        "circles",
        "WITH RECURSIVE above (id, first) AS (SELECT parent_id, id FROM labels UNION SELECT parent_id, first FROM labels \
        JOIN above ON above.id = labels.id) SELECT 1 FROM above JOIN labels ON labels.id = first \
        WHERE above.id = first AND labels.merged_into_id IS NULL",
    ),
    ("speakers", "SELECT 1 FROM quotes JOIN people ON people.id = speaker_id WHERE merged_into_id IS NOT NULL"),
    (
        "organizations",
        "SELECT 1 FROM occurrences JOIN people ON people.id = organization_id WHERE merged_into_id IS NOT NULL",
    ),
    ("authors", "SELECT 1 FROM article_authors JOIN people ON people.id = person_id WHERE merged_into_id IS NOT NULL"),
    ("aliases", "SELECT 1 FROM person_aliases JOIN people ON people.id = person_id WHERE merged_into_id IS NOT NULL"),
    (
        "affiliations",
        "SELECT 1 FROM affiliations JOIN people ON people.id IN (person_id, organization_id) WHERE merged_into_id IS NOT NULL",
    ),
    (
        "versions",
        "SELECT 1 FROM (SELECT version_before, lag(version_after) OVER (PARTITION BY resource_id ORDER BY id) AS last \
        FROM changes WHERE request_id IS NOT NULL OR actor = 'import') AS change WHERE version_before <> last",
    ),
];

fn check(desk: &Desk) {
    for (what, rows) in BROKEN {
        assert_eq!(desk.server.database.query(rows), Vec::<String>::new(), "{what}");
    }
}

/// Every slug ever valid leads to exactly one resource, deleted or not.
fn check_slugs(desk: &Desk) {
    for (resource, table) in [("labels", "label_slugs"), ("people", "person_slugs")] {
        for slug in desk.server.database.query(&format!("SELECT slug FROM {table}")) {
            let found = desk.server.get_with(&desk.key, &format!("/v1/{resource}/{slug}"));
            let end =
                if found.status == 308 { desk.server.get_with(&desk.key, found.header("location")) } else { found };
            assert!(matches!(end.status, 200 | 410), "{resource} {slug} leads to {}", end.status);
        }
    }
}

/// One random write.
#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    Rename(usize, usize),
    Parent(usize, usize),
    Affiliate(usize, usize),
    Delete(usize),
    Restore(usize),
    Merge(usize, usize),
    MergeAndUndo(usize, usize),
    Undo(usize),
}

const NAMES: [&str; 5] = ["Alpha", "Beta", "Gamma", "Delta", "Ada Quill"];

fn step() -> impl Strategy<Value = Step> {
    let (one, other) = (0..NAMES.len(), 0..NAMES.len());
    let pair = (one.clone(), other);
    prop_oneof![
        1 => one.clone().prop_map(Step::Create),
        1 => pair.clone().prop_map(|(a, b)| Step::Rename(a, b)),
        2 => pair.clone().prop_map(|(a, b)| Step::Parent(a, b)),
        2 => pair.clone().prop_map(|(a, b)| Step::Affiliate(a, b)),
        1 => one.clone().prop_map(Step::Delete),
        1 => one.clone().prop_map(Step::Restore),
        4 => pair.clone().prop_map(|(a, b)| Step::Merge(a, b)),
        3 => pair.prop_map(|(a, b)| Step::MergeAndUndo(a, b)),
        4 => (0..6_usize).prop_map(Step::Undo),
    ]
}

fn slug(name: usize) -> String {
    NAMES[name].to_lowercase().replace(' ', "-")
}

/// Does a step to labels or to people, and returns whether it was done. What cannot be is refused, never half done.
fn take(desk: &Desk, resource: &str, step: &Step, merges: &mut Vec<String>) {
    let path = |name: usize| format!("/v1/{resource}/{}", slug(name));
    let merge = |a: usize, b: usize| desk.post(&format!("{}/merge", path(a)), &json!({ "into": slug(b) }));
    let done = match step {
        Step::Create(a) => desk.post(&format!("/v1/{resource}"), &json!({ "name": NAMES[*a] })),
        Step::Rename(a, b) => {
            desk.patch(&path(*a), &json!({ "name": format!("{} {b}", NAMES[*a]), "aliases": [NAMES[*b]] }))
        }
        Step::Parent(a, b) if resource == "labels" => desk.patch(&path(*a), &json!({ "parent": slug(*b) })),
        Step::Parent(a, _) => desk.patch(&path(*a), &json!({ "kind": "organization" })),
        Step::Affiliate(a, b) if resource == "people" => {
            desk.patch(&path(*a), &json!({ "affiliations": [{ "role": "warden", "organization": slug(*b) }] }))
        }
        Step::Affiliate(a, _) => desk.patch(&path(*a), &json!({ "parent": null })),
        Step::Delete(a) => desk.delete(&path(*a)),
        Step::Restore(a) => send_empty(&desk.server, &desk.key, "POST", &format!("{}/restore", path(*a)), ANY),
        Step::Merge(a, b) => {
            let done = merge(*a, *b);
            merges.extend((done.status == 201).then(|| done.header("location").to_owned()));
            done
        }
        Step::MergeAndUndo(a, b) => {
            let before = desk.everything();
            let done = merge(*a, *b);
            if done.status == 201 {
                let undone = desk.undo(done.header("location"));
                assert_eq!(undone.status, 200, "{}", undone.text);
                assert_eq!(desk.everything(), before, "an undo of the last merge restores what was");
            }
            done
        }
        Step::Undo(number) if merges.is_empty() => return assert!(*number < 6),
        Step::Undo(number) => desk.undo(&merges[number % merges.len()]),
    };
    assert!(matches!(done.status, 200 | 201 | 204 | 404 | 409 | 410 | 422), "{step:?}: {}", done.text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_writes_merges_and_undos_leave_everything_in_order(steps in prop::collection::vec((any::<bool>(), step()), 1..16)) {
        let desk = Desk::open();
        desk.article("First", "\"The tide waits for nobody in the harbour,\" said Ada Quill, warden of Delta Trust.", "Alpha, Beta, Gamma");
        desk.article("Second", "\"A gull is never late for its supper,\" said Ada Quill, warden.", "Beta, Delta");
        desk.article("Third", "\"We count the terns in every spring,\" said Bram Oster.", "Gamma");
        for name in &NAMES[..4] {
            desk.post("/v1/people", &json!({ "name": name }));
        }
        let mut merges = (Vec::new(), Vec::new());
        for (is_label, step) in &steps {
            let (resource, merges) = if *is_label { ("labels", &mut merges.0) } else { ("people", &mut merges.1) };
            take(&desk, resource, step, merges);
            check(&desk);
        }
        check_slugs(&desk);
    }
}
