//! Voices: who speaks on what, beside whom, and which labels go together.

use serde_json::{Value, json};

use crate::support::TestServer;

fn article(title: &str, date: &str, body: &str, labels: &str) -> String {
    format!("{title}\n{date}\n{body}\nThe rest of {title} goes on in plain words for a while.\nLabels: {labels}\n")
}

fn rows(server: &TestServer, path: &str) -> Vec<Value> {
    server.get(path).data().as_array().unwrap().clone()
}

fn total(server: &TestServer, query: &str) -> i64 {
    server.get(&format!("/v1/quotes?count=exact&limit=1&{query}")).json()["meta"]["total"].as_i64().unwrap()
}

#[test]
fn voices_count_what_the_list_of_quotes_counts_for_every_label_of_the_sample() {
    let server = TestServer::with_sample();
    let labels = server.get("/v1/labels?limit=100").column("/slug");
    assert!(labels.len() >= 10);
    for label in labels {
        let answer = server.get(&format!("/v1/voices?label={label}&limit=100&interval=month")).json();
        let (meta, voices) = (&answer["meta"], answer["data"].as_array().unwrap());
        assert_eq!(meta["total_quotes"], total(&server, &format!("label={label}")), "{label}");
        assert_eq!(meta["attributed_quotes"], total(&server, &format!("label={label}&attributed=true")), "{label}");
        assert_eq!(meta["voices"], voices.len(), "{label}");
        let mut counted = 0;
        for voice in voices {
            let (speaker, count) = (voice["speaker"]["slug"].as_str().unwrap(), voice["count"].as_i64().unwrap());
            assert_eq!(count, total(&server, &format!("label={label}&speaker={speaker}")), "{label} {speaker}");
            let in_series: i64 = voice["series"].as_array().unwrap().iter().map(|p| p["count"].as_i64().unwrap()).sum();
            assert_eq!(in_series, count, "{label} {speaker}");
            assert!(voice["words"].as_i64().unwrap() >= count);
            counted += count;
        }
        assert_eq!(meta["attributed_quotes"], counted, "{label}");
        let shares: f64 = voices.iter().map(|voice| voice["share"].as_f64().unwrap()).sum();
        assert!(voices.is_empty() || (shares - 1.0).abs() < 1e-9, "{label}: {shares}");
        assert_eq!(answer["data"], server.get(&format!("/v1/labels/{label}/voices?limit=100&interval=month")).data());
    }
}

#[test]
fn organizations_are_counted_by_what_the_articles_print() {
    let server = TestServer::with_sample();
    for filter in ["", "&label=harbour", "&label[none]=courts&published_at[gte]=2024-01-01T00:00:00Z"] {
        let voices = rows(&server, &format!("/v1/voices?by=affiliation&limit=100{filter}"));
        assert!(voices.len() > 1);
        for voice in voices {
            assert!(voice.get("speaker").is_none() && voice.get("series").is_none());
            let slug = voice["organization"]["slug"].as_str().unwrap();
            assert_eq!(voice["count"], total(&server, &format!("affiliation={slug}{filter}")), "{slug} {filter}");
        }
    }
}

#[test]
fn a_voice_has_its_words_its_dates_and_its_series() {
    let server = TestServer::start();
    let pulled = "\"The tide waits for nobody...\"Ada Quill, warden, Tern Society\n\
                  It was late. \"The tide waits for nobody, and the ferry waits for the tide,\" said Ada Quill.";
    server.import("a.txt", article("First", "May 1, 2023", pulled, "Sea"));
    let two = "\"The tide waits for nobody, and the ferry waits for the tide,\" said Ada Quill. \
               \"A gull is never late for lunch,\" said Bram Oster. Somebody had chalked on the wall: \
               \"Leave the gate open for the sheep.\" Nobody knew the hand.";
    server.import("b.txt", article("Second", "July 2, 2024", two, "Birds"));
    server.import("c.txt", article("Third", "July 9, 2024", "\"We wait for the tide again,\" said Ada Quill.", "Sea"));
    let answer = server.get("/v1/voices?interval=month").json();
    assert_eq!(answer["meta"], json!({"limit": 20, "total_quotes": 4, "attributed_quotes": 3, "voices": 2}));
    let ada = &answer["data"][0];
    assert_eq!(ada["speaker"]["name"], "Ada Quill");
    assert_eq!((&ada["count"], &ada["words"]), (&json!(2), &json!(12 + 6)), "each quote by its longest printing");
    assert_eq!(ada["first_published_at"], "2023-05-01T00:00:00Z");
    assert_eq!(ada["last_published_at"], "2024-07-09T00:00:00Z");
    assert_eq!(ada["series"], json!([{"period": "2023-05", "count": 1}, {"period": "2024-07", "count": 1}]));
    assert!((ada["share"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9);
    let birds = rows(&server, "/v1/voices?label=birds&interval=year");
    let told: Vec<_> = birds.iter().map(|voice| (&voice["speaker"]["slug"], &voice["series"][0]["period"])).collect();
    assert_eq!(
        told,
        [(&json!("ada-quill"), &json!("2023")), (&json!("bram-oster"), &json!("2024"))],
        "a quote is dated by its first printing, wherever that was"
    );
    assert_eq!(rows(&server, "/v1/voices?limit=1").len(), 1);
    assert_eq!(server.get("/v1/voices?limit=1").json()["meta"]["voices"], 2);
}

#[test]
fn where_nobody_is_known_to_speak_there_are_totals_and_no_voices() {
    let server = TestServer::start();
    let empty = server.get("/v1/voices?interval=year").json();
    assert_eq!((&empty["data"], &empty["meta"]["total_quotes"]), (&json!([]), &json!(0)));
    let body = "A note read: \"Leave the gate open for the sheep.\" Nobody knew the hand.";
    server.import("a.txt", article("First", "May 1, 2023", body, "Sea"));
    let answer = server.get("/v1/voices?interval=year").json();
    assert_eq!(answer["data"], json!([]));
    assert_eq!(answer["meta"], json!({"limit": 20, "total_quotes": 1, "attributed_quotes": 0, "voices": 0}));
}

#[test]
fn a_label_of_the_path_is_one_more_and_may_stand_for_what_belongs_to_it() {
    let server = TestServer::start();
    server.import(
        "a.txt",
        article("First", "May 1, 2023", "\"The tide waits for nobody,\" said Ada Quill.", "North Sea"),
    );
    server
        .import("b.txt", article("Second", "May 2, 2023", "\"A gull is never late,\" said Bram Oster.", "Sea, Birds"));
    server
        .database
        .execute("UPDATE labels SET parent_id = (SELECT id FROM labels WHERE slug = 'sea') WHERE slug = 'north-sea'");
    let names = |path: &str| server.get(path).column("/speaker/name");
    assert_eq!(names("/v1/labels/sea/voices"), ["Bram Oster"]);
    assert_eq!(names("/v1/labels/sea/voices?descendants=true"), ["Ada Quill", "Bram Oster"]);
    assert!(names("/v1/labels/sea/voices?label[none]=birds").is_empty());
    assert!(names("/v1/labels/sea/voices?label=north-sea").is_empty());
    assert_eq!(server.get("/v1/labels/none/voices").problem()["code"], "not_found");
    assert_eq!(server.get("/v1/labels/sea/voices?label=none").problem()["code"], "unknown_reference");
    assert_eq!(server.get("/v1/voices?by=role").problem()["code"], "invalid_parameter");
}

#[test]
fn people_are_quoted_beside_others() {
    let server = TestServer::start();
    let all = "\"The tide waits for nobody,\" said Ada Quill. \"A gull is never late,\" said Bram Oster. \
               \"It rained on the northern quay,\" said Cleo Marsh. \"It did not rain here,\" said Cleo Marsh.";
    server.import("a.txt", article("First", "May 1, 2023", all, "Sea"));
    let two = "\"We wait for the tide again,\" said Ada Quill. \"No gull waits for us,\" said Bram Oster.";
    server.import("b.txt", article("Second", "May 2, 2023", two, "Sea"));
    server.import("c.txt", article("Third", "May 2, 2100", &all.replace("the tide", "a boat"), "Sea"));
    let beside = |slug: &str| -> Vec<(String, i64)> {
        let rows = rows(&server, &format!("/v1/people/{slug}/co-quoted"));
        rows.iter()
            .map(|row| (row["person"]["slug"].as_str().unwrap().to_owned(), row["articles"].as_i64().unwrap()))
            .collect()
    };
    assert_eq!(
        beside("ada-quill"),
        [("bram-oster".into(), 2), ("cleo-marsh".into(), 1)],
        "what is not public is not told"
    );
    assert_eq!(
        beside("cleo-marsh"),
        [("ada-quill".into(), 1), ("bram-oster".into(), 1)],
        "of equals the first by name"
    );
    assert_eq!(rows(&server, "/v1/people/ada-quill/co-quoted?limit=1").len(), 1);
    assert_eq!(server.get("/v1/people/nobody/co-quoted").problem()["code"], "not_found");
}

#[test]
fn labels_are_related_by_the_articles_they_share() {
    let server = TestServer::start();
    for (name, date, labels) in [
        ("a", "2023", "Sea, Birds"),
        ("b", "2023", "Sea, Birds, Rain"),
        ("c", "2023", "Sea"),
        ("d", "2100", "Sea, Rain"),
    ] {
        let body = format!("It rained in {name} for a while, and nobody minded it.");
        server.import(&format!("{name}.txt"), article(name, &format!("May 1, {date}"), &body, labels));
    }
    let related = rows(&server, "/v1/labels/sea/related");
    let told: Vec<_> =
        related.iter().map(|row| (row["label"]["slug"].as_str().unwrap(), row["articles"].as_i64())).collect();
    assert_eq!(told, [("birds", Some(2)), ("rain", Some(1))]);
    assert!((related[0]["share"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9);
    assert_eq!(server.get("/v1/labels/rain/related?limit=1").column("/label/slug"), ["birds"]);
    assert_eq!(server.get("/v1/labels/none/related").problem()["code"], "not_found");
}
