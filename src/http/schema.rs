//! Checking a JSON value against a schema of our own API document (JSON Schema 2020-12, as far as the document uses it).
//!
//! A general validator would do the check, but tells its faults in its own words, and of a choice between alternatives only
//! that none fits. Here each fault has a pointer and says what is allowed, inside alternatives too. A keyword that this
//! module does not know is an error when the server starts, so that nothing the document says is silently not checked.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate};
use regex::Regex;
use serde_json::{Map, Value};
use url::Url;

use super::parameters::nearest;
use super::problem::{Fault, ProblemCode};
use crate::values::date::PartialDate;

/// Where the document keeps named schemas.
const NAMED: &str = "#/components/schemas/";

/// Keywords that say something to people only.
const ANNOTATIONS: &[&str] =
    &["title", "description", "example", "examples", "default", "deprecated", "readOnly", "writeOnly"];

/// After so many faults of one body no more are told.
pub(super) const MAX_FAULTS: usize = 100;

/// More of a text than this is not repeated in a fault, in characters.
const MAX_SHOWN: usize = 100;

/// The schemas that a document names, as far as they are needed.
#[derive(Debug, Default)]
pub struct Schemas {
    named: HashMap<String, Schema>,
}

/// What a value may be.
#[derive(Debug, Default)]
pub struct Schema {
    /// Another schema that it must fit too.
    reference: Option<String>,
    /// Of which sort it may be; empty for any.
    types: Vec<Type>,
    /// The values it may have.
    words: Option<Vec<Value>>,
    /// Schemas of which it must fit one; empty where there is no choice.
    alternatives: Vec<Schema>,
    /// Schemas all of which it must fit.
    all: Vec<Schema>,
    text: TextRules,
    least: Option<f64>,
    most: Option<f64>,
    list: ListRules,
    object: ObjectRules,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    List,
    Object,
}

#[derive(Debug, Default)]
struct TextRules {
    least: Option<u64>,
    most: Option<u64>,
    pattern: Option<Regex>,
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Instant,
    Date,
    PartialDate,
    Uri,
    UriReference,
    /// A name or a text of our own format: there is a letter or a digit in it, of any alphabet. A pattern that says so is
    /// not one for every reader of JSON Schema.
    Wording,
}

#[derive(Debug, Default)]
struct ListRules {
    items: Option<Box<Schema>>,
    least: Option<u64>,
    most: Option<u64>,
    is_set: bool,
}

#[derive(Debug, Default)]
struct ObjectRules {
    properties: BTreeMap<String, Schema>,
    required: Vec<String>,
    others: Others,
}

/// What an object may have beside its declared members.
#[derive(Debug, Default)]
enum Others {
    #[default]
    Any,
    None,
    Fitting(Box<Schema>),
}

/// A place in the body, as a JSON pointer (RFC 6901).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// The member `name` of what stands here.
    pub fn member(&self, name: &str) -> Self {
        Self(format!("{}/{}", self.0, shown(name).replace('~', "~0").replace('/', "~1")))
    }

    /// The item `index` of the list that stands here.
    pub fn item(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }

    /// A fault of what stands here, whose detail begins with the place.
    pub fn fault(&self, code: ProblemCode, detail: &str) -> Fault {
        let place = if self.0.is_empty() { "the body" } else { &self.0 };
        Fault::in_body(code, self.0.clone(), format!("{place} {detail}"))
    }
}

/// A text as a fault repeats it.
fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Schemas {
    /// Reads a schema and every named one that it leads to. Fails on what this module does not know how to check.
    pub fn read(&mut self, document: &Value, schema: &Value) -> Result<Schema, String> {
        let described = schema.as_object().ok_or_else(|| format!("not a schema: {schema}"))?;
        let mut read = Schema::default();
        for (keyword, value) in described {
            self.read_keyword(document, &mut read, described, keyword, value)?;
        }
        if read.list.is_set && read.list.most.is_none() {
            return Err("each item of a set is compared with the others, so it must have maxItems".to_owned());
        }
        Ok(read)
    }

    fn read_keyword(
        &mut self,
        document: &Value,
        schema: &mut Schema,
        described: &Map<String, Value>,
        keyword: &str,
        value: &Value,
    ) -> Result<(), String> {
        let strange = || format!("the keyword {keyword:?} of a body cannot be checked: {value}");
        match keyword {
            "$ref" => schema.reference = Some(self.read_named(document, value.as_str().ok_or_else(strange)?)?),
            "type" => schema.types = types(value).ok_or_else(strange)?,
            "enum" => schema.words = Some(value.as_array().ok_or_else(strange)?.clone()),
            "const" => schema.words = Some(vec![value.clone()]),
            "oneOf" | "anyOf" => schema.alternatives = self.read_all(document, value)?,
            "allOf" => schema.all = self.read_all(document, value)?,
            "minLength" => schema.text.least = Some(value.as_u64().ok_or_else(strange)?),
            "maxLength" => schema.text.most = Some(value.as_u64().ok_or_else(strange)?),
            "pattern" => {
                let pattern = Regex::new(value.as_str().ok_or_else(strange)?);
                schema.text.pattern = Some(pattern.map_err(|error| format!("{}: {error}", strange()))?);
            }
            "format" => match value.as_str() {
                Some("date-time") => schema.text.format = Some(Format::Instant),
                Some("date") => schema.text.format = Some(Format::Date),
                Some("partial-date") => schema.text.format = Some(Format::PartialDate),
                Some("uri") => schema.text.format = Some(Format::Uri),
                Some("wording") => schema.text.format = Some(Format::Wording),
                Some("uri-reference") => schema.text.format = Some(Format::UriReference),
                Some("int32") => {
                    schema.least = schema.least.or(Some(f64::from(i32::MIN)));
                    schema.most = schema.most.or(Some(f64::from(i32::MAX)));
                }
                // Every number that serde reads as whole is one.
                Some("int64" | "double") => {}
                _ => return Err(strange()),
            },
            "minimum" => schema.least = Some(value.as_f64().ok_or_else(strange)?),
            "maximum" => schema.most = Some(value.as_f64().ok_or_else(strange)?),
            "items" => schema.list.items = Some(Box::new(self.read(document, value)?)),
            "minItems" => schema.list.least = Some(value.as_u64().ok_or_else(strange)?),
            "maxItems" => schema.list.most = Some(value.as_u64().ok_or_else(strange)?),
            "uniqueItems" => schema.list.is_set = value.as_bool().ok_or_else(strange)?,
            "properties" => {
                for (name, property) in value.as_object().ok_or_else(strange)? {
                    schema.object.properties.insert(name.clone(), self.read(document, property)?);
                }
            }
            "required" => schema.object.required = texts(value).ok_or_else(strange)?,
            "additionalProperties" => {
                schema.object.others = match value {
                    Value::Bool(true) => Others::Any,
                    Value::Bool(false) => Others::None,
                    _ => Others::Fitting(Box::new(self.read(document, value)?)),
                }
            }
            annotation if ANNOTATIONS.contains(&annotation) => {}
            // It only says which alternative to look at first.
            "discriminator" if described.contains_key("oneOf") => {}
            _ => return Err(strange()),
        }
        Ok(())
    }

    fn read_all(&mut self, document: &Value, schemas: &Value) -> Result<Vec<Schema>, String> {
        let schemas = schemas.as_array().map(Vec::as_slice).unwrap_or_default();
        schemas.iter().map(|schema| self.read(document, schema)).collect()
    }

    /// Reads a named schema once; one that leads to itself is found under its name.
    fn read_named(&mut self, document: &Value, reference: &str) -> Result<String, String> {
        let name = reference.strip_prefix(NAMED).ok_or_else(|| format!("{reference} is not a named schema"))?;
        if !self.named.contains_key(name) {
            self.named.insert(name.to_owned(), Schema::default());
            let schema = self.read(document, &document["components"]["schemas"][name])?;
            self.named.insert(name.to_owned(), schema);
        }
        Ok(name.to_owned())
    }

    /// Everything that is wrong with a value, in its order, as far as anybody reads.
    pub fn check(&self, schema: &Schema, value: &Value) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check_at(&Pointer::default(), schema, value, &mut faults);
        faults
    }

    fn check_at(&self, place: &Pointer, schema: &Schema, value: &Value, faults: &mut Vec<Fault>) {
        if faults.len() >= MAX_FAULTS {
            return;
        }
        if let Some(named) = schema.reference.as_ref().and_then(|name| self.named.get(name)) {
            self.check_at(place, named, value, faults);
        }
        if !schema.types.is_empty() && !schema.types.iter().any(|allowed| allowed.is_of(value)) {
            // What else the schema says is about values of its own sort.
            faults.push(place.fault(ProblemCode::InvalidValue, &format!("must be {}", names(&schema.types))));
            return;
        }
        if let Some(words) = schema.words.as_ref().filter(|words| !words.contains(value)) {
            faults.push(not_among(place, words, value));
        }
        for one in &schema.all {
            self.check_at(place, one, value, faults);
        }
        if !schema.alternatives.is_empty() {
            self.check_alternatives(place, &schema.alternatives, value, faults);
        }
        match value {
            Value::String(text) => faults.extend(schema.text.objections(place, text)),
            Value::Number(number) => faults.extend(schema.number_objection(place, number)),
            Value::Array(items) => self.check_list(place, &schema.list, items, faults),
            Value::Object(members) => self.check_object(place, &schema.object, members, faults),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Of the alternatives for values of this sort, the one that is meant tells what is wrong: that whose constant members
    /// the value has, such as `op`, and where they have none the nearest.
    fn check_alternatives(&self, place: &Pointer, alternatives: &[Schema], value: &Value, faults: &mut Vec<Fault>) {
        let mut nearest: Option<Vec<Fault>> = None;
        let mut types = Vec::new();
        if let (true, Value::Object(members)) = (alternatives.iter().all(Schema::has_constants), value)
            && !alternatives.iter().any(|alternative| alternative.is_meant_by(members))
        {
            faults.extend(wrong_constants(place, alternatives, members));
            return;
        }
        let meant = |alternative: &&Schema| match value {
            Value::Object(members) => alternative.is_meant_by(members),
            _ => true,
        };
        for alternative in alternatives.iter().filter(meant) {
            let its_types = self.types_of(alternative);
            let is_of_its_sort = its_types.is_empty() || its_types.iter().any(|allowed| allowed.is_of(value));
            types.extend(its_types);
            if !is_of_its_sort {
                continue;
            }
            let mut found = Vec::new();
            self.check_at(place, alternative, value, &mut found);
            if found.is_empty() {
                return;
            }
            if nearest.as_ref().is_none_or(|nearest| found.len() < nearest.len()) {
                nearest = Some(found);
            }
        }
        match nearest {
            Some(found) => faults.extend(found),
            None => faults.push(place.fault(ProblemCode::InvalidValue, &format!("must be {}", names(&types)))),
        }
    }

    /// The sorts of values that a schema is about; none where it does not say.
    fn types_of(&self, schema: &Schema) -> Vec<Type> {
        if !schema.types.is_empty() {
            return schema.types.clone();
        }
        match schema.reference.as_ref().and_then(|name| self.named.get(name)) {
            Some(named) => self.types_of(named),
            None => schema.alternatives.iter().flat_map(|one| self.types_of(one)).collect(),
        }
    }

    fn check_list(&self, place: &Pointer, rules: &ListRules, items: &[Value], faults: &mut Vec<Fault>) {
        if is_outside(items.len(), rules.least, rules.most) {
            let allowed = format!("must have {}", bounds(rules.least, rules.most, "items"));
            faults.push(place.fault(ProblemCode::InvalidValue, &allowed));
            return;
        }
        for (index, item) in items.iter().enumerate() {
            if faults.len() >= MAX_FAULTS {
                return;
            }
            if rules.is_set && items[..index].contains(item) {
                faults.push(place.item(index).fault(ProblemCode::InvalidValue, "stands in the list already"));
            }
            if let Some(schema) = &rules.items {
                self.check_at(&place.item(index), schema, item, faults);
            }
        }
    }

    fn check_object(
        &self,
        place: &Pointer,
        rules: &ObjectRules,
        members: &Map<String, Value>,
        faults: &mut Vec<Fault>,
    ) {
        for name in rules.required.iter().filter(|name| !members.contains_key(*name)) {
            faults.push(place.member(name).fault(ProblemCode::MissingMember, "is missing"));
        }
        for (name, value) in members {
            if faults.len() >= MAX_FAULTS {
                return;
            }
            match (rules.properties.get(name), &rules.others) {
                (Some(schema), _) => self.check_at(&place.member(name), schema, value, faults),
                (None, Others::Fitting(schema)) => self.check_at(&place.member(name), schema, value, faults),
                (None, Others::Any) => {}
                (None, Others::None) => {
                    let known: Vec<&str> = rules.properties.keys().map(String::as_str).collect();
                    let detail = format!("is unknown: there may be {}", known.join(", "));
                    let fault = place.member(name).fault(ProblemCode::UnknownMember, &detail);
                    faults.push(fault.did_you_mean(nearest(&shown(name), &known)));
                }
            }
        }
    }
}

impl Schema {
    /// The members that may be one thing only, with what that is.
    fn constants(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.object.properties.iter().filter_map(|(name, property)| match property.words.as_deref() {
            Some([only]) => Some((name.as_str(), only)),
            _ => None,
        })
    }

    fn has_constants(&self) -> bool {
        self.constants().next().is_some()
    }

    /// Whether an object has all the constant members.
    fn is_meant_by(&self, members: &Map<String, Value>) -> bool {
        self.constants().all(|(name, constant)| members.get(name) == Some(constant))
    }

    fn number_objection(&self, place: &Pointer, number: &serde_json::Number) -> Option<Fault> {
        let number = number.as_f64()?;
        let is_allowed = self.least.is_none_or(|least| number >= least) && self.most.is_none_or(|most| number <= most);
        let allowed = match (self.least, self.most) {
            (Some(least), Some(most)) => format!("must be from {least} to {most}"),
            (Some(least), None) => format!("must be {least} or more"),
            (None, Some(most)) => format!("must be {most} or less"),
            (None, None) => return None,
        };
        (!is_allowed).then(|| place.fault(ProblemCode::InvalidValue, &allowed))
    }
}

impl TextRules {
    fn objections(&self, place: &Pointer, text: &str) -> Option<Fault> {
        let fault = |detail: &str| Some(place.fault(ProblemCode::InvalidValue, detail));
        if (self.least.is_some() || self.most.is_some()) && is_outside(text.chars().count(), self.least, self.most) {
            return fault(&format!("must have {}", bounds(self.least, self.most, "characters")));
        }
        if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
            return fault(&format!("must match the pattern {pattern}"));
        }
        match self.format? {
            Format::Instant if DateTime::parse_from_rfc3339(text).is_err() => {
                fault("must be an instant such as 2026-03-01T00:00:00Z")
            }
            Format::Date if text.parse::<NaiveDate>().is_err() => fault("must be a date such as 2026-03-01"),
            Format::PartialDate if text.parse::<PartialDate>().is_err() => {
                fault("must be a date such as 2026-03-01, 2026-03 or 2026")
            }
            Format::Wording if !text.chars().any(char::is_alphanumeric) => fault("must hold a letter or a digit"),
            Format::Uri if Url::parse(text).is_err() => fault("must be a URI such as https://example.org/"),
            Format::UriReference
                if Url::options().base_url(Url::parse("http://h/").ok().as_ref()).parse(text).is_err() =>
            {
                fault("must be a URI or a path such as /articles/1")
            }
            _ => None,
        }
    }
}

impl Type {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::Text,
            "array" => Self::List,
            "object" => Self::Object,
            _ => return None,
        })
    }

    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Text => value.is_string(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }

    /// What it is called in a sentence.
    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

fn types(value: &Value) -> Option<Vec<Type>> {
    match value {
        Value::String(name) => Some(vec![Type::named(name)?]),
        _ => texts(value)?.iter().map(|name| Type::named(name)).collect(),
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// What is wrong with an object whose constant members are those of no alternative.
fn wrong_constants(place: &Pointer, alternatives: &[Schema], members: &Map<String, Value>) -> Vec<Fault> {
    let mut allowed: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (name, constant) in alternatives.iter().flat_map(Schema::constants) {
        let words = allowed.entry(name).or_default();
        if !words.contains(constant) {
            words.push(constant.clone());
        }
    }
    let fault = |(name, words): (&&str, &Vec<Value>)| match members.get(*name) {
        None => Some(place.member(name).fault(ProblemCode::MissingMember, "is missing")),
        Some(value) if !words.contains(value) => Some(not_among(&place.member(name), words, value)),
        Some(_) => None,
    };
    let faults: Vec<Fault> = allowed.iter().filter_map(fault).collect();
    if !faults.is_empty() {
        return faults;
    }
    let names: Vec<&str> = allowed.into_keys().collect();
    let detail = format!("must not have these together: {}", names.join(", "));
    vec![place.fault(ProblemCode::InvalidValue, &detail)]
}

/// `a text or null`
fn names(types: &[Type]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for allowed in types {
        if !names.contains(&allowed.name()) {
            names.push(allowed.name());
        }
    }
    names.join(" or ")
}

fn not_among(place: &Pointer, words: &[Value], value: &Value) -> Fault {
    let known: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    let allowed: Vec<String> =
        words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect();
    let near = value.as_str().map(|text| nearest(&shown(text), &known)).unwrap_or_default();
    place.fault(ProblemCode::InvalidValue, &format!("may be {}", allowed.join(", "))).did_you_mean(near)
}

fn is_outside(size: usize, least: Option<u64>, most: Option<u64>) -> bool {
    let size = size as u64;
    least.is_some_and(|least| size < least) || most.is_some_and(|most| size > most)
}

/// `1 to 100 characters`
fn bounds(least: Option<u64>, most: Option<u64>, what: &str) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most} {what}"),
        (Some(least), None) => format!("at least {least} {what}"),
        (None, most) => format!("at most {} {what}", most.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The pointers and details of what is wrong with a value; `Tree` and `Word` are named schemas.
    fn told(schema: &Value, value: &Value) -> Vec<String> {
        let document = json!({ "components": { "schemas": {
            "Word": { "type": "string", "enum": ["draft", "published"] },
            "Tree": {
                "type": "object",
                "required": ["name"],
                "properties": { "name": { "type": "string" }, "under": { "type": "array", "items": { "$ref": "#/components/schemas/Tree" } } },
                "additionalProperties": false,
            },
        } } });
        let mut schemas = Schemas::default();
        let schema = schemas.read(&document, schema).unwrap();
        schemas.check(&schema, value).into_iter().map(|fault| fault.detail).collect()
    }

    #[test]
    fn a_schema_may_lead_to_itself() {
        let tree = json!({ "$ref": "#/components/schemas/Tree" });
        let value = json!({ "name": "a", "under": [{ "name": "b", "under": [{ "nam": 1 }] }, 5] });
        assert_eq!(
            told(&tree, &value),
            [
                "/under/0/under/0/name is missing",
                "/under/0/under/0/nam is unknown: there may be name, under",
                "/under/1 must be an object"
            ]
        );
    }

    #[test]
    fn of_alternatives_the_one_that_is_meant_tells_what_is_wrong() {
        let named_or_new = json!({ "oneOf": [{ "type": "null" }, { "type": "string", "maxLength": 3 }, { "$ref": "#/components/schemas/Tree" }] });
        for right in [json!(null), json!("abc"), json!({ "name": "a" })] {
            assert!(told(&named_or_new, &right).is_empty(), "{right}");
        }
        assert_eq!(told(&named_or_new, &json!("abcd")), ["the body must have at most 3 characters"]);
        assert_eq!(told(&named_or_new, &json!({ "name": 5 })), ["/name must be a text"]);
        assert_eq!(told(&named_or_new, &json!(5)), ["the body must be null or a text or an object"]);
        let several = json!({ "anyOf": [
            { "type": "object", "required": ["op", "data"], "properties": { "op": { "const": "create" } } },
            { "type": "object", "required": ["op"], "properties": { "op": { "const": "delete" } } },
        ] });
        assert_eq!(told(&several, &json!({ "op": "create" })), ["/data is missing"]);
        assert_eq!(told(&several, &json!({ "op": "erase" })), ["/op may be create, delete"]);
    }

    #[test]
    fn values_are_held_to_their_bounds_words_and_formats() {
        let all = json!({ "type": "object", "additionalProperties": { "type": ["string", "null"], "format": "date-time" }, "properties": {
            "word": { "$ref": "#/components/schemas/Word" },
            "small": { "type": "integer", "format": "int32", "minimum": 0 },
            "share": { "type": "number", "maximum": 1 },
            "day": { "type": "string", "format": "date" },
            "url": { "type": "string", "format": "uri" },
            "path": { "type": "string", "format": "uri-reference" },
            "slug": { "type": "string", "pattern": "^[a-z]+$" },
            "both": { "allOf": [{ "minLength": 2 }, { "maxLength": 3 }] },
            "set": { "type": "array", "uniqueItems": true, "minItems": 1, "maxItems": 3 },
        } });
        let right = json!({ "word": "draft", "small": 0, "share": 0.5, "day": "2024-02-29", "url": "https://a.example/", "path": "/a",
            "slug": "a", "both": "ab", "set": [1, "1"], "other": "2024-02-29T00:00:00Z", "nothing": null });
        assert_eq!(told(&all, &right), Vec::<String>::new());
        for (member, value, detail) in [
            ("word", json!("drafts"), "may be draft, published"),
            ("small", json!(-1), "must be from 0 to 2147483647"),
            ("small", json!(1.0), "must be a whole number"),
            ("small", json!(3_000_000_000_u64), "must be from 0 to 2147483647"),
            ("share", json!(2), "must be 1 or less"),
            ("day", json!("2023-02-29"), "must be a date such as 2026-03-01"),
            ("url", json!("/a"), "must be a URI such as https://example.org/"),
            ("slug", json!("A"), "must match the pattern ^[a-z]+$"),
            ("both", json!("a"), "must have at least 2 characters"),
            ("both", json!("abcd"), "must have at most 3 characters"),
            ("set", json!([]), "must have 1 to 3 items"),
            ("other", json!("soon"), "must be an instant such as 2026-03-01T00:00:00Z"),
            ("other", json!(1), "must be a text or null"),
        ] {
            assert_eq!(told(&all, &json!({ member: value })), [format!("/{member} {detail}")]);
        }
        assert_eq!(told(&all, &json!({ "set": [1, 1] })), ["/set/1 stands in the list already"]);
    }

    #[test]
    fn what_cannot_be_checked_is_no_schema() {
        for schema in [
            json!({ "type": "string", "contentEncoding": "base64" }),
            json!({ "type": "string", "format": "duration" }),
            json!({ "type": "text" }),
            json!({ "type": "string", "pattern": "(" }),
            json!({ "type": "array", "uniqueItems": true }),
            json!({ "$ref": "#/components/schemas/Missing" }),
            json!({ "properties": { "a": { "not": {} } } }),
        ] {
            assert!(Schemas::default().read(&json!({}), &schema).is_err(), "{schema}");
        }
    }
}
