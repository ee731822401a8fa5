//! JSON Merge Patch (RFC 7396).

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::error::ApiError;
use crate::http::problem::{Fault, ProblemCode};

/// A draft with a patch merged into it. The patch must fit its own schema.
pub fn patched<Draft: Serialize + DeserializeOwned>(draft: &Draft, patch: Value) -> Result<Draft, ApiError> {
    let mut merged = serde_json::to_value(draft).map_err(ApiError::internal)?;
    merge(&mut merged, patch);
    typed(merged)
}

/// What fits its schema fits its type; a difference is shown to the client, who can do something about it.
pub fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    let fault = |error: serde_json::Error| Fault::in_body(ProblemCode::InvalidValue, "", error.to_string());
    serde_json::from_value(value).map_err(|error| ApiError::body_faults(vec![fault(error)]))
}

/// Merges `patch` into `target`: members are replaced, objects merged, `null` removes (RFC 7396 §2).
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_replaced_objects_merged_and_null_removes() {
        // The cases of RFC 7396, Appendix A, in our own words.
        for (target, patch, merged) in [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b", "b": "c" }), json!({ "a": null }), json!({ "b": "c" })),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "c" }), json!({ "a": ["b"] }), json!({ "a": ["b"] })),
            (json!({ "a": { "b": "c" } }), json!({ "a": { "b": "d", "c": null } }), json!({ "a": { "b": "d" } })),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({ "a": "b" }), json!(["c"]), json!(["c"])),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
            (json!([1, 2]), json!({ "a": "b", "c": null }), json!({ "a": "b" })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ] {
            let mut result = target.clone();
            merge(&mut result, patch.clone());
            assert_eq!(result, merged, "{target} and {patch}");
        }
    }
}
