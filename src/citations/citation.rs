//! What a citation says, before it is written in any style.

use chrono::NaiveDate;
use url::Url;

use crate::articles::db as articles_db;
use crate::articles::wire::{self as articles_wire, Article, ArticleView};
use crate::db::{Audience, Connection, Result};
use crate::http::publication::Publication;
use crate::http::reference::Urls;
use crate::people::wire::RelatedPerson;
use crate::quotes::wire::{Occurrence, Quote};
use crate::values::id::QuoteId;
use crate::values::reference::Reference;

/// The words of somebody as one article prints them.
#[derive(Debug, Clone)]
pub(super) struct Citation {
    pub(super) id: QuoteId,
    /// The words exactly as printed, without marks around them.
    pub(super) words: String,
    pub(super) speaker: Option<String>,
    /// The speaker's role and organization then.
    pub(super) standing: Vec<String>,
    /// What prints them; a quote may stand by itself.
    pub(super) article: Option<CitedArticle>,
    pub(super) publication: Option<String>,
    /// Where the words can be read: the passage, else the page, else the quote itself. A whole address.
    pub(super) url: Option<String>,
}

/// The article that prints the words.
#[derive(Debug, Clone)]
pub(super) struct CitedArticle {
    pub(super) title: String,
    pub(super) authors: Vec<String>,
    pub(super) published_on: Option<NaiveDate>,
    pub(super) language: String,
}

impl Citation {
    /// A quote as its first printing has it that can be linked to, else as its first one.
    pub(super) async fn of_quote(
        connection: &Connection,
        quote: Quote,
        urls: &Urls,
        publication: &Publication,
        audience: Audience,
    ) -> Result<Self> {
        let printings = &quote.occurrences;
        let printing = printings.iter().find(|printing| printing.deep_link.is_some()).or(printings.first());
        let article = match printing {
            Some(printing) => {
                let reference = Reference::Id(printing.article.id);
                let found = articles_db::find_article(connection, &reference, audience).await?;
                let rows = found.into_iter().map(|(row, _)| (row, None)).collect();
                articles_wire::articles(connection, rows, ArticleView::default(), urls, audience).await?.pop()
            }
            None => None,
        };
        Ok(Self::new(&quote, printing, article, publication))
    }

    fn new(quote: &Quote, printing: Option<&Occurrence>, article: Option<Article>, publication: &Publication) -> Self {
        let speaker = printing.map_or(quote.speaker.as_ref(), |printing| printing.speaker.as_ref());
        let role = printing.and_then(|printing| printing.role.clone());
        let organization = printing.and_then(|printing| Some(printing.organization.as_ref()?.name.clone()));
        let page = article.as_ref().and_then(|article| article.canonical_url.as_deref());
        let urls = [printing.and_then(|printing| printing.deep_link.as_deref()), page, Some(&*quote.url)];
        let url = urls.into_iter().flatten().find_map(whole_url);
        Self {
            id: quote.id,
            words: printing.map_or(&quote.text, |printing| &printing.text).clone(),
            speaker: speaker.map(|speaker| speaker.name().to_owned()),
            standing: role.into_iter().chain(organization).collect(),
            publication: publication.name().map(str::to_owned),
            url,
            article: article.map(CitedArticle::from),
        }
    }

    /// The speaker with role and organization.
    pub(super) fn credit(&self) -> Option<String> {
        let speaker = self.speaker.clone()?;
        Some([speaker].into_iter().chain(self.standing.iter().cloned()).collect::<Vec<_>>().join(", "))
    }

    /// The lines of the words, without blanks around them; a paragraph is a list of lines.
    pub(super) fn paragraphs(&self) -> Vec<Vec<&str>> {
        let mut paragraphs = vec![Vec::new()];
        for line in self.words.lines().map(str::trim) {
            match (line, paragraphs.last_mut()) {
                ("", Some(last)) if !last.is_empty() => paragraphs.push(Vec::new()),
                ("", _) | (_, None) => {}
                (line, Some(last)) => last.push(line),
            }
        }
        paragraphs.retain(|lines| !lines.is_empty());
        paragraphs
    }
}

impl From<Article> for CitedArticle {
    fn from(article: Article) -> Self {
        Self {
            title: article.title,
            authors: article.authors.iter().map(RelatedPerson::name).map(str::to_owned).collect(),
            published_on: article.published_at.map(|instant| instant.date_naive()),
            language: article.language,
        }
    }
}

/// An address that begins with `http://` or `https://`, written so that nothing in it has a meaning elsewhere.
pub(super) fn whole_url(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let encoded = |character: char| match character {
        '\'' | '(' | ')' | '*' | '[' | '\\' | ']' | '^' | '`' | '{' | '|' | '}' => {
            format!("%{:02X}", u32::from(character))
        }
        other => other.to_string(),
    };
    // The brackets of an IPv6 address stay.
    let (origin, rest) = url.as_str().split_at(url[..url::Position::BeforePath].len());
    Some(format!("{origin}{}", rest.chars().map(encoded).collect::<String>()))
}
