//! `offsets`: the unit in which the segments of printings count.

use std::collections::HashMap;

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::wire::Occurrence;
use crate::articles::db as articles_db;
use crate::db::{Connection, Result};
use crate::values::anchor::Utf16Offsets;
use crate::values::id::ArticleId;

/// What offsets count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OffsetUnit {
    /// Unicode scalar values, as Python and PostgreSQL count characters.
    #[default]
    Unicode,
    /// UTF-16 code units, as JavaScript and Java do.
    Utf16,
}

/// How to count.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OffsetParameters {
    /// What `start` and `end` of segments count: Unicode scalar values, or UTF-16 code units, with which JavaScript's
    /// `body_text.slice(start, end)` gives the words. They differ after a character beyond U+FFFF, such as most emoji.
    /// `unicode` where not given.
    #[serde(default)]
    #[param(inline, required = false, example = "utf16")]
    offsets: OffsetUnit,
}

impl OffsetParameters {
    /// Makes the segments of printings count so. In UTF-16 that costs one query, which fetches only the texts in which
    /// it makes a difference.
    pub async fn apply<'o>(
        self,
        connection: &Connection,
        occurrences: impl Iterator<Item = &'o mut Occurrence>,
    ) -> Result<()> {
        if self.offsets == OffsetUnit::Unicode {
            return Ok(());
        }
        let occurrences: Vec<&mut Occurrence> = occurrences.collect();
        let mut articles: Vec<ArticleId> = occurrences.iter().map(|occurrence| occurrence.article.id).collect();
        articles.sort_unstable();
        articles.dedup();
        let texts = articles_db::texts_beyond_one_unit(connection, &articles).await?;
        let offsets: HashMap<ArticleId, Utf16Offsets> =
            texts.into_iter().map(|(id, text)| (id, Utf16Offsets::in_text(&text))).collect();
        for occurrence in occurrences {
            if let Some(offsets) = offsets.get(&occurrence.article.id) {
                occurrence.segments.iter_mut().for_each(|segment| offsets.count(segment));
            }
        }
        Ok(())
    }
}
