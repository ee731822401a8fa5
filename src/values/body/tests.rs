use proptest::prelude::*;

use super::*;
use crate::values::id::{OccurrenceId, QuoteId};

fn html(source: &str) -> (String, String) {
    let RenderedBody { html, text } = render(BodyFormat::Html, source);
    (html, text)
}

fn text(source: &str) -> String {
    html(source).1
}

fn markdown(source: &str) -> (String, String) {
    let RenderedBody { html, text } = render(BodyFormat::Markdown, source);
    (html, text)
}

#[test]
fn blank_lines_of_plain_text_part_paragraphs_and_line_breaks_stay() {
    let body = render_plain("One & only\r\nline two  \rthree\n\n \nNext <b>paragraph</b>\n");
    assert_eq!(body.text, "One & only\nline two\nthree\n\nNext <b>paragraph</b>");
    assert_eq!(body.html, "<p>One &amp; only<br>line two<br>three</p>\n<p>Next &lt;b&gt;paragraph&lt;/b&gt;</p>");
}

#[test]
fn blocks_are_parted_by_a_blank_line_and_inline_elements_by_nothing() {
    assert_eq!(text("<h1>Title</h1><p>One <b>bo</b>ld.</p><ul><li>a<li>b</ul>"), "Title\n\nOne bold.\n\na\n\nb");
    assert_eq!(
        text("<blockquote><p>In</p></blockquote>out<div>div<div>in div</div></div>"),
        "In\n\nout\n\ndiv\n\nin div"
    );
    assert_eq!(text("<p>a</p><p></p><p>&nbsp;</p><hr><p>b</p>"), "a\n\nb");
}

#[test]
fn white_space_is_what_a_browser_shows() {
    let (html, text) = html("<p>\n  One\n  <b> two </b> three \n</p>\n\n<p>a <br> b</p>");
    assert_eq!(html, "<p>One <b>two </b>three</p>\n<p>a<br>b</p>");
    assert_eq!(text, "One two three\n\na\nb");
}

#[test]
fn two_line_breaks_part_blocks() {
    assert_eq!(text("One<br>two<br><br>three<br> <br><br>four<br>"), "One\ntwo\n\nthree\n\nfour");
}

#[test]
fn preformatted_text_keeps_its_lines() {
    let (html, text) = html("<p>x</p><pre>\n\n fn a() {\n\n    b\n }\n\n</pre><p>y</p>");
    assert_eq!(html, "<p>x</p>\n<pre> fn a() {\n\n    b\n }</pre>\n<p>y</p>");
    assert_eq!(text, "x\n\nfn a() {\n\n    b\n }\n\ny");
}

#[test]
fn rows_of_a_table_are_lines_and_cells_are_parted_by_tabs() {
    let (html, text) =
        html("<table><caption>Tides</caption><tr><th>Day<th>Height</tr> <tr><td>Monday<td><b>4</b> m</table>after");
    assert_eq!(
        html,
        "<table><caption>Tides</caption><tbody><tr><th>Day</th><th>Height</th></tr>\
         <tr><td>Monday</td><td><b>4</b> m</td></tr></tbody></table>after"
    );
    assert_eq!(text, "Tides\n\nDay\tHeight\nMonday\t4 m\n\nafter");
}

#[test]
fn images_have_no_text_and_captions_have() {
    let (html, text) = html(
        "<figure class=x id=y><img src='/a.jpg' alt='A bell' onerror=alert(1)><figcaption>The bell</figcaption></figure>",
    );
    assert_eq!(html, "<figure><img alt=\"A bell\" src=\"/a.jpg\"><figcaption>The bell</figcaption></figure>");
    assert_eq!(text, "The bell");
}

#[test]
fn character_references_become_characters_and_comments_go() {
    assert_eq!(text("<p>caf&eacute; &amp; &lt;b&gt; &ldquo;x&rdquo;<!-- no --> &#128578;"), "café & <b> “x” 🙂");
}

#[test]
fn quotation_elements_become_the_marks_that_browsers_show() {
    assert_eq!(text("<p>She said <q>I told him <q>no</q> twice</q>.</p>"), "She said “I told him ‘no’ twice”.");
}

#[test]
fn what_is_not_safe_goes() {
    for (source, safe) in [
        ("<script>alert(1)</script>x", "x"),
        ("a<style>b{}</style><iframe src=https://video.example></iframe>c", "ac"),
        ("<a href=\"javascript:alert(1)\">x</a>", "x"),
        ("<a href=\" java\tscript:alert(1)\">x</a>", "x"),
        (
            "<a href=\"https://a.example/?q=1&amp;r=2\" onclick=x target=_blank>x</a>",
            "<a href=\"https://a.example/?q=1&amp;r=2\" rel=\"noopener\">x</a>",
        ),
        ("<a href=#note>1</a><a name=note>2</a>", "12"),
        ("<img src=\"data:image/svg+xml,<svg onload=alert(1)>\">x", "x"),
        ("<svg><p>a</p><script>b</script></svg>c", "c"),
        ("<p style=\"position:fixed\" class=a id=b data-x=y>c</p>", "<p>c</p>"),
        ("<math><p><style><!--</style><img title=\"--><img src=1 onerror=alert(1)>\">x", "<p>x</p>"),
        ("a<script>b", "a"),
        ("a<video>b", "ab"),
        ("<section><custom-tag>a</custom-tag></section>", "<div>a</div>"),
    ] {
        assert_eq!(html(source).0, safe, "{source}");
    }
}

#[test]
fn what_is_not_closed_or_not_nested_is_mended() {
    for (source, mended) in [
        ("<b>a<i>b</b>c</i>d", "<b>a<i>b</i></b><i>c</i>d"),
        ("<b><p>a</b>b</p>c", "<b><p>ab</p></b>c"),
        ("<p>a<p>b<div>c", "<p>a</p>\n<p>b</p>\n<div>c</div>"),
        ("<table><tr>a<td>b</table>", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"),
        (
            "<table>\n<colgroup><col></colgroup>\n<tr>\n<td>a</table>",
            "<table><tbody><tr><td>a</td></tr></tbody></table>",
        ),
        ("<td>a</td><td>b</td>", "<div>a</div>\n<div>b</div>"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("<a href=/x>a<a href=/y>b", "<a href=\"/x\" rel=\"noopener\">a</a><a href=\"/y\" rel=\"noopener\">b</a>"),
        ("</div></b>a</p>b<", "a\n<p></p>b&lt;"),
    ] {
        assert_eq!(html(source).0, mended, "{source}");
    }
}

#[test]
fn markdown_is_commonmark_with_tables_footnotes_and_strikethrough() {
    let (html, text) = markdown(
        "# The bell\n\nIt *came*\nback. ~~No.~~[^1]  \nReally.\n\n> So she said.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[^1]: Twice.\n\n<script>x</script>\n",
    );
    assert_eq!(
        html,
        "<h1>The bell</h1>\n<p>It <em>came</em> back. <del>No.</del><sup>1</sup><br>Really.</p>\n\
         <blockquote><p>So she said.</p></blockquote>\n\
         <table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>\n\
         <div><sup>1</sup><p>Twice.</p></div>"
    );
    assert_eq!(text, "The bell\n\nIt came back. No.1\nReally.\n\nSo she said.\n\na\tb\n1\t2\n\n1\n\nTwice.");
}

/// HTML in any state: tags of all kinds, in any order, with text and white space between them.
fn tag_soup() -> impl Strategy<Value = String> {
    let names: Vec<&str> = elements::ALLOWED
        .iter()
        .map(|(name, ..)| *name)
        .chain([
            "q", "section", "script", "svg", "math", "style", "title", "template", "select", "font", "p", "td", "a",
        ])
        .collect();
    let name = prop::sample::select(names);
    let start =
        (name.clone(), prop::sample::select(vec!["", " href=/x", " class=y", " href='javascript:z'", " src=/i"]))
            .prop_map(|(name, attribute)| format!("<{name}{attribute}>"));
    let piece = prop_oneof![
        4 => start,
        3 => name.prop_map(|name| format!("</{name}>")),
        3 => "[a-z ]{0,4}",
        1 => "[ \n\t\r]{1,3}",
        1 => "\\PC{0,4}",
        1 => Just("&nbsp;".to_owned()),
    ];
    let depth = prop_oneof![3 => Just(0_usize), 1 => 20_usize..110];
    let outer = prop::sample::select(vec!["<div>", "<table>", "<table><tr><td><div>", "<ul><li>"]);
    (outer, depth, prop::collection::vec(piece, 0..40))
        .prop_map(|(outer, depth, pieces)| outer.repeat(depth) + &pieces.concat())
}

/// Every element closed, in order, inside the one it was opened in.
fn is_well_formed(html: &str) -> bool {
    let mut open = Vec::new();
    let nests = markup::read(html).iter().all(|part| match part {
        markup::Part::Start(name, _) => {
            if !elements::is_void(name) {
                open.push(name.clone());
            }
            true
        }
        markup::Part::End(name) => open.pop().as_ref() == Some(name),
        markup::Part::Text(_) => true,
    });
    nests && open.is_empty()
}

fn ids(number: u128) -> (OccurrenceId, QuoteId) {
    let id = uuid::Uuid::from_u128(number);
    (OccurrenceId(id), QuoteId(id))
}

fn annotation(number: u128, start: u32, end: u32) -> Annotation {
    let (occurrence, quote) = ids(number);
    Annotation { occurrence, quote, ranges: std::iter::once(start..end).collect() }
}

/// Annotations of ranges given as parts of a text of `length` characters.
fn annotations(places: &[(prop::sample::Index, prop::sample::Index)], length: usize) -> Vec<Annotation> {
    let place = |index: &prop::sample::Index| index.index(length + 1) as u32;
    let places = places.iter().map(|(a, b)| (place(a), place(b))).enumerate();
    places.map(|(number, (a, b))| annotation(number as u128 + 1, a.min(b), a.max(b))).collect()
}

/// The text of the marks that name an occurrence, and the HTML without marks that name any.
fn marked(annotated: &str, occurrence: OccurrenceId) -> (String, String) {
    let (mut words, mut others) = (String::new(), Vec::new());
    let mut marks: Vec<Option<bool>> = Vec::new();
    for part in markup::read(annotated) {
        match part {
            markup::Part::Start(name, attributes) if name == "mark" => {
                let names = attributes.iter().find(|(name, _)| name == "data-occurrence");
                marks.push(names.map(|(_, ids)| ids.split(' ').any(|id| id == occurrence.to_string())));
                if names.is_none() {
                    others.push(markup::Part::Start(name, attributes));
                }
            }
            markup::Part::End(name) if name == "mark" => {
                if marks.pop() == Some(None) {
                    others.push(markup::Part::End(name));
                }
            }
            markup::Part::Text(text) => {
                if marks.last() == Some(&Some(true)) {
                    words.push_str(&text);
                }
                others.push(markup::Part::Text(text));
            }
            other => others.push(other),
        }
    }
    (words, markup::write(&others))
}

fn assert_annotated(body: &RenderedBody, annotations: &[Annotation]) -> Result<(), TestCaseError> {
    let characters: Vec<char> = body.text.chars().collect();
    let annotated = annotate(&body.html, annotations);
    prop_assert!(is_well_formed(&annotated), "{}", annotated);
    prop_assert_eq!(text::text_of(&markup::read(&annotated)).text, body.text.as_str());
    for annotation in annotations {
        let (words, without_marks) = marked(&annotated, annotation.occurrence);
        prop_assert_eq!(&without_marks, &body.html);
        let exact: String =
            annotation.ranges.iter().flat_map(|r| &characters[r.start as usize..r.end as usize]).collect();
        // What parts blocks, lines and cells stands in no element.
        let bare = |text: &str| text.replace(['\n', '\t'], "");
        prop_assert_eq!(bare(&words), bare(&exact), "{}", annotated);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(500), ..ProptestConfig::default() })]

    #[test]
    fn plain_text_has_the_same_text_by_the_rule_for_html(source in "(\\PC|[ \t\r\n\u{0}\u{b}\u{2028}<&;])*") {
        let body = render_plain(&source);
        let parts = markup::read(&body.html);
        prop_assert_eq!(markup::write(&parts), body.html.as_str());
        prop_assert_eq!(text::text_of(&parts).text, body.text.as_str());
        prop_assert_eq!(render_plain(&body.text), body);
    }

    #[test]
    fn any_html_becomes_well_formed_and_renders_again_to_itself(source in tag_soup()) {
        let body = render(BodyFormat::Html, &source);
        prop_assert!(is_well_formed(&body.html), "{}", body.html);
        prop_assert_eq!(render(BodyFormat::Html, &body.html), body);
    }

    /// The tree that a browser builds has the elements just where the tags stand.
    #[test]
    fn a_browser_moves_nothing_in_it(source in tag_soup()) {
        let body = render(BodyFormat::Html, &source);
        let built = ammonia::Builder::empty()
            .tags(elements::ALLOWED.iter().map(|(name, ..)| *name).collect())
            .generic_attribute_prefixes(std::collections::HashSet::from([""]))
            .clean(&body.html)
            .to_string();
        prop_assert_eq!(markup::read(&built), markup::read(&body.html));
    }

    #[test]
    fn any_characters_and_any_markdown_render(source in any::<String>()) {
        let body = render(BodyFormat::Html, &source);
        prop_assert_eq!(render(BodyFormat::Html, &body.html), body);
        let body = render(BodyFormat::Markdown, &source);
        prop_assert_eq!(render(BodyFormat::Html, &body.html), body);
    }

    #[test]
    fn the_text_has_no_empty_lines_but_one_between_blocks(source in tag_soup()) {
        let text = render(BodyFormat::Html, &source.replace("pre", "p")).text;
        prop_assert!(!text.contains("\n\n\n"));
        prop_assert!(text.split('\n').all(|line| line.split('\t').all(|cell| cell == cell.trim())), "{:?}", text);
    }

    #[test]
    fn annotations_nest_in_any_html_and_change_no_text(
        source in tag_soup(),
        places in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 0..5),
    ) {
        let body = render(BodyFormat::Html, &source);
        assert_annotated(&body, &annotations(&places, body.text.chars().count()))?;
    }
}

#[test]
fn a_quote_over_elements_and_blocks_has_a_mark_in_each() {
    let body = render(BodyFormat::Html, "<p>She said: “No, <em>never</em> again.</p><p>Go.”</p>");
    let start = body.text.chars().position(|c| c == 'N').unwrap() as u32;
    let end = body.text.chars().count() as u32 - 1;
    let (occurrence, quote) = ids(1);
    let mark = |text: &str| format!("<mark data-occurrence=\"{occurrence}\" data-quote=\"{quote}\">{text}</mark>");
    assert_eq!(
        annotate(&body.html, &[annotation(1, start, end)]),
        format!(
            "<p>She said: “{}<em>{}</em>{}</p>\n<p>{}”</p>",
            mark("No, "),
            mark("never"),
            mark(" again."),
            mark("Go.")
        )
    );
}

#[test]
fn where_printings_overlap_one_mark_names_all() {
    let ((o1, q1), (o2, q2)) = (ids(1), ids(2));
    let annotations = [annotation(1, 0, 4), annotation(2, 2, 6)];
    assert_eq!(
        annotate("<p>abcdef</p>", &annotations),
        format!(
            "<p><mark data-occurrence=\"{o1}\" data-quote=\"{q1}\">ab</mark>\
             <mark data-occurrence=\"{o1} {o2}\" data-quote=\"{q1} {q2}\">cd</mark>\
             <mark data-occurrence=\"{o2}\" data-quote=\"{q2}\">ef</mark></p>"
        )
    );
}

/// These would take minutes, or the whole stack, if anything grew with the square of the nesting.
#[test]
fn hostile_bodies_render_in_bounded_depth() {
    let n = 50_000;
    for source in [
        "<div>".repeat(n),
        "<div>".repeat(n) + &"</div>".repeat(n),
        "<b>".repeat(500_000),
        "<b><i><u>".repeat(n) + &"</b></i></u>".repeat(n),
        "<ul><li>".repeat(n),
        "<table><tr><td>".repeat(n),
        "<table>".repeat(n) + "x",
        "<p><a href=/x>".repeat(n),
        format!("<table>{}", "x<b></b>".repeat(n)),
        "<svg>".repeat(n) + &"</math>".repeat(n),
        format!("<p {}>x", (0..n).map(|i| format!("a{i} ")).collect::<String>()),
        "<blockquote><q>".repeat(n),
        "</p>".repeat(n),
        "&".repeat(n) + &"<".repeat(n),
        format!("<a href=\"/{}\">{}</a>", "&".repeat(n), "«".repeat(n)),
        "<pre>\n ".repeat(n),
        " <br> ".repeat(n),
        "<p>a <i> ".repeat(n),
    ] {
        let body = render(BodyFormat::Html, &source);
        assert!(body.html.len() <= 20 * source.len(), "{}", &source[..20]);
        let parts = markup::read(&body.html);
        let deepest = parts.iter().scan(0_i32, |depth, part| {
            *depth += match part {
                markup::Part::Start(name, _) => i32::from(!elements::is_void(name)),
                markup::Part::End(_) => -1,
                markup::Part::Text(_) => 0,
            };
            Some(*depth)
        });
        assert!(deepest.max().unwrap_or(0) <= 100);
    }
    for source in [
        "> ".repeat(n),
        "[".repeat(n),
        "*a_".repeat(n),
        "- ".repeat(n),
        "![](".repeat(n),
        "`".repeat(n),
        "|".repeat(n),
        "<a ".repeat(n),
    ] {
        render(BodyFormat::Markdown, &source);
    }
}
