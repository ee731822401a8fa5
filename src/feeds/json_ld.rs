//! Linked data (JSON-LD 1.1) in the words of schema.org: `NewsArticle`, `Quotation`, `Person` and `Organization`.
//!
//! What has a page of its own is named by it, everything else by its UUID, the same in every document.

use serde_json::{Map, Value, json};

use super::feed::{updated_at, urn};
use crate::articles::wire::Article;
use crate::http::publication::Publication;
use crate::http::reference::{ArticleReference, LabelReference, PersonReference};
use crate::labels::wire::RelatedLabel;
use crate::people::PersonKind;
use crate::people::wire::{Affiliation, Person, RelatedPerson};
use crate::quotes::wire::{Occurrence, Quote};

/// The media type of JSON-LD.
pub const MEDIA_TYPE: &str = "application/ld+json";

const CONTEXT: &str = "https://schema.org";

/// An article with the quotes it prints. Its authors and speakers must be whole.
pub fn article(article: &Article, publication: &Publication) -> Value {
    let mut node = article_node(article, publication);
    let quotes = article.quotes.iter().flatten().map(printing_node);
    set(&mut node, "hasPart", some(quotes.collect()));
    in_context(node)
}

/// A quote with the articles that print it. Its speaker must be whole.
pub fn quote(quote: &Quote) -> Value {
    let mut node = quotation(&quote.id.0, &quote.text, quote.speaker.as_ref());
    set(&mut node, "identifier", json!(quote.id));
    set(&mut node, "dateCreated", json!(quote.said_on));
    set(&mut node, "url", quote.occurrences.iter().find_map(|printing| printing.deep_link.clone()).into());
    let mut articles: Vec<&ArticleReference> = quote.occurrences.iter().map(|printing| &printing.article).collect();
    articles.dedup_by_key(|article| article.id);
    let articles = articles
        .iter()
        .map(|article| json!({ "@type": "NewsArticle", "@id": urn(article.id.0), "headline": article.title }));
    set(&mut node, "isPartOf", some(articles.collect()));
    in_context(node)
}

/// A person, an organization or a group.
pub fn person(person: &Person) -> Value {
    let mut node = person_node(person);
    set(&mut node, "identifier", json!(person.id));
    set(&mut node, "alternateName", some(person.aliases.iter().map(|name| json!(name)).collect()));
    let (at, alone): (Vec<_>, Vec<_>) = person.affiliations.iter().partition(|held| held.organization.is_some());
    if person.kind == PersonKind::Person {
        set(&mut node, "affiliation", some(at.into_iter().map(affiliation_node).collect()));
        set(&mut node, "hasOccupation", some(alone.into_iter().map(occupation_node).collect()));
    }
    in_context(node)
}

/// A document as text that may stand in a `<script>` element as it is: it holds no `<`, `>` or `&`, which JSON can write
/// otherwise, nor the line ends that only JSON allows.
pub fn to_text(document: &Value) -> String {
    let mut text = String::new();
    for character in document.to_string().chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            other => text.push(other),
        }
    }
    text
}

type Node = Map<String, Value>;

fn in_context(node: Node) -> Value {
    let mut document = Map::new();
    document.insert("@context".to_owned(), CONTEXT.into());
    document.extend(node);
    Value::Object(document)
}

/// Adds a property, unless there is nothing to say.
fn set(node: &mut Node, name: &str, value: Value) {
    if !value.is_null() {
        node.insert(name.to_owned(), value);
    }
}

/// A list; nothing for none.
fn some(values: Vec<Value>) -> Value {
    if values.is_empty() { Value::Null } else { Value::Array(values) }
}

fn node(kind: &str, id: &str) -> Node {
    let mut node = Map::new();
    set(&mut node, "@type", kind.into());
    set(&mut node, "@id", id.into());
    node
}

fn article_node(article: &Article, publication: &Publication) -> Node {
    let mut node = node("NewsArticle", &urn(article.id.0));
    set(&mut node, "identifier", json!(article.id));
    set(&mut node, "headline", json!(article.title));
    set(&mut node, "description", json!(article.summary));
    set(&mut node, "inLanguage", json!(article.language));
    set(&mut node, "datePublished", json!(article.published_at));
    set(&mut node, "dateModified", json!(updated_at(article)));
    set(&mut node, "url", json!(article.canonical_url));
    set(&mut node, "mainEntityOfPage", json!(article.canonical_url));
    set(&mut node, "author", some(article.authors.iter().map(speaker_node).collect()));
    let labels = article.labels.iter().map(|label| match label {
        RelatedLabel::Whole(label) => json!(label.name),
        RelatedLabel::Reference(LabelReference { name, .. }) => json!(name),
    });
    set(&mut node, "keywords", some(labels.collect()));
    let publisher = publication.name().map(|name| json!({ "@type": "NewsMediaOrganization", "name": name }));
    set(&mut node, "publisher", publisher.into());
    node
}

fn printing_node(printing: &Occurrence) -> Value {
    let mut node = quotation(&printing.quote.id.0, &printing.text, printing.speaker.as_ref());
    set(&mut node, "url", json!(printing.deep_link));
    Value::Object(node)
}

/// Who said it is its creator, and the one to whom the article attributes it.
fn quotation(id: &uuid::Uuid, text: &str, speaker: Option<&RelatedPerson>) -> Node {
    let mut node = node("Quotation", &urn(*id));
    set(&mut node, "text", text.into());
    let speaker = speaker.map_or(Value::Null, speaker_node);
    set(&mut node, "creator", speaker.clone());
    set(&mut node, "spokenByCharacter", speaker);
    node
}

fn speaker_node(person: &RelatedPerson) -> Value {
    Value::Object(match person {
        RelatedPerson::Whole(person) => person_node(person),
        // Of what sort it is, is not known here.
        RelatedPerson::Reference(PersonReference { id, name, .. }) => {
            let mut node = node("Person", &urn(id.0));
            set(&mut node, "name", name.as_str().into());
            node
        }
    })
}

fn person_node(person: &Person) -> Node {
    let kind = match person.kind {
        PersonKind::Person => "Person",
        PersonKind::Organization | PersonKind::Group => "Organization",
    };
    let mut node = node(kind, &urn(person.id.0));
    set(&mut node, "name", person.name.as_str().into());
    node
}

/// What a person was somewhere, and when: schema.org puts a role between the two.
fn affiliation_node(held: &Affiliation) -> Value {
    let mut node = role_node("OrganizationRole", held);
    let organization = held.organization.as_ref();
    let organization = organization.map(|at| json!({ "@type": "Organization", "@id": urn(at.id.0), "name": at.name }));
    set(&mut node, "affiliation", organization.into());
    Value::Object(node)
}

fn occupation_node(held: &Affiliation) -> Value {
    let mut node = role_node("Role", held);
    set(&mut node, "hasOccupation", json!({ "@type": "Occupation", "name": held.role }));
    Value::Object(node)
}

fn role_node(kind: &str, held: &Affiliation) -> Node {
    let mut node = Map::new();
    set(&mut node, "@type", kind.into());
    set(&mut node, "roleName", json!(held.role));
    set(&mut node, "startDate", json!(held.starts_on));
    set(&mut node, "endDate", json!(held.ends_on));
    node
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_document_is_the_same_in_a_script_element(text in "([<>&/!\\-\"'\\\\\u{2028}\u{2029}a-z]|</script>|<!--)*") {
            let document = json!({ "text": text, text.as_str(): 1 });
            let written = to_text(&document);
            let ends_elements = written.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
            prop_assert!(!ends_elements);
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), document);
        }
    }
}
