//! Query parameters, checked against the API document in one place before any handler runs.
//!
//! The document is generated from the handlers, so a parameter that a handler does not declare is unknown, and what a
//! handler declares about a value (its bounds, its words) holds. All faults of a request are reported together.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::problem::{Fault, ProblemCode};

/// The longest value of a parameter, in characters, as the document counts them.
const MAX_VALUE: usize = 4096;

/// Names less alike than this are not offered as what was meant.
const NEAR: f64 = 0.7;

/// The parameters of every operation, by method and path template.
#[derive(Debug, Default)]
pub struct ParameterRules {
    operations: HashMap<(String, String), Parameters>,
}

/// The parameters of one operation.
#[derive(Debug, Default)]
struct Parameters {
    shapes: BTreeMap<String, Shape>,
    required: Vec<String>,
}

/// What a value may be.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Integer { least: i64, most: i64 },
    Boolean,
    OneOf(Vec<String>),
    Text { least: usize, most: usize },
    Instant,
    Date,
    ListOf { shape: Box<Shape>, least: usize },
}

impl ParameterRules {
    /// Reads the rules out of the API document.
    pub fn from_document(document: &Value) -> Self {
        let mut operations = HashMap::new();
        let paths = document["paths"].as_object().into_iter().flatten();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let mut parameters = Parameters::default();
                let declared = operation["parameters"].as_array().into_iter().flatten();
                for parameter in declared.filter(|parameter| parameter["in"] == "query") {
                    let Some(name) = parameter["name"].as_str() else { continue };
                    parameters.shapes.insert(name.to_owned(), Shape::from_schema(document, &parameter["schema"]));
                    if parameter["required"] == true {
                        parameters.required.push(name.to_owned());
                    }
                }
                operations.insert((method.to_ascii_uppercase(), path.clone()), parameters);
            }
        }
        Self { operations }
    }

    /// Everything that is wrong with a query string. A path that the document does not know has no rules.
    pub fn check(&self, method: &str, path_template: &str, query: &str) -> Vec<Fault> {
        let Some(Parameters { shapes, required }) = self.operations.get(&(method.to_owned(), path_template.to_owned()))
        else {
            return Vec::new();
        };
        let mut faults = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if seen.iter().any(|earlier| *earlier == name) {
                let detail = format!("{name} stands more than once; give it once, several values parted by commas");
                faults.push(Fault::new(ProblemCode::RepeatedParameter, name, detail));
                continue;
            }
            seen.push(name.clone().into_owned());
            match shapes.get(name.as_ref()) {
                None => faults.push(unknown(&name, shapes)),
                Some(shape) => faults.extend(shape.check(&name, &value)),
            }
        }
        let missing = required.iter().filter(|name| !seen.contains(name));
        faults.extend(missing.map(|name| {
            Fault::new(ProblemCode::InvalidParameter, name.clone(), format!("{name} is missing: it is required"))
        }));
        faults
    }

    /// The methods that the document has for a path, HEAD among them where GET is.
    pub fn methods(&self, path_template: &str) -> Vec<&str> {
        let mut methods: Vec<&str> = self
            .operations
            .keys()
            .filter(|(_, path)| path == path_template)
            .map(|(method, _)| method.as_str())
            .collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        methods
    }
}

fn unknown(name: &str, shapes: &BTreeMap<String, Shape>) -> Fault {
    let known: Vec<&str> = shapes.keys().map(String::as_str).collect();
    let detail = match known.as_slice() {
        [] => format!("there is no parameter {name:?}: this operation has none"),
        known => format!("there is no parameter {name:?}: this operation has {}", known.join(", ")),
    };
    Fault::new(ProblemCode::UnknownParameter, name, detail).did_you_mean(nearest(name, &known))
}

/// The candidates most like `text`, the nearest first; none where nothing is near.
pub(super) fn nearest(text: &str, candidates: &[&str]) -> Vec<String> {
    let mut near: Vec<(f64, &str)> = candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(text, candidate), *candidate))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    near.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

impl Shape {
    fn from_schema(document: &Value, schema: &Value) -> Self {
        let schema = resolved(document, schema);
        if let Some(words) = schema["enum"].as_array() {
            return Self::OneOf(words.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        match type_of(schema) {
            "integer" => Self::Integer {
                least: schema["minimum"].as_i64().unwrap_or(i64::MIN),
                most: schema["maximum"].as_i64().unwrap_or(i64::MAX),
            },
            "boolean" => Self::Boolean,
            "array" => Self::ListOf {
                shape: Box::new(Self::from_schema(document, &schema["items"])),
                least: length(&schema["minItems"]).unwrap_or(0),
            },
            _ if schema["format"] == "date-time" => Self::Instant,
            _ if schema["format"] == "date" => Self::Date,
            _ => Self::Text {
                least: length(&schema["minLength"]).unwrap_or(0),
                most: length(&schema["maxLength"]).unwrap_or(MAX_VALUE).min(MAX_VALUE),
            },
        }
    }

    fn check(&self, name: &str, value: &str) -> Vec<Fault> {
        let invalid = |detail: String| Fault::new(ProblemCode::InvalidParameter, name, detail);
        if value.contains('\0') {
            return vec![invalid(format!("{name} must hold no null character"))];
        }
        // Texts have bounds of their own.
        if value.chars().count() > MAX_VALUE && !matches!(self, Self::Text { .. }) {
            return vec![invalid(format!("{name} must be at most {MAX_VALUE} characters long"))];
        }
        match self {
            Self::Integer { least, most } => {
                let is_allowed = value.parse::<i64>().is_ok_and(|number| (least..=most).contains(&&number));
                let fault = || invalid(format!("{name} must be a whole number from {least} to {most}"));
                (!is_allowed).then(fault).into_iter().collect()
            }
            Self::Boolean => {
                let is_allowed = matches!(value, "true" | "false");
                (!is_allowed).then(|| invalid(format!("{name} must be true or false"))).into_iter().collect()
            }
            Self::OneOf(words) => {
                let is_allowed = words.iter().any(|word| word == value);
                let fault = || {
                    let known: Vec<&str> = words.iter().map(String::as_str).collect();
                    invalid(format!("{name} may be {}, not {value:?}", known.join(", ")))
                        .did_you_mean(nearest(value, &known))
                };
                (!is_allowed).then(fault).into_iter().collect()
            }
            Self::Text { least, most } => {
                let is_allowed = (least..=most).contains(&&value.chars().count());
                let fault = || invalid(format!("{name} must be {least} to {most} characters long"));
                (!is_allowed).then(fault).into_iter().collect()
            }
            Self::Instant => {
                let fault = || invalid(format!("{name} must be an instant such as 2026-03-01T00:00:00Z"));
                DateTime::parse_from_rfc3339(value).is_err().then(fault).into_iter().collect()
            }
            Self::Date => {
                let fault = || invalid(format!("{name} must be a date such as 2026-03-01"));
                value.parse::<NaiveDate>().is_err().then(fault).into_iter().collect()
            }
            Self::ListOf { shape, least } => match split_list(value) {
                Ok(values) if values.len() < *least => vec![invalid(format!("{name} must have a value"))],
                Ok(values) => values.iter().flat_map(|value| shape.check(name, value)).collect(),
                Err(detail) => vec![invalid(format!("{name} {detail}"))],
            },
        }
    }
}

/// Follows a `$ref`, and the one alternative of an optional value that is not null.
fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    if let Some(pointer) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        return document.pointer(pointer).map_or(&Value::Null, |target| resolved(document, target));
    }
    let alternatives = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    match alternatives.and_then(|all| all.iter().find(|schema| schema["type"] != "null")) {
        Some(alternative) => resolved(document, alternative),
        None => schema,
    }
}

fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or(""),
        _ => "",
    }
}

fn length(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|length| usize::try_from(length).ok())
}

/// Splits a value at its commas; an empty value has no parts. A part with a comma in it stands in double quotes; `""` inside those is one quote.
fn split_list(value: &str) -> Result<Vec<String>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = value;
    if rest.is_empty() {
        return Ok(parts);
    }
    loop {
        let part;
        (part, rest) = match rest.strip_prefix('"') {
            Some(quoted) => split_quoted(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        if part.is_empty() {
            return Err("must be values parted by commas, none of them empty");
        }
        parts.push(part);
        match rest.strip_prefix(',') {
            Some(following) => rest = following,
            None if rest.is_empty() => return Ok(parts),
            None => return Err("must have a comma after a closing double quote"),
        }
    }
}

/// Reads up to the closing quote; returns what stands inside and what follows.
fn split_quoted(quoted: &str) -> Result<(String, &str), &'static str> {
    let mut part = String::new();
    let mut rest = quoted;
    loop {
        let end = rest.find('"').ok_or("must close every double quote")?;
        part.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(following) => {
                part.push('"');
                rest = following;
            }
            None => return Ok((part, rest)),
        }
    }
}

/// Values parted by commas, as one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommaList<T>(pub Vec<T>);

impl CommaList<String> {
    /// Parts a value at its commas.
    pub fn parse(value: &str) -> Result<Self, &'static str> {
        split_list(value).map(Self)
    }
}

impl<T> Default for CommaList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for CommaList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parts = split_list(&text).map_err(D::Error::custom)?;
        parts
            .iter()
            .map(|part| T::deserialize(StrDeserializer::<serde::de::value::Error>::new(part)).map_err(D::Error::custom))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn rules() -> ParameterRules {
        ParameterRules::from_document(&json!({
            "paths": { "/things": { "get": { "parameters": [
                { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 100 } },
                { "name": "include", "in": "query", "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Word" } } },
                { "name": "ref", "in": "path", "required": true, "schema": { "type": "string" } },
            ] } }, "/words": { "get": { "parameters": [
                { "name": "q", "in": "query", "required": true, "schema": { "type": "string", "maxLength": 3 } },
            ] } } },
            "components": { "schemas": { "Word": { "type": "string", "enum": ["labels", "authors"] } } },
        }))
    }

    #[test]
    fn all_faults_are_found_at_once_and_say_what_is_allowed() {
        let faults = rules().check("GET", "/things", "limit=0&include=label,authors&includ=x&limit=5");
        let told: Vec<(&str, ProblemCode)> = faults.iter().map(|f| (f.parameter.as_deref().unwrap(), f.code)).collect();
        assert_eq!(
            told,
            [
                ("limit", ProblemCode::InvalidParameter),
                ("include", ProblemCode::InvalidParameter),
                ("includ", ProblemCode::UnknownParameter),
                ("limit", ProblemCode::RepeatedParameter),
            ]
        );
        assert_eq!(faults[0].detail, "limit must be a whole number from 1 to 100");
        assert_eq!(faults[1].did_you_mean, ["labels"]);
        assert_eq!(faults[2].did_you_mean, ["include"]);
    }

    #[test]
    fn what_is_missing_is_named_beside_what_is_wrong() {
        let told = |query: &str| -> Vec<String> {
            rules().check("GET", "/words", query).into_iter().map(|fault| fault.detail).collect()
        };
        assert_eq!(told(""), ["q is missing: it is required"]);
        assert_eq!(told("p=1"), ["there is no parameter \"p\": this operation has q", "q is missing: it is required"]);
        assert_eq!(told("q=tide"), ["q must be 0 to 3 characters long"]);
        assert_eq!(told("q=%00"), ["q must hold no null character"]);
        assert!(told("q=sea").is_empty());
    }

    #[test]
    fn what_is_allowed_has_no_faults() {
        assert!(rules().check("GET", "/things", "limit=100&include=labels%2Cauthors").is_empty());
        assert!(rules().check("GET", "/unknown", "anything=1").is_empty());
        assert_eq!(rules().methods("/things"), ["GET", "HEAD"]);
    }

    #[test]
    fn a_value_with_a_comma_stands_in_double_quotes() {
        assert_eq!(split_list(r#"a,"b, c","say ""d""""#).unwrap(), ["a", "b, c", r#"say "d""#]);
        for wrong in ["a,", ",a", "\"a", "\"a\"b"] {
            assert!(split_list(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_values_survive_being_quoted_and_split(values in prop::collection::vec("[a-z,\"é ]{1,9}", 1..6)) {
            let line: Vec<String> = values.iter().map(|v| format!("\"{}\"", v.replace('"', "\"\""))).collect();
            prop_assert_eq!(split_list(&line.join(",")).unwrap(), values);
        }
    }
}
