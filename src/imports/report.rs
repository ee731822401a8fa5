//! What an import did, entry by entry, for people and for programs.

use serde::Serialize;

use super::draft::Found;
use super::entry::Place;

/// What an import did, in numbers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many entries became articles.
    pub created: u64,
    /// How many changed an article.
    pub updated: u64,
    /// How many were there already.
    pub unchanged: u64,
    /// How many were not taken over, since an editor changed the article.
    pub conflicts: u64,
    /// How many are no articles, such as comments.
    pub left_out: u64,
    /// How many could not be taken.
    pub refused: u64,
}

/// What became of one entry.
#[derive(Debug, Clone, Serialize)]
pub struct ReportedEntry {
    /// The file that it stands in.
    pub entry: String,
    /// Where it stands there.
    pub place: Place,
    /// Its title, where it has one.
    pub title: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What could not be taken as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was found in it, in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Box<Found>>,
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
    /// Its source changed it since the last import, and so does the article.
    Updated {
        /// The article's slug.
        slug: String,
        /// How many printings of quotes it has now.
        quotes: usize,
        /// What an editor decides, so that it was not taken over.
        kept: Vec<String>,
    },
    /// It was there already; nothing was written.
    Unchanged {
        /// What leads to it: the slug of an article.
        slug: String,
    },
    /// Its source changed what an editor changed too: nothing was written.
    Conflict {
        /// The article's slug.
        slug: String,
        /// What both changed.
        fields: Vec<String>,
    },
    /// It is something of an export that is no article, such as a label.
    Restored {
        /// What it is.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// It is no article.
    LeftOut {
        /// What it is, such as a comment.
        what: String,
    },
    /// It did not go in.
    Refused {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// The word for it, as JSON has it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Updated { .. } => "updated",
            Self::Unchanged { .. } => "unchanged",
            Self::Conflict { .. } => "conflict",
            Self::Restored { .. } => "restored",
            Self::LeftOut { .. } => "left_out",
            Self::Refused { .. } => "refused",
        }
    }

    /// Whether somebody should hear of it.
    pub fn is_problem(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Refused { .. })
    }
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::Created { .. } | Outcome::Restored { .. } => &mut self.created,
            Outcome::Updated { .. } => &mut self.updated,
            Outcome::Unchanged { .. } => &mut self.unchanged,
            Outcome::Conflict { .. } => &mut self.conflicts,
            Outcome::LeftOut { .. } => &mut self.left_out,
            Outcome::Refused { .. } => &mut self.refused,
        };
        *count += 1;
    }

    /// How many entries are in, whether they were before or not.
    pub fn taken(&self) -> u64 {
        self.created + self.updated + self.unchanged
    }

    /// How many entries there were.
    pub fn entries(&self) -> u64 {
        self.taken() + self.conflicts + self.left_out + self.refused
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { created, updated, unchanged, conflicts, left_out, refused } = self;
        write!(formatter, "{created} created, {updated} updated, {unchanged} unchanged, {refused} refused")?;
        if *conflicts > 0 {
            write!(formatter, ", {conflicts} left as editors changed them")?;
        }
        if *left_out > 0 {
            write!(formatter, ", {left_out} left out")?;
        }
        Ok(())
    }
}

impl std::fmt::Display for ReportedEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { entry, place, title, outcome, notes, found } = self;
        write!(formatter, "{entry}:{}: ", place.line)?;
        let named = title.as_ref().map(|title| format!(" ({title})")).unwrap_or_default();
        match outcome {
            Outcome::Created { slug, quotes, attributed } => {
                write!(formatter, "created {slug}, {quotes} quotes, {attributed} attributed")
            }
            Outcome::Updated { slug, quotes, kept } if kept.is_empty() => {
                write!(formatter, "updated {slug}, {quotes} quotes")
            }
            Outcome::Updated { slug, quotes, kept } => {
                write!(formatter, "updated {slug}, {quotes} quotes; kept as an editor has it: {}", kept.join(", "))
            }
            Outcome::Unchanged { slug } => write!(formatter, "unchanged, it is {slug}"),
            Outcome::Conflict { slug, fields } => {
                write!(formatter, "left as it is, since an editor changed {slug} too: {}", fields.join(", "))
            }
            Outcome::Restored { what, id } => write!(formatter, "restored {what} {id}"),
            Outcome::LeftOut { what } => write!(formatter, "left out{named}: {what}"),
            Outcome::Refused { reason } => write!(formatter, "refused{named}: {reason}"),
        }?;
        for note in notes {
            write!(formatter, "\n    note: {note}")?;
        }
        found.as_ref().map_or(Ok(()), |found| write!(formatter, "{found}"))
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rule = self.provenance["title"]["rule"].as_str().unwrap_or("as given");
        write!(formatter, "\n    title: {} ({rule})", self.title)?;
        if let Some(published_at) = self.published_at {
            write!(formatter, "\n    {}: {published_at}", self.status.as_str())?;
        }
        for (what, names) in [("authors", &self.authors), ("labels", &self.labels)] {
            if !names.is_empty() {
                write!(formatter, "\n    {what}: {}", names.join(", "))?;
            }
        }
        for quote in &self.quotes {
            let parts = [quote.speaker.as_ref(), quote.role.as_ref(), quote.organization.as_ref()];
            let who: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
            let who = if who.is_empty() { "unattributed".to_owned() } else { who.join(", ") };
            let (rule, confidence) = (&quote.rule, quote.confidence);
            write!(formatter, "\n    \u{201c}{}\u{201d} — {who} ({rule}, {confidence:.2})", quote.text)?;
        }
        Ok(())
    }
}
