//! Embeds (oEmbed 1.0): HTML of the rich type, which runs nothing and loads nothing.

use std::io;

use serde::Serialize;
use utoipa::ToSchema;

use super::citation::{Citation, whole_url};
use super::styles;
use crate::articles::wire::Article;
use crate::feeds::xml::{document, write_element, write_text};
use crate::http::publication::Publication;
use crate::http::reference::Urls;
use crate::people::wire::RelatedPerson;
use crate::values::body::escape;

/// How wide an embed is where the page has room, in pixels.
const WIDTH: u32 = 600;

/// How many characters of an article without a summary are shown.
const EXCERPT: usize = 280;

/// About how many pixels a character takes in a line, and a line in a page.
const CHARACTER_WIDTH: u32 = 8;
const LINE_HEIGHT: u32 = 28;

/// What surrounds the text.
const FRAME_HEIGHT: u32 = 96;

/// What a page shows in place of an address (oEmbed 1.0, the rich type).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Embed {
    /// Always `rich`.
    #[serde(rename = "type")]
    #[schema(example = "rich")]
    kind: &'static str,
    /// The version of oEmbed.
    #[schema(example = "1.0")]
    version: &'static str,
    /// The title of the article, or the words of the quote.
    #[schema(example = "The Ferry Bell Comes Home")]
    title: String,
    /// Who said it, or who wrote the article. Absent where nobody is known to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Maren Tolliver-Haag")]
    author_name: Option<String>,
    /// The name of the publication. Absent where not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "The Pellinmouth Register")]
    provider_name: Option<String>,
    /// Where its site begins. Absent where not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = Uri, example = "https://register.example/")]
    provider_url: Option<String>,
    /// What to show: HTML without scripts, styles or images.
    #[schema(example = "<blockquote class=\"verbatim-article\"><p>The Ferry Bell Comes Home</p></blockquote>")]
    html: String,
    /// How wide it is, in pixels: 600, or `maxwidth` where that is less.
    #[schema(example = 600)]
    width: u32,
    /// About how high it is, in pixels, or `maxheight` where that is less.
    #[schema(example = 180)]
    height: u32,
}

/// The room that a page has, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
}

impl Embed {
    /// A quote.
    pub(super) fn of_quote(citation: &Citation, urls: &Urls, publication: &Publication, room: Room) -> Self {
        let title = excerpt(&citation.words);
        Self::new(
            title,
            citation.speaker.clone(),
            styles::html(citation),
            citation.words.chars().count(),
            urls,
            publication,
            room,
        )
    }

    /// An article: its title, which leads to its page, and its summary or its first words.
    pub(super) fn of_article(article: &Article, urls: &Urls, publication: &Publication, room: Room) -> Self {
        let page = article.canonical_url.as_deref().and_then(whole_url);
        let title = escape(&article.title);
        let heading = match &page {
            Some(page) => format!("<a href=\"{}\">{title}</a>", escape(page).replace('"', "&quot;")),
            None => title,
        };
        let text = article.summary.clone().unwrap_or_else(|| excerpt(article.body_text.as_deref().unwrap_or_default()));
        let html = format!(
            "<blockquote class=\"verbatim-article\"><p><strong>{heading}</strong></p><p>{}</p></blockquote>",
            escape(&text)
        );
        let authors: Vec<&str> = article.authors.iter().map(RelatedPerson::name).collect();
        let author = (!authors.is_empty()).then(|| authors.join(", "));
        let length = article.title.chars().count() + text.chars().count();
        Self::new(article.title.clone(), author, html, length, urls, publication, room)
    }

    fn new(
        title: String,
        author_name: Option<String>,
        html: String,
        length: usize,
        urls: &Urls,
        publication: &Publication,
        room: Room,
    ) -> Self {
        let width = room.width.map_or(WIDTH, |most| most.min(WIDTH));
        let lines = u32::try_from(length).unwrap_or(u32::MAX).saturating_mul(CHARACTER_WIDTH) / width + 1;
        let height = lines.saturating_mul(LINE_HEIGHT).saturating_add(FRAME_HEIGHT);
        Self {
            kind: "rich",
            version: "1.0",
            title,
            author_name,
            provider_name: publication.name().map(str::to_owned),
            provider_url: urls.site(),
            html,
            width,
            height: room.height.map_or(height, |most| most.min(height)),
        }
    }

    /// The embed as XML.
    pub(super) fn to_xml(&self) -> io::Result<Vec<u8>> {
        let Self { kind, version, title, author_name, provider_name, provider_url, html, width, height } = self;
        let (width, height) = (width.to_string(), height.to_string());
        let members = [
            ("type", Some(*kind)),
            ("version", Some(*version)),
            ("title", Some(title)),
            ("author_name", author_name.as_deref()),
            ("provider_name", provider_name.as_deref()),
            ("provider_url", provider_url.as_deref()),
            ("html", Some(html)),
            ("width", Some(&width)),
            ("height", Some(&height)),
        ];
        document(|xml| {
            write_element(xml, "oembed", |xml| {
                members
                    .iter()
                    .filter_map(|(name, value)| Some((name, (*value)?)))
                    .try_for_each(|(name, value)| write_text(xml, name, value))
            })
        })
    }
}

/// The first words of a text, on one line, with a sign that there are more.
fn excerpt(text: &str) -> String {
    let mut excerpt = String::new();
    for word in text.split_whitespace() {
        if excerpt.chars().count() + word.chars().count() >= EXCERPT {
            // A single word may be longer than all.
            let room = EXCERPT.saturating_sub(excerpt.chars().count() + 1);
            if excerpt.is_empty() {
                excerpt.extend(word.chars().take(room));
            }
            return excerpt + "\u{2026}";
        }
        if !excerpt.is_empty() {
            excerpt.push(' ');
        }
        excerpt.push_str(word);
    }
    excerpt
}
