//! Choosing slugs that nothing bears or ever bore.

use std::collections::{HashMap, HashSet};

use diesel::sql_types::{Array, Text, Uuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;

use super::{Connection, Result};
use crate::values::id::ArticleId;
use crate::values::slug::first_free;

/// The table that holds every slug of a resource type, current and former.
#[derive(Debug, Clone, Copy)]
pub enum SlugTable {
    /// Slugs of articles.
    Articles,
    /// Slugs of people.
    People,
    /// Slugs of labels.
    Labels,
}

/// How many numbered slugs are looked up at first; then twice as many, and so on.
const LOOKAHEAD: usize = 32;

/// The most that are looked up at once.
const LONGEST_LOOKAHEAD: usize = 4096;

#[derive(QueryableByName)]
struct TakenSlug {
    #[diesel(sql_type = Text)]
    slug: String,
}

/// A free slug for each of `bases`, no two alike. To be called in a transaction that keeps other writers out.
pub async fn choose_slugs(connection: &Connection, table: SlugTable, bases: &[String]) -> Result<Vec<String>> {
    let mut known = KnownSlugs { taken: taken(connection, table, bases).await?, looked_up: HashMap::new() };
    let mut chosen = Vec::with_capacity(bases.len());
    for base in bases {
        let slug = free_slug(connection, table, base, &mut known).await?;
        known.taken.insert(slug.clone());
        chosen.push(slug);
    }
    Ok(chosen)
}

/// What is known of slugs.
struct KnownSlugs {
    taken: HashSet<String>,
    /// Up to which number the slugs of a base were looked up; 1 is the base itself.
    looked_up: HashMap<String, usize>,
}

/// The base itself is known; numbered slugs are looked up as far as needed.
async fn free_slug(connection: &Connection, table: SlugTable, base: &str, known: &mut KnownSlugs) -> Result<String> {
    let mut looked_up = known.looked_up.get(base).copied().unwrap_or(1);
    loop {
        let candidate = first_free(base, |slug| known.taken.contains(slug));
        let number = candidate.strip_prefix(base).and_then(|rest| rest.strip_prefix('-')).and_then(|n| n.parse().ok());
        if number.unwrap_or(1) <= looked_up {
            return Ok(candidate);
        }
        let more = looked_up.clamp(LOOKAHEAD, LONGEST_LOOKAHEAD);
        let next: Vec<String> = (looked_up + 1..=looked_up + more).map(|n| format!("{base}-{n}")).collect();
        known.taken.extend(taken(connection, table, &next).await?);
        looked_up += more;
        known.looked_up.insert(base.to_owned(), looked_up);
    }
}

async fn taken(mut connection: &Connection, table: SlugTable, slugs: &[String]) -> Result<HashSet<String>> {
    let query = match table {
        SlugTable::Articles => "SELECT slug FROM article_slugs WHERE slug = ANY ($1)",
        SlugTable::People => "SELECT slug FROM person_slugs WHERE slug = ANY ($1)",
        SlugTable::Labels => "SELECT slug FROM label_slugs WHERE slug = ANY ($1)",
    };
    let rows: Vec<TakenSlug> = sql_query(query).bind::<Array<Text>, _>(slugs).load(&mut connection).await?;
    Ok(rows.into_iter().map(|row| row.slug).collect())
}

/// Reserves former slugs for articles, as far as nothing bears them.
pub async fn reserve_free(mut connection: &Connection, former: &[(String, ArticleId)]) -> Result<()> {
    if former.is_empty() {
        return Ok(());
    }
    let (slugs, ids): (Vec<&str>, Vec<ArticleId>) = former.iter().map(|(slug, id)| (slug.as_str(), *id)).unzip();
    sql_query(
        "INSERT INTO article_slugs (slug, article_id) SELECT * FROM unnest($1, $2) ON CONFLICT (slug) DO NOTHING",
    )
    .bind::<Array<Text>, _>(slugs)
    .bind::<Array<Uuid>, _>(ids)
    .execute(&mut connection)
    .await?;
    Ok(())
}
