//! What an import did, entry by entry, for people and for programs.

use serde::Serialize;

/// What an import did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Every entry, in order.
    pub entries: Vec<ReportedEntry>,
}

/// What became of one entry.
#[derive(Debug, Serialize)]
pub struct ReportedEntry {
    /// The entry, such as the path of a file.
    pub entry: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is an article now.
    Created {
        /// The article's slug.
        slug: String,
        /// How many printings of quotes were found in it.
        quotes: usize,
        /// How many of those have a speaker.
        attributed: usize,
    },
    /// It was there already; nothing was written.
    Unchanged {
        /// The article's slug.
        slug: String,
    },
    /// It did not go in.
    Refused {
        /// The line at fault, counted from 1.
        line: usize,
        /// Why.
        reason: String,
    },
}

impl Report {
    /// How many entries became articles.
    pub fn created(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Created { .. }))
    }

    /// How many entries were there already.
    pub fn unchanged(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Unchanged { .. }))
    }

    /// How many entries did not go in.
    pub fn refused(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Refused { .. }))
    }

    fn count(&self, is_counted: impl Fn(&Outcome) -> bool) -> usize {
        self.entries.iter().filter(|entry| is_counted(&entry.outcome)).count()
    }
}

impl std::fmt::Display for ReportedEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { entry, outcome } = self;
        match outcome {
            Outcome::Created { slug, quotes, attributed } => {
                write!(formatter, "{entry}: created {slug}, {quotes} quotes, {attributed} attributed")
            }
            Outcome::Unchanged { slug } => write!(formatter, "{entry}: unchanged, it is {slug}"),
            Outcome::Refused { line, reason } => write!(formatter, "{entry}:{line}: refused: {reason}"),
        }
    }
}
