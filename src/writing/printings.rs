//! The printings of an article: which quote each is a printing of, found or made.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Writer;
use super::names::Attributed;
use crate::attribution::{Speaker, identity_key, word_count};
use crate::changes::ResourceType;
use crate::db::{PublicFrom, Result};
use crate::quotes::db::{self as quotes_db, KnownQuote, NewOccurrence, NewQuote};
use crate::quotes::{Fidelity, OccurrenceKind, Quotation};
use crate::values::anchor::{AnchorState, Segment};
use crate::values::id::{ArticleId, OccurrenceId, PersonId, QuoteId};

/// Printings of fewer words in several articles are not taken for the same quote.
const LEAST_SHARED_WORDS: usize = 5;

/// One printing of a quote, to be stored.
#[derive(Debug, Clone)]
pub struct Printing {
    pub kind: OccurrenceKind,
    pub quotation: Quotation,
    /// The words as printed.
    pub text: String,
    pub segments: Vec<Segment>,
    /// `None` of a pull quote, which means nothing in the body.
    pub anchor: Option<AnchorState>,
    /// Of a pull quote, how it compares with the body.
    pub fidelity: Option<Fidelity>,
    /// The attribution as printed.
    pub attribution: Option<String>,
    /// Who said it, as the text names them.
    pub speaker: Option<Speaker>,
    pub confidence: f32,
    pub rule: String,
    /// Another printing of the article that prints the same quote, of which this is a trimmed or edited form.
    pub same_quote_as: Option<usize>,
    /// The bytes it comes from, where it was imported.
    pub provenance: Option<Value>,
    /// The row it had before, if any.
    pub earlier: Option<Earlier>,
}

/// What a printing was before an edit.
#[derive(Debug, Clone)]
pub struct Earlier {
    pub id: OccurrenceId,
    pub quote: QuoteId,
    pub speaker: Option<PersonId>,
    pub role: Option<String>,
    pub organization: Option<PersonId>,
    /// Whether an editor corrected it: what is found does not matter then.
    pub is_corrected: bool,
    /// Whether an editor joined or split its quote: the words do not matter then.
    pub is_quote_settled: bool,
}

/// The article that printings belong to.
#[derive(Debug, Clone, Copy)]
pub struct PrintedIn {
    pub article: ArticleId,
    pub public_from: PublicFrom,
}

/// What one article prints.
#[derive(Debug, Clone, Copy)]
pub struct ArticlePrintings<'p> {
    pub printed_in: PrintedIn,
    pub printings: &'p [Printing],
    /// Whoever was found to speak in each.
    pub attributed: &'p [Attributed],
}

/// The rows of a printing.
pub type PrintedRows = (NewOccurrence, Vec<Segment>);

impl Writer<'_> {
    /// Stores the printings of an article, each with its quote, found or made. Whoever was found to speak is in
    /// `attributed`. What the article printed before must be gone from the tables.
    pub async fn write_printings(
        &mut self,
        printed_in: PrintedIn,
        printings: &[Printing],
        attributed: &[Attributed],
    ) -> Result<Vec<PrintedRows>> {
        Ok(self.write_all_printings(&[ArticlePrintings { printed_in, printings, attributed }]).await?.concat())
    }

    /// The same for several articles.
    pub async fn write_all_printings(&mut self, articles: &[ArticlePrintings<'_>]) -> Result<Vec<Vec<PrintedRows>>> {
        let articles: Vec<Identified<'_>> = articles.iter().map(Identified::new).collect();
        let mut known = self.known_quotes(&articles).await?;
        let (mut new, mut rows, mut touched) = (Vec::new(), Vec::with_capacity(articles.len()), Vec::new());
        for article in &articles {
            let quotes = self.quotes_of(article, &mut known, &mut new, &mut touched);
            rows.push(article.rows(&quotes));
        }
        quotes_db::insert_quotes(self.connection, &new).await?;
        let all: Vec<&PrintedRows> = rows.iter().flatten().collect();
        quotes_db::insert_occurrences(self.connection, &all).await?;
        self.touch_quotes(touched);
        Ok(rows)
    }

    /// The quotes that printings of the same words by the same speaker join.
    async fn known_quotes(&self, articles: &[Identified<'_>]) -> Result<KnownQuotes> {
        let digests: Vec<Vec<u8>> = articles.iter().flat_map(|article| article.digests.iter().cloned()).collect();
        let mut known = quotes_db::known_quotes(self.connection, &digests, int(LEAST_SHARED_WORDS)).await?;
        let speakers: BTreeSet<PersonId> =
            articles.iter().flat_map(|article| &article.attributed).filter_map(|one| one.speaker).collect();
        let speakers: Vec<PersonId> = speakers.into_iter().collect();
        // Those that were made before anything printed them.
        let unprinted = quotes_db::unprinted_quotes(self.connection, &speakers).await?;
        known.extend(unprinted.into_iter().map(|(id, speaker_id, text)| {
            let identity_digest = Sha256::digest(identity_key(&text)).to_vec();
            KnownQuote { id, speaker_id, identity_digest, text }
        }));
        // The oldest first: the reverse, so that it is the one that stays in the map.
        let known = known.into_iter().rev();
        Ok(known.map(|quote| ((quote.speaker_id, quote.identity_digest), quote.id)).collect())
    }

    /// The quote of every printing of an article, found or made. Quotes that are public since another time now, or say
    /// something else, go to `touched`.
    fn quotes_of(
        &mut self,
        article: &Identified<'_>,
        known: &mut KnownQuotes,
        new: &mut Vec<NewQuote>,
        touched: &mut Vec<QuoteId>,
    ) -> Vec<QuoteId> {
        let Identified { printed_in, printings, attributed, digests } = article;
        let mut ids: Vec<Option<QuoteId>> = vec![None; printings.len()];
        for group in same_quotes(printings, attributed, digests) {
            let speaker_id = group.iter().find_map(|index| attributed[*index].speaker);
            let longest = group.iter().map(|index| &printings[*index].text).max_by_key(|text| text.chars().count());
            let text = longest.cloned().unwrap_or_default();
            let earlier =
                group.iter().find_map(|index| same_as_earlier(&printings[*index], attributed[*index].speaker));
            let shared: Vec<usize> = group
                .iter()
                .filter(|index| word_count(&printings[**index].text) >= LEAST_SHARED_WORDS)
                .copied()
                .collect();
            let same = speaker_id.and_then(|speaker_id| {
                shared.iter().find_map(|index| known.get(&(speaker_id, digests[*index].clone())).copied())
            });
            let has_stood = group.iter().any(|index| printings[*index].earlier.is_some());
            let id = match earlier.or(same) {
                Some(quote) => {
                    touched.push(quote);
                    quote
                }
                None => {
                    let (created_at, updated_at, public_from) = (self.now, self.now, printed_in.public_from);
                    let id = QuoteId::generate();
                    new.push(NewQuote { id, speaker_id, text, public_from, created_at, updated_at });
                    self.created(ResourceType::Quote, id.0);
                    if has_stood {
                        touched.push(id);
                    }
                    id
                }
            };
            for index in &shared {
                // What an editor joined or split tells nothing of the words.
                if let Some(speaker_id) = speaker_id.filter(|_| !is_settled(&printings[*index])) {
                    known.entry((speaker_id, digests[*index].clone())).or_insert(id);
                }
            }
            for index in group {
                ids[index] = Some(id);
            }
        }
        ids.into_iter().flatten().collect()
    }
}

/// Quotes by their speakers and the digests of their words.
type KnownQuotes = HashMap<(PersonId, Vec<u8>), QuoteId>;

/// What an article prints, with what decides which quote each is a printing of.
struct Identified<'p> {
    printed_in: PrintedIn,
    printings: &'p [Printing],
    attributed: Vec<Attributed>,
    digests: Vec<Vec<u8>>,
}

impl<'p> Identified<'p> {
    fn new(article: &ArticlePrintings<'p>) -> Self {
        let ArticlePrintings { printed_in, printings, attributed } = *article;
        let attributed = corrected(printings, attributed);
        let digest = |printing: &Printing| Sha256::digest(identity_key(&printing.text)).to_vec();
        Self { printed_in, printings, attributed, digests: printings.iter().map(digest).collect() }
    }

    fn rows(&self, quotes: &[QuoteId]) -> Vec<PrintedRows> {
        let mut position = 0;
        let row = |(index, printing): (usize, &Printing)| {
            let earlier = printing.earlier.as_ref();
            let attributed = &self.attributed[index];
            let is_orphaned = printing.anchor == Some(AnchorState::Orphaned);
            position += i32::from(!is_orphaned);
            let row = NewOccurrence {
                id: earlier.map_or_else(OccurrenceId::generate, |earlier| earlier.id),
                article_id: self.printed_in.article,
                quote_id: quotes[index],
                position: (!is_orphaned).then_some(position),
                public_from: self.printed_in.public_from,
                kind: printing.kind,
                quotation: printing.quotation,
                text: printing.text.clone(),
                identity_digest: self.digests[index].clone(),
                word_count: int(word_count(&printing.text)),
                attribution: printing.attribution.clone(),
                role: attributed.role.clone(),
                organization_id: attributed.organization,
                anchor: printing.anchor,
                fidelity: printing.fidelity,
                confidence: printing.confidence,
                rule: printing.rule.clone(),
                is_corrected: earlier.is_some_and(|earlier| earlier.is_corrected),
                is_quote_settled: earlier.is_some_and(|earlier| earlier.is_quote_settled),
                provenance: printing.provenance.clone(),
            };
            (row, printing.segments.clone())
        };
        self.printings.iter().enumerate().map(row).collect()
    }
}

/// The quote that a printing was one of before an edit, and still is: an editor said so, or the speaker is the same.
fn same_as_earlier(printing: &Printing, speaker: Option<PersonId>) -> Option<QuoteId> {
    let earlier = printing.earlier.as_ref()?;
    (earlier.is_quote_settled || earlier.is_corrected || earlier.speaker == speaker).then_some(earlier.quote)
}

/// Whether an editor joined or split the quote of a printing.
fn is_settled(printing: &Printing) -> bool {
    printing.earlier.as_ref().is_some_and(|earlier| earlier.is_quote_settled)
}

/// Who speaks in each printing: what an editor corrected stays so, whatever is found.
fn corrected(printings: &[Printing], attributed: &[Attributed]) -> Vec<Attributed> {
    let of_printing = |(printing, found): (&Printing, &Attributed)| match &printing.earlier {
        Some(Earlier { speaker, role, organization, is_corrected: true, .. }) => {
            Attributed { speaker: *speaker, role: role.clone(), organization: *organization }
        }
        _ => found.clone(),
    };
    printings.iter().zip(attributed).map(of_printing).collect()
}

/// Groups the printings that print the same quote: the same words by the same speaker, or one a form of the other.
/// Every printing is in exactly one group.
fn same_quotes(printings: &[Printing], attributed: &[Attributed], digests: &[Vec<u8>]) -> Vec<Vec<usize>> {
    let mut groups = Groups::of(printings.len());
    let mut first_with: HashMap<(Option<PersonId>, &[u8]), usize> = HashMap::new();
    for (index, printing) in printings.iter().enumerate() {
        // What an editor joined or split stays so.
        if is_settled(printing) {
            continue;
        }
        if let Some(original) = printing.same_quote_as.filter(|original| !is_settled(&printings[*original])) {
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

/// Sizes are bounded by the size of a file, far below what the column holds.
fn int(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
