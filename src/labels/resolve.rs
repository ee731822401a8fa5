//! A line of label names over HTTP: which labels they are.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::db::{self, ResolvedRow};
use super::wire::label_reference;
use crate::access::{Caller, Read};
use crate::db::Audience;
use crate::http::document::{AccessProblems, LABELS, ListProblems};
use crate::http::error::ApiError;
use crate::http::extract::Query;
use crate::http::page::List;
use crate::http::problem::{Fault, ProblemCode};
use crate::http::reference::{LabelReference, Urls};
use crate::state::State;
use crate::values::slug::slugify;
use crate::values::text_enum::text_enum;

text_enum! {
    /// Why a name is this label.
    pub enum ResolvedBy {
        /// It is the label's name, whatever the case and the accents.
        Exact = "exact",
        /// It is another name of the label, or a slug.
        Alias = "alias",
        /// It names a label that was merged into this one.
        Merged = "merged",
        /// No public label is called so.
        Unknown = "unknown",
    }
}

/// A name of a line with the label it names.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResolvedLabel {
    /// The name as it stands in the line.
    #[schema(example = "Ferry Line")]
    pub input: String,
    /// Why it is this label.
    pub reason: ResolvedBy,
    /// The label; null when unknown.
    #[schema(required = true)]
    pub label: Option<LabelReference>,
    /// Slugs of public labels that look like an unknown name, the nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub did_you_mean: Vec<String>,
}

/// What to resolve.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ResolveParameters {
    /// The line: names parted by commas. What stands before its first colon, such as `Labels:` or `Tags:`, may be left
    /// out.
    #[param(required = true, value_type = String, min_length = 1, max_length = 2000, example = "Labels: Ferry Line, heritage, Museums")]
    line: Option<String>,
}

/// A label line taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Line<'l> {
    names: Vec<&'l str>,
    /// The first name with what stands before its colon: a name itself, should a label be called so.
    first_with_heading: Option<&'l str>,
}

impl<'l> Line<'l> {
    fn parse(line: &'l str) -> Self {
        let (first, rest) = line.split_once(',').map_or((line, None), |(first, rest)| (first, Some(rest)));
        let behind_heading = first.split_once(':').map(|(_, name)| name.trim());
        let first_with_heading = behind_heading.map(|_| first.trim());
        let names =
            [behind_heading.unwrap_or(first)].into_iter().chain(rest.into_iter().flat_map(|rest| rest.split(',')));
        Self { names: names.map(str::trim).filter(|name| !name.is_empty()).collect(), first_with_heading }
    }

    /// Everything in the line that may be a name.
    fn candidates(&self) -> Vec<String> {
        self.names.iter().copied().chain(self.first_with_heading).map(str::to_owned).collect()
    }

    /// The names that are meant, given which are known.
    fn meant(self, is_known: impl Fn(&str) -> bool) -> Vec<&'l str> {
        let Self { mut names, first_with_heading } = self;
        if let Some(whole) = first_with_heading.filter(|whole| is_known(whole)) {
            // A heading with nothing behind it left no name.
            let has_first = whole.split_once(':').is_some_and(|(_, name)| !name.trim().is_empty());
            if has_first && !names.is_empty() {
                names.remove(0);
            }
            names.insert(0, whole);
        }
        names
    }
}

/// Resolve a line of labels
///
/// Turns a line of label names, as it stands under an article, into labels, in the order of the line. A name is a
/// label's name or another name of it, whatever the case and the accents, or its slug, current or former. Where a label
/// was merged into another, that other one is shown. What stands before the first colon is a heading, unless a label is
/// called so, colon and all. Names cannot hold a comma.
#[utoipa::path(
    tag = LABELS,
    params(ResolveParameters),
    security((), ("key" = ["read"])),
    responses((status = 200, description = "Each name with its label.", body = List<ResolvedLabel>), ListProblems, AccessProblems),
)]
#[get("/v1/labels/resolve")]
pub(super) async fn resolve_labels(
    _caller: Caller<Read>,
    request: HttpRequest,
    state: web::Data<State>,
    Query(ResolveParameters { line }): Query<ResolveParameters>,
) -> Result<HttpResponse, ApiError> {
    let missing = "line must be given, such as line=Labels: A, B, C";
    let line = line.ok_or_else(|| ApiError::fault(Fault::new(ProblemCode::InvalidParameter, "line", missing)))?;
    let parsed = Line::parse(&line);
    let candidates = parsed.candidates();
    let audience = Audience::Public { now: state.clock.now() };
    let connection = state.connection().await?;
    let found = db::resolve_labels(&connection, &candidates, audience).await?;
    let found: HashMap<String, ResolvedRow> = found.into_iter().map(|row| (row.name.clone(), row)).collect();
    let names = parsed.meant(|name| found.contains_key(name));
    let unknown: Vec<String> =
        names.iter().filter(|name| !found.contains_key(**name)).map(|name| slugify(name, "")).collect();
    let near =
        if unknown.is_empty() { HashMap::new() } else { db::slugs_like(&connection, &unknown, audience).await? };
    let rows: Vec<ResolvedLabel> =
        names.into_iter().map(|name| resolved(name, found.get(name).cloned(), &near, &state.urls)).collect();
    Ok(List::respond_whole(&request, &state.urls, u32::try_from(rows.len()).unwrap_or(u32::MAX), rows))
}

fn resolved(input: &str, row: Option<ResolvedRow>, near: &HashMap<String, Vec<String>>, urls: &Urls) -> ResolvedLabel {
    let input = input.to_owned();
    let Some(ResolvedRow { name: _, label, is_merged, is_own_name }) = row else {
        let did_you_mean = near.get(&slugify(&input, "")).cloned().unwrap_or_default();
        return ResolvedLabel { input, reason: ResolvedBy::Unknown, label: None, did_you_mean };
    };
    let reason = match (is_merged, is_own_name) {
        (true, _) => ResolvedBy::Merged,
        (false, true) => ResolvedBy::Exact,
        (false, false) => ResolvedBy::Alias,
    };
    ResolvedLabel { input, reason, label: Some(label_reference(label, urls)), did_you_mean: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meant<'l>(line: &'l str, known: &[&str]) -> Vec<&'l str> {
        Line::parse(line).meant(|name| known.contains(&name))
    }

    #[test]
    fn a_heading_is_left_out_unless_a_label_is_called_so() {
        assert_eq!(meant("Labels: A, B ,C", &[]), ["A", "B", "C"]);
        assert_eq!(meant("A, B", &[]), ["A", "B"]);
        assert_eq!(meant("Filed under:A", &[]), ["A"]);
        assert_eq!(meant("Tags:, A,, ", &[]), ["A"]);
        assert_eq!(meant("A, Dune: Part Two", &[]), ["A", "Dune: Part Two"]);
        assert_eq!(meant("Labels: Dune: Part Two", &[]), ["Dune: Part Two"]);
        assert_eq!(meant("Dune: Part Two, B", &["Dune: Part Two"]), ["Dune: Part Two", "B"]);
        assert_eq!(meant("C:, B", &["C:"]), ["C:", "B"]);
        assert!(meant(" ", &[]).is_empty());
    }

    proptest! {
        #[test]
        fn names_survive_being_joined(names in prop::collection::vec("[a-zé][a-zé ]{0,8}[a-zé]", 1..6), heading in "([A-Z][a-z]{0,6}: )?") {
            let line = format!("{heading}{}", names.join(", "));
            prop_assert_eq!(meant(&line, &[]), names);
        }
    }
}
