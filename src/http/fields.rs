//! `fields`: which attributes of a resource to show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::parameters::CommaList;

/// Which attributes to show.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FieldParameters {
    /// Only these attributes; a dot leads into related resources, such as `labels.name`. What a related resource has
    /// beyond its reference is there only with `include`.
    #[param(min_items = 1, value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["id", "url"]))]
    fields: Option<CommaList<String>>,
}

/// The attributes a request asks for: a tree of names, whose leaves are shown whole.
#[derive(Debug, Default)]
pub struct Fields {
    tree: Option<Tree>,
}

#[derive(Debug, Default)]
struct Tree(BTreeMap<String, Tree>);

impl From<FieldParameters> for Fields {
    fn from(parameters: FieldParameters) -> Self {
        let tree = parameters.fields.map(|CommaList(fields)| {
            let mut tree = Tree::default();
            fields.iter().for_each(|field| tree.add(field));
            tree
        });
        Self { tree }
    }
}

impl Fields {
    /// Whether an attribute that is not always there was asked for by name.
    pub fn names(&self, attribute: &str) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.0.contains_key(attribute))
    }

    /// A resource as JSON, with only the attributes that were asked for.
    pub fn show<T: Serialize>(&self, resource: &T) -> Result<Value, serde_json::Error> {
        let value = serde_json::to_value(resource)?;
        Ok(match &self.tree {
            Some(tree) => tree.prune(value),
            None => value,
        })
    }

    /// Whether everything is to be shown.
    pub fn is_everything(&self) -> bool {
        self.tree.is_none()
    }
}

impl Tree {
    fn add(&mut self, field: &str) {
        match field.split_once('.') {
            None => {
                self.0.insert(field.to_owned(), Tree::default());
            }
            Some((first, rest)) => {
                let is_whole = self.0.get(first).is_some_and(|tree| tree.0.is_empty());
                if !is_whole {
                    self.0.entry(first.to_owned()).or_default().add(rest);
                }
            }
        }
    }

    fn prune(&self, value: Value) -> Value {
        match value {
            Value::Object(attributes) => {
                let kept = attributes.into_iter().filter_map(|(name, value)| {
                    let tree = self.0.get(&name)?;
                    Some((name, if tree.0.is_empty() { value } else { tree.prune(value) }))
                });
                Value::Object(kept.collect::<Map<_, _>>())
            }
            Value::Array(rows) => Value::Array(rows.into_iter().map(|row| self.prune(row)).collect()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(fields: &[&str], value: Value) -> Value {
        let fields = CommaList(fields.iter().map(|field| (*field).to_owned()).collect());
        Fields::from(FieldParameters { fields: Some(fields) }).show(&value).unwrap()
    }

    #[test]
    fn only_what_is_asked_for_is_shown_through_lists_and_related_resources() {
        let article = json!({ "id": 1, "title": "T", "labels": [{ "id": 2, "name": "A" }, { "id": 3, "name": "B" }], "parent": null });
        assert_eq!(shown(&["title"], article.clone()), json!({ "title": "T" }));
        assert_eq!(
            shown(&["labels.name", "parent.id"], article.clone()),
            json!({ "labels": [{ "name": "A" }, { "name": "B" }], "parent": null })
        );
        assert_eq!(shown(&["labels", "labels.name"], article.clone())["labels"], article["labels"], "the whole wins");
        assert_eq!(shown(&["labels.name", "labels"], article.clone())["labels"], article["labels"]);
    }
}
