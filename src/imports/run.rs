//! One run over files: read and prepared in threads of their own, some batches ahead of the database, in one order.
//!
//! Batches begin and end at the same entries whenever the same files are read: a run that was broken off goes on at the
//! batch that it was in, and does the same as one that was not.

use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use diesel_async::{AsyncConnection, TransactionManager};
use tokio::sync::mpsc;

use super::archive::{self, Record};
use super::draft::{Draft, draft_of};
use super::entry::{Entry, Item, Place, Refusal};
use super::files::{ReadSeek, Source};
use super::format::{self, Format, RECOGNISABLE};
use super::report::{Outcome, ReportedEntry};
use super::store::{Changed, savepoint, store_together};
use crate::clock::Clock;
use crate::db::{Connection, DatabaseError, Result, exclude_other_writers};
use crate::writing::Origin;

/// How many entries one transaction takes at most, so that other writers get their turn.
const BATCH_ENTRIES: usize = 100;

/// How many bytes of content one transaction takes, unless a single entry has more.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// How many batches are prepared ahead.
const BATCHES_AHEAD: usize = 2;

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether to do everything and keep nothing.
    pub is_dry_run: bool,
    /// Who does it, for the record.
    pub origin: Origin,
}

/// An import under way.
#[derive(Debug)]
pub struct Run {
    batches: mpsc::Receiver<Vec<Located>>,
    bytes_read: Arc<AtomicU64>,
    bytes: u64,
    is_stopped: Arc<AtomicBool>,
    options: Options,
}

/// What is stored in one transaction.
#[derive(Debug)]
pub struct Batch(Vec<Located>);

/// Something of a file, where it stands.
#[derive(Debug)]
pub(super) struct Located {
    shown: String,
    place: Place,
    title: Option<String>,
    notes: Vec<String>,
    pub(super) what: Prepared,
}

/// What is to be stored, or why it is not.
#[derive(Debug)]
pub(super) enum Prepared {
    Draft(Box<Draft>),
    /// With the HTML of its body.
    Record(Box<Record>, String),
    LeftOut(String),
    Refused(String),
}

impl Run {
    /// Begins to read files.
    pub fn start(sources: Vec<Source>, options: Options) -> Self {
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let bytes = sources.iter().map(Source::size).sum();
        let (bytes_read, is_stopped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let reader = Reader {
            batch: Vec::new(),
            batch_bytes: 0,
            sender,
            bytes_read: Arc::clone(&bytes_read),
            is_stopped: Arc::clone(&is_stopped),
        };
        let sender = reader.sender.clone();
        thread::spawn(move || {
            // A fault of this program ends the reading, but never unheard.
            if catch_unwind(AssertUnwindSafe(|| reader.read_all(&sources))).is_err() {
                let place = Place { number: 1, line: 1, byte: 0 };
                let what = Prepared::Refused("reading on failed: a fault of this program".to_owned());
                let (shown, title, notes) = ("the files".to_owned(), None, Vec::new());
                let _ = sender.blocking_send(vec![Located { shown, place, title, notes, what }]);
            }
        });
        Self { batches, bytes_read, bytes, is_stopped, options }
    }

    /// How many bytes the files have.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many of them were read; the database is some batches behind.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed).min(self.bytes)
    }

    /// The next batch, once it is prepared; `None` after the last one.
    pub async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await.map(Batch)
    }

    /// Stores a batch in one transaction, together with what `note` notes of it. What `before_commit` makes of the changed
    /// resources lasts until that is over.
    ///
    /// A bad entry is reported and the rest goes in; only a failing database ends it.
    pub async fn store<UnderWay>(
        &self,
        connection: &mut Connection,
        clock: Clock,
        batch: Batch,
        note: impl AsyncFnOnce(&Connection, &[ReportedEntry]) -> Result<()>,
        before_commit: impl FnOnce(Changed) -> UnderWay,
    ) -> Result<Vec<ReportedEntry>> {
        Transactions::begin_transaction(connection).await?;
        match self.write(connection, clock, batch, note).await {
            Ok((reported, changed)) if !self.options.is_dry_run => {
                let _under_way = before_commit(changed);
                Transactions::commit_transaction(connection).await?;
                Ok(reported)
            }
            written => {
                Transactions::rollback_transaction(connection).await?;
                written.map(|(reported, _)| reported)
            }
        }
    }

    async fn write(
        &self,
        connection: &Connection,
        clock: Clock,
        Batch(batch): Batch,
        note: impl AsyncFnOnce(&Connection, &[ReportedEntry]) -> Result<()>,
    ) -> Result<(Vec<ReportedEntry>, Changed)> {
        exclude_other_writers(connection).await?;
        let (outcomes, changed) = self.outcomes(connection, clock, &batch).await?;
        let reported = batch.into_iter().zip(outcomes).map(|(located, outcome)| {
            let Located { shown, place, title, notes, what } = located;
            let found = match &what {
                Prepared::Draft(draft) if self.options.is_dry_run => Some(Box::new(draft.found())),
                _ => None,
            };
            ReportedEntry { entry: shown, place, title, outcome, notes, found }
        });
        let reported: Vec<ReportedEntry> = reported.collect();
        if !self.options.is_dry_run {
            note(connection, &reported).await?;
        }
        Ok((reported, changed))
    }

    /// Stores the entries together, or where the database refuses that, one by one, so that it shows which is to blame.
    async fn outcomes(
        &self,
        connection: &Connection,
        clock: Clock,
        batch: &[Located],
    ) -> Result<(Vec<Outcome>, Changed)> {
        let (now, origin) = (clock.now(), &self.options.origin);
        let all: Vec<&Located> = batch.iter().collect();
        savepoint(connection, "SAVEPOINT batch").await?;
        match store_together(connection, now, origin, &all).await {
            Err(error) if is_of_content(&error) => {}
            stored => return stored,
        }
        savepoint(connection, "ROLLBACK TO SAVEPOINT batch").await?;
        let (mut outcomes, mut changed) = (Vec::with_capacity(batch.len()), Vec::new());
        for located in all {
            savepoint(connection, "SAVEPOINT entry").await?;
            match store_together(connection, now, origin, &[located]).await {
                Ok((outcome, its_changes)) => {
                    outcomes.extend(outcome);
                    changed.extend(its_changes);
                }
                Err(error) if is_of_content(&error) => {
                    savepoint(connection, "ROLLBACK TO SAVEPOINT entry").await?;
                    outcomes.push(Outcome::Refused { reason: reason_of(&error) });
                }
                Err(error) => return Err(error),
            }
        }
        Ok((outcomes, changed))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}

type Transactions = <Connection as AsyncConnection>::TransactionManager;

/// Whether what is stored is at fault, not the database.
fn is_of_content(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Constraint(_) | DatabaseError::Unexpected(_))
}

fn reason_of(error: &DatabaseError) -> String {
    match error {
        DatabaseError::Constraint(rule) => {
            format!("something in it is larger than the database takes, or otherwise (rule {rule})")
        }
        other => other.to_string(),
    }
}

/// Reads files and cuts what is in them into batches.
struct Reader {
    batch: Vec<ReadItem>,
    batch_bytes: usize,
    sender: mpsc::Sender<Vec<Located>>,
    bytes_read: Arc<AtomicU64>,
    is_stopped: Arc<AtomicBool>,
}

/// Something that was read, and where.
struct ReadItem {
    source: usize,
    what: Item,
}

impl Reader {
    fn read_all(mut self, sources: &[Source]) {
        for (index, source) in sources.iter().enumerate() {
            let done = self.bytes_read.load(Ordering::Relaxed);
            if !self.read(index, source, sources) {
                return;
            }
            self.bytes_read.store(done + source.size(), Ordering::Relaxed);
        }
        self.send(sources);
    }

    /// Reads one file; tells whether anybody still wants more.
    fn read(&mut self, index: usize, source: &Source, sources: &[Source]) -> bool {
        let refused = |reason: String| {
            let place = Place { number: 1, line: 1, byte: 0 };
            Item::Refused(Refusal { place, title: None, reason })
        };
        let bytes_read = Arc::clone(&self.bytes_read);
        let opened = source.open().and_then(|reader| recognised(reader, source));
        let (format, reader) = match opened {
            Ok((Ok(format), reader)) => (format, reader),
            Ok((Err(reason), _)) => return self.take(index, refused(reason), sources),
            Err(error) => return self.take(index, refused(error.to_string()), sources),
        };
        let counted = Counted { reader, bytes: bytes_read };
        let items = format::open(format, counted, Some(&source.id));
        let mut is_wanted = true;
        let mut is_any = false;
        for item in items {
            is_any = true;
            is_wanted = self.take(index, item, sources);
            if !is_wanted {
                break;
            }
        }
        if !is_any {
            is_wanted = self.take(index, refused("nothing to import in it".to_owned()), sources);
        }
        is_wanted
    }

    fn take(&mut self, source: usize, what: Item, sources: &[Source]) -> bool {
        if let Item::Article(entry) = &what {
            self.batch_bytes += size_of_entry(entry);
        }
        self.batch.push(ReadItem { source, what });
        if self.batch.len() >= BATCH_ENTRIES || self.batch_bytes >= BATCH_BYTES {
            return self.send(sources);
        }
        !self.is_stopped.load(Ordering::Relaxed)
    }

    /// Prepares what was read and hands it over.
    fn send(&mut self, sources: &[Source]) -> bool {
        self.batch_bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return true;
        }
        let prepared = prepared(batch, sources);
        !self.is_stopped.load(Ordering::Relaxed) && self.sender.blocking_send(prepared).is_ok()
    }
}

fn size_of_entry(entry: &Entry) -> usize {
    entry.source.len() + entry.body_source.len()
}

/// The format of a file, and the file from its beginning.
fn recognised<'s>(
    mut reader: Box<dyn ReadSeek + 's>,
    source: &Source,
) -> io::Result<(std::result::Result<Format, String>, Box<dyn ReadSeek + 's>)> {
    let mut head = Vec::new();
    reader.by_ref().take(RECOGNISABLE as u64).read_to_end(&mut head)?;
    reader.seek(SeekFrom::Start(0))?;
    Ok((Format::recognise(&head, Some(&source.id)), reader))
}

/// Prepares a batch, in as many threads as there are cores.
fn prepared(batch: Vec<ReadItem>, sources: &[Source]) -> Vec<Located> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(batch.len());
    let share = batch.len().div_ceil(threads.max(1));
    let mut shares: Vec<Vec<ReadItem>> = Vec::with_capacity(threads);
    let mut rest = batch.into_iter();
    loop {
        let next: Vec<ReadItem> = rest.by_ref().take(share).collect();
        if next.is_empty() {
            break;
        }
        shares.push(next);
    }
    thread::scope(|scope| {
        let prepare = |share: Vec<ReadItem>| share.into_iter().map(|read| located(read, sources)).collect::<Vec<_>>();
        let handles: Vec<_> = shares.into_iter().map(|share| scope.spawn(move || prepare(share))).collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

fn located(ReadItem { source, what }: ReadItem, sources: &[Source]) -> Located {
    let source = &sources[source];
    let shown = source.shown.clone();
    let refused = |Refusal { place, title, reason }: Refusal| (place, title, Vec::new(), Prepared::Refused(reason));
    let (place, title, notes, what) = match what {
        Item::Article(entry) => {
            let place = entry.place;
            match draft_of(*entry, source.system, &source.id) {
                Ok(draft) => (place, Some(draft.title.clone()), draft.notes.clone(), Prepared::Draft(Box::new(draft))),
                Err(refusal) => refused(refusal),
            }
        }
        Item::Record(place, mut record) => match archive::checked(&mut record) {
            Ok(html) => (place, None, Vec::new(), Prepared::Record(record, html)),
            Err(reason) => (place, None, Vec::new(), Prepared::Refused(reason)),
        },
        Item::LeftOut(left_out) => (left_out.place, left_out.title, Vec::new(), Prepared::LeftOut(left_out.what)),
        Item::Refused(refusal) => refused(refusal),
    };
    Located { shown, place, title, notes, what }
}

/// A reader that tells how far it is.
struct Counted<R> {
    reader: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
