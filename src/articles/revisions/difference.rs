//! How two versions of an article differ.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::RevisedArticle;
use crate::values::word_diff::{WordChange, word_diff};

/// What one version of an article has that another has not.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RevisionDifference {
    /// The version that is compared with.
    #[schema(example = 1)]
    pub against: i32,
    /// The version that is compared.
    #[schema(example = 2)]
    pub version: i32,
    /// The members that differ, but for the body; empty where none does.
    pub changes: Vec<MemberChange>,
    /// How one body becomes the other, word by word; null where they are the same.
    #[schema(required = true)]
    pub body: Option<Vec<WordChange>>,
}

/// A member that differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MemberChange {
    /// Its name, as the content of a revision has it.
    #[schema(example = "title")]
    pub member: String,
    /// What the version that is compared with has.
    pub before: Value,
    /// What the version that is compared has.
    pub after: Value,
}

/// What is shown word by word instead.
const BODY: &str = "body_source";

/// What becomes different on the way from one version to another.
pub fn difference(
    before: (i32, RevisedArticle),
    after: (i32, RevisedArticle),
) -> serde_json::Result<RevisionDifference> {
    let ((against, before), (version, after)) = (before, after);
    let body = (before.body_source != after.body_source).then(|| word_diff(&before.body_source, &after.body_source));
    let (mut before, after): (Map<String, Value>, Map<String, Value>) = (members(&before)?, members(&after)?);
    let changes = after
        .into_iter()
        .filter(|(member, _)| member != BODY)
        .map(|(member, after)| (before.remove(&member).unwrap_or_default(), member, after))
        .filter(|(before, _, after)| before != after)
        .map(|(before, member, after)| MemberChange { member, before, after })
        .collect();
    Ok(RevisionDifference { against, version, changes, body })
}

fn members(article: &RevisedArticle) -> serde_json::Result<Map<String, Value>> {
    serde_json::from_value(serde_json::to_value(article)?)
}
