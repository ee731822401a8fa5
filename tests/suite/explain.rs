//! Answers that explain themselves.

use serde_json::{Value, json};

use crate::support::TestServer;

fn explained(server: &TestServer, path: &str) -> Value {
    let answer = server.send("GET", path, &[("prefer", "explain")]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("preference-applied"), "explain");
    assert!(answer.header("vary").contains("Prefer"));
    answer.json()["meta"]["explain"].take()
}

fn server() -> TestServer {
    let server = TestServer::start();
    let body = "\"The tide waits for nobody,\" said Ada Quill. \"A gull is never late,\" said Bram Oster.";
    server.import("a.txt", format!("First\nMay 1, 2023\n{body}\nLabels: Sea, Birds\n"));
    server.import("b.txt", "Second\nMay 1, 2024\nNobody says anything in this paragraph.\nLabels: Rain\n");
    server
}

#[test]
fn a_list_tells_how_it_understood_each_parameter_and_what_names_led_to() {
    let server = server();
    let explanation = explained(&server, "/v1/articles?label=SEA,rain&language=en&limit=5&sort=title&q=tide,%20gull");
    let filters = explanation["filters"].as_array().unwrap();
    let parameters: Vec<&str> = filters.iter().map(|filter| filter["parameter"].as_str().unwrap()).collect();
    assert_eq!(parameters, ["label", "language", "q"], "what sorts, pages and shows is no filter");
    assert_eq!(filters[0]["values"], json!(["SEA", "rain"]));
    let id = server.get("/v1/labels/sea").data()["id"].clone();
    assert_eq!(filters[0]["references"][0], json!({ "name": "SEA", "id": id, "slug": "sea", "url": "/v1/labels/sea" }));
    assert_eq!(filters[2]["values"], json!(["tide, gull"]), "words are not split");
    assert!(filters[1].get("references").is_none() && explanation.get("why_empty").is_none());
}

#[test]
fn a_nested_list_tells_what_its_path_led_to() {
    let server = server();
    for path in ["/v1/people/ada-quill/quotes", "/v1/people/ada-quill/articles"] {
        let explanation = explained(&server, path);
        assert_eq!(explanation["filters"][0]["parameter"], "ref", "{path}");
        assert_eq!(explanation["filters"][0]["references"][0]["slug"], "ada-quill", "{path}");
    }
    for path in ["/v1/labels/sea/articles", "/v1/labels/sea/people"] {
        assert_eq!(explained(&server, path)["filters"][0]["references"][0]["slug"], "sea", "{path}");
    }
    let explanation = explained(&server, "/v1/articles/first/quotes");
    assert_eq!(explanation["filters"][0]["references"][0]["slug"], "first");
}

#[test]
fn an_empty_list_tells_which_filters_nothing_meets() {
    let server = server();
    let why = |path: &str| explained(&server, path)["why_empty"].take();
    assert_eq!(
        why("/v1/articles?label=sea&language=de"),
        json!({
            "detail": "Nothing meets language, whatever else is asked for.",
            "alone": [{ "parameter": "label", "matches": 1 }, { "parameter": "language", "matches": 0 }],
        })
    );
    let together = why("/v1/articles?published_at[gte]=2024-01-01T00:00:00Z&label=sea");
    assert!(together["detail"].as_str().unwrap().ends_with("nothing meets all of them together."));
    assert_eq!(together["alone"][1], json!({ "parameter": "published_at", "matches": 1 }));
    assert_eq!(
        why("/v1/quotes?speaker=ada-quill&label=rain")["detail"],
        "Nothing meets label, whatever else is asked for."
    );
    assert_eq!(
        why("/v1/people?min_quotes=7&kind=person")["alone"][1],
        json!({ "parameter": "min_quotes", "matches": 0 })
    );
    assert_eq!(why("/v1/labels?min_articles=7")["alone"][0]["matches"], 0);
    assert_eq!(why("/v1/articles?page=9")["detail"], "The list has rows, but none at this place of it.");
}

#[test]
fn only_who_prefers_an_explanation_gets_one() {
    let server = server();
    assert!(server.get("/v1/articles").json()["meta"].get("explain").is_none());
    for (header, is_wanted) in
        [("respond-async", false), ("explained", false), ("wait=10, Explain", true), ("explain; level=1", true)]
    {
        let answer = server.send("GET", "/v1/articles", &[("prefer", header)]);
        assert_eq!(answer.json()["meta"].get("explain").is_some(), is_wanted, "{header}");
        assert_eq!(answer.header("preference-applied") == "explain", is_wanted, "{header}");
    }
}
