//! The formats that articles are imported from, each read as a stream of entries.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use serde_json::{Value, json};
use verbatim::imports::entry::{Entry, Item, Label, LeftOut, Refusal};
use verbatim::imports::format::{Format, open};
use verbatim::values::body::render;

const WORDPRESS: &[u8] = include_bytes!("../fixtures/imports/wordpress-1.2.xml");
const WORDPRESS_1_0: &[u8] = include_bytes!("../fixtures/imports/wordpress-1.0.xml");
const BLOGGER_FEED: &[u8] = include_bytes!("../fixtures/imports/blogger-feed.xml");
const BLOGGER_TAKEOUT: &[u8] = include_bytes!("../fixtures/imports/blogger-takeout.atom");
const GHOST: &[u8] = include_bytes!("../fixtures/imports/ghost.json");
const PAGE: &[u8] = include_bytes!("../fixtures/imports/page.html");
const PIER: &[u8] = include_bytes!("../fixtures/imports/2019-03-04-the-pier.md");
const FERRY: &[u8] = include_bytes!("../fixtures/imports/night-ferry.md");

const EVERY_FORMAT: [Format; 6] =
    [Format::PlainText, Format::Markdown, Format::Html, Format::Blogger, Format::Wordpress, Format::Ghost];

fn items(format: Format, bytes: impl AsRef<[u8]>) -> Vec<Item> {
    open(format, Cursor::new(bytes.as_ref()), Some("2019-03-04-the-pier.md")).collect()
}

fn entries(items: &[Item]) -> Vec<&Entry> {
    items.iter().filter_map(|item| if let Item::Article(entry) = item { Some(entry.as_ref()) } else { None }).collect()
}

fn refusals(items: &[Item]) -> Vec<&Refusal> {
    items.iter().filter_map(|item| if let Item::Refused(refusal) = item { Some(refusal) } else { None }).collect()
}

fn left_out(items: &[Item]) -> Vec<&LeftOut> {
    items.iter().filter_map(|item| if let Item::LeftOut(left_out) = item { Some(left_out) } else { None }).collect()
}

fn titles(items: &[Item]) -> Vec<Option<&str>> {
    entries(items).iter().map(|entry| entry.title.as_deref()).collect()
}

/// The one article of a file.
fn only(format: Format, bytes: &[u8]) -> Entry {
    let items = items(format, bytes);
    let [Item::Article(entry)] = items.as_slice() else { panic!("{items:?}") };
    entry.as_ref().clone()
}

fn text(entry: &Entry) -> String {
    render(entry.body_format, &entry.body_source).text
}

/// What is told of an entry, but for its body.
fn told(entry: &Entry) -> Value {
    let label = |label: &Label| label.line_of_descent().map(|label| label.name.clone()).collect::<Vec<_>>().join(" < ");
    json!([
        entry.id.as_ref().map(|id| &id.id),
        entry.title,
        entry.slug,
        entry.status.map(|status| status.as_str()),
        entry.published_at.map(|instant| instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        entry.authors.iter().map(|author| author.name.as_str()).collect::<Vec<_>>(),
        entry.labels.iter().map(label).collect::<Vec<_>>(),
        entry.summary,
        entry.canonical_url,
        entry.language,
    ])
}

#[test]
fn a_format_is_recognised_by_what_a_file_holds() {
    let recognised = |bytes: &[u8], name| Format::recognise(bytes, name);
    for (bytes, name, format) in [
        (WORDPRESS, None, Format::Wordpress),
        (WORDPRESS_1_0, Some("export.txt"), Format::Wordpress),
        (BLOGGER_FEED, Some("blog-03-01-2015.xml"), Format::Blogger),
        (BLOGGER_TAKEOUT, Some("feed.atom"), Format::Blogger),
        (GHOST, Some("ghost.json"), Format::Ghost),
        (b"{\"meta\":{\"exported_on\":1},\"data\":{}}", None, Format::Ghost),
        (PAGE, Some("page.txt"), Format::Html),
        (b"<p>A fragment</p>", Some("a.html"), Format::Html),
        (PIER, Some("pier.txt"), Format::Markdown),
        (FERRY, None, Format::Markdown),
        (b"# A title\n\nText.", Some("a.md"), Format::Markdown),
        (b"<div>x</div>\n\nText.", Some("a.md"), Format::Markdown),
        (b"{\"type\":\"article\"}\n{\"type\":\"article\"}\n", Some("export.ndjson"), Format::Ndjson),
        (b"The Pier\nIt fell.\n<< Home", Some("pier.txt"), Format::PlainText),
        (b"<< Home\nThe Pier\nIt fell.", None, Format::PlainText),
        (b"\xef\xbb\xbf  \n<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE html>\n<html>", None, Format::Html),
    ] {
        assert_eq!(recognised(bytes, name), Ok(format), "{name:?}");
    }
    let utf_16: Vec<u8> = "<feed xmlns:blogger='x'>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(recognised(&utf_16, None), Ok(Format::Blogger));
}

#[test]
fn what_no_importer_reads_is_said() {
    for (bytes, name, what) in [
        (b"PK\x03\x04abc".as_slice(), "export.zip", "ZIP"),
        (b"\x1f\x8babc", "export.xml.gz", "gzip"),
        (b"<rss version='2.0'><channel/></rss>", "feed.xml", "RSS"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "feed.xml", "Atom"),
        (b"<?xml version='1.0'?><opml/>", "a.opml", "<opml>"),
        (b"[1,2]", "a.json", "JSON"),
    ] {
        let reason = Format::recognise(bytes, Some(name)).unwrap_err();
        assert!(reason.contains(what), "{reason}");
    }
}

#[test]
fn wordpress_posts_come_with_all_that_belongs_to_them() {
    let items = items(Format::Wordpress, WORDPRESS);
    let told: Vec<Value> = entries(&items).into_iter().map(told).collect();
    assert_eq!(
        told,
        [
            json!([
                "https://register.example/?p=12",
                "The Night Ferry & Its Bell",
                "night-ferry",
                "published",
                "2020-02-02T09:30:00Z",
                ["Ida Marlow"],
                ["Ferries & Boats < Sea", "Vik", "Long reads"],
                "The late boat runs again.",
                "https://register.example/2020/02/night-ferry/",
                "en-GB"
            ]),
            json!([
                "http://old.register.example/?p=7",
                "Classic & plain",
                "вик",
                "published",
                "2012-05-01T00:30:00Z",
                ["odd"],
                [],
                null,
                "https://register.example/2012/05/classic/",
                "en-GB"
            ]),
            json!([
                "https://register.example/?p=20",
                "A draft",
                null,
                "draft",
                null,
                ["Ida Marlow"],
                [],
                null,
                null,
                "en-GB"
            ]),
            json!([
                "https://register.example/?p=21",
                "For subscribers",
                null,
                "archived",
                "2020-01-01T09:00:00Z",
                [],
                [],
                null,
                null,
                "en-GB"
            ]),
            json!([
                "https://register.example/?p=22",
                "Kept private",
                null,
                "archived",
                "2020-01-01T09:00:00Z",
                [],
                [],
                null,
                null,
                "en-GB"
            ]),
            json!([
                "https://register.example/?p=23",
                "To come",
                null,
                "scheduled",
                "2099-01-01T09:00:00Z",
                [],
                [],
                null,
                null,
                "en-GB"
            ]),
        ]
    );
    let first = entries(&items)[0];
    assert_eq!(first.former_slugs, ["late-ferry", "the-ferry"]);
    assert_eq!(first.provenance["source"]["comments"], 1);
    let source = String::from_utf8(first.source.clone()).unwrap();
    assert!(source.starts_with("<item>") && source.ends_with("</item>") && !source.contains("reader@mail.example"));
    let left_out: Vec<_> = left_out(&items).iter().map(|it| (it.what.as_str(), it.title.as_deref())).collect();
    assert_eq!(left_out, [("in the trash", Some("Thrown away")), ("attachment", Some("p.jpg")), ("a menu item", None)]);
    assert!(refusals(&items).is_empty());
    assert_eq!(entries(&items)[3].notes, ["it was behind a password: it is archived, not published"]);
}

#[test]
fn wordpress_blocks_and_classic_posts_become_good_text() {
    let items = items(Format::Wordpress, WORDPRESS);
    let [blocks, classic, ..] = entries(&items)[..] else { panic!() };
    assert_eq!(
        text(blocks),
        "“The boat is back,” said Ada\u{a0}Quill, the harbour master.\n\nIt rang twice.\n\nSo it did.\n\n\
         https://films.example/1\n\none bell\n\ntwo boats"
    );
    let pulls: Vec<_> = blocks.pulls.iter().map(|pull| (pull.text.as_str(), pull.attribution.as_deref())).collect();
    assert_eq!(pulls, [("The boat is back", Some("Ada Quill, harbour master"))]);
    assert_eq!(
        text(classic),
        "The pier at Vik fell.\nNobody saw it.\n\nThe pier, before\n\n\"It was [very] old,\" said Odd Holt.\n\n\
         Nobody knew.\n\nNobody asked.\n\nhttps://films.example/2\n\nhttps://films.example/3"
    );
    let html = render(classic.body_format, &classic.body_source).html;
    assert!(html.contains("<figcaption>The pier, before</figcaption></figure>"), "{html}");
    assert!(html.contains("<a href=\"https://films.example/3\" rel=\"noopener\">"), "{html}");
    assert_eq!(classic.notes, ["the shortcode [gallery] is left out: what it shows is not in the file"]);
}

#[test]
fn an_old_export_in_another_encoding_is_read() {
    let entry = only(Format::Wordpress, WORDPRESS_1_0);
    assert_eq!(
        told(&entry),
        json!([
            "http://old.example/?p=3",
            "Café at the pier",
            "cafe",
            "published",
            "2008-06-10T11:00:00Z",
            ["admin"],
            ["Piers", "Coffee"],
            null,
            "http://old.example/cafe",
            "en"
        ])
    );
    assert_eq!(text(&entry), "The café opened.");
    let slugs: Vec<_> = entry.labels.iter().map(|label| label.slug.as_deref()).collect();
    assert_eq!(slugs, [Some("piers"), Some("coffee")]);
}

#[test]
fn the_old_feed_of_blogger_keeps_kinds_and_labels_apart() {
    let items = items(Format::Blogger, BLOGGER_FEED);
    let told: Vec<Value> = entries(&items).into_iter().map(told).collect();
    assert_eq!(
        told,
        [
            json!([
                "tag:blogger.com,1999:blog-77.post-101",
                "The Bell Rang & Rang",
                "bell-rang",
                "published",
                "2011-06-02T15:30:00.001Z",
                ["Ida Marlow"],
                ["Sea & Shore", "vik"],
                null,
                "http://vik.blog.example/2011/06/bell-rang.html",
                null
            ]),
            json!([
                "tag:blogger.com,1999:blog-77.page-103",
                "About",
                "about",
                "published",
                "2011-07-01T07:00:00Z",
                [],
                [],
                null,
                "http://vik.blog.example/p/about.html",
                null
            ]),
            json!(["tag:blogger.com,1999:blog-77.post-104", null, null, "draft", null, [], [], null, null, null]),
        ]
    );
    assert_eq!(text(entries(&items)[0]), "“It rang,” said Odd Holt.\n\nNobody\u{a0}answered.\n\nThen it fell.");
    let what: Vec<_> = left_out(&items).iter().map(|it| it.what.as_str()).collect();
    assert_eq!(what, ["a setting of the blog", "a setting of the blog", "comment"]);
}

#[test]
fn the_takeout_form_of_blogger_is_read() {
    let items = items(Format::Blogger, BLOGGER_TAKEOUT);
    let told: Vec<Value> = entries(&items).into_iter().map(told).collect();
    assert_eq!(
        told,
        [
            json!([
                "tag:blogger.com,1999:blog-88.post-201",
                "The mayor's boat",
                "the-mayors-boat",
                "published",
                "2024-05-02T07:00:00Z",
                ["Ida Marlow"],
                ["Boats", "Mayor"],
                "Whose boat it is.",
                null,
                null
            ]),
            json!([
                "tag:blogger.com,1999:blog-88.post-203",
                "Next year",
                "next-year",
                "scheduled",
                "2099-05-02T07:00:00Z",
                [],
                [],
                null,
                null,
                null
            ]),
            json!(["tag:blogger.com,1999:blog-88.post-204", "A page", null, "draft", null, [], [], null, null, null]),
        ]
    );
    let what: Vec<_> = left_out(&items).iter().map(|it| it.what.as_str()).collect();
    assert_eq!(what, ["comment", "in the trash"]);
}

#[test]
fn a_title_in_elements_of_its_own_is_read_as_it_is_shown() {
    let title =
        "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>The <em>old</em> pier &amp; I</div></title>";
    let feed = "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom' xmlns:blogger='http://schemas.google.com/blogger/2018'>\
                <entry><id>1</id>TITLE<blogger:type>POST</blogger:type><content>x</content></entry></feed>";
    assert_eq!(titles(&items(Format::Blogger, feed.replace("TITLE", title))), [Some("The old pier & I")]);
}

#[test]
fn ghost_posts_find_their_tags_and_authors_wherever_those_stand() {
    let items = items(Format::Ghost, GHOST);
    let told: Vec<Value> = entries(&items).into_iter().map(told).collect();
    let uuid = |number: u8| format!("0b0f0000-0000-4000-8000-00000000000{number}");
    assert_eq!(
        told,
        [
            json!([
                uuid(1),
                "The Night Ferry",
                "night-ferry",
                "published",
                "2020-02-02T09:30:00Z",
                ["Ida Marlow", "Odd Holt"],
                ["Ferries", "Vik"],
                "The late boat runs again.",
                null,
                null
            ]),
            json!([uuid(2), null, "untitled", "draft", null, [], [], null, null, null]),
            json!([
                uuid(3),
                "For members",
                "for-members",
                "archived",
                "2020-03-01T09:00:00Z",
                [],
                [],
                null,
                null,
                null
            ]),
            json!([
                uuid(4),
                "About",
                "about",
                "published",
                "2020-03-01T09:00:00Z",
                [],
                [],
                null,
                "https://register.example/about/",
                null
            ]),
        ]
    );
    assert!(entries(&items)[0].body_source.contains("src=\"/content/images/b.jpg\""));
    assert_eq!(text(entries(&items)[1]), "Not yet.");
    assert!(refusals(&items).is_empty());
}

#[test]
fn markdown_tells_in_front_matter_or_by_its_name() {
    let entry = only(Format::Markdown, PIER);
    assert_eq!(
        told(&entry),
        json!([
            null,
            "The Pier: Its Last Day",
            "the-pier",
            null,
            "2019-03-04T03:06:07Z",
            ["Ida Marlow", "Odd Holt"],
            ["Sea", "Harbour", "Piers", "Vik"],
            "How the pier fell.",
            null,
            "en_GB"
        ])
    );
    assert_eq!(entry.former_slugs, ["the-old-pier", "pier"]);
    assert_eq!(text(&entry), "\"It was old,\" said Odd Holt.\n\nNobody knew.");
    assert_eq!(entry.provenance["source"], json!({ "layout": "post" }));

    let entry = only(Format::Markdown, FERRY);
    assert_eq!(entry.status.map(|status| status.as_str()), Some("draft"));
    assert_eq!((entry.slug.as_deref(), text(&entry).as_str()), (Some("night-ferry"), "The boat is back."));

    let entry = only(Format::Markdown, b"# The *old* pier\n\nIt fell.\n");
    assert_eq!(entry.title.as_deref(), Some("The old pier"));
    assert_eq!(text(&entry), "It fell.");
    assert_eq!(entry.published_at.map(|instant| instant.to_rfc3339()), Some("2019-03-04T00:00:00+00:00".to_owned()));
}

#[test]
fn whatever_says_that_a_text_is_hidden_keeps_it_hidden() {
    for line in [
        "draft: yes",
        "draft: \"true\"",
        "draft: 1",
        "private: true",
        "published: no",
        "publish: false",
        "status: secret",
    ] {
        let entry = only(Format::Markdown, format!("---\ntitle: A\n{line}\n---\nText.").as_bytes());
        assert_eq!(entry.status.map(|status| status.as_str()), Some("draft"), "{line}");
    }
    for line in ["draft: no", "published: on", "private: false"] {
        let entry = only(Format::Markdown, format!("---\ntitle: A\n{line}\n---\nText.").as_bytes());
        assert_eq!(entry.status, None, "{line}");
    }
}

#[test]
fn a_date_that_cannot_be_read_gives_way_to_that_in_the_name_of_the_file() {
    let entry = only(Format::Markdown, b"---\ntitle: A\ndate: one of these days\n---\nText.");
    assert_eq!(entry.published_at.map(|instant| instant.to_rfc3339()), Some("2019-03-04T00:00:00+00:00".to_owned()));
    assert!(entry.notes[0].contains("one of these days"), "{:?}", entry.notes);
}

#[test]
fn labels_in_a_table_of_their_own_are_read() {
    let front = b"+++\ntitle = \"A\"\n[taxonomies]\ncategories = [\"Sea\"]\ntags = [\"Boats\", \"Piers\"]\n+++\nText.";
    let labels: Vec<String> = only(Format::Markdown, front).labels.into_iter().map(|label| label.name).collect();
    assert_eq!(labels, ["Sea", "Boats", "Piers"]);
}

#[test]
fn a_text_marked_as_utf_16_is_read_and_one_in_an_unknown_encoding_is_refused_with_its_line() {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend("The Café\n\n“It is open,” said Ada Quill.\n".encode_utf16().flat_map(u16::to_le_bytes));
    let entry = only(Format::PlainText, &bytes);
    assert_eq!((entry.title.as_deref(), text(&entry).as_str()), (Some("The Café"), "“It is open,” said Ada Quill."));
    bytes.extend([0x00, 0xd8]);
    assert!(refusals(&items(Format::PlainText, &bytes))[0].reason.contains("UTF-16"));
    let items = items(Format::PlainText, b"The Cafe\n\nIt\x92s late.\n");
    assert_eq!(refusals(&items)[0].place.line, 3);
    assert!(refusals(&items)[0].reason.contains("not UTF-8"));
}

#[test]
fn front_matter_that_is_none_is_refused_with_its_line() {
    for (source, line) in [
        ("---\ntitle: A\ntags: [a\n---\nText.", 4),
        ("+++\ntitle = \"A\"\ndate = nonsense\n+++\nText.", 3),
        ("---\n- a\n- b\n---\nText.", 2),
    ] {
        let items = items(Format::Markdown, source);
        let refusals = refusals(&items);
        assert!(refusals[0].reason.starts_with("its front matter: "), "{refusals:?}");
        assert!(refusals[0].place.line.abs_diff(line) <= 1, "{refusals:?}");
    }
    let bomb = "---\na: &a [x,x,x,x,x,x,x,x]\n".to_owned()
        + &(b'b'..=b'k')
            .map(|name| {
                let (name, before) = (char::from(name), char::from(name - 1));
                format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 8].join(","))
            })
            .collect::<String>()
        + "---\nText.";
    assert_eq!(refusals(&items(Format::Markdown, bomb)).len(), 1);
}

#[test]
fn a_page_gives_its_article_without_the_page_around_it() {
    let entry = only(Format::Html, PAGE);
    assert_eq!(
        told(&entry),
        json!([
            null,
            "The Night Ferry Returns",
            "night-ferry",
            null,
            "2020-02-02T09:30:00Z",
            ["Ida Marlow", "Odd Holt"],
            ["Sea", "Ferries", "Vik"],
            "The late boat runs again.",
            "https://register.example/2020/02/night-ferry.html",
            "en-GB"
        ])
    );
    assert_eq!(text(&entry), "“The boat is back,” said Ada Quill, the harbour master.\n\nIt rang\u{a0}twice.");
    assert_eq!(entry.pulls.len(), 1);
    assert_eq!(entry.pulls[0].attribution.as_deref(), Some("Ada Quill"));
}

/// An export of WordPress with these items.
fn wordpress(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:wp=\"http://wordpress.org/export/1.2/\"><channel>{items}</channel></rss>"
    )
}

/// An item with this title and this content, as it is written.
fn post(title: &str, content: &str) -> String {
    format!(
        "<item><title>{title}</title><guid>{title}</guid><content:encoded>{content}</content:encoded>\
         <wp:status>publish</wp:status><wp:post_type>post</wp:post_type></item>\n"
    )
}

#[test]
fn a_broken_entry_is_refused_with_its_place_and_the_rest_is_read() {
    let good = |title: &str| post(title, "<![CDATA[Text.]]>");
    for (broken, reason) in [
        ("<item><title>Bad</title><b></item>".to_owned(), "broken XML in line 4"),
        ("<item><title>Bad</title><wp:status>publish</wp:status>".to_owned(), "its end tag </item> is missing"),
        (post("Bad", "<![CDATA[It never ends"), "a section of character data in it does not end"),
        (post("Bad", "An &unknown; entity"), "the entity &unknown; is not known"),
        (post("Bad", "&#0;"), ""),
        (post("Bad", "a\0b"), "U+0000"),
        ("<item><title>Bad</title></item>".to_owned(), "it has neither a guid nor a wp:post_id"),
        ("<item><title>Bad</title><guid a=b>x</guid></item>".to_owned(), "broken XML"),
    ] {
        let file = wordpress(&["\n", &good("One"), broken.trim_end(), "\n", &good("Two"), &good("Three")].concat());
        let items = items(Format::Wordpress, &file);
        assert_eq!(titles(&items), [Some("One"), Some("Two"), Some("Three")], "{broken}");
        let refusals = refusals(&items);
        assert_eq!(refusals.len(), 1, "{broken}: {refusals:?}");
        assert!(refusals[0].reason.contains(reason), "{broken}: {}", refusals[0].reason);
        assert_eq!((refusals[0].place.number, refusals[0].place.line), (2, 4), "{broken}");
        assert_eq!(file[refusals[0].place.byte as usize..].get(..5), Some("<item"), "{broken}");
    }
}

#[test]
fn an_unclosed_section_in_the_last_entry_is_refused_too() {
    let file = wordpress(&[post("One", "Text."), post("Bad", "<![CDATA[It never ends")].concat());
    let items = items(Format::Wordpress, file);
    assert_eq!(titles(&items), [Some("One")]);
    assert_eq!(refusals(&items).len(), 1);
}

#[test]
fn named_characters_of_html_are_read_though_xml_does_not_know_them() {
    let items = items(Format::Wordpress, wordpress(&post("A&nbsp;&eacute;", "x &amp;&ndash;")));
    assert_eq!(titles(&items), [Some("A é")]);
    assert_eq!(text(entries(&items)[0]), "x &–");
}

#[test]
fn entities_of_its_own_refuse_a_file_whole() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE rss [\n<!ENTITY a \"xxxxxxxxxx\">\n<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\n]>\n"
        .to_owned()
        + &wordpress(&post("One", "&b;"));
    for format in [Format::Wordpress, Format::Blogger] {
        let items = items(format, &bomb);
        assert_eq!(items.len(), 1);
        assert!(refusals(&items)[0].reason.contains("entities"), "{items:?}");
        assert_eq!(refusals(&items)[0].place.line, 2);
    }
}

#[test]
fn what_nests_without_end_is_read_or_refused_and_the_rest_goes_in() {
    const DEEP: usize = 20_000;
    let nested = |open: &str, inner: &str, close: &str| open.repeat(DEEP) + inner + &close.repeat(DEEP);
    let html = nested("<div>", "Text.", "</div>");
    let file = wordpress(&[post("Deep", &nested("<b>", "x", "</b>")), post("Two", "x")].concat());
    assert_eq!(titles(&items(Format::Wordpress, file)).last(), Some(&Some("Two")));
    let file = wordpress(&[post("Deep", &format!("<![CDATA[{html}]]>")), post("Two", "x")].concat());
    let read = items(Format::Wordpress, file);
    assert_eq!(titles(&read), [Some("Deep"), Some("Two")]);
    assert_eq!(text(entries(&read)[0]), "Text.");
    assert_eq!(text(&only(Format::Html, html.as_bytes())), "Text.");

    let lists = nested("[", "", "]");
    for file in [lists.clone(), format!("{{\"title\":{lists}}}\n{{\"title\":\"Two\",\"body_source\":\"x\"}}")] {
        assert!(!refusals(&items(Format::Ndjson, file)).is_empty());
    }
    let ghost =
        format!("{{\"data\":{{\"posts\":[{{\"id\":\"1\",\"title\":{lists}}},{{\"id\":\"2\",\"title\":\"Two\"}}]}}}}");
    assert_eq!(titles(&items(Format::Ghost, ghost)), [Some("Two")]);
    for front in [format!("---\ntitle: {lists}\n---\nx"), format!("+++\ntitle = {lists}\n+++\nx")] {
        assert_eq!(refusals(&items(Format::Markdown, front)).len(), 1);
    }
    let quoted = only(Format::Markdown, (">".repeat(DEEP) + " Text.").as_bytes());
    assert!(text(&quoted).contains("Text."));
}

#[test]
fn wrong_bytes_refuse_their_entry_and_no_other() {
    let file = wordpress(&[post("One", "caf\u{e9}"), post("Bad", "caf?!"), post("Two", "x")].concat());
    let mut bytes = file.into_bytes();
    let at = bytes.windows(5).position(|window| window == b"caf?!").unwrap();
    bytes[at + 3] = 0xe9;
    let items = items(Format::Wordpress, &bytes);
    assert_eq!(titles(&items), [Some("One"), Some("Two")]);
    assert_eq!(refusals(&items)[0].title.as_deref(), Some("Bad"));
    assert!(refusals(&items)[0].reason.contains("not UTF-8"));
}

#[test]
fn utf_16_is_read_by_its_mark_and_an_unknown_encoding_is_refused() {
    let text = wordpress(&post("Café", "“Text.”")).replace("UTF-8", "UTF-16");
    let mut bytes = vec![0xfe, 0xff];
    bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    assert_eq!(titles(&items(Format::Wordpress, &bytes)), [Some("Café")]);
    let items = items(Format::Wordpress, text.replace("UTF-16", "klingon"));
    assert!(refusals(&items)[0].reason.contains("klingon"));
}

#[test]
fn other_prefixes_for_the_same_namespaces_are_understood() {
    let feed = String::from_utf8(BLOGGER_TAKEOUT.to_vec()).unwrap();
    let mut other = feed.replace("blogger:", "ns1:").replace("xmlns:blogger", "xmlns:ns1");
    for name in
        ["feed", "entry", "id", "title", "content", "author", "name", "published", "updated", "category", "link"]
    {
        other = other.replace(&format!("<{name}>"), &format!("<ns0:{name}>"));
        other = other.replace(&format!("<{name} "), &format!("<ns0:{name} "));
        other = other.replace(&format!("<{name}/>"), &format!("<ns0:{name}/>"));
        other = other.replace(&format!("</{name}>"), &format!("</ns0:{name}>"));
    }
    let other = other.replace("xmlns='http", "xmlns:ns0='http");
    let (mine, theirs) = (items(Format::Blogger, feed), items(Format::Blogger, other));
    let told = |items: &[Item]| entries(items).into_iter().map(self::told).collect::<Vec<_>>();
    assert_eq!(told(&mine), told(&theirs));
}

#[test]
fn an_enormous_post_is_refused_with_its_size_and_the_rest_is_read() {
    let enormous = "x".repeat(33 * 1024 * 1024);
    let one = post("Bad", &format!("<![CDATA[{enormous}]]>"));
    let length = one.trim_end().len();
    let items = items(Format::Wordpress, wordpress(&[post("One", "x"), one, post("Two", "x")].concat()));
    assert_eq!(titles(&items), [Some("One"), Some("Two")]);
    assert_eq!(refusals(&items)[0].title.as_deref(), Some("Bad"));
    assert!(refusals(&items)[0].reason.starts_with(&format!("{length} bytes long")), "{:?}", refusals(&items));

    let row = |id: u8, html: &str| format!("{{\"id\":{id},\"title\":\"{id}\",\"html\":\"{html}\"}}");
    let rows = [row(1, "x"), row(2, &enormous), row(3, "x")].join(",");
    let items = self::items(Format::Ghost, format!("{{\"db\":[{{\"data\":{{\"posts\":[{rows}]}}}}]}}"));
    assert_eq!(titles(&items), [Some("1"), Some("3")]);
    assert!(refusals(&items)[0].reason.contains("bytes long"));
}

#[test]
fn a_broken_row_of_ghost_is_refused_and_the_rest_is_read() {
    let file = "{\"data\":{\"posts\":[\n{\"id\":\"1\",\"title\":\"One\",\"html\":\"x\"},\n{\"id\":\"2\",\"title\":\"Bad\",\"html\":\"x\n},\n\
                {\"id\":\"3\",\"title\":\"Nul\",\"html\":\"\\u0000\"},\n{\"id\":\"4\",\"title\":\"Two\",\"html\":\"x\"}\n]}}";
    let items = items(Format::Ghost, file);
    assert_eq!(titles(&items), [Some("One"), Some("Two")]);
    let places: Vec<_> = refusals(&items).iter().map(|refusal| (refusal.place.number, refusal.place.line)).collect();
    assert_eq!(places, [(2, 3), (3, 5)]);
}

#[test]
fn a_post_is_changed_by_what_it_says_and_not_by_what_its_source_keeps_beside_it() {
    let digest = |bytes: &str| entries(&items(Format::Wordpress, bytes))[0].digest();
    let file = String::from_utf8(WORDPRESS.to_vec()).unwrap();
    let same = [
        file.replace("<wp:meta_value><![CDATA[1]]>", "<wp:meta_value><![CDATA[2]]>"),
        file.replace("Good news.", "Bad news."),
        file.replace("<wp:term_id>4<", "<wp:term_id>44<"),
    ];
    let changed = [
        file.replace("The boat is back,", "The boat was back,"),
        file.replace("Ida Marlow", "Ida Marlowe"),
        file.replace("<wp:cat_name><![CDATA[Sea]]>", "<wp:cat_name><![CDATA[Seas]]>"),
        file.replace("late-ferry", "later-ferry"),
    ];
    assert!(same.iter().all(|other| *other != file && digest(other) == digest(&file)));
    assert!(changed.iter().all(|other| *other != file && digest(other) != digest(&file)));
}

/// Posts without end, made as they are read.
struct Endless {
    made: Vec<u8>,
    at: usize,
    number: u64,
    pulled: Arc<AtomicU64>,
    /// Where the file ends, if it does.
    length: u64,
    make: fn(u64) -> String,
    end: &'static str,
}

impl Endless {
    fn new(head: &str, make: fn(u64) -> String, end: &'static str, length: u64) -> Self {
        Self { made: head.into(), at: 0, number: 0, pulled: Arc::default(), length, make, end }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.made.len() && self.number < u64::MAX {
            self.number += 1;
            let is_over = self.pulled.load(Ordering::Relaxed) >= self.length;
            self.made = if is_over { self.end.to_owned() } else { (self.make)(self.number) }.into_bytes();
            self.at = 0;
            if is_over {
                self.number = u64::MAX;
            }
        }
        let length = buffer.len().min(self.made.len() - self.at);
        buffer[..length].copy_from_slice(&self.made[self.at..self.at + length]);
        self.at += length;
        self.pulled.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// XML is read once, from its beginning to its end.
impl Seek for Endless {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

const WORDPRESS_HEAD: &str = "<rss xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:wp=\"http://wordpress.org/export/1.2/\"><channel>";

fn long_post(number: u64) -> String {
    let paragraph = "<p>“The boat is back,” said Ada Quill, the harbour master, on the quay of Vik.</p>\n".repeat(40);
    post(&format!("Post {number}"), &format!("<![CDATA[<!-- wp:paragraph -->{paragraph}]]>"))
}

#[test]
fn no_more_of_a_file_is_read_than_the_entries_taken_from_it() {
    const AHEAD: u64 = 128 * 1024;
    let file = Endless::new(WORDPRESS_HEAD, long_post, "", u64::MAX);
    let pulled = Arc::clone(&file.pulled);
    let mut taken = 0;
    for item in open(Format::Wordpress, file, None).take(3_000) {
        let Item::Article(entry) = item else { panic!("{item:?}") };
        taken += entry.source.len() as u64 + 1;
        let ahead = pulled.load(Ordering::Relaxed) - taken;
        assert!(ahead < AHEAD, "{ahead} bytes ahead after {taken}");
    }
}

/// Takes a minute: `cargo test --release --test suite memory_does_not_grow -- --ignored --nocapture`.
#[test]
#[ignore = "reads a file of 1 GB, made as it is read, and shows the memory that takes"]
#[allow(clippy::print_stdout, reason = "it is run for its figures")]
fn memory_does_not_grow_with_the_file() {
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_ascii_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let mut most = [0; 2];
    for (length, most) in [10_u64, 1_000].into_iter().zip(&mut most) {
        let file = Endless::new(WORDPRESS_HEAD, long_post, "</channel></rss>", length * 1_000_000);
        let start = std::time::Instant::now();
        let entries = open(Format::Wordpress, file, None).filter(|item| matches!(item, Item::Article(_))).count();
        *most = resident();
        println!("{length} MB: {entries} entries, at most {most} kB resident, {:?}", start.elapsed());
    }
    assert!(most[1] < most[0] + 16 * 1024, "{most:?}");
}

/// An article as exports may tell it.
#[derive(Debug, Clone)]
struct Told {
    title: String,
    body: String,
    labels: Vec<String>,
}

fn told_articles() -> impl Strategy<Value = Vec<Told>> {
    let word = "[A-Za-zé<>&\"'“”\\[\\]0-9]{1,8}";
    let words = prop::collection::vec(word, 1..6).prop_map(|words| words.join(" "));
    let labels =
        prop::collection::btree_map("[a-z]{2,6}", Just(()), 0..4).prop_map(|labels| labels.into_keys().collect());
    let article = (words.clone(), words, labels).prop_map(|(title, body, labels)| Told { title, body, labels });
    prop::collection::vec(article, 0..6)
}

fn escaped(text: &str) -> String {
    verbatim::values::body::escape(text).replace('"', "&quot;")
}

fn written(format: Format, articles: &[Told]) -> String {
    let each = |write: &dyn Fn(usize, &Told) -> String, between: &str| {
        articles.iter().enumerate().map(|(index, told)| write(index, told)).collect::<Vec<_>>().join(between)
    };
    let html = |told: &Told| format!("<p>{}</p>", escaped(&told.body));
    match format {
        Format::Wordpress => wordpress(&each(
            &|index, told| {
                let labels: String = told
                    .labels
                    .iter()
                    .map(|label| {
                        format!("<category domain=\"post_tag\" nicename=\"{label}\"><![CDATA[{label}]]></category>")
                    })
                    .collect();
                format!(
                    "<item><title>{}</title><guid>{index}</guid>{labels}<content:encoded><![CDATA[{}]]></content:encoded></item>",
                    escaped(&escaped(&told.title)),
                    html(told)
                )
            },
            "\n",
        )),
        Format::Blogger => {
            let entries = each(
                &|index, told| {
                    let labels: String =
                        told.labels.iter().map(|label| format!("<category scheme='x' term='{label}'/>")).collect();
                    format!(
                        "<entry><id>{index}</id>{labels}<title type='html'>{}</title><content type='html'>{}</content></entry>",
                        escaped(&escaped(&told.title)),
                        escaped(&html(told))
                    )
                },
                "",
            );
            format!("<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>")
        }
        Format::Ghost => {
            let posts = each(
                &|index, told| {
                    let tags: Vec<Value> = told.labels.iter().map(|label| json!({ "name": label })).collect();
                    json!({ "id": index, "title": told.title, "html": html(told), "tags": tags }).to_string()
                },
                ",",
            );
            format!("{{\"db\":[{{\"data\":{{\"posts\":[{posts}]}}}}]}}")
        }
        other => panic!("{other:?}"),
    }
}

const EXPORTS: [Format; 3] = [Format::Wordpress, Format::Blogger, Format::Ghost];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_written_in_a_format_is_read_from_it(articles in told_articles()) {
        for format in EXPORTS {
            let items = items(format, written(format, &articles));
            prop_assert!(refusals(&items).is_empty(), "{format:?}: {items:?}");
            let read: Vec<_> = entries(&items).iter().map(|entry| {
                let labels: Vec<_> = entry.labels.iter().map(|label| label.name.clone()).collect();
                (entry.title.clone().unwrap_or_default(), text(entry), labels)
            }).collect();
            let told: Vec<_> = articles.iter().map(|told| (told.title.clone(), told.body.clone(), told.labels.clone())).collect();
            prop_assert_eq!(read, told, "{:?}", format);
        }
    }

    #[test]
    fn of_a_file_that_breaks_off_everything_before_is_read(articles in told_articles(), cut in 0.0..1.0_f64) {
        for format in EXPORTS {
            let whole = written(format, &articles);
            let all = items(format, &whole);
            let length = (whole.len() as f64 * cut) as usize;
            let cut_off = items(format, &whole.as_bytes()[..length]);
            let before: Vec<_> = entries(&all).into_iter()
                .filter(|entry| entry.place.byte as usize + entry.source.len() <= length)
                .map(|entry| entry.id.clone())
                .collect();
            let read: Vec<_> = entries(&cut_off).iter().map(|entry| entry.id.clone()).collect();
            prop_assert_eq!(&read, &before, "{:?}", format);
            prop_assert!(length == whole.len() || !refusals(&cut_off).is_empty(), "{:?}: {:?}", format, cut_off);
        }
    }

    #[test]
    fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Format::recognise(&bytes, None);
        for format in EVERY_FORMAT {
            let _ = items(format, &bytes);
        }
    }

    #[test]
    fn any_row_of_fragments_ends_without_a_panic(fragments in prop::collection::vec(prop::sample::select(vec![
        "<rss>", "<channel>", "<item>", "</item>", "<feed>", "<entry>", "</entry>", "</feed>", "<title>", "</title>", "<![CDATA[",
        "]]>", "<!--", "-->", "<?", "?>", "<!DOCTYPE x>", "&amp;", "&x;", "&#0;", "<guid>1</guid>", "<id>1</id>", "<a b='", "'", "\"", ">",
        "<content:encoded>", "</content:encoded>", "text", "\n", "{", "}", "[", "]", "\"data\":", "\"posts\":", ",", ":", "\\", "---\n",
        "+++\n", "title: x\n", "[caption ", "[/caption]", "<p>", "<article>", "</article>", "<h1>", "é", "\u{feff}",
    ]), 0..40)) {
        let file = fragments.concat();
        for format in EVERY_FORMAT {
            for item in items(format, &file) {
                if let Item::Article(entry) = item {
                    let _ = text(&entry);
                    prop_assert!(entry.pulls.iter().all(|pull| pull.span.end <= entry.source.len()));
                }
            }
        }
    }
}
