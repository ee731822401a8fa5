//! Citations, links to passages, and embeds.

use roxmltree::Document;
use serde_json::{Value, json};
use verbatim::access::Scope;

use crate::support::TestServer;
use crate::writing::{ANY, send, send_empty};

const SETTINGS: &[(&str, &str)] = &[
    ("VERBATIM_PUBLIC_URL", "https://api.paper.example"),
    ("VERBATIM_ARTICLE_URL", "https://paper.example/read/{slug}"),
    ("VERBATIM_PUBLICATION", "The Paper"),
];

const WORDS: &str = "The <tide> & {50%} of \\the \"sea\" waits for *nobody*,";

fn draft(title: &str) -> Value {
    json!({
        "title": title, "status": "published", "published_at": "2024-03-01T08:00:00Z", "authors": ["Ida Marlow"],
        "body_source": format!("It rained.\n\n\u{201c}{WORDS}\u{201d} said Ada Quill, the harbour master of the Harbour Trust."),
        "quotes": [{ "text": "Pulled out of it", "speaker": "Ada Quill" }],
    })
}

/// A server with one article, which prints one quote in its text; the id of that.
fn server(settings: &[(&str, &str)]) -> (TestServer, String, String) {
    let server = TestServer::with(settings);
    let key = server.key(&[Scope::Write]);
    let made = send(&server, &key, "POST", "/v1/articles", &[], &draft("Tide & Time"));
    assert_eq!(made.status, 201, "{}", made.text);
    let quote = server.get("/v1/quotes?kind=inline").column("/id").remove(0);
    (server, key, quote)
}

const LINK: &str = "https://paper.example/read/tide-time#:~:text=The%20%3Ctide%3E%20%26%20%7B50%25%7D%20of%20%5Cthe%20%22sea%22%20waits%20for%20%2Anobody%2A%2C";

#[test]
fn a_printing_leads_to_its_passage() {
    let (server, key, quote) = server(SETTINGS);
    let printings = server.get("/v1/articles/tide-time?include=quotes").data()["quotes"].take();
    assert_eq!((&printings[0]["kind"], &printings[0]["deep_link"]), (&json!("pull"), &Value::Null));
    assert_eq!(printings[1]["deep_link"], LINK);
    assert_eq!(server.get(&format!("/v1/quotes/{quote}")).data()["occurrences"][0]["deep_link"], LINK);
    let own = json!({ "canonical_url": "https://other.example/own" });
    assert_eq!(send(&server, &key, "PATCH", "/v1/articles/tide-time", ANY, &own).status, 200);
    let shown = server.get(&format!("/v1/quotes/{quote}")).data();
    assert!(
        shown["occurrences"][0]["deep_link"].as_str().unwrap().starts_with("https://other.example/own#:~:text=The")
    );
}

#[test]
fn a_quote_is_cited_in_every_style() {
    let (server, _, quote) = server(SETTINGS);
    let cite = |query: &str| server.get(&format!("/v1/quotes/{quote}/cite{query}"));
    let text = cite("");
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        text.text,
        format!(
            "\u{201c}{WORDS}\u{201d} \u{2014} Ada Quill, harbour master, Harbour Trust. Ida Marlow, \u{201c}Tide & Time\u{201d}, The Paper, 2024-03-01. {LINK}\n"
        )
    );
    let html = cite("?style=html");
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    assert!(
        html.text.contains("<p>The &lt;tide&gt; &amp; {50%} of \\the \"sea\" waits for *nobody*,</p>"),
        "{}",
        html.text
    );
    let markdown = cite("?style=markdown");
    assert!(
        markdown.text.starts_with("> The \\<tide\\> \\& {50%} of \\\\the \"sea\" waits for \\*nobody\\*,\n"),
        "{}",
        markdown.text
    );
    let csl = cite("?style=csl-json");
    assert_eq!(csl.header("content-type"), "application/vnd.citationstyles.csl+json");
    let item = csl.json()[0].take();
    assert_eq!((&item["URL"], &item["container-title"]), (&json!(LINK), &json!("The Paper")));
    assert_eq!(item["issued"], json!({ "date-parts": [[2024, 3, 1]] }));
    let bibtex = cite("?style=bibtex");
    assert_eq!(bibtex.header("content-type"), "application/x-bibtex; charset=utf-8");
    assert!(
        bibtex.text.contains("\\textbraceleft{}50\\%\\textbraceright{} of \\textbackslash{}the"),
        "{}",
        bibtex.text
    );
    for answer in [text, html, markdown, csl, bibtex] {
        assert!(answer.header("etag").starts_with("W/\""), "{}", answer.text);
    }
    assert_eq!(cite("?style=apa").problem()["code"], "invalid_parameter");
}

#[test]
fn what_has_no_page_is_cited_without_one() {
    let (server, key, quote) = server(&[]);
    assert_eq!(server.get(&format!("/v1/quotes/{quote}")).data()["occurrences"][0]["deep_link"], Value::Null);
    let text = server.get(&format!("/v1/quotes/{quote}/cite")).text;
    assert!(text.ends_with("Ida Marlow, \u{201c}Tide & Time\u{201d}, 2024-03-01\n"), "{text}");
    let alone = json!({ "text": "Nobody printed it.", "speaker": "Ada Quill" });
    let alone =
        send(&server, &key, "POST", "/v1/quotes", &[], &alone).json()["data"]["id"].as_str().unwrap().to_owned();
    for (style, starts) in [
        ("text", "\u{201c}Nobody printed it.\u{201d} \u{2014} Ada Quill"),
        ("bibtex", "@misc{quo_"),
        ("html", "<figure"),
        ("csl-json", "[{"),
    ] {
        let cited = server.get(&format!("/v1/quotes/{alone}/cite?style={style}"));
        assert!(cited.status == 200 && cited.text.starts_with(starts), "{}", cited.text);
    }
}

#[test]
fn a_quote_that_is_not_public_is_cited_to_nobody_and_one_that_was_joined_leads_on() {
    let (server, key, quote) = server(SETTINGS);
    let mut hidden = draft("Hidden");
    hidden["status"] = "draft".into();
    hidden["body_source"] = "\u{201c}Nobody may read a word of this,\u{201d} said Bram Oster.".into();
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &hidden).status, 201);
    let hidden = server.get_with(&key, "/v1/articles/hidden?include=quotes").data();
    let hidden = hidden["quotes"].as_array().unwrap().iter().find(|printing| printing["kind"] == "inline").unwrap();
    let hidden = hidden["quote"]["id"].as_str().unwrap();
    for target in [
        format!("/v1/quotes/{hidden}/cite"),
        format!("/oembed?url=/v1/quotes/{hidden}"),
        "/oembed?url=https://paper.example/read/hidden".to_owned(),
    ] {
        assert_eq!(server.get(&target).problem()["code"], "not_found", "{target}");
    }
    assert_eq!(server.get_with(&key, &format!("/v1/quotes/{hidden}/cite")).status, 200);

    let other = server.get("/v1/quotes?kind=pull").column("/id").remove(0);
    let joined = send(&server, &key, "POST", &format!("/v1/quotes/{other}/join"), ANY, &json!({ "into": quote }));
    assert_eq!(joined.status, 200, "{}", joined.text);
    let moved = server.get(&format!("/v1/quotes/{other}/cite?style=html"));
    assert_eq!(
        (moved.status, moved.header("location")),
        (308, &*format!("https://api.paper.example/v1/quotes/{quote}/cite?style=html"))
    );
    let embedded = server.get(&format!("/oembed?url=https://api.paper.example/v1/quotes/{other}"));
    assert_eq!(embedded.status, 200, "{}", embedded.text);
}

fn escaped(url: &str) -> String {
    url::form_urlencoded::byte_serialize(url.as_bytes()).collect()
}

#[test]
fn an_address_is_embedded() {
    let (server, key, quote) = server(SETTINGS);
    let embed = |url: &str, more: &str| server.get(&format!("/oembed?url={}{more}", escaped(url)));
    let of_quote = embed(&format!("https://api.paper.example/v1/quotes/{quote}"), "");
    let quoted = of_quote.json();
    assert_eq!(
        (&quoted["type"], &quoted["version"], &quoted["author_name"]),
        (&json!("rich"), &json!("1.0"), &json!("Ada Quill"))
    );
    assert_eq!(
        (&quoted["provider_name"], &quoted["provider_url"]),
        (&json!("The Paper"), &json!("https://paper.example/"))
    );
    assert!(quoted["html"].as_str().unwrap().contains(&LINK.replace('&', "&amp;")));
    assert!(quoted["width"] == 600 && quoted["height"].as_u64().unwrap() > 0);

    let small = embed(&format!("https://api.paper.example/v1/quotes/{quote}"), "&maxwidth=300&maxheight=50&format=xml");
    assert_eq!(small.header("content-type"), "text/xml; charset=utf-8");
    let document = Document::parse(&small.text).unwrap();
    let member = |name: &str| {
        let found = document.root_element().children().find(|child| child.tag_name().name() == name);
        found.unwrap().text().unwrap().to_owned()
    };
    assert_eq!(
        (member("width"), member("height"), member("html")),
        ("300".into(), "50".into(), quoted["html"].as_str().unwrap().to_owned())
    );

    let page = embed("https://paper.example/read/tide-time", "").json();
    assert_eq!((&page["title"], &page["author_name"]), (&json!("Tide & Time"), &json!("Ida Marlow")));
    assert!(
        page["html"].as_str().unwrap().contains("<a href=\"https://paper.example/read/tide-time\">Tide &amp; Time</a>")
    );
    let own = json!({ "canonical_url": "https://other.example/own?a=1&b=2", "slug": "tide" });
    assert_eq!(send(&server, &key, "PATCH", "/v1/articles/tide-time", ANY, &own).status, 200);
    for url in [
        "https://other.example/own?a=1&b=2",
        "https://other.example/own?a=1&b=2#:~:text=The%20tide",
        "https://paper.example/read/tide-time",
        "https://api.paper.example/v1/articles/tide?include=quotes",
    ] {
        assert_eq!(embed(url, "").json()["title"], "Tide & Time", "{url}");
    }
    for url in [
        "https://paper.example/read/nothing",
        "https://other.example/",
        "tide",
        "https://api.paper.example/v1/quotes/x",
    ] {
        assert_eq!(embed(url, "").problem()["code"], "not_found", "{url}");
    }
    assert_eq!(embed("x", "&format=yaml").problem()["code"], "invalid_parameter");
    assert_eq!(server.get("/oembed").status, 400);
    // Bounds are in characters, as the document says them.
    assert_eq!(embed(&"\u{20ac}".repeat(4000), "").problem()["code"], "not_found");
    assert_eq!(embed(&"\u{20ac}".repeat(4001), "").problem()["code"], "invalid_parameter");
    assert_eq!(send_empty(&server, &key, "DELETE", "/v1/articles/tide", ANY).status, 204);
    assert_eq!(embed("https://paper.example/read/tide", "").problem()["code"], "gone");
}
