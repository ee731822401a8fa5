//! Invented content in any amount, the same each time: for benchmarks, and for tests of query plans.
//!
//! Ten years of articles of about 120 words. Each has one author, four labels and four quotes; of a hundred quotes two
//! are printed before, in an earlier article. How often words, labels and speakers occur follows Zipf's law: the first
//! label is on about a third of all articles, the last ones on two each.

use std::fmt::Write;
use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Error};
use uuid::Uuid;

const LABELS: usize = 2_000;

/// Labels that are on two articles each.
pub const RARE_LABELS: usize = 100;

/// How many of the people write.
const AUTHORS: usize = 200;
const LABELS_EACH: usize = 4;
const QUOTES_EACH: usize = 4;
const WORDS: usize = 20_000;
/// One quote in so many is a printing of an earlier one.
const REPRINTED: usize = 50;
/// Articles written by one round of `COPY`.
const ARTICLES_AT_ONCE: usize = 5_000;

/// 2015-01-01T00:00:00Z, when the first article appeared, in milliseconds.
const FIRST: u64 = 1_420_070_400_000;
const TEN_YEARS: u64 = 10 * 365 * 24 * 3_600 * 1_000;

/// Content of a size.
pub struct Content {
    articles: usize,
    labels: Zipf,
    people: Zipf,
    words: Zipf,
}

/// Draws whole numbers from 0, of which the number at rank `n` is drawn in proportion to `1 / n`.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(size: usize) -> Self {
        let mut sum = 0.0;
        let weight = |rank: usize| {
            sum += 1.0 / rank as f64;
            sum
        };
        Self((1..=size).map(weight).collect())
    }

    fn size(&self) -> usize {
        self.0.len()
    }

    fn draw(&self, random: &mut StdRng) -> usize {
        let at = random.random::<f64>() * self.0[self.0.len() - 1];
        self.0.partition_point(|sum| *sum < at)
    }
}

/// What a generated row is the row of: part of its id, and of what its random numbers start from.
#[derive(Clone, Copy)]
enum Kind {
    Article = 1,
    Person,
    Label,
    Quote,
    Occurrence,
    Affiliation,
}

/// A UUIDv7 (RFC 9562 §5.7) whose random part tells the kind and the number.
fn id(kind: Kind, milliseconds: u64, number: usize) -> Uuid {
    let mut random = [0_u8; 10];
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    random[0] = kind as u8;
    random[2..].copy_from_slice(&mixed.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

fn random(kind: Kind, number: usize) -> StdRng {
    StdRng::seed_from_u64(((kind as u64) << 56) | number as u64)
}

/// An instant as PostgreSQL reads it.
fn instant(milliseconds: u64) -> String {
    chrono::DateTime::from_timestamp_millis(milliseconds.cast_signed()).unwrap().to_rfc3339()
}

/// A word of the invented language, the most frequent first.
pub fn word(rank: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ba", "ko", "ri", "lun", "ta", "mer", "so", "vi", "dan", "pe", "ul", "gri", "no", "cha", "fe", "tor", "wi",
        "zan", "ho", "quel",
    ];
    let mut word = String::new();
    let mut rest = rank + SYLLABLES.len();
    while rest > 0 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word
}

/// One quote: who said it, and what.
struct Said {
    number: usize,
    speaker: usize,
    text: String,
    /// The article that printed it first.
    article: usize,
}

/// The rows of a round, one text for each table.
#[derive(Default)]
struct Rows {
    articles: String,
    article_slugs: String,
    article_authors: String,
    article_labels: String,
    quotes: String,
    occurrences: String,
    segments: String,
}

impl Content {
    /// Content of so many articles, with a person for twenty of them, 2,000 at least. Labels are as many, and as frequent,
    /// whatever the size.
    pub fn of(articles: usize) -> Self {
        Self {
            articles,
            labels: Zipf::new(LABELS),
            people: Zipf::new((articles / 20).max(2_000)),
            words: Zipf::new(WORDS),
        }
    }

    /// Fills a migrated, empty database. `client` is a superuser's, since foreign keys are not checked on the way.
    pub async fn fill(&self, client: &Client) -> Result<(), Error> {
        client.batch_execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'").await?;
        let indexes = take_indexes(client).await?;
        self.write_people(client).await?;
        self.write_labels(client).await?;
        for first in (0..self.articles).step_by(ARTICLES_AT_ONCE) {
            self.write_articles(client, first..(first + ARTICLES_AT_ONCE).min(self.articles)).await?;
        }
        for definition in indexes {
            client.batch_execute(&definition).await?;
        }
        client.batch_execute("RESET session_replication_role").await?;
        client.batch_execute("VACUUM ANALYZE").await
    }

    fn published(&self, article: usize) -> u64 {
        FIRST + TEN_YEARS * article as u64 / self.articles as u64
    }

    async fn write_people(&self, client: &Client) -> Result<(), Error> {
        let (mut people, mut slugs, mut affiliations) = (String::new(), String::new(), String::new());
        for number in 0..self.people.size() {
            let id = person_id(number);
            let kind = if is_organization(number) { "organization" } else { "person" };
            let name = format!("{} {}", capitalised(&word(number % 700 + 40)), capitalised(&word(number + 800)));
            let first = instant(FIRST);
            let line =
                format!("{id}\tperson-{number}\t{kind}\t{name}\t{}\t{first}\t{first}\t{first}\n", name.to_lowercase());
            people.push_str(&line);
            writeln!(slugs, "person-{number}\t{id}").unwrap();
            if kind == "person" {
                let (affiliation, role) = (self::id(Kind::Affiliation, FIRST, number), word(number % 300));
                writeln!(affiliations, "{affiliation}\t{id}\t{role}\t{}\t{first}", person_id(organization_of(number)))
                    .unwrap();
            }
        }
        let columns = "people (id, slug, kind, name, normalised_name, public_from, created_at, updated_at)";
        copy(client, columns, people).await?;
        copy(client, "person_slugs (slug, person_id)", slugs).await?;
        copy(client, "affiliations (id, person_id, role, organization_id, public_from)", affiliations).await
    }

    async fn write_labels(&self, client: &Client) -> Result<(), Error> {
        let (mut labels, mut slugs, mut names) = (String::new(), String::new(), String::new());
        for number in 0..self.labels.size() + RARE_LABELS {
            let (id, slug, first) = (label_id(number), self.label_slug(number), instant(FIRST));
            let name = slug.replace('-', " ");
            writeln!(labels, "{id}\t{slug}\t{name}\t{name}\t{first}\t{first}\t{first}").unwrap();
            writeln!(slugs, "{slug}\t{id}").unwrap();
            writeln!(names, "{name}\t{id}\t{name}").unwrap();
        }
        copy(client, "labels (id, slug, name, normalised_name, public_from, created_at, updated_at)", labels).await?;
        copy(client, "label_slugs (slug, label_id)", slugs).await?;
        copy(client, "label_names (normalised_name, label_id, name)", names).await
    }

    /// `label-0` is the most frequent; `rare-0` and its like are on two articles each.
    fn label_slug(&self, number: usize) -> String {
        match number.checked_sub(self.labels.size()) {
            Some(rare) => format!("rare-{rare}"),
            None => format!("label-{number}"),
        }
    }

    async fn write_articles(&self, client: &Client, numbers: std::ops::Range<usize>) -> Result<(), Error> {
        let mut rows = Rows::default();
        for number in numbers {
            self.write_article(&mut rows, number);
        }
        let columns = "articles (id, slug, title, status, published_at, body_format, body_source, body_html, body_text, \
                       created_at, updated_at)";
        copy(client, columns, rows.articles).await?;
        copy(client, "article_slugs (slug, article_id)", rows.article_slugs).await?;
        copy(client, "article_authors (article_id, person_id, position, public_from)", rows.article_authors).await?;
        copy(client, "article_labels (article_id, label_id, position, public_from)", rows.article_labels).await?;
        copy(client, "quotes (id, speaker_id, text, public_from, created_at, updated_at)", rows.quotes).await?;
        let columns = "occurrences (id, article_id, quote_id, position, public_from, kind, quotation, text, \
                       identity_digest, word_count, attribution, role, organization_id, anchor, confidence, rule)";
        copy(client, columns, rows.occurrences).await?;
        let columns = "segments (occurrence_id, position, starts_at, ends_at, exact, prefix, suffix)";
        copy(client, columns, rows.segments).await
    }

    fn write_article(&self, rows: &mut Rows, number: usize) {
        let mut random = random(Kind::Article, number);
        let (milliseconds, id) = (self.published(number), self.article_id(number));
        let published = instant(milliseconds);
        let mut body = self.sentence(&mut random, 20);
        for position in 1..=QUOTES_EACH {
            let said = self.quote(number, position - 1);
            self.write_quote(rows, &mut body, number, position, &said);
            let _ = write!(body, "\\n\\n{}", self.sentence(&mut random, 12));
        }
        let html = format!("<p>{}</p>", body.replace("\\n\\n", "</p>\\n<p>"));
        let (slug, title) = (format!("article-{number}"), capitalised(&self.sentence(&mut random, 6)));
        let columns = format!("plain\t{body}\t{html}\t{body}\t{published}\t{published}");
        writeln!(rows.articles, "{id}\t{slug}\t{title}\tpublished\t{published}\t{columns}").unwrap();
        writeln!(rows.article_slugs, "{slug}\t{id}").unwrap();
        let author = person_id(random.random_range(0..AUTHORS));
        writeln!(rows.article_authors, "{id}\t{author}\t1\t{published}").unwrap();
        for (position, label) in (1..).zip(self.labels_of(&mut random, number)) {
            writeln!(rows.article_labels, "{id}\t{}\t{position}\t{published}", label_id(label)).unwrap();
        }
    }

    /// Puts a quote into the body and writes its rows.
    fn write_quote(&self, rows: &mut Rows, body: &mut String, article: usize, position: usize, said: &Said) {
        let Said { number, speaker, text, article: first } = said;
        let occurrence = id(Kind::Occurrence, self.published(article), article * QUOTES_EACH + position);
        let (quote, published) = (id(Kind::Quote, self.published(*first), *number), instant(self.published(article)));
        body.push_str("\\n\\n“");
        // A line break is two characters here, as `COPY` reads it, and one in the body.
        let prefix: String =
            body.replace("\\n", "\n").chars().rev().take(32).collect::<Vec<_>>().into_iter().rev().collect();
        let start = body.chars().count() - body.matches("\\n").count();
        let end = start + text.chars().count();
        let _ = write!(body, "{text}” said Person {speaker}.");
        let suffix: String = format!("” said Person {speaker}.").chars().take(32).collect();
        let prefix = prefix.replace('\n', "\\n");
        writeln!(rows.segments, "{occurrence}\t1\t{start}\t{end}\t{text}\t{prefix}\t{suffix}").unwrap();
        let (digest, words) = (Sha256::digest(text.to_lowercase()), text.split(' ').count());
        let (role, organization) = (word(speaker % 300), person_id(organization_of(*speaker)));
        let organization = if is_organization(*speaker) { "\\N".to_owned() } else { organization.to_string() };
        let found = format!("said Person {speaker}\t{role}\t{organization}\texact\t0.9\tcue_after");
        let row = format!("{article_id}\t{quote}", article_id = self.article_id(article));
        let printed = format!("inline\tdirect\t{text}\t\\\\x{digest:x}\t{words}\t{found}");
        writeln!(rows.occurrences, "{occurrence}\t{row}\t{position}\t{published}\t{printed}").unwrap();
        if *first == article {
            let row = format!("{quote}\t{}\t{text}", person_id(*speaker));
            writeln!(rows.quotes, "{row}\t{published}\t{published}\t{published}").unwrap();
        }
    }

    /// The quote at a place of an article, which may be one of an earlier article.
    fn quote(&self, article: usize, place: usize) -> Said {
        let number = article * QUOTES_EACH + place;
        let mut random = random(Kind::Quote, number);
        if article > 0 && random.random_range(0..REPRINTED) == 0 {
            return self.quote(random.random_range(0..article), place);
        }
        let speaker = self.people.draw(&mut random);
        let words = random.random_range(6..22);
        let text = capitalised(&self.sentence(&mut random, words));
        Said { number, speaker, text, article }
    }

    fn labels_of(&self, random: &mut StdRng, article: usize) -> Vec<usize> {
        let mut labels = Vec::with_capacity(LABELS_EACH);
        // The rare labels are spread over the whole time, each on the second half of it too.
        let step = self.articles / (2 * RARE_LABELS);
        if step > 0 && article.is_multiple_of(step) {
            labels.push(self.labels.size() + (article / step) % RARE_LABELS);
        }
        while labels.len() < LABELS_EACH {
            let label = self.labels.draw(random);
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }

    fn sentence(&self, random: &mut StdRng, words: usize) -> String {
        let words: Vec<String> = (0..words).map(|_| word(self.words.draw(random))).collect();
        words.join(" ") + "."
    }

    fn article_id(&self, number: usize) -> Uuid {
        id(Kind::Article, self.published(number), number)
    }
}

fn person_id(number: usize) -> Uuid {
    id(Kind::Person, FIRST, number)
}

fn label_id(number: usize) -> Uuid {
    id(Kind::Label, FIRST, number)
}

/// One person in twenty is an organization.
fn is_organization(person: usize) -> bool {
    person % 20 == 19
}

/// Where a person works.
fn organization_of(person: usize) -> usize {
    person % 2_000 / 20 * 20 + 19
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Drops the indexes that are no constraint, which makes the way in several times faster; tells how to make them again.
async fn take_indexes(client: &Client) -> Result<Vec<String>, Error> {
    let rows = client
        .query(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index \
             JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace AND NOT indisunique",
            &[],
        )
        .await?;
    for row in &rows {
        client.batch_execute(&format!("DROP INDEX {}", row.get::<_, &str>(0))).await?;
    }
    Ok(rows.iter().map(|row| row.get(1)).collect())
}

async fn copy(client: &Client, columns: &str, rows: String) -> Result<(), Error> {
    let mut sink = pin!(client.copy_in::<_, Bytes>(&format!("COPY {columns} FROM STDIN")).await?);
    sink.send(Bytes::from(rows)).await?;
    sink.finish().await?;
    Ok(())
}
