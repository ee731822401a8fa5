//! One draft into the database, in one transaction, never twice.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::draft::{DraftArticle, DraftPrinting};
use super::files::Entry;
use super::report::Outcome;
use crate::articles::ArticleStatus;
use crate::articles::db::{self as articles_db, NewArticle, NewArticleSource};
use crate::attribution::{Speaker, SpeakerKind, identity_key, word_count};
use crate::changes::db::{self as changes_db, NewChange};
use crate::changes::{Action, ResourceType};
use crate::db::slugs::{SlugTable, choose_slugs};
use crate::db::{Connection, DatabaseError, Result, exclude_other_writers, group};
use crate::labels::db::{self as labels_db, NewLabel};
use crate::people::PersonKind;
use crate::people::db::{self as people_db, NewPerson, PrintedAffiliation};
use crate::quotes::db::{self as quotes_db, KnownQuote, NewOccurrence, NewQuote};
use crate::values::body::TEXT_RULE;
use crate::values::id::{ArticleId, LabelId, OccurrenceId, PersonId, QuoteId};
use crate::values::name::normalise;
use crate::values::slug::slugify;

/// Printings of fewer words in several articles are not taken for the same quote.
const LEAST_SHARED_WORDS: usize = 5;

/// Who the change log says made the changes.
const ACTOR: &str = "import";

/// Stores a draft, unless it is there already.
pub(super) async fn store(
    connection: &mut Connection,
    entry: &Entry,
    draft: &DraftArticle,
    now: DateTime<Utc>,
) -> Result<Outcome> {
    let content = entry.content.as_deref().unwrap_or_default();
    connection
        .transaction::<_, DatabaseError, _>(async |connection| {
            exclude_other_writers(connection).await?;
            let digest = Sha256::digest(content);
            if let Some(outcome) = already_there(connection, entry, &digest).await? {
                return Ok(outcome);
            }
            Writer::new(connection, now).write(entry, content, &digest, draft).await
        })
        .await
}

async fn already_there(connection: &Connection, entry: &Entry, digest: &[u8]) -> Result<Option<Outcome>> {
    if let Some(slug) = articles_db::article_with_source(connection, digest).await? {
        return Ok(Some(Outcome::Unchanged { slug }));
    }
    let slug = articles_db::article_with_external_id(connection, entry.source, &entry.id).await?;
    Ok(slug.map(|slug| {
        let reason = format!(
            "an earlier text of the name {:?} is the article {slug}; a changed text is not taken over",
            entry.id
        );
        Outcome::Refused { line: 1, reason }
    }))
}

/// Who speaks in a printing, and as what, once people are known by id.
#[derive(Debug, Clone, Default)]
struct Attributed {
    speaker: Option<PersonId>,
    role: Option<String>,
    organization: Option<PersonId>,
}

/// Writes one draft inside an open transaction.
struct Writer<'c> {
    connection: &'c Connection,
    now: DateTime<Utc>,
    changes: Vec<NewChange<'static>>,
}

impl<'c> Writer<'c> {
    fn new(connection: &'c Connection, now: DateTime<Utc>) -> Self {
        Self { connection, now, changes: Vec::new() }
    }

    async fn write(mut self, entry: &Entry, content: &[u8], digest: &[u8], draft: &DraftArticle) -> Result<Outcome> {
        let connection = self.connection;
        let article = self.article(draft).await?;
        let labels = self.labels(&draft.labels, article.published_at).await?;
        articles_db::insert_article_labels(connection, article.id, article.published_at, &labels).await?;
        let attributed = self.people(&draft.printings, article.published_at).await?;
        let occurrences = self.occurrences(&article, &draft.printings, &attributed).await?;
        articles_db::insert_external_id(connection, article.id, entry.source, &entry.id).await?;
        let source =
            NewArticleSource { article_id: article.id, format: draft.format, content, digest, imported_at: self.now };
        articles_db::insert_source(connection, &source).await?;
        let document = revision(&article, &labels, &occurrences, &attributed);
        articles_db::insert_revision(connection, article.id, 1, document, self.now).await?;
        changes_db::append(connection, &self.changes).await?;
        Ok(Outcome::Created {
            slug: article.slug,
            quotes: occurrences.len(),
            attributed: attributed.iter().filter(|attributed| attributed.speaker.is_some()).count(),
        })
    }

    fn created(&mut self, resource_type: ResourceType, resource_id: uuid::Uuid) {
        self.changed(resource_type, resource_id, Action::Created, 1);
    }

    fn updated(&mut self, resource_type: ResourceType, resource_id: uuid::Uuid, version: i32) {
        self.changed(resource_type, resource_id, Action::Updated, version);
    }

    fn changed(&mut self, resource_type: ResourceType, resource_id: uuid::Uuid, action: Action, version: i32) {
        self.changes.push(NewChange {
            occurred_at: self.now,
            resource_type,
            resource_id,
            action,
            version_before: (action != Action::Created).then_some(version - 1),
            version_after: Some(version),
            actor: ACTOR,
            request_id: None,
        });
    }

    async fn article(&mut self, draft: &DraftArticle) -> Result<NewArticle> {
        let slugs = choose_slugs(self.connection, SlugTable::Articles, &[slugify(&draft.title, "article")]).await?;
        let published_at = draft.published_at.unwrap_or(self.now);
        let article = NewArticle {
            id: ArticleId::generate(),
            slug: slugs.concat(),
            title: draft.title.clone(),
            language: draft.language.to_owned(),
            status: if published_at > self.now { ArticleStatus::Scheduled } else { ArticleStatus::Published },
            published_at,
            body_format: draft.body_format,
            body_source: draft.body_source.clone(),
            body_html: draft.body.html.clone(),
            body_text: draft.body.text.clone(),
            text_rule: TEXT_RULE,
            provenance: draft.provenance.clone(),
            created_at: self.now,
            updated_at: self.now,
        };
        articles_db::insert_article(self.connection, &article).await?;
        self.created(ResourceType::Article, article.id.0);
        Ok(article)
    }

    /// Finds or makes the labels called `names`, in their order, each once.
    async fn labels(&mut self, names: &[String], public_from: DateTime<Utc>) -> Result<Vec<LabelId>> {
        let mut seen = HashSet::new();
        let wanted: Vec<(String, &String)> = names
            .iter()
            .map(|name| (normalise(name), name))
            .filter(|(normalised, _)| !normalised.is_empty() && seen.insert(normalised.clone()))
            .collect();
        let normalised: Vec<String> = wanted.iter().map(|(normalised, _)| normalised.clone()).collect();
        let known = labels_db::labels_called(self.connection, &normalised).await?;
        let mut ids: HashMap<String, LabelId> = known.into_iter().collect();
        let known_ids: Vec<LabelId> = ids.values().copied().collect();
        labels_db::publish_labels(self.connection, &known_ids, public_from).await?;

        let missing: Vec<&(String, &String)> = wanted.iter().filter(|(name, _)| !ids.contains_key(name)).collect();
        let bases: Vec<String> = missing.iter().map(|(_, name)| slugify(name, "label")).collect();
        let slugs = choose_slugs(self.connection, SlugTable::Labels, &bases).await?;
        let new: Vec<NewLabel> = missing
            .iter()
            .zip(slugs)
            .map(|((normalised_name, name), slug)| NewLabel {
                id: LabelId::generate(),
                slug,
                name: (*name).clone(),
                normalised_name: normalised_name.clone(),
                public_from,
                created_at: self.now,
                updated_at: self.now,
            })
            .collect();
        labels_db::insert_labels(self.connection, &new).await?;
        for label in new {
            self.created(ResourceType::Label, label.id.0);
            ids.insert(label.normalised_name, label.id);
        }
        // Two spellings may be names of one label.
        let mut used = HashSet::new();
        Ok(wanted.iter().filter_map(|(name, _)| ids.get(name).copied()).filter(|id| used.insert(*id)).collect())
    }

    /// Finds or makes the people that printings name, and notes what they are said to be.
    async fn people(&mut self, printings: &[DraftPrinting], public_from: DateTime<Utc>) -> Result<Vec<Attributed>> {
        let mut wanted = WantedPeople::default();
        for printing in printings {
            if let Some(speaker) = printing.speaker.as_ref().filter(|speaker| is_recognisable(speaker, printing)) {
                wanted.add(&speaker.name, kind_of(speaker), Accepts::AnyKind);
                if let Some(organization) = &speaker.organization {
                    wanted.add(organization, PersonKind::Organization, Accepts::OrganizationOnly);
                }
            }
        }
        let ids = self.find_or_make(&wanted, public_from).await?;
        let attributed: Vec<Attributed> = printings
            .iter()
            .map(|printing| match &printing.speaker {
                Some(speaker) => Attributed {
                    speaker: ids.get(&(normalise(&speaker.name), Accepts::AnyKind)).copied(),
                    role: speaker.role.clone(),
                    organization: speaker.organization.as_ref().and_then(|organization| {
                        ids.get(&(normalise(organization), Accepts::OrganizationOnly)).copied()
                    }),
                },
                None => Attributed::default(),
            })
            .collect();
        self.affiliations(&attributed, public_from).await?;
        Ok(attributed)
    }

    async fn find_or_make(
        &mut self,
        wanted: &WantedPeople,
        public_from: DateTime<Utc>,
    ) -> Result<HashMap<(String, Accepts), PersonId>> {
        let names: Vec<String> = wanted.people.iter().map(|person| person.normalised.clone()).collect();
        let namesakes = people_db::namesakes(self.connection, &names).await?;
        let by_name = group(namesakes.iter().map(|namesake| (namesake.normalised_name.as_str(), namesake)));
        let mut ids = HashMap::new();
        let mut missing: Vec<&WantedPerson> = Vec::new();
        for person in &wanted.people {
            let bearers = by_name.get(person.normalised.as_str()).into_iter().flatten();
            let mut candidates = bearers
                .filter(|namesake| person.accepts == Accepts::AnyKind || namesake.kind == PersonKind::Organization);
            match (candidates.next(), candidates.next()) {
                (Some(only), None) => {
                    ids.insert((person.normalised.clone(), person.accepts), only.id);
                }
                (None, _) => missing.push(person),
                // Of two candidates none is chosen.
                (Some(_), Some(_)) => {}
            }
        }
        let known: Vec<PersonId> = ids.values().copied().collect();
        people_db::publish_people(self.connection, &known, public_from).await?;
        // One that is named both as a speaker and as somebody's organization is one organization.
        missing.sort_by_key(|person| (&person.normalised, std::cmp::Reverse(person.accepts)));
        for same in missing.chunk_by(|one, other| one.normalised == other.normalised) {
            let id = self.make_person(same[0], public_from).await?;
            ids.extend(same.iter().map(|person| ((person.normalised.clone(), person.accepts), id)));
        }
        Ok(ids)
    }

    async fn make_person(&mut self, person: &WantedPerson, public_from: DateTime<Utc>) -> Result<PersonId> {
        let slugs = choose_slugs(self.connection, SlugTable::People, &[slugify(&person.name, "person")]).await?;
        let new = NewPerson {
            id: PersonId::generate(),
            slug: slugs.concat(),
            kind: person.kind,
            name: person.name.clone(),
            normalised_name: person.normalised.clone(),
            public_from,
            created_at: self.now,
            updated_at: self.now,
        };
        people_db::insert_people(self.connection, std::slice::from_ref(&new)).await?;
        self.created(ResourceType::Person, new.id.0);
        Ok(new.id)
    }

    async fn affiliations(&mut self, attributed: &[Attributed], public_from: DateTime<Utc>) -> Result<()> {
        let mut seen = HashSet::new();
        let printed: Vec<PrintedAffiliation> = attributed
            .iter()
            .filter(|attributed| attributed.role.is_some() || attributed.organization.is_some())
            .filter_map(|Attributed { speaker, role, organization }| {
                let person_id = (*speaker)?;
                let organization_id = organization.filter(|organization| *organization != person_id);
                Some(PrintedAffiliation { person_id, role: role.clone(), organization_id })
            })
            .filter(|affiliation| affiliation.role.is_some() || affiliation.organization_id.is_some())
            .filter(|affiliation| seen.insert(affiliation.clone()))
            .collect();
        let changed = people_db::add_affiliations(self.connection, &printed, public_from).await?;
        // Those made a moment ago are at their first version still.
        let made: HashSet<uuid::Uuid> = self.changes.iter().map(|change| change.resource_id).collect();
        let older: Vec<PersonId> = changed.into_iter().filter(|id| !made.contains(&id.0)).collect();
        for (id, version) in people_db::raise_versions(self.connection, &older, self.now).await? {
            self.updated(ResourceType::Person, id.0, version);
        }
        Ok(())
    }

    async fn occurrences(
        &mut self,
        article: &NewArticle,
        printings: &[DraftPrinting],
        attributed: &[Attributed],
    ) -> Result<Vec<(NewOccurrence, Vec<crate::values::anchor::Segment>)>> {
        let digests: Vec<Vec<u8>> =
            printings.iter().map(|printing| Sha256::digest(identity_key(&printing.text)).to_vec()).collect();
        let known = quotes_db::known_quotes(self.connection, &digests, int(LEAST_SHARED_WORDS)).await?;
        let quote_ids = self.quotes(article, printings, attributed, &digests, &known).await?;
        let rows: Vec<_> = printings
            .iter()
            .enumerate()
            .map(|(index, printing)| {
                let row = NewOccurrence {
                    id: OccurrenceId::generate(),
                    article_id: article.id,
                    quote_id: quote_ids[index],
                    position: int(index + 1),
                    public_from: article.published_at,
                    kind: printing.kind,
                    quotation: printing.quotation,
                    text: printing.text.clone(),
                    identity_digest: digests[index].clone(),
                    word_count: int(word_count(&printing.text)),
                    attribution: printing.attribution.clone(),
                    role: attributed[index].role.clone(),
                    organization_id: attributed[index].organization,
                    anchor: printing.anchor,
                    fidelity: printing.fidelity,
                    confidence: printing.confidence,
                    rule: printing.rule.to_owned(),
                    provenance: printing.provenance.clone(),
                };
                (row, printing.segments.clone())
            })
            .collect();
        quotes_db::insert_occurrences(self.connection, &rows).await?;
        Ok(rows)
    }

    /// Finds or makes the quote of every printing.
    async fn quotes(
        &mut self,
        article: &NewArticle,
        printings: &[DraftPrinting],
        attributed: &[Attributed],
        digests: &[Vec<u8>],
        known: &[KnownQuote],
    ) -> Result<Vec<QuoteId>> {
        // The oldest first: the reverse, so that it is the one that stays in the map.
        let known: HashMap<(PersonId, &[u8]), &KnownQuote> =
            known.iter().rev().map(|quote| ((quote.speaker_id, quote.identity_digest.as_slice()), quote)).collect();
        let mut ids: Vec<Option<QuoteId>> = vec![None; printings.len()];
        let mut new = Vec::new();
        let mut known_ids = Vec::new();
        for group in same_quotes(printings, attributed, digests) {
            let speaker_id = group.iter().find_map(|index| attributed[*index].speaker);
            let longest = group.iter().map(|index| &printings[*index].text).max_by_key(|text| text.chars().count());
            let text = longest.cloned().unwrap_or_default();
            let same = speaker_id.and_then(|speaker_id| {
                let mut shared =
                    group.iter().filter(|index| word_count(&printings[**index].text) >= LEAST_SHARED_WORDS);
                shared.find_map(|index| known.get(&(speaker_id, digests[*index].as_slice())))
            });
            let id = match same {
                Some(quote) => {
                    if text.chars().count() > quote.text.chars().count() && article.published_at <= self.now {
                        let version = quotes_db::lengthen_quote(self.connection, quote.id, &text, self.now).await?;
                        self.updated(ResourceType::Quote, quote.id.0, version);
                    }
                    known_ids.push(quote.id);
                    quote.id
                }
                None => {
                    let (created_at, updated_at) = (self.now, self.now);
                    let id = QuoteId::generate();
                    new.push(NewQuote {
                        id,
                        speaker_id,
                        text,
                        public_from: article.published_at,
                        created_at,
                        updated_at,
                    });
                    self.created(ResourceType::Quote, id.0);
                    id
                }
            };
            for index in group {
                ids[index] = Some(id);
            }
        }
        quotes_db::insert_quotes(self.connection, &new).await?;
        quotes_db::publish_quotes(self.connection, &known_ids, article.published_at).await?;
        Ok(ids.into_iter().flatten().collect())
    }
}

/// Groups the printings that print the same quote: the same words by the same speaker, or one a form of the other.
/// Every printing is in exactly one group.
fn same_quotes(printings: &[DraftPrinting], attributed: &[Attributed], digests: &[Vec<u8>]) -> Vec<Vec<usize>> {
    let mut groups = Groups::of(printings.len());
    let mut first_with: HashMap<(Option<PersonId>, &[u8]), usize> = HashMap::new();
    for (index, printing) in printings.iter().enumerate() {
        if let Some(original) = printing.same_quote_as {
            let speakers = (attributed[index].speaker, attributed[original].speaker);
            // Words that two people are said to have said are two quotes.
            if speakers.0.is_none() || speakers.1.is_none() || speakers.0 == speakers.1 {
                groups.join(index, original);
            }
        }
        let first = *first_with.entry((attributed[index].speaker, &digests[index])).or_insert(index);
        groups.join(index, first);
    }
    groups.into_lists()
}

/// Disjoint groups of numbers (union-find).
struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    /// Each number below `count` in a group of its own.
    fn of(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    fn root(&mut self, mut number: usize) -> usize {
        while self.parents[number] != number {
            self.parents[number] = self.parents[self.parents[number]];
            number = self.parents[number];
        }
        number
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parents[one.max(other)] = one.min(other);
    }

    /// The groups, each in order, in the order of their first numbers.
    fn into_lists(mut self) -> Vec<Vec<usize>> {
        let mut lists: Vec<Vec<usize>> = vec![Vec::new(); self.parents.len()];
        for number in 0..self.parents.len() {
            let root = self.root(number);
            lists[root].push(number);
        }
        lists.retain(|list| !list.is_empty());
        lists
    }
}

/// Which kinds a name may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Accepts {
    AnyKind,
    OrganizationOnly,
}

#[derive(Debug)]
struct WantedPerson {
    normalised: String,
    name: String,
    kind: PersonKind,
    accepts: Accepts,
}

/// The people an article names, each once, in the order it names them.
#[derive(Debug, Default)]
struct WantedPeople {
    people: Vec<WantedPerson>,
    known: HashSet<(String, Accepts)>,
}

impl WantedPeople {
    fn add(&mut self, name: &str, kind: PersonKind, accepts: Accepts) {
        let normalised = normalise(name);
        if !normalised.is_empty() && self.known.insert((normalised.clone(), accepts)) {
            self.people.push(WantedPerson { normalised, name: name.to_owned(), kind, accepts });
        }
    }
}

/// Whether a speaker can be told from others outside this article: not by a bare surname, nor by a description such
/// as "two officials" in running text.
fn is_recognisable(speaker: &Speaker, printing: &DraftPrinting) -> bool {
    match speaker.kind {
        SpeakerKind::Person => speaker.is_named() && speaker.name.split_whitespace().count() > 1,
        SpeakerKind::Organization => true,
        SpeakerKind::Group => printing.kind == crate::quotes::OccurrenceKind::Pull,
        SpeakerKind::Document => false,
    }
}

fn kind_of(speaker: &Speaker) -> PersonKind {
    match speaker.kind {
        SpeakerKind::Person => PersonKind::Person,
        SpeakerKind::Organization | SpeakerKind::Document => PersonKind::Organization,
        SpeakerKind::Group => PersonKind::Group,
    }
}

/// Sizes are bounded by the size of a file, far below what the column holds.
fn int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The whole article at its first version.
fn revision(
    article: &NewArticle,
    labels: &[LabelId],
    occurrences: &[(NewOccurrence, Vec<crate::values::anchor::Segment>)],
    attributed: &[Attributed],
) -> Value {
    let occurrences: Vec<Value> = occurrences
        .iter()
        .zip(attributed)
        .map(|((occurrence, segments), attributed)| {
            json!({
                "id": occurrence.id,
                "quote": occurrence.quote_id,
                "speaker": attributed.speaker,
                "kind": occurrence.kind,
                "quotation": occurrence.quotation,
                "text": occurrence.text,
                "attribution": occurrence.attribution,
                "role": occurrence.role,
                "organization": occurrence.organization_id,
                "anchor": occurrence.anchor,
                "fidelity": occurrence.fidelity,
                "confidence": occurrence.confidence,
                "rule": occurrence.rule,
                "segments": segments,
            })
        })
        .collect();
    json!({
        "slug": article.slug,
        "title": article.title,
        "language": article.language,
        "status": article.status,
        "published_at": article.published_at,
        "body_format": article.body_format,
        "body_source": article.body_source,
        "text_rule": article.text_rule,
        "authors": [],
        "labels": labels,
        "occurrences": occurrences,
    })
}
