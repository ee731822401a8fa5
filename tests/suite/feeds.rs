//! Feeds, sitemaps and linked data, read with a parser that is not the writer's.

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use roxmltree::{Document, Node};
use serde_json::{Value, json};
use verbatim::access::Scope;
use verbatim::clock::Clock;

use crate::support::TestServer;
use crate::support::http::Answer;
use crate::writing::{ANY, send};

const SETTINGS: &[(&str, &str)] = &[
    ("VERBATIM_PUBLIC_URL", "https://api.paper.example"),
    ("VERBATIM_ARTICLE_URL", "https://paper.example/read/{slug}?from=<feed>"),
    ("VERBATIM_PUBLICATION", "The <Paper> & Co"),
];

const FORMATS: [&str; 3] = ["atom", "rss", "json"];

/// A title and a summary with everything that has a meaning in some format, and what none can hold.
const TITLE: &str = "A <b>bell</b> & \"two\" ]]> 'three' \u{1}\u{1f642}";

fn article(title: &str, published_at: &str) -> Value {
    json!({
        "title": title, "status": "published", "published_at": published_at, "summary": format!("Summary: {title}"),
        "body_format": "html", "labels": ["Sea & <Sky>", "Harbour"], "authors": ["Ida <Marlow>", "Bram Oster"],
        "body_source": "<p>It rained, &lt;b&gt; ]]&gt; &amp;amp;.</p><p>\u{201c}The tide waits for nobody at all,\u{201d} said Ada Quill, the \
                        harbour master of the Harbour Trust.</p>",
    })
}

/// A server with three articles, the newest of which is the strange one.
fn server() -> (TestServer, String) {
    let server = TestServer::with(SETTINGS);
    let key = server.key(&[Scope::Write]);
    for (title, day) in [("Rain", "2024-03-01"), ("Gulls", "2024-03-02"), (TITLE, "2024-03-03")] {
        let made = send(&server, &key, "POST", "/v1/articles", &[], &article(title, &format!("{day}T08:00:00Z")));
        assert_eq!(made.status, 201, "{}", made.text);
    }
    (server, key)
}

fn parsed(answer: &Answer) -> Document<'_> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    Document::parse(&answer.text).unwrap_or_else(|error| panic!("{error}: {}", answer.text))
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Vec<Node<'a, 'i>> {
    node.children().filter(|child| child.tag_name().name() == name).collect()
}

/// The text of the one child of this name.
fn text<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    let found = children(node, name);
    assert_eq!(found.len(), 1, "{name}");
    found[0].text().unwrap_or_default()
}

/// Where a link of this relation leads.
fn href<'a>(node: Node<'a, '_>, relation: &str) -> Option<&'a str> {
    children(node, "link").into_iter().find(|link| link.attribute("rel") == Some(relation))?.attribute("href")
}

/// A title as XML can hold it.
fn held(title: &str) -> String {
    title.replace('\u{1}', "")
}

#[test]
fn an_atom_feed_holds_the_newest_articles_whole() {
    let (server, _) = server();
    let newest = &server.get("/v1/articles?limit=1&fields=id,slug,body_html,url").data()[0];
    let answer = server.get("/feeds/articles.atom");
    assert_eq!(answer.header("content-type"), "application/atom+xml; charset=utf-8");
    let document = parsed(&answer);
    let feed = document.root_element();
    assert_eq!((feed.tag_name().name(), feed.tag_name().namespace()), ("feed", Some("http://www.w3.org/2005/Atom")));
    assert_eq!(text(feed, "title"), "The <Paper> & Co");
    assert_eq!(href(feed, "self"), Some("https://api.paper.example/feeds/articles.atom"));
    assert_eq!(href(feed, "alternate"), Some("https://paper.example/"));
    assert_eq!(href(feed, "next"), None);
    let entries = children(feed, "entry");
    assert_eq!(entries.len(), 3);
    let entry = entries[0];
    assert_eq!(text(entry, "title"), held(TITLE));
    assert_eq!(text(entry, "summary"), held(&format!("Summary: {TITLE}")));
    assert_eq!(text(entry, "published"), "2024-03-03T08:00:00+00:00");
    assert!(text(entry, "id").starts_with("urn:uuid:"));
    assert_eq!(
        href(entry, "alternate").unwrap(),
        format!("https://paper.example/read/{}?from=<feed>", newest["slug"].as_str().unwrap())
    );
    assert_eq!(href(entry, "related"), newest["url"].as_str());
    let names: Vec<_> = children(entry, "author").into_iter().map(|author| text(author, "name")).collect();
    assert_eq!(names, ["Ida <Marlow>", "Bram Oster"]);
    let labels: Vec<_> =
        children(entry, "category").iter().map(|c| (c.attribute("term"), c.attribute("label"))).collect();
    assert_eq!(labels, [(Some("sea-sky"), Some("Sea & <Sky>")), (Some("harbour"), Some("Harbour"))]);
    let content = children(entry, "content")[0];
    assert_eq!(content.attribute("type"), Some("html"));
    assert_eq!(content.attribute(("http://www.w3.org/XML/1998/namespace", "lang")), Some("en"));
    assert_eq!(content.text(), newest["body_html"].as_str());
    let updated: Vec<_> = entries.iter().map(|entry| text(*entry, "updated")).collect();
    assert_eq!(updated.iter().max().unwrap(), &text(feed, "updated"));
}

#[test]
fn an_rss_feed_holds_the_newest_articles_whole() {
    let (server, _) = server();
    let newest = &server.get("/v1/articles?limit=1&fields=slug,body_html,canonical_url").data()[0];
    let answer = server.get("/feeds/articles.rss");
    assert_eq!(answer.header("content-type"), "application/rss+xml; charset=utf-8");
    let document = parsed(&answer);
    let channel = children(document.root_element(), "channel")[0];
    assert_eq!(text(channel, "title"), "The <Paper> & Co");
    assert_eq!(text(channel, "language"), "en");
    assert_eq!(href(channel, "self"), Some("https://api.paper.example/feeds/articles.rss"));
    let items = children(channel, "item");
    assert_eq!(items.len(), 3);
    let item = items[0];
    assert_eq!(text(item, "title"), held(TITLE));
    assert_eq!(text(item, "description"), held(&format!("Summary: {TITLE}")));
    assert_eq!(text(item, "pubDate"), "Sun, 3 Mar 2024 08:00:00 +0000");
    assert_eq!(Some(text(item, "link")), newest["canonical_url"].as_str());
    assert_eq!(children(item, "guid")[0].attribute("isPermaLink"), Some("false"));
    let creators: Vec<_> = children(item, "creator").iter().map(|creator| creator.text().unwrap()).collect();
    assert_eq!(creators, ["Ida <Marlow>", "Bram Oster"]);
    let content: String = children(item, "encoded")[0].children().filter_map(|part| part.text()).collect();
    assert_eq!(Some(&*content), newest["body_html"].as_str());
    let labels: Vec<_> = children(item, "category").iter().map(|label| label.text().unwrap()).collect();
    assert_eq!(labels, ["Sea & <Sky>", "Harbour"]);
}

#[test]
fn a_json_feed_holds_the_newest_articles_whole() {
    let (server, _) = server();
    let newest = &server.get("/v1/articles?limit=1&fields=slug,body_html,canonical_url").data()[0];
    let answer = server.get("/feeds/articles.json?limit=2");
    assert_eq!(answer.header("content-type"), "application/feed+json");
    let feed = answer.json();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["home_page_url"], "https://paper.example/");
    assert_eq!(feed["feed_url"], "https://api.paper.example/feeds/articles.json?limit=2");
    assert!(
        feed["next_url"].as_str().unwrap().starts_with("https://api.paper.example/feeds/articles.json?limit=2&after=")
    );
    let item = &feed["items"][0];
    assert_eq!(
        (&item["title"], &item["url"], &item["content_html"]),
        (&json!(TITLE), &newest["canonical_url"], &newest["body_html"])
    );
    assert_eq!(item["authors"], json!([{ "name": "Ida <Marlow>" }, { "name": "Bram Oster" }]));
    assert_eq!((&item["tags"], &item["language"]), (&json!(["Sea & <Sky>", "Harbour"]), &json!("en")));
    assert_eq!(feed["items"].as_array().unwrap().len(), 2);
}

/// The ids of the articles on a page of a feed, and where the next page is.
fn page(answer: &Answer, format: &str) -> (Vec<String>, Option<String>) {
    if format == "json" {
        let feed = answer.json();
        let ids =
            feed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        return (ids, feed["next_url"].as_str().map(str::to_owned));
    }
    let document = parsed(answer);
    let root = document.root_element();
    let (feed, entry, id) =
        if format == "rss" { (children(root, "channel")[0], "item", "guid") } else { (root, "entry", "id") };
    let ids = children(feed, entry).into_iter().map(|entry| text(entry, id).to_owned()).collect();
    (ids, href(feed, "next").map(str::to_owned))
}

#[test]
fn a_feed_goes_on_where_its_next_link_leads_and_has_the_articles_of_its_filter() {
    let server = TestServer::with_sample();
    for filter in
        ["", "label=ferry-line", "label[none]=courts&language=en", "q=bell", "published_at[gte]=2024-01-01T00:00:00Z"]
    {
        let mut walks = BTreeSet::new();
        for format in FORMATS {
            let mut target = format!("/feeds/articles.{format}?{filter}&limit=7").replace("?&", "?");
            let mut walked = Vec::new();
            loop {
                let (ids, next) = page(&server.get(&target), format);
                assert!(ids.len() <= 7 && (next.is_none() || ids.len() == 7));
                walked.extend(ids);
                let Some(next) = next else { break };
                target = next;
            }
            walks.insert(walked);
        }
        let listed =
            server.get(&format!("/v1/articles?{filter}&limit=100&sort=-published_at&fields=id").replace("?&", "?"));
        let listed = listed.column("/id").len();
        assert!(listed > 0);
        let walk = walks.pop_first().unwrap();
        assert!(walks.is_empty(), "the formats differ: {filter}");
        assert_eq!((walk.len(), walk.iter().collect::<BTreeSet<_>>().len()), (listed, listed), "{filter}");
    }
}

#[test]
fn what_a_feed_does_not_have_is_refused() {
    let server = TestServer::with_sample();
    for format in FORMATS {
        for (query, code, parameter) in [
            ("sort=title", "unknown_parameter", "sort"),
            ("highlight=true", "unknown_parameter", "highlight"),
            ("limit=101", "invalid_parameter", "limit"),
            ("after=xyz", "invalid_cursor", "after"),
            ("label=fery-line", "unknown_reference", "label"),
        ] {
            let answer = server.get(&format!("/feeds/articles.{format}?{query}"));
            let problem = answer.problem();
            assert_eq!((answer.status, &problem["code"]), (400, &json!(code)), "{format} {query}");
            assert_eq!(problem["errors"][0]["parameter"], parameter);
        }
    }
    let next = server.get("/feeds/articles.json?limit=1").json()["next_url"].as_str().unwrap().to_owned();
    let moved = server.get(&next.replace(".json?", ".rss?"));
    assert_eq!(moved.problem()["code"], "invalid_cursor", "a cursor belongs to its feed");
}

#[test]
fn drafts_are_in_a_feed_for_who_may_read_them_and_asks() {
    let (server, key) = server();
    let mut draft = article("Nobody knows", "2024-03-04T08:00:00Z");
    draft["status"] = "draft".into();
    assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &draft).status, 201);
    for format in FORMATS {
        let target = format!("/feeds/articles.{format}");
        assert!(!server.get(&target).text.contains("Nobody knows"));
        assert!(!server.get_with(&key, &target).text.contains("Nobody knows"), "not unless it is asked for");
        assert_eq!(server.get(&format!("{target}?status=draft")).status, 403);
        let drafts = server.get_with(&key, &format!("{target}?status=draft"));
        assert!(drafts.text.contains("Nobody knows") && !drafts.text.contains("Gulls"));
        assert_eq!(page(&drafts, format).0.len(), 1);
    }
}

#[test]
fn a_feed_is_sent_again_only_when_it_has_changed() {
    let (server, key) = server();
    let targets = FORMATS.map(|format| format!("/feeds/articles.{format}?label=harbour"));
    let tags: Vec<String> = targets.iter().map(|target| server.get(target).header("etag").to_owned()).collect();
    for (target, tag) in targets.iter().zip(&tags) {
        assert_eq!(server.send("GET", target, &[("if-none-match", tag)]).status, 304);
    }
    assert_eq!(send(&server, &key, "PATCH", "/v1/labels/sea-sky", ANY, &json!({ "name": "The Sea" })).status, 200);
    for (target, tag) in targets.iter().zip(&tags) {
        let answer = server.send("GET", target, &[("if-none-match", tag)]);
        assert_eq!(answer.status, 200);
        assert!(answer.text.contains("The Sea"));
    }
}

/// The addresses and instants of a sitemap or of an index.
fn locations(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
    let document = parsed(answer);
    let root = document.root_element();
    assert_eq!(root.tag_name().namespace(), Some("http://www.sitemaps.org/schemas/sitemap/0.9"));
    let entries = root.children().filter(Node::is_element);
    entries.map(|entry| (text(entry, "loc").to_owned(), text(entry, "lastmod").to_owned())).collect()
}

#[test]
fn a_sitemap_has_the_pages_of_the_site() {
    let (server, key) = server();
    for (title, page) in
        [("Own", "https://paper.example/own?a=1&b=2"), ("Elsewhere", "https://other.example/elsewhere")]
    {
        let mut draft = article(title, "2024-03-05T08:00:00Z");
        draft["canonical_url"] = page.into();
        assert_eq!(send(&server, &key, "POST", "/v1/articles", &[], &draft).status, 201);
    }
    let pages: Vec<String> = locations(&server.get("/sitemap.xml")).into_iter().map(|(page, _)| page).collect();
    assert_eq!(pages.len(), 4);
    assert_eq!(pages[0], "https://paper.example/read/rain?from=<feed>");
    assert_eq!(pages[3], "https://paper.example/own?a=1&b=2");
    let rain = server.get("/v1/articles/rain").data();
    let (_, modified) = &locations(&server.get("/sitemap.xml"))[0];
    assert_eq!(modified[..19], rain["updated_at"].as_str().unwrap()[..19]);
    assert_eq!(locations(&server.get("/sitemaps/articles.xml?month=2024-03")).len(), 4);
    assert_eq!(locations(&server.get("/sitemaps/articles.xml?month=2024-04")), []);
}

#[test]
fn without_an_address_of_the_site_a_sitemap_has_what_articles_say_themselves() {
    let server = TestServer::start();
    let key = server.key(&[Scope::Write]);
    let mut draft = article("Own", "2024-03-05T08:00:00Z");
    send(&server, &key, "POST", "/v1/articles", &[], &draft);
    assert_eq!(locations(&server.get("/sitemap.xml")), []);
    draft["canonical_url"] = "https://anywhere.example/own".into();
    send(&server, &key, "POST", "/v1/articles", &[], &draft);
    assert_eq!(locations(&server.get("/sitemap.xml"))[0].0, "https://anywhere.example/own");
}

#[test]
fn a_large_sitemap_is_an_index_of_parts_that_hold_each_article_once() {
    let server = TestServer::with(&[("VERBATIM_ARTICLE_URL", "https://paper.example/{slug}")]);
    server.database.execute(
        "INSERT INTO articles (id, slug, title, status, published_at, body_format, body_source, body_html, body_text, created_at, updated_at) \
         SELECT gen_random_uuid(), 'a-' || n, 'A', 'published', CASE WHEN n > 20000 THEN timestamptz '2020-04-30T23:59:59Z' \
         ELSE timestamptz '2020-03-31T23:59:59Z' END, 'plain', '', '', '', now(), timestamptz '2021-01-01T00:00:00Z' + n * interval '1 second' \
         FROM generate_series(1, 20003) AS n; \
         INSERT INTO article_slugs (slug, article_id) SELECT slug, id FROM articles",
    );
    let parts = locations(&server.get("/sitemap.xml"));
    assert_eq!(parts.len(), 3, "{parts:?}");
    assert_eq!(parts[0].0, "/sitemaps/articles.xml?month=2020-03");
    assert!(parts[1].0.starts_with("/sitemaps/articles.xml?month=2020-03&after=158569919900"), "{}", parts[1].0);
    assert_eq!(parts[2], ("/sitemaps/articles.xml?month=2020-04".to_owned(), "2021-01-01T05:33:23Z".to_owned()));
    let mut pages = BTreeSet::new();
    let mut counts = Vec::new();
    for (part, _) in &parts {
        let found = locations(&server.get(part));
        counts.push(found.len());
        pages.extend(found.into_iter().map(|(page, _)| page));
    }
    assert_eq!((counts, pages.len()), (vec![10_000, 10_000, 3], 20_003));
}

#[test]
fn a_part_of_a_sitemap_that_cannot_be_is_refused() {
    let server = TestServer::start();
    for (query, parameter) in [
        ("month=2024-13", "month"),
        ("month=0000-01", "month"),
        ("month=2024-1x", "month"),
        ("month=24-03-1", "month"),
        ("month=2024-03&after=art_01jdb2q9wxf8n8k5r0c3v7m2ha_1234567", "after"),
        ("month=2024-03&after=999999999999999999_art_01jdb2q9wxf8n8k5r0c3v7m2ha", "after"),
    ] {
        let answer = server.get(&format!("/sitemaps/articles.xml?{query}"));
        assert_eq!((answer.status, &answer.problem()["errors"][0]["parameter"]), (400, &json!(parameter)), "{query}");
    }
}

#[test]
fn a_news_sitemap_has_what_became_public_in_the_last_two_days() {
    let server = TestServer::with(SETTINGS);
    let key = server.key(&[Scope::Write]);
    let now = Clock::System.now();
    for (title, hours) in [("Old", 49), (TITLE, 47), ("Chinese", 1), ("Scheduled", -1)] {
        let mut draft = article(title, &(now - TimeDelta::hours(hours)).with_timezone(&Utc).to_rfc3339());
        draft["status"] = if hours < 0 { "scheduled" } else { "published" }.into();
        draft["language"] = if title == "Chinese" { "zh-Hant" } else { "en-GB" }.into();
        let made = send(&server, &key, "POST", "/v1/articles", &[], &draft);
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let answer = server.get("/news-sitemap.xml");
    let document = parsed(&answer);
    let entries: Vec<_> = document.root_element().children().filter(Node::is_element).collect();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            let news = children(*entry, "news")[0];
            assert_eq!(news.tag_name().namespace(), Some("http://www.google.com/schemas/sitemap-news/0.9"));
            let publication = children(news, "publication")[0];
            assert_eq!(text(publication, "name"), "The <Paper> & Co");
            (text(news, "title").to_owned(), text(publication, "language").to_owned())
        })
        .collect();
    assert_eq!(told, [("Chinese".to_owned(), "zh-tw".to_owned()), (held(TITLE), "en".to_owned())]);
}

fn linked(server: &TestServer, path: &str) -> Value {
    let answer = server.get(path);
    assert_eq!(answer.header("content-type"), "application/ld+json", "{}", answer.text);
    assert!(!answer.text.contains(['<', '>', '&']), "{}", answer.text);
    let document = answer.json();
    assert_eq!(document["@context"], "https://schema.org");
    document
}

#[test]
fn an_article_a_quote_and_a_person_are_told_as_linked_data() {
    let (server, key) = server();
    let slug = server.get("/v1/articles?limit=1").column("/slug").remove(0);
    let article = linked(&server, &format!("/v1/articles/{slug}/json-ld"));
    assert_eq!((&article["@type"], &article["headline"]), (&json!("NewsArticle"), &json!(TITLE)));
    assert_eq!(article["publisher"]["name"], "The <Paper> & Co");
    assert_eq!(article["author"][0]["name"], "Ida <Marlow>");
    assert_eq!(article["keywords"], json!(["Sea & <Sky>", "Harbour"]));
    let quotation = &article["hasPart"][0];
    assert_eq!(
        (&quotation["@type"], &quotation["text"]),
        (&json!("Quotation"), &json!("The tide waits for nobody at all,"))
    );
    assert_eq!(
        (&quotation["creator"]["@type"], &quotation["creator"]["name"]),
        (&json!("Person"), &json!("Ada Quill"))
    );
    assert!(quotation["url"].as_str().unwrap().contains("#:~:text=The%20tide%20waits"));

    let id = server.get("/v1/quotes").column("/id").remove(0);
    let quote = linked(&server, &format!("/v1/quotes/{id}/json-ld"));
    assert_eq!((&quote["@id"], &quote["identifier"]), (&quotation["@id"], &json!(id)), "the same in every document");
    assert_eq!(quote["isPartOf"].as_array().unwrap().len(), 3);

    let person = linked(&server, "/v1/people/ada-quill/json-ld");
    assert_eq!((&person["@id"], &person["@type"]), (&quotation["creator"]["@id"], &json!("Person")));
    assert_eq!(person["affiliation"][0]["roleName"], "harbour master");
    assert_eq!(person["affiliation"][0]["affiliation"]["name"], "Harbour Trust");
    assert_eq!(linked(&server, "/v1/people/harbour-trust/json-ld")["@type"], "Organization");

    assert_eq!(send(&server, &key, "PATCH", "/v1/people/ada-quill", ANY, &json!({ "slug": "quill" })).status, 200);
    let moved = server.get("/v1/people/ada-quill/json-ld");
    assert_eq!((moved.status, moved.header("location")), (308, "https://api.paper.example/v1/people/quill/json-ld"));
    assert_eq!(server.get("/v1/articles/nothing/json-ld").problem()["code"], "not_found");
    assert_eq!(server.get("/v1/quotes/nothing/json-ld").problem()["code"], "not_found");
}
