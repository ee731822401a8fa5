//! A request in its normal form, so that requests which mean the same are one.

use std::borrow::Cow;

use super::rules::Rule;

/// The query in its normal form: the parameters in the order of their names, without those that say what holds anyway.
/// What is not plain enough to be sure of is left as it is.
pub(super) fn normal_query<'q>(rule: &Rule, query: &'q str) -> Cow<'q, str> {
    let pairs: Vec<&str> = query.split('&').collect();
    let is_in_order = pairs.is_sorted_by_key(|pair| name(pair)) && !pairs.iter().any(|pair| is_default(rule, pair));
    // A name that is encoded may be any name, and one that is repeated is a fault to be told of.
    let is_strange = |name: &str| name.is_empty() || name.contains(['%', '+']);
    if is_in_order || pairs.iter().any(|pair| is_strange(name(pair))) {
        return Cow::Borrowed(query);
    }
    let mut sorted = pairs;
    sorted.sort_unstable_by_key(|pair| name(pair));
    if sorted.windows(2).any(|two| name(two[0]) == name(two[1])) {
        return Cow::Borrowed(query);
    }
    sorted.retain(|pair| !is_default(rule, pair));
    Cow::Owned(sorted.join("&"))
}

fn name(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

fn is_default(rule: &Rule, pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    rule.is_default(name, value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::delivery::rules::Rules;

    fn normal(query: &str) -> String {
        let parameters = json!([{ "in": "query", "name": "limit", "schema": { "default": 20 } }]);
        let document = json!({ "paths": { "/v1/articles": { "get": { "parameters": parameters } } } });
        let rules = Rules::from_document(&document);
        normal_query(rules.of_path("/v1/articles").unwrap(), query).into_owned()
    }

    #[test]
    fn parameters_are_in_order_and_defaults_left_out() {
        assert_eq!(normal("label=sea&author=ida"), "author=ida&label=sea");
        assert_eq!(normal("author=ida&label=sea"), "author=ida&label=sea");
        assert_eq!(normal("limit=20"), "");
        assert_eq!(normal("limit=2"), "limit=2");
        assert_eq!(normal("label=b%20c&limit=20&author=x"), "author=x&label=b%20c");
    }

    #[test]
    fn what_is_wrong_or_strange_stays_as_it_is() {
        for query in
            ["", "limit=20&limit=20", "b=1&a=2&b=1", "label%5Ball%5D=x&a=2&limit=20", "b&&a", "=&a", "b=1&+a=1"]
        {
            assert_eq!(normal(query), query);
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_of_a_normal_form_is_the_same(query in "([a-c]{0,2}=?[12]{0,1}&?|limit=20?&){0,6}") {
            let once = normal(&query);
            prop_assert_eq!(normal(&once), once);
        }
    }
}
