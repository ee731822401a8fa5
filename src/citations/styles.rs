//! Citations as text, HTML, Markdown, CSL-JSON and BibTeX: each escaped so that no words have a meaning in it.

use serde_json::{Map, Value, json};

use super::CitationStyle;
use super::citation::Citation;
use crate::values::body::escape;

impl CitationStyle {
    /// The media type of the style.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::CslJson => "application/vnd.citationstyles.csl+json",
            Self::Bibtex => "application/x-bibtex; charset=utf-8",
        }
    }

    /// Writes a citation.
    pub(super) fn write(self, citation: &Citation) -> String {
        match self {
            Self::Text => text(citation),
            Self::Html => html(citation) + "\n",
            Self::Markdown => markdown(citation),
            Self::CslJson => csl_json(citation),
            Self::Bibtex => bibtex(citation),
        }
    }
}

/// The words in marks, and who said them.
fn said(citation: &Citation) -> String {
    let said = format!("\u{201c}{}\u{201d}", citation.words);
    match citation.credit() {
        Some(credit) => format!("{said} \u{2014} {credit}"),
        None => said,
    }
}

fn text(citation: &Citation) -> String {
    let mut source = Vec::new();
    if let Some(article) = &citation.article {
        source.extend((!article.authors.is_empty()).then(|| article.authors.join(", ")));
        source.push(format!("\u{201c}{}\u{201d}", article.title));
        source.extend(citation.publication.clone());
        source.extend(article.published_on.map(|day| day.to_string()));
    }
    let parts = [said(citation), source.join(", "), citation.url.clone().unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ") + "\n"
}

/// Text as HTML, for the content of an element or of an attribute in double quotes.
fn attribute(text: &str) -> String {
    escape(text).replace('"', "&quot;")
}

/// Writes a citation as HTML that needs and runs nothing.
pub(super) fn html(citation: &Citation) -> String {
    let cite = citation.url.as_deref().map(|url| format!(" cite=\"{}\"", attribute(url))).unwrap_or_default();
    let paragraph = |lines: &Vec<&str>| {
        let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
        format!("<p>{}</p>", lines.join("<br>"))
    };
    let words: String = citation.paragraphs().iter().map(paragraph).collect();
    let mut caption: Vec<String> = citation.credit().iter().map(|credit| escape(credit)).collect();
    if let Some(article) = &citation.article {
        let title = escape(&article.title);
        caption.push(match &citation.url {
            Some(url) => format!("<cite><a href=\"{}\">{title}</a></cite>", attribute(url)),
            None => format!("<cite>{title}</cite>"),
        });
        caption.extend(citation.publication.as_deref().map(escape));
        caption.extend(article.published_on.map(|day| format!("<time datetime=\"{day}\">{day}</time>")));
    }
    let caption = match caption.is_empty() {
        true => String::new(),
        false => format!("<figcaption>\u{2014} {}</figcaption>", caption.join(", ")),
    };
    format!("<figure class=\"verbatim-quote\"><blockquote{cite}>{words}</blockquote>{caption}</figure>")
}

fn markdown(citation: &Citation) -> String {
    let mut written = String::new();
    for lines in citation.paragraphs() {
        for (number, line) in lines.iter().enumerate() {
            // A backslash before the end of a line breaks it.
            let breaks = if number + 1 < lines.len() { "\\" } else { "" };
            written.extend(["> ", &markdown_line(line), breaks, "\n"]);
        }
        written.push_str(">\n");
    }
    let mut source: Vec<String> = citation.credit().iter().map(|credit| markdown_words(credit)).collect();
    if let Some(article) = &citation.article {
        let title = markdown_words(&article.title);
        source.push(match &citation.url {
            Some(url) => format!("[{title}](<{url}>)"),
            None => title,
        });
        source.extend(citation.publication.as_deref().map(markdown_words));
        source.extend(article.published_on.map(|day| day.to_string()));
    }
    format!("{written}> \u{2014} {}\n", source.join(", "))
}

/// Text as Markdown (CommonMark, with the tables and strikethrough of GitHub) on one line of its own.
fn markdown_line(line: &str) -> String {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = line.split_at(digits);
    let begins_block = match rest.chars().next() {
        // A list with numbers, a heading or rule, a list with signs.
        Some('.' | ')') if digits > 0 => true,
        Some('#' | '+' | '-' | '=' | ':') if digits == 0 => true,
        _ => false,
    };
    let backslash = if begins_block { "\\" } else { "" };
    format!("{number}{backslash}{}", markdown_words(rest))
}

/// Text as Markdown inside a line.
fn markdown_words(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '~' | '|' | '$' => escaped.extend(['\\', character]),
            other => escaped.push(other),
        }
    }
    escaped
}

fn csl_json(citation: &Citation) -> String {
    let mut item = Map::new();
    item.insert("id".into(), json!(citation.id));
    item.insert("type".into(), json!(if citation.article.is_some() { "article-newspaper" } else { "document" }));
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            item.insert(name.to_owned(), value);
        }
    };
    if let Some(article) = &citation.article {
        // Names stay whole: how they come apart is not known.
        let authors: Vec<Value> = article.authors.iter().map(|name| json!({ "literal": name })).collect();
        set("title", json!(article.title));
        set("author", if authors.is_empty() { Value::Null } else { Value::Array(authors) });
        set("issued", json!(article.published_on.map(|day| json!({ "date-parts": [day_parts(day)] }))));
        set("language", json!(article.language));
    }
    set("container-title", json!(citation.publication));
    set("URL", json!(citation.url));
    set("note", json!(said(citation)));
    format!("{}\n", Value::Array(vec![Value::Object(item)]))
}

fn day_parts(day: chrono::NaiveDate) -> [i32; 3] {
    use chrono::Datelike;
    [day.year(), day.month().cast_signed(), day.day().cast_signed()]
}

fn bibtex(citation: &Citation) -> String {
    let mut fields: Vec<(&str, String)> = Vec::new();
    if let Some(article) = &citation.article {
        // In braces of its own a name stays whole, and so does the case of a title.
        let authors: Vec<String> = article.authors.iter().map(|name| format!("{{{}}}", tex(name))).collect();
        fields.extend((!authors.is_empty()).then(|| ("author", authors.join(" and "))));
        fields.push(("title", format!("{{{}}}", tex(&article.title))));
        if let Some(day) = article.published_on {
            let [year, month, date] = day_parts(day);
            fields.extend([("year", year.to_string()), ("month", month.to_string()), ("day", date.to_string())]);
        }
        fields.push(("langid", tex(&article.language)));
    }
    fields.extend(citation.publication.as_deref().map(|name| ("howpublished", tex(name))));
    // A URL is read as it is; `whole_url` leaves nothing in it that would end it.
    fields.extend(citation.url.clone().map(|url| ("url", url)));
    fields.push(("note", tex(&said(citation))));
    let fields: String = fields.iter().map(|(name, value)| format!("  {name} = {{{value}}},\n")).collect();
    format!("@misc{{{},\n{fields}}}\n", citation.id)
}

/// Text as TeX. Braces are written by name: BibTeX counts them even behind a backslash.
fn tex(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        for character in line.chars() {
            match character {
                '\\' => escaped.push_str("\\textbackslash{}"),
                '{' => escaped.push_str("\\textbraceleft{}"),
                '}' => escaped.push_str("\\textbraceright{}"),
                '~' => escaped.push_str("\\textasciitilde{}"),
                '^' => escaped.push_str("\\textasciicircum{}"),
                '<' => escaped.push_str("\\textless{}"),
                '>' => escaped.push_str("\\textgreater{}"),
                '|' => escaped.push_str("\\textbar{}"),
                '"' => escaped.push_str("\\textquotedbl{}"),
                '$' | '&' | '#' | '_' | '%' => escaped.extend(['\\', character]),
                control if control.is_control() => escaped.push(' '),
                other => escaped.push(other),
            }
        }
        match (line, lines.peek()) {
            ("", _) | (_, None) => {}
            // A blank line parts paragraphs.
            (_, Some(&"")) => escaped.push_str("\\par{}"),
            _ => escaped.push(' '),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;
    use crate::citations::citation::{CitedArticle, whole_url};
    use crate::values::id::QuoteId;

    fn citation(words: &str, name: &str, url: &str) -> Citation {
        Citation {
            id: QuoteId::generate(),
            words: words.to_owned(),
            speaker: Some(name.to_owned()),
            standing: vec!["harbour master".to_owned(), "Harbour Trust".to_owned()],
            article: Some(CitedArticle {
                title: name.to_owned(),
                authors: vec!["Ida Marlow".to_owned(), name.to_owned()],
                published_on: NaiveDate::from_ymd_opt(2024, 3, 1),
                language: "en".to_owned(),
            }),
            publication: Some("The Register".to_owned()),
            url: whole_url(url),
        }
    }

    fn example() -> Citation {
        citation("A bell\n\nrings.", "Ada Quill", "https://paper.example/a#:~:text=A%20bell,rings.")
    }

    #[test]
    fn a_citation_reads_well_in_every_style() {
        assert_eq!(
            CitationStyle::Text.write(&Citation { words: "A bell rings.".into(), ..example() }),
            "\u{201c}A bell rings.\u{201d} \u{2014} Ada Quill, harbour master, Harbour Trust. Ida Marlow, Ada Quill, \u{201c}Ada \
             Quill\u{201d}, The Register, 2024-03-01. https://paper.example/a#:~:text=A%20bell,rings.\n"
        );
        assert_eq!(
            CitationStyle::Markdown.write(&example()),
            "> A bell\n>\n> rings.\n>\n> \u{2014} Ada Quill, harbour master, Harbour Trust, \
             [Ada Quill](<https://paper.example/a#:~:text=A%20bell,rings.>), The Register, 2024-03-01\n"
        );
        let example = example();
        assert_eq!(
            CitationStyle::Bibtex.write(&example),
            format!(
                "@misc{{{},\n  author = {{{{Ida Marlow}} and {{Ada Quill}}}},\n  title = {{{{Ada Quill}}}},\n  year = {{2024}},\n  \
                 month = {{3}},\n  day = {{1}},\n  langid = {{en}},\n  howpublished = {{The Register}},\n  \
                 url = {{https://paper.example/a#:~:text=A%20bell,rings.}},\n  note = {{\u{201c}A bell\\par{{}}rings.\u{201d} \
                 \u{2014} Ada Quill, harbour master, Harbour Trust}},\n}}\n",
                example.id
            )
        );
    }

    #[test]
    fn an_address_that_could_run_is_left_out() {
        for url in ["javascript:alert(1)", "data:text/html,x", "/v1/quotes/x", "ftp://paper.example/", ""] {
            assert_eq!(whole_url(url), None, "{url}");
        }
        let url = whole_url("https://[::1]:80/a'b(c)[d]{e}\\f\"<g>`|^").unwrap();
        assert!(
            url.starts_with("https://[::1]:80/")
                && !url[17..].contains(['\'', '(', '{', '}', '\\', '"', '<', '>', '`', '|']),
            "{url}"
        );
    }

    /// Words with everything that has a meaning somewhere.
    fn words() -> impl Strategy<Value = String> {
        "([a-z ]|[!-/:-@\\[-`{-~]|[0-9]|\u{201c}|\u{e9}|\u{1f642}|</blockquote>|<script>|\\]\\(|\n|\n\n|\\\\end\\{|    |# |1\\. |- |\\|-\\||&amp;|&#x27;|https://a\\.example){0,40}"
    }

    /// The words apart from white space.
    fn letters(text: &str) -> String {
        text.chars().filter(|character| !character.is_whitespace()).collect()
    }

    /// What TeX shows of what `tex` writes.
    fn shown_by_tex(mut text: &str) -> String {
        const NAMES: &[(&str, &str)] = &[
            ("\\textbackslash{}", "\\"),
            ("\\textbraceleft{}", "{"),
            ("\\textbraceright{}", "}"),
            ("\\textasciitilde{}", "~"),
            ("\\textasciicircum{}", "^"),
            ("\\textless{}", "<"),
            ("\\textgreater{}", ">"),
            ("\\textbar{}", "|"),
            ("\\textquotedbl{}", "\""),
            ("\\par{}", "\n"),
            ("\\$", "$"),
            ("\\&", "&"),
            ("\\#", "#"),
            ("\\_", "_"),
            ("\\%", "%"),
        ];
        let mut shown = String::new();
        while let Some(character) = text.chars().next() {
            match NAMES.iter().find(|(name, _)| text.starts_with(name)) {
                Some((name, means)) => {
                    shown.push_str(means);
                    text = &text[name.len()..];
                }
                None => {
                    assert!(!"\\{}$&#_%~^".contains(character), "{character} has a meaning in {text}");
                    shown.push(character);
                    text = &text[character.len_utf8()..];
                }
            }
        }
        shown
    }

    proptest! {
        #[test]
        fn html_shows_the_words_and_holds_no_other_element(words in words(), name in words()) {
            let html = html(&citation(&words, &name, "https://paper.example/a?b=1&c=\"2\"#:~:text=x"));
            let (mut elements, mut shown) = (Vec::new(), String::new());
            for token in html5gum::Tokenizer::new(&html) {
                let Ok(token) = token;
                match token {
                    html5gum::Token::StartTag(tag) => elements.push((
                        String::from_utf8_lossy(&tag.name).into_owned(),
                        tag.attributes.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>(),
                    )),
                    html5gum::Token::String(text) => shown.push_str(&String::from_utf8_lossy(&text)),
                    html5gum::Token::EndTag(_) => {}
                    other => panic!("{other:?} in {html}"),
                }
            }
            for (element, attributes) in elements {
                let allowed: &[&str] = match element.as_str() {
                    "figure" => &["class"],
                    "blockquote" => &["cite"],
                    "a" => &["href"],
                    "time" => &["datetime"],
                    "p" | "br" | "figcaption" | "cite" => &[],
                    other => panic!("{other} in {html}"),
                };
                prop_assert!(attributes.iter().all(|name| allowed.contains(&name.as_str())));
            }
            let expected = format!(
                "{words}\u{2014} {name}, harbour master, Harbour Trust, {name}, The Register, 2024-03-01"
            );
            prop_assert_eq!(letters(&shown), letters(&expected));
        }

        #[test]
        fn markdown_shows_the_words_and_holds_nothing_else(words in words(), name in words()) {
            let markdown = CitationStyle::Markdown.write(&citation(&words, &name, "https://paper.example/a(b)[c]"));
            let mut shown = String::new();
            for event in Parser::new_ext(&markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH) {
                match event {
                    Event::Text(text) => shown.push_str(&text),
                    Event::SoftBreak | Event::HardBreak => shown.push('\n'),
                    Event::Start(Tag::BlockQuote(_) | Tag::Paragraph | Tag::Link { .. })
                    | Event::End(TagEnd::BlockQuote(_) | TagEnd::Paragraph | TagEnd::Link) => {}
                    other => panic!("{other:?} in {markdown}"),
                }
            }
            let expected = format!(
                "{words}\u{2014} {name}, harbour master, Harbour Trust, {name}, The Register, 2024-03-01"
            );
            prop_assert_eq!(letters(&shown), letters(&expected));
        }

        #[test]
        fn bibtex_shows_the_words_and_its_braces_match(words in words(), name in words()) {
            let bibtex = CitationStyle::Bibtex.write(&citation(&words, &name, "https://paper.example/{a}%b"));
            let mut depth = 0;
            for (index, character) in bibtex.char_indices() {
                depth += match character { '{' => 1, '}' => -1, _ => 0 };
                prop_assert!(depth > 0 || index < 6 || index + 2 >= bibtex.len(), "{}", bibtex);
            }
            prop_assert_eq!(depth, 0);
            let (_, note) = bibtex.split_once("note = {").unwrap();
            let note = note.strip_suffix("},\n}\n").unwrap();
            let expected = format!("\u{201c}{words}\u{201d} \u{2014} {name}, harbour master, Harbour Trust");
            prop_assert_eq!(letters(&shown_by_tex(note)), letters(&expected));
        }

        #[test]
        fn csl_json_holds_the_words(words in words(), name in words()) {
            let read: Value = serde_json::from_str(&CitationStyle::CslJson.write(&citation(&words, &name, ""))).unwrap();
            let note = read[0]["note"].as_str().unwrap();
            let expected = format!("\u{201c}{words}\u{201d}");
            prop_assert!(note.starts_with(&expected));
            prop_assert_eq!(read[0]["title"].as_str().unwrap(), name);
        }
    }
}
