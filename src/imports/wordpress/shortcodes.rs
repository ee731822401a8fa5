//! WordPress's shortcodes: words in brackets that its pages replace with something. Those of its own are replaced here
//! too; those of plugins go, and what stands between them stays. Brackets that writers set are no shortcodes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::super::patterns::pattern;
use crate::values::body::escape;

/// Replaces the shortcodes of a body; `notes` tells which could only be left out.
pub(super) fn replaced(html: &str, notes: &mut Vec<String>) -> String {
    if !html.contains('[') {
        return html.to_owned();
    }
    let html = CAPTION.replace_all(html, caption);
    let html = EMBED.replace_all(&html, |found: &Captures<'_>| format!("\n\n{}\n\n", link(found[1].trim())));
    let html = MEDIA.replace_all(&html, media);
    let mut left_out = BTreeSet::new();
    let html = GALLERY.replace_all(&html, |found: &Captures<'_>| {
        left_out.insert(found[1].to_owned());
        String::new()
    });
    let html = without_foreign(&html, &mut left_out);
    notes.extend(
        left_out.iter().map(|name| format!("the shortcode [{name}] is left out: what it shows is not in the file")),
    );
    html
}

/// A picture with words below it.
static CAPTION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)\[(?:wp_)?caption\b([^\]]*)\](.*?)\[/(?:wp_)?caption\]"));
/// The picture, in its link if it has one, and what follows it.
static PICTURE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)^\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)$"));
static CAPTION_ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| pattern(r#"\bcaption=(?:"([^"]*)"|'([^']*)')"#));
static EMBED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)\[embed\b[^\]]*\](.*?)\[/embed\]"));
static MEDIA: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)\[(?:audio|video)\b([^\]]*)\](?:\s*\[/(?:audio|video)\])?"));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r#"=\s*["']?(https?://[^\s"'\]]+)"#));
static GALLERY: LazyLock<Regex> = LazyLock::new(|| pattern(r"\[(gallery|playlist)\b[^\]]*\]"));
/// A shortcode of a plugin is known by its attributes: nobody writes `[so key="value"]` in prose.
static FOREIGN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"\[([a-z][a-z0-9_-]*)(?:\s+[a-z][a-z0-9_-]*=(?:"[^"]*"|'[^']*'|[^\s\]"']+))+\s*/?\]"#));

static END: LazyLock<Regex> = LazyLock::new(|| pattern(r"\[/([a-z][a-z0-9_-]*)\]"));

/// So many shortcodes are named that are left out.
const MAX_NAMED: usize = 20;

fn caption(found: &Captures<'_>) -> String {
    let (picture, below) = match PICTURE.captures(&found[2]) {
        Some(parts) => (parts[1].to_owned(), parts[2].trim().to_owned()),
        None => (found[2].to_owned(), String::new()),
    };
    let attribute = || CAPTION_ATTRIBUTE.captures(&found[1]).and_then(|words| words.get(1).or(words.get(2)));
    let words = if below.is_empty() { attribute().map_or("", |words| words.as_str()).to_owned() } else { below };
    format!("\n\n<figure>{picture}<figcaption>{words}</figcaption></figure>\n\n")
}

fn media(found: &Captures<'_>) -> String {
    ADDRESS.captures(&found[1]).map_or_else(String::new, |address| format!("\n\n{}\n\n", link(&address[1])))
}

fn link(address: &str) -> String {
    // The address may be escaped already, or be a link.
    if address.starts_with('<') {
        return address.to_owned();
    }
    let address = escape(&address.replace("&amp;", "&").replace("&#038;", "&"));
    format!("<a href=\"{}\">{address}</a>", address.replace('"', "&quot;"))
}

fn without_foreign(html: &str, left_out: &mut BTreeSet<String>) -> String {
    let mut names = BTreeSet::new();
    let html = FOREIGN.replace_all(html, |found: &Captures<'_>| {
        names.insert(found[1].to_owned());
        String::new()
    });
    let html = END.replace_all(
        &html,
        |found: &Captures<'_>| {
            if names.contains(&found[1]) { String::new() } else { found[0].to_owned() }
        },
    );
    left_out.extend(names.iter().take(MAX_NAMED).cloned());
    html.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(html: &str) -> (String, Vec<String>) {
        let mut notes = Vec::new();
        (replaced(html, &mut notes), notes)
    }

    #[test]
    fn a_caption_becomes_a_figure() {
        let figure = "\n\n<figure><a href=\"/p\"><img src=\"p.jpg\"></a><figcaption>The pier, <em>before</em></figcaption></figure>\n\n";
        assert_eq!(
            told("[caption id=\"x\" width=\"3\"]<a href=\"/p\"><img src=\"p.jpg\"></a> The pier, <em>before</em>[/caption]").0,
            figure
        );
        assert_eq!(
            told("[wp_caption caption=\"The pier\"]<img src=\"p.jpg\">[/wp_caption]").0,
            "\n\n<figure><img src=\"p.jpg\"><figcaption>The pier</figcaption></figure>\n\n"
        );
    }

    #[test]
    fn what_is_embedded_becomes_a_link() {
        assert_eq!(
            told("[embed width=\"3\"]https://films.example/a?b=1&amp;c=2[/embed]").0,
            "\n\n<a href=\"https://films.example/a?b=1&amp;c=2\">https://films.example/a?b=1&amp;c=2</a>\n\n"
        );
        assert_eq!(
            told("[video mp4=\"https://films.example/a.mp4\"][/video]").0,
            "\n\n<a href=\"https://films.example/a.mp4\">https://films.example/a.mp4</a>\n\n"
        );
    }

    #[test]
    fn other_shortcodes_go_and_are_told_but_brackets_of_writers_stay() {
        let (html, notes) =
            told("A[gallery ids=\"1,2\"] [box color=\"red\"]kept[/box] “We [were] asked [sic] for [x = y].”");
        assert_eq!(html, "A kept “We [were] asked [sic] for [x = y].”");
        assert_eq!(notes.len(), 2, "{notes:?}");
    }
}
