//! Reading people.

use serde_json::json;

use crate::support::TestServer;

fn article(title: &str, date: &str, attribution: &str) -> String {
    format!(
        "{title}\n{date}\nIt rained in {title}. \"The tide waits for nobody in {title} this year,\" said {attribution}.\n\
         Labels: Sea\n"
    )
}

#[test]
fn a_person_has_every_role_that_articles_print_the_latest_first() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "May 1, 2023", "Zoë Quill, warden of the Tern Society"));
    server.import("b.txt", article("Second", "May 2, 2024", "Zoe Quill, mayor"));
    let people = server.get("/v1/people").column("/name");
    assert_eq!(people.iter().filter(|name| name.ends_with("Quill")).count(), 1, "accents make no other person");
    let person = server.get("/v1/people/zoe-quill").data();
    assert_eq!(person["kind"], "person");
    assert_eq!(person["version"], 2, "a second role is a change of the person");
    let roles: Vec<_> =
        person["affiliations"].as_array().unwrap().iter().map(|a| a["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["mayor", "warden"]);
    assert_eq!(person["affiliations"][1]["organization"]["slug"], "tern-society");
    assert_eq!(person["affiliations"][1]["starts_on"], json!(null));
}

#[test]
fn organizations_and_groups_are_people_of_their_kind() {
    let server = TestServer::start();
    let text = "Title\n\"The tide waits for nobody.\"Fishermen of the northern quay\"It never did.\"Ada Quill, warden, Tern Society\n\
                The body of the article stands here.\nLabels: Sea\n";
    server.import("a.txt", text);
    assert_eq!(server.get("/v1/people/fishermen-of-the-northern-quay").data()["kind"], "group");
    assert_eq!(server.get("/v1/people/tern-society").data()["kind"], "organization");
    assert_eq!(server.get("/v1/people").data().as_array().unwrap().len(), 3);
}

#[test]
fn a_bare_surname_reaches_the_full_name_in_its_article_and_nobody_outside() {
    let server = TestServer::start();
    let full = "It rained. \"The tide waits for nobody,\" said Ada Quill.\n\"We wait for the tide,\" Quill said.\n";
    server.import("a.txt", format!("First\nMay 1, 2023\n{full}Labels: Sea\n"));
    server
        .import("b.txt", "Second\nMay 2, 2023\nIt rained. \"We wait for nothing at all,\" Quill said.\nLabels: Sea\n");
    assert_eq!(server.get("/v1/people").column("/name"), ["Ada Quill"]);
    let quote = server.get("/v1/articles/second?include=quotes").data()["quotes"][0].take();
    assert_eq!(quote["speaker"], json!(null));
    assert_eq!(quote["attribution"], "Quill said", "what the article prints is kept");
    assert_eq!(server.get("/v1/people/ada-quill/quotes").data().as_array().unwrap().len(), 2);
}

#[test]
fn of_two_people_of_one_name_none_is_chosen() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "May 1, 2023", "Ada Quill"));
    server.database.execute(
        "BEGIN; INSERT INTO people (id, slug, kind, name, normalised_name, created_at, updated_at) \
         VALUES ('00000000-0000-7000-8000-000000000001', 'ada-quill-2', 'person', 'Ada Quill', 'ada quill', now(), now()); \
         INSERT INTO person_slugs VALUES ('ada-quill-2', '00000000-0000-7000-8000-000000000001'); COMMIT",
    );
    server.import("b.txt", article("Second", "May 2, 2023", "Ada Quill"));
    let quote = server.get("/v1/articles/second?include=quotes").data()["quotes"][0].take();
    assert_eq!(quote["speaker"], json!(null));
    assert_eq!(quote["attribution"], "said Ada Quill");
}

#[test]
fn an_alias_leads_to_the_person_and_is_shown() {
    let server = TestServer::start();
    server.import("a.txt", article("First", "May 1, 2023", "Ada Quill"));
    server.database.execute(
        "INSERT INTO person_aliases (person_id, normalised_name, name) SELECT id, 'adelaide quill', 'Adelaide Quill' FROM people",
    );
    server.import("b.txt", article("Second", "May 2, 2023", "Adelaide Quill"));
    assert_eq!(server.get("/v1/people").column("/name"), ["Ada Quill"]);
    assert_eq!(server.get("/v1/people/ada-quill").data()["aliases"], json!(["Adelaide Quill"]));
    assert_eq!(server.get("/v1/people/ada-quill/quotes").data().as_array().unwrap().len(), 2);
}
