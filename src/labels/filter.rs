//! The label filters that several lists share: references in, ids out.

use serde::Deserialize;
use utoipa::IntoParams;

use super::db::{self, LabelFilter};
use crate::db::{Audience, Connection};
use crate::http::error::ApiError;
use crate::http::explain::Reading;
use crate::http::parameters::CommaList;
use crate::http::reference::ids_named;
use crate::values::id::LabelId;

/// Which labels articles must bear. Ids, slugs (former ones too), names and aliases.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LabelParameters {
    /// Only what bears this label; several, parted by commas: any of them.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["ferry-line", "harbour"]))]
    pub label: Option<CommaList<String>>,
    /// Only what bears every one of these labels.
    #[serde(rename = "label[all]")]
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["heritage"]))]
    pub label_all: Option<CommaList<String>>,
    /// Only what bears none of these labels.
    #[serde(rename = "label[none]")]
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["courts"]))]
    pub label_none: Option<CommaList<String>>,
    /// Whether a label stands for every label that belongs to it, too.
    #[serde(default)]
    #[param(required = false, default = false, example = true)]
    pub descendants: bool,
}

/// The filter that parameters ask for; what they name in vain is a fault.
pub async fn label_filter(
    connection: &Connection,
    parameters: LabelParameters,
    audience: Audience,
    reading: &mut Reading,
) -> Result<LabelFilter, ApiError> {
    let LabelParameters { label, label_all, label_none, descendants } = parameters;
    let any = labels_named(connection, "label", label, audience, reading).await?;
    let every = labels_named(connection, "label[all]", label_all, audience, reading).await?;
    let none = labels_named(connection, "label[none]", label_none, audience, reading).await?.unwrap_or_default();
    let mut groups: Vec<Vec<LabelId>> = any.into_iter().collect();
    groups.extend(every.into_iter().flatten().map(|label| vec![label]));
    let mut none = none;
    if descendants {
        groups = db::with_descendants(connection, &groups).await?;
        none = db::with_descendants(connection, &[none]).await?.concat();
    }
    Ok(LabelFilter { groups: db::rarest_first(connection, groups, audience).await?, none })
}

/// The labels that one parameter names; `None` where it was not given.
pub async fn labels_named(
    connection: &Connection,
    parameter: &str,
    names: Option<CommaList<String>>,
    audience: Audience,
    reading: &mut Reading,
) -> Result<Option<Vec<LabelId>>, ApiError> {
    let Some(CommaList(names)) = names else { return Ok(None) };
    let found = db::labels_named(connection, &names, audience).await?;
    let similar = async |name: &str| db::similar_slugs(connection, name, audience).await;
    ids_named(parameter, ("label", "labels"), &names, &found, similar, reading).await.map(Some)
}
