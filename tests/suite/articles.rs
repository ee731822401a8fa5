//! Reading articles.

use chrono::{TimeZone, Utc};

use crate::support::TestServer;

const BELL: &str = "The Bell of Tern Point\n\
    March 3, 2024\n\
    \"The bell stays where it hangs.\"\"Nobody asked the keepers.\"Ada Quill, harbour warden, Tern Society\n\
    The old bell will not move. \"The bell stays where it hangs,\" said Ada Quill, harbour warden at the Tern Society. \
    \"Nobody has rung it since the flood.\"\n\
    A second paragraph says nothing much about anything.\n\
    Labels: Harbour, Heritage\n\
    << Home\n";

fn article(title: &str, date: &str, labels: &str) -> String {
    format!("{title}\n{date}\nThe first words of {title} stand here in a paragraph of their own.\nLabels: {labels}\n")
}

#[test]
fn articles_are_listed_from_the_newest_to_the_oldest_without_their_bodies() {
    let server = TestServer::start();
    server.import("b.txt", article("Second", "May 2, 2023", "Sea"));
    server.import("a.txt", article("First", "May 1, 2023", "Sea"));
    server.import("c.txt", article("Third", "May 3, 2023", "Sea"));
    let answer = server.get("/v1/articles");
    assert_eq!(answer.column("/title"), ["Third", "Second", "First"]);
    let row = &answer.data()[0];
    assert_eq!(row["published_at"], "2023-05-03T00:00:00Z");
    for absent in ["body_html", "body_text", "body_format", "text_rule", "quotes"] {
        assert!(row.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn one_article_is_found_by_slug_and_by_id_with_its_body() {
    let server = TestServer::start();
    server.import("bell.txt", BELL);
    let article = server.get("/v1/articles/the-bell-of-tern-point").data();
    assert_eq!(article["title"], "The Bell of Tern Point");
    assert_eq!(article["status"], "published");
    assert_eq!(article["body_format"], "plain");
    assert_eq!(article["text_rule"], 1);
    let text = article["body_text"].as_str().unwrap();
    assert!(text.starts_with("The old bell will not move.") && text.ends_with("about anything."), "{text}");
    assert!(article["body_html"].as_str().unwrap().starts_with("<p>The old bell"));
    let id = article["id"].as_str().unwrap();
    assert!(id.starts_with("art_"));
    assert_eq!(server.get(&format!("/v1/articles/{id}")).data(), article);
}

#[test]
fn labels_are_references_in_printed_order_and_whole_when_included() {
    let server = TestServer::start();
    server.import("bell.txt", BELL);
    let labels = server.get("/v1/articles/the-bell-of-tern-point").data()["labels"].take();
    assert_eq!(labels[0]["name"], "Harbour");
    assert_eq!(labels[1]["url"], "/v1/labels/heritage");
    assert!(labels[0].get("aliases").is_none());
    let labels = server.get("/v1/articles/the-bell-of-tern-point?include=labels").data()["labels"].take();
    assert_eq!(labels[0]["aliases"], serde_json::json!([]));
    assert_eq!(labels[1]["slug"], "heritage");
}

#[test]
fn quotes_come_with_include_pull_quotes_first_then_in_text_order() {
    let server = TestServer::start();
    server.import("bell.txt", BELL);
    let article = server.get("/v1/articles/the-bell-of-tern-point?include=quotes").data();
    let quotes = article["quotes"].as_array().unwrap();
    let told: Vec<_> =
        quotes.iter().map(|quote| (quote["kind"].as_str().unwrap(), quote["text"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("pull", "The bell stays where it hangs."),
            ("pull", "Nobody asked the keepers."),
            ("inline", "The bell stays where it hangs,"),
            ("inline", "Nobody has rung it since the flood."),
        ]
    );
    assert_eq!(quotes[0]["quote"], quotes[2]["quote"], "the same words of the same speaker are one quote");
    assert_eq!(quotes[0]["fidelity"], "verbatim");
    assert_eq!(quotes[0]["anchor"], serde_json::Value::Null);
    assert_eq!(quotes[0]["segments"], serde_json::json!([]));
    assert_eq!(quotes[1]["fidelity"], "not_in_body");
    assert_eq!(quotes[2]["fidelity"], serde_json::Value::Null);
    assert_eq!(quotes[2]["anchor"], "exact");
    assert_eq!(quotes[2]["role"], "harbour warden");
    assert_eq!(quotes[2]["organization"]["name"], "Tern Society");
    assert_eq!(quotes[2]["speaker"]["slug"], "ada-quill");
    assert!(quotes[2]["speaker"].get("kind").is_none(), "only a reference");
    assert_eq!(quotes[3]["attribution"], serde_json::Value::Null);
}

#[test]
fn every_segment_holds_the_characters_of_the_body_at_its_offsets() {
    let server = TestServer::with_sample();
    let mut segments = 0;
    for article in server.get("/v1/articles?limit=100").column("/slug") {
        let article = server.get(&format!("/v1/articles/{article}?include=quotes")).data();
        let text: Vec<char> = article["body_text"].as_str().unwrap().chars().collect();
        for quote in article["quotes"].as_array().unwrap() {
            for segment in quote["segments"].as_array().unwrap() {
                let offset = |name: &str| usize::try_from(segment[name].as_u64().unwrap()).unwrap();
                let words: String = text[offset("start")..offset("end")].iter().collect();
                assert_eq!(words, segment["exact"].as_str().unwrap());
                segments += 1;
            }
        }
    }
    assert!(segments > 80, "the sample content prints many quotes, {segments} found");
}

#[test]
fn whole_speakers_come_with_include() {
    let server = TestServer::start();
    server.import("bell.txt", BELL);
    let article = server.get("/v1/articles/the-bell-of-tern-point?include=quotes.speaker,authors").data();
    let speaker = &article["quotes"][0]["speaker"];
    assert_eq!(speaker["kind"], "person");
    assert_eq!(speaker["affiliations"][0]["role"], "harbour warden");
    assert_eq!(speaker["affiliations"][0]["organization"]["slug"], "tern-society");
    assert_eq!(article["authors"], serde_json::json!([]));
}

#[test]
fn a_label_filter_takes_slugs_and_ids_and_any_of_several() {
    let server = TestServer::start();
    server.import("a.txt", article("Alder", "May 1, 2023", "Trees, Wood"));
    server.import("b.txt", article("Birch", "May 2, 2023", "Trees"));
    server.import("c.txt", article("Cod", "May 3, 2023", "Fish"));
    server.import("d.txt", article("Driftwood", "May 4, 2023", "Wood, Sea"));
    assert_eq!(server.get("/v1/articles?label=trees").column("/title"), ["Birch", "Alder"]);
    let id = server.get("/v1/labels/trees").data()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&format!("/v1/articles?label={id}")).column("/title"), ["Birch", "Alder"]);
    assert_eq!(server.get("/v1/articles?label=wood,trees").column("/title"), ["Driftwood", "Birch", "Alder"]);
    assert_eq!(server.get("/v1/labels/wood/articles").column("/title"), ["Driftwood", "Alder"]);
}

#[test]
fn an_unknown_label_is_refused_and_near_ones_are_named() {
    let server = TestServer::start();
    server.import("a.txt", article("Alder", "May 1, 2023", "Ferry Line"));
    let answer = server.get("/v1/articles?label=fery-line,nothing-at-all");
    assert_eq!(answer.status, 400);
    let problem = answer.problem();
    assert_eq!(problem["code"], "unknown_reference");
    assert_eq!(problem["errors"][0]["parameter"], "label");
    assert_eq!(problem["errors"][0]["did_you_mean"], serde_json::json!(["ferry-line"]));
    assert!(problem["errors"][1].get("did_you_mean").is_none());
}

#[test]
fn what_is_not_public_is_nowhere() {
    let server = TestServer::start();
    server.import("open.txt", article("Open", "May 1, 2023", "Sea"));
    let secret = "Zanzaqua Rising\nMay 1, 2999\nOur zanzaqua is \"a zanzaqua of the first and finest water,\" said \
                  Zanzaqua Brill, keeper at the Zanzaqua Institute.\nLabels: Zanzaqua, Sea\n";
    assert_eq!(server.import("secret.txt", secret).tally.created, 1);
    for path in [
        "/v1/articles?include=quotes.speaker,labels,authors",
        "/v1/articles?label=sea",
        "/v1/quotes?include=speaker",
        "/v1/people",
        "/v1/labels",
        "/v1/labels/sea/articles",
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 200);
        assert!(!answer.text.to_lowercase().contains("zanzaqua"), "{path}: {}", answer.text);
    }
    for path in
        ["articles/zanzaqua-rising", "people/zanzaqua-brill", "labels/zanzaqua", "articles/zanzaqua-rising/quotes"]
    {
        assert_eq!(server.get(&format!("/v1/{path}")).status, 404, "{path}");
    }
    let problem = server.get("/v1/articles?label=zanzaqua").problem();
    assert_eq!(problem["code"], "unknown_reference");
    assert!(problem["errors"][0].get("did_you_mean").is_none());
    for (change, status) in [("status = 'draft'", 404), ("status = 'archived'", 404), ("deleted_at = now()", 410)] {
        server.import("again.txt", article("Again", "May 2, 2023", "Sea"));
        server.database.execute(&format!("UPDATE articles SET {change} WHERE slug = 'again'"));
        assert_eq!(server.get("/v1/articles?label=sea").column("/title"), ["Open"], "{change}");
        assert_eq!(server.get("/v1/articles/again").status, status, "{change}");
        server.database.execute("DELETE FROM articles WHERE slug = 'again'");
    }
}

#[test]
fn a_scheduled_article_is_public_from_its_time_on() {
    let server = TestServer::start();
    let before = Utc.with_ymd_and_hms(2020, 1, 1, 0, 0, 0).unwrap();
    server.import_at(before, "bell.txt", BELL);
    assert_eq!(server.database.query("SELECT status FROM articles"), ["scheduled"]);
    let article = server.get("/v1/articles/the-bell-of-tern-point").data();
    assert_eq!(article["status"], "published");
    assert_eq!(article["published_at"], "2024-03-03T00:00:00Z");
}

#[test]
fn addresses_come_from_the_configuration_and_never_from_the_request() {
    let server = TestServer::with(&[
        ("VERBATIM_PUBLIC_URL", "https://content.example/"),
        ("VERBATIM_ARTICLE_URL", "https://paper.example/{slug}.html"),
    ]);
    server.import("bell.txt", BELL);
    let answer =
        server.send("GET", "/v1/articles?limit=1", &[("host", "evil.example"), ("x-forwarded-host", "evil.example")]);
    let article = &answer.data()[0];
    assert_eq!(article["url"], "https://content.example/v1/articles/the-bell-of-tern-point");
    assert_eq!(article["canonical_url"], "https://paper.example/the-bell-of-tern-point.html");
    assert_eq!(answer.json()["links"]["self"], "https://content.example/v1/articles?limit=1");
    assert!(!answer.text.contains("evil"));
    let problem = server.get("/v1/articles/none").problem();
    assert_eq!(problem["type"], "https://content.example/problems/not_found");
}
