//! What stays true whatever is written: any sequence of writes to articles, people, labels and quotes, with merges and
//! undos among them.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::values::id::{OccurrenceId, QuoteId};

use crate::merges::BROKEN;
use crate::support::TestServer;
use crate::support::http::Answer;
use crate::writing::{ANY, send, send_empty};

/// One write. The numbers choose, among what there is, what it is done to.
#[derive(Debug, Clone)]
enum Step {
    /// An article by another system's id: made, replaced, or brought back.
    Put(usize, usize, usize),
    Edit(usize, usize),
    Slug(Kind, usize, usize),
    Status(usize, &'static str),
    Names(Kind, usize, usize),
    Delete(Kind, usize),
    Restore(Kind, usize),
    Purge(Kind, usize),
    Merge(Kind, usize, usize),
    Undo(usize),
    Speaker(usize, usize),
    Join(usize, usize),
    Split(usize, usize),
    Correct(usize, usize),
    Revision(usize, usize),
    Publish(usize, usize),
    Batch(usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Articles,
    People,
    Labels,
    Quotes,
}

const TIDE: &str =
    "\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the harbour master of Tern Trust.";
const GULL: &str = "\u{201c}A gull is never late for its supper,\u{201d} said Bram Oster.";
const SPLIT: &str = "\u{201c}We count the terns,\u{201d} Ines Marlow said, \u{201c}in every single spring.\u{201d}";
const BODIES: [&[&str]; 6] =
    [&[TIDE], &[GULL, TIDE], &["It rained.", SPLIT, GULL], &[TIDE, SPLIT, TIDE], &[SPLIT], &[]];
const NAMES: [&str; 6] = ["Ada Quill", "Bram Oster", "Sea", "Tern Trust", "Ines Marlow", "Harbour"];

fn body(number: usize) -> String {
    BODIES[number % BODIES.len()].join("\n\n")
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..8_usize;
    let kind = || select(vec![Kind::Articles, Kind::People, Kind::Labels, Kind::Quotes]);
    let merged = || select(vec![Kind::People, Kind::Labels]);
    let status = select(vec!["draft", "published", "archived"]);
    prop_oneof![
        3 => (0..4_usize, n(), n()).prop_map(|(id, body, names)| Step::Put(id, body, names)),
        3 => (n(), n()).prop_map(|(article, body)| Step::Edit(article, body)),
        2 => (kind(), n(), n()).prop_map(|(kind, one, slug)| Step::Slug(kind, one, slug)),
        2 => (n(), status).prop_map(|(article, status)| Step::Status(article, status)),
        2 => (merged(), n(), n()).prop_map(|(kind, one, name)| Step::Names(kind, one, name)),
        2 => (kind(), n()).prop_map(|(kind, one)| Step::Delete(kind, one)),
        3 => (kind(), n()).prop_map(|(kind, one)| Step::Restore(kind, one)),
        1 => (kind(), n()).prop_map(|(kind, one)| Step::Purge(kind, one)),
        4 => (merged(), n(), n()).prop_map(|(kind, one, into)| Step::Merge(kind, one, into)),
        3 => n().prop_map(Step::Undo),
        2 => (n(), n()).prop_map(|(quote, speaker)| Step::Speaker(quote, speaker)),
        2 => (n(), n()).prop_map(|(quote, into)| Step::Join(quote, into)),
        2 => (n(), n()).prop_map(|(quote, printing)| Step::Split(quote, printing)),
        1 => (n(), n()).prop_map(|(printing, role)| Step::Correct(printing, role)),
        2 => (n(), n()).prop_map(|(article, version)| Step::Revision(article, version)),
        1 => (n(), n()).prop_map(|(article, body)| Step::Publish(article, body)),
        1 => (n(), n()).prop_map(|(label, article)| Step::Batch(label, article)),
    ]
}

/// What would be against the rules, by rule: nothing must be found.
const RULES: &[(&str, &str)] = &[
    (
        "anchors are true to their text",
        "SELECT s.occurrence_id::text FROM segments s JOIN occurrences o ON o.id = s.occurrence_id JOIN articles a \
         ON a.id = o.article_id WHERE o.anchor IN ('exact', 'moved') AND substr(a.body_text, starts_at + 1, ends_at - starts_at) <> exact",
    ),
    (
        "the slug of an article is among those it ever had",
        "SELECT slug FROM articles a WHERE NOT EXISTS (SELECT FROM article_slugs s WHERE s.slug = a.slug AND s.article_id = a.id)",
    ),
    (
        "the slug of a person is among those it ever had",
        "SELECT slug FROM people p WHERE merged_into_id IS NULL AND NOT EXISTS \
         (SELECT FROM person_slugs s WHERE s.slug = p.slug AND s.person_id = p.id)",
    ),
    (
        "the slug of a label is among those it ever had",
        "SELECT slug FROM labels l WHERE merged_into_id IS NULL AND NOT EXISTS \
         (SELECT FROM label_slugs s WHERE s.slug = l.slug AND s.label_id = l.id)",
    ),
    (
        "versions rise one by one",
        "SELECT resource_id::text FROM (SELECT *, lag(version_after) OVER (PARTITION BY resource_id ORDER BY id) AS last \
         FROM changes) AS change WHERE version_before IS DISTINCT FROM last OR version_after <= version_before",
    ),
    (
        "the record ends with the version that is there",
        "SELECT one.id::text FROM (SELECT id, version FROM articles UNION ALL SELECT id, version FROM people \
         UNION ALL SELECT id, version FROM labels UNION ALL SELECT id, version FROM quotes) AS one (id, version) \
         WHERE version IS DISTINCT FROM (SELECT max(version_after) FROM changes WHERE resource_id = one.id)",
    ),
    (
        "every version of an article is kept",
        "SELECT slug FROM articles a WHERE version <> (SELECT count(*) FROM article_revisions r WHERE r.article_id = a.id)",
    ),
    (
        "a published article says when it was",
        "SELECT slug FROM articles WHERE status = 'published' AND published_at IS NULL",
    ),
    (
        "a quote says what its longest public printing says",
        "SELECT id::text FROM quotes, LATERAL (SELECT max(char_length(o.text)) AS most FROM occurrences o \
         WHERE o.quote_id = quotes.id AND o.public_from <= now()) AS printed WHERE most IS NOT NULL AND NOT EXISTS \
         (SELECT FROM occurrences o WHERE o.quote_id = quotes.id AND o.text = quotes.text AND o.public_from <= now())",
    ),
    (
        "who said what is public is public",
        "SELECT p.slug FROM quotes q JOIN people p ON p.id = q.speaker_id WHERE q.deleted_at IS NULL \
         AND p.deleted_at IS NULL AND p.public_from > q.public_from",
    ),
    (
        "what a public article bears is public",
        "SELECT l.slug FROM article_labels al JOIN labels l ON l.id = al.label_id WHERE al.public_from <= now() \
         AND l.public_from > now()",
    ),
    (
        "what no public article bears, and nobody wrote by itself, is not",
        "SELECT slug FROM labels l WHERE NOT is_independent AND merged_into_id IS NULL AND public_from <= now() AND NOT EXISTS \
         (SELECT FROM article_labels al WHERE al.label_id = l.id AND al.public_from <= now()) AND NOT EXISTS \
         (SELECT FROM labels b WHERE b.parent_id = l.id AND b.public_from <= now() AND b.deleted_at IS NULL)",
    ),
];

/// A server with an administrator at it.
struct Desk {
    server: TestServer,
    key: String,
}

impl Desk {
    fn open() -> Self {
        let server = TestServer::start();
        let key = server.key(&[Scope::Admin]);
        Self { server, key }
    }

    fn write(&self, method: &str, path: &str, body: &Value) -> Answer {
        send(&self.server, &self.key, method, path, ANY, body)
    }

    fn ask(&self, method: &str, path: &str) -> Answer {
        send_empty(&self.server, &self.key, method, path, ANY)
    }

    /// The path of one of a kind, whatever became of it.
    fn path(&self, kind: Kind, number: usize) -> Option<String> {
        let (collection, query) = match kind {
            Kind::Articles => ("articles", "SELECT slug FROM articles ORDER BY id"),
            Kind::People => ("people", "SELECT slug FROM people ORDER BY id"),
            Kind::Labels => ("labels", "SELECT slug FROM labels ORDER BY id"),
            Kind::Quotes => ("quotes", "SELECT id::text FROM quotes ORDER BY id"),
        };
        let all = self.server.database.query(query);
        let one = all.get(number % all.len().max(1))?;
        let name = if kind == Kind::Quotes { QuoteId(one.parse().unwrap()).to_string() } else { one.clone() };
        Some(format!("/v1/{collection}/{name}"))
    }

    /// Does a step. It is done or refused; `None` where there is nothing to do it to.
    fn take(&self, step: &Step, merges: &mut Vec<String>) -> Option<Answer> {
        let path = |kind, number: usize| self.path(kind, number);
        let name_of = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        Some(match step {
            Step::Put(id, text, names) => {
                let draft = json!({
                    "title": format!("Article {id}"), "status": "published", "body_source": body(*text),
                    "labels": [NAMES[names % 6], NAMES[(names + 2) % 6]], "authors": [NAMES[(names + 1) % 6]],
                });
                let there = self.server.get_with(&self.key, &format!("/v1/articles/external/cms/{id}")).status != 404;
                let headers = if there { ANY } else { &[] };
                let path = format!("/v1/articles/external/cms/{id}");
                send(&self.server, &self.key, "PUT", &path, headers, &draft)
            }
            Step::Edit(article, text) => {
                self.write("PATCH", &path(Kind::Articles, *article)?, &json!({ "body_source": body(*text) }))
            }
            Step::Slug(Kind::Quotes, ..) => return None,
            Step::Slug(kind, one, slug) => {
                self.write("PATCH", &path(*kind, *one)?, &json!({ "slug": format!("slug-{slug}") }))
            }
            Step::Status(article, status) => {
                self.write("PATCH", &path(Kind::Articles, *article)?, &json!({ "status": status }))
            }
            Step::Names(kind, one, name) => {
                let patch = match kind {
                    Kind::Labels => json!({ "aliases": [NAMES[name % 6]], "parent": NAMES[(name + 1) % 6] }),
                    _ => {
                        json!({ "affiliations": [{ "role": "warden", "organization": "Tern Trust" }], "aliases": [NAMES[name % 6]] })
                    }
                };
                self.write("PATCH", &path(*kind, *one)?, &patch)
            }
            Step::Delete(kind, one) => self.ask("DELETE", &path(*kind, *one)?),
            Step::Restore(kind, one) => self.ask("POST", &format!("{}/restore", path(*kind, *one)?)),
            Step::Purge(kind, one) => self.ask("DELETE", &format!("{}?purge=true", path(*kind, *one)?)),
            Step::Merge(kind, one, into) => {
                let into = json!({ "into": name_of(&path(*kind, *into)?) });
                let merged = self.write("POST", &format!("{}/merge", path(*kind, *one)?), &into);
                merges.extend((merged.status == 201).then(|| merged.header("location").to_owned()));
                merged
            }
            Step::Undo(number) => self.ask("POST", &format!("{}/undo", merges.get(number % merges.len().max(1))?)),
            Step::Speaker(quote, speaker) => {
                let speaker = NAMES.get(*speaker);
                self.write("PATCH", &path(Kind::Quotes, *quote)?, &json!({ "speaker": speaker }))
            }
            Step::Join(quote, into) => {
                let into = json!({ "into": name_of(&path(Kind::Quotes, *into)?) });
                self.write("POST", &format!("{}/join", path(Kind::Quotes, *quote)?), &into)
            }
            Step::Split(quote, printing) => {
                let chosen = self.printing(*printing)?;
                self.write(
                    "POST",
                    &format!("{}/split", path(Kind::Quotes, *quote)?),
                    &json!({ "occurrences": [chosen] }),
                )
            }
            Step::Correct(printing, role) => {
                let correction = json!({ "role": NAMES.get(*role), "organization": "Tern Trust" });
                self.write("PATCH", &format!("/v1/occurrences/{}", self.printing(*printing)?), &correction)
            }
            Step::Revision(article, version) => {
                self.ask("POST", &format!("{}/revisions/{}/restore", path(Kind::Articles, *article)?, version + 1))
            }
            Step::Publish(article, text) => {
                let copy = format!("{}/working-copy", path(Kind::Articles, *article)?);
                let begun = send(&self.server, &self.key, "PATCH", &copy, &[], &json!({ "body_source": body(*text) }));
                if begun.status != 201 {
                    return Some(begun);
                }
                self.ask("POST", &format!("{copy}/publish"))
            }
            Step::Batch(label, article) => {
                let article = name_of(&path(Kind::Articles, *article)?);
                let operations = json!([
                    { "op": "create", "type": "label", "local_id": "@new", "data": { "name": format!("Label {label}") } },
                    { "op": "update", "type": "article", "ref": article, "if_match": "*", "data": { "labels": ["@new", "Sea"] } },
                ]);
                self.write("POST", "/v1/batch", &json!({ "operations": operations }))
            }
        })
    }

    fn printing(&self, number: usize) -> Option<String> {
        let all = self.server.database.query("SELECT id::text FROM occurrences ORDER BY id");
        Some(OccurrenceId(all.get(number % all.len().max(1))?.parse().unwrap()).to_string())
    }

    /// Every slug ever valid leads to one resource, or to word that it is deleted.
    fn lost_slugs(&self) -> Vec<String> {
        let mut lost = Vec::new();
        for (collection, table) in
            [("articles", "article_slugs"), ("people", "person_slugs"), ("labels", "label_slugs")]
        {
            for slug in self.server.database.query(&format!("SELECT slug FROM {table}")) {
                let path = format!("/v1/{collection}/{slug}");
                let mut found = self.server.get_with(&self.key, &path);
                if found.status == 308 {
                    found = self.server.get_with(&self.key, found.header("location"));
                }
                if !matches!(found.status, 200 | 410) {
                    lost.push(format!("{path}: {}", found.status));
                }
            }
        }
        lost
    }
}

#[test]
fn whatever_is_written_everything_stays_in_order() {
    let mut runner =
        TestRunner::new(Config { cases: 8, failure_persistence: None, max_shrink_iters: 40, ..Config::default() });
    let told = RULES.iter().chain(BROKEN).map(|(rule, query)| {
        format!("SELECT '{}: ' || one::text FROM ({query}) AS objections (one)", rule.replace('\'', "''"))
    });
    let objections = told.collect::<Vec<_>>().join(" UNION ALL ");
    let outcome = runner.run(&prop::collection::vec(step(), 4..24), |steps| {
        let desk = Desk::open();
        let mut merges = Vec::new();
        for id in 0..3 {
            desk.take(&Step::Put(id, id, id), &mut merges);
        }
        for (index, step) in steps.iter().enumerate() {
            if let Some(done) = desk.take(step, &mut merges) {
                let is_answer = matches!(done.status, 200 | 201 | 204 | 308 | 404 | 409 | 410 | 412 | 422);
                prop_assert!(is_answer, "after {:?}: {} {}", &steps[..=index], done.status, done.text);
            }
            let found = desk.server.database.query(&objections);
            prop_assert!(found.is_empty(), "after {:?}: {found:?}", &steps[..=index]);
        }
        let lost = desk.lost_slugs();
        prop_assert!(lost.is_empty(), "after {steps:?}: {lost:?}");
        Ok(())
    });
    outcome.unwrap();
}
