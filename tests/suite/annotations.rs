//! Quotes marked in bodies, and the units that offsets count.

use serde_json::Value;

use crate::support::TestServer;

/// The HTML without marks, and what stood in them: the ids of the occurrences with the words.
fn taken_apart(html: &str) -> (String, Vec<(Vec<String>, String)>) {
    let (mut bare, mut marked) = (String::new(), Vec::new());
    let mut rest = html;
    while let Some((before, mark)) = rest.split_once("<mark data-occurrence=\"") {
        let (ids, tail) = mark.split_once("\" data-quote=\"").unwrap();
        let (words, following) = tail.split_once("\">").unwrap().1.split_once("</mark>").unwrap();
        assert!(!words.contains('<'), "a mark lies inside one text node: {words}");
        marked.push((ids.split(' ').map(str::to_owned).collect(), words.to_owned()));
        bare.extend([before, words]);
        rest = following;
    }
    (bare + rest, marked)
}

fn words_of(occurrence: &Value) -> String {
    let segments = occurrence["segments"].as_array().unwrap().iter();
    segments.map(|segment| segment["exact"].as_str().unwrap()).collect::<String>().replace('\n', "")
}

fn plain(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn every_anchored_quote_of_every_sample_article_is_marked_and_nothing_else_changes() {
    let server = TestServer::with_sample();
    let mut count = 0;
    for slug in server.get("/v1/articles?limit=100").column("/slug") {
        let article = server.get(&format!("/v1/articles/{slug}?include=quotes")).data();
        let annotated = server.get(&format!("/v1/articles/{slug}?include=quotes&annotate=quotes")).data();
        let (bare, marked) = taken_apart(annotated["body_html"].as_str().unwrap());
        assert_eq!(bare, article["body_html"], "{slug}");
        assert_eq!(annotated["body_text"], article["body_text"]);
        assert_eq!(annotated["quotes"], article["quotes"]);
        for occurrence in article["quotes"].as_array().unwrap() {
            let id = occurrence["id"].as_str().unwrap();
            let pieces = marked.iter().filter(|(ids, _)| ids.iter().any(|marked| marked == id));
            let words: String = pieces.map(|(_, words)| plain(words)).collect();
            assert_eq!(words, words_of(occurrence), "{slug}");
            count += usize::from(!words.is_empty());
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn marking_quotes_does_not_need_the_quotes_to_be_shown() {
    let server = TestServer::with_sample();
    let article = server.get("/v1/articles/the-ferry-bell-comes-home?annotate=quotes").data();
    assert!(article["body_html"].as_str().unwrap().contains("<mark data-occurrence=\"occ_"));
    assert!(article.get("quotes").is_none());
    let problem = server.get("/v1/articles/the-ferry-bell-comes-home?annotate=labels").problem();
    assert_eq!(problem["errors"][0]["parameter"], "annotate");
}

const EMOJI: &str = "A Bell for the Quay\n\
    March 3, 2024\n\
    The bell 🔔 is back. \"It rings 🔔 as it always did,\" said Ada Quill, harbour warden, \"and nobody 🙂 minds it.\"\n";

#[test]
fn offsets_count_code_units_as_javascript_does_where_asked() {
    let server = TestServer::with_sample();
    server.import("emoji.txt", EMOJI);
    let slug = "a-bell-for-the-quay";
    let id = server.get(&format!("/v1/articles/{slug}/quotes")).data()[0]["id"].as_str().unwrap().to_owned();
    let article = server.get(&format!("/v1/articles/{slug}")).data();
    let units: Vec<u16> = article["body_text"].as_str().unwrap().encode_utf16().collect();
    for (path, pointer) in [
        (format!("/v1/articles/{slug}?include=quotes&"), "/quotes/0/segments"),
        (format!("/v1/articles?slug={slug}&include=quotes&"), "/0/quotes/0/segments"),
        (format!("/v1/quotes/{id}?"), "/occurrences/0/segments"),
        (format!("/v1/quotes?article={slug}&"), "/0/occurrences/0/segments"),
        (format!("/v1/articles/{slug}/quotes?"), "/0/occurrences/0/segments"),
        ("/v1/people/ada-quill/quotes?".to_owned(), "/0/occurrences/0/segments"),
        ("/v1/quotes/sample?speaker=ada-quill&".to_owned(), "/0/occurrences/0/segments"),
    ] {
        let segments = |query: &str| {
            let data = server.get(&format!("{path}{query}")).data();
            data.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{path}: {data}")).clone()
        };
        let (usual, utf16) = (segments("offsets=unicode"), segments("offsets=utf16"));
        assert_eq!(usual, segments(""));
        assert_ne!(usual, utf16);
        assert_eq!(utf16.len(), 2);
        for segment in utf16 {
            let [start, end] = ["start", "end"].map(|name| usize::try_from(segment[name].as_u64().unwrap()).unwrap());
            assert_eq!(String::from_utf16(&units[start..end]).unwrap(), segment["exact"].as_str().unwrap(), "{path}");
        }
    }
    let marked = server.get(&format!("/v1/articles/{slug}?annotate=quotes&offsets=utf16")).data();
    assert!(marked["body_html"].as_str().unwrap().contains("\">It rings 🔔 as it always did,</mark>"));
}
