//! Bodies of requests: read within a limit, parsed strictly, and checked against the API document before they are typed.
//!
//! Like the query parameters (see [`parameters`](super::parameters)), a body is what the document says and nothing else.
//! Only what is not JSON at all ends at its first fault.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use super::error::ApiError;
use super::problem::{Fault, ProblemCode};
use super::schema::{MAX_FAULTS, Pointer, Schema, Schemas};

/// How deep lists and objects may stand in one another.
const MAX_DEPTH: usize = 32;

/// A JSON body that is still to be read: after the caller was let in, and before anything is done.
///
/// The document finds it by its name.
pub struct Json<T> {
    request: HttpRequest,
    payload: web::Payload,
    content: PhantomData<T>,
}

impl<T: 'static> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let payload = web::Payload::from_request(request, payload).into_inner();
        ready(
            payload
                .map(|payload| Self { request: request.clone(), payload, content: PhantomData })
                .map_err(ApiError::internal),
        )
    }
}

impl<T: DeserializeOwned> Json<T> {
    /// Reads the body: 413 when it is too large, 415 when it is of another media type, 400 when it is not JSON, and 422
    /// with every fault when it is not what the document says.
    pub async fn read(self) -> Result<T, ApiError> {
        // What fits the schema fits the type; a difference is shown to the client, who can do something about it.
        serde_json::from_value(self.read_value().await?)
            .map_err(|error| ApiError::body_faults(vec![body_fault(ProblemCode::InvalidValue, "", error)]))
    }

    /// The same, as plain JSON: of a patch it matters what is absent and what is null.
    pub async fn read_value(self) -> Result<Value, ApiError> {
        let Self { request, payload, .. } = self;
        let rules = request.app_data::<web::Data<BodyRules>>();
        let rules = rules.ok_or_else(|| ApiError::internal("the server has no rules for bodies"))?;
        let rule = rules.of(&request)?;
        rule.check_media_type(&request)?;
        let bytes = read_bytes(&request, payload, rules.max_body).await?;
        request.extensions_mut().insert(BodyDigest(Sha256::digest(&bytes).into()));
        let (value, mut faults) = parse(&bytes)?;
        faults.extend(rules.schemas.check(&rule.schema, &value));
        faults.truncate(MAX_FAULTS);
        if !faults.is_empty() {
            return Err(ApiError::body_faults(faults));
        }
        Ok(value)
    }
}

/// SHA-256 of the body that a request has sent; kept with the request once it was read.
#[derive(Debug, Clone, Copy)]
pub struct BodyDigest(pub [u8; 32]);

/// A fault of a body that its schema cannot tell. `detail` begins with what is wrong.
pub fn body_fault(code: ProblemCode, pointer: &str, detail: impl std::fmt::Display) -> Fault {
    Fault::in_body(code, pointer, detail.to_string())
}

/// What the bodies of every operation must be, by method and path template.
#[derive(Debug)]
pub struct BodyRules {
    max_body: usize,
    schemas: Schemas,
    operations: HashMap<(String, String), BodyRule>,
}

/// What the body of one operation must be.
#[derive(Debug)]
struct BodyRule {
    media_types: Vec<String>,
    schema: Schema,
}

impl BodyRules {
    /// Reads the rules out of the API document. Fails where a body is described in words that cannot be checked.
    pub fn from_document(document: &Value, max_body: usize) -> Result<Self, String> {
        let mut rules = Self { max_body, schemas: Schemas::default(), operations: HashMap::new() };
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
                let media_types = content.keys().cloned().collect();
                // All media types of an operation are ways to say that the same JSON is meant.
                let schema = content.values().next().map_or(&Value::Null, |described| &described["schema"]);
                let schema =
                    rules.schemas.read(document, schema).map_err(|error| format!("{method} {path}: {error}"))?;
                rules.operations.insert((method.to_ascii_uppercase(), path.clone()), BodyRule { media_types, schema });
            }
        }
        Ok(rules)
    }

    fn of(&self, request: &HttpRequest) -> Result<&BodyRule, ApiError> {
        let operation = (request.method().to_string(), request.match_pattern().unwrap_or_default());
        let rule = self.operations.get(&operation);
        rule.ok_or_else(|| ApiError::internal(format!("{} {} declares no body", operation.0, operation.1)))
    }
}

impl BodyRule {
    fn check_media_type(&self, request: &HttpRequest) -> Result<(), ApiError> {
        let unsupported = |detail: String| Err(ApiError::new(ProblemCode::UnsupportedMediaType, detail));
        let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
        let stated = header(CONTENT_TYPE).unwrap_or_default();
        let (essence, parameters) = stated.split_once(';').unwrap_or((&stated, ""));
        let is_utf_8 = matches!(parameters.trim().trim_end_matches(';'), "" | "charset=utf-8" | "charset=\"utf-8\"");
        if !is_utf_8 || !self.media_types.iter().any(|media_type| media_type == essence.trim()) {
            let allowed = self.media_types.join(" or ");
            return unsupported(format!("the body must be {allowed} in UTF-8, and its Content-Type say so"));
        }
        match header(CONTENT_ENCODING) {
            Some(encoding) if encoding != "identity" => unsupported("the body must not be compressed".to_owned()),
            _ => Ok(()),
        }
    }
}

async fn read_bytes(request: &HttpRequest, payload: web::Payload, max_body: usize) -> Result<web::Bytes, ApiError> {
    let too_large = || ApiError::new(ProblemCode::BodyTooLarge, format!("the body may have at most {max_body} bytes"));
    let stated = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if stated.is_some_and(|length| length > max_body) {
        return Err(too_large());
    }
    let bytes = payload.to_bytes_limited(max_body).await.map_err(|_| too_large())?;
    bytes.map_err(|error| ApiError::new(ProblemCode::MalformedRequest, format!("the body cannot be read: {error}")))
}

/// Parses JSON; also tells what JSON allows and we do not: names that stand twice, null characters, too much depth.
fn parse(bytes: &[u8]) -> Result<(Value, Vec<Fault>), ApiError> {
    let malformed = |error| ApiError::new(ProblemCode::MalformedJson, format!("the body is not JSON: {error}"));
    let mut faults = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict { place: Pointer::default(), depth: 0, faults: &mut faults };
    let value = strict.deserialize(&mut deserializer).map_err(malformed)?;
    deserializer.end().map_err(malformed)?;
    Ok((value, faults))
}

/// Reads one value and notes what is not allowed in it.
struct Strict<'f> {
    place: Pointer,
    depth: usize,
    faults: &'f mut Vec<Fault>,
}

impl Strict<'_> {
    fn within(&mut self, place: Pointer) -> Strict<'_> {
        Strict { place, depth: self.depth + 1, faults: self.faults }
    }

    fn note(&mut self, code: ProblemCode, place: &Pointer, detail: &str) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(place.fault(code, detail));
        }
    }

    fn check_text(&mut self, place: &Pointer, text: &str) {
        if text.contains('\0') {
            self.note(ProblemCode::InvalidValue, place, "must not hold a null character");
        }
    }

    /// Whether what is inside is too deep; then it is passed over.
    fn is_too_deep(&mut self) -> bool {
        let is_too_deep = self.depth >= MAX_DEPTH;
        if is_too_deep {
            let place = self.place.clone();
            self.note(ProblemCode::InvalidValue, &place, &format!("stands deeper than {MAX_DEPTH} lists and objects"));
        }
        is_too_deep
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(mut self, text: &str) -> Result<Value, E> {
        let place = self.place.clone();
        self.check_text(&place, text);
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        if self.is_too_deep() {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Array(list));
        }
        loop {
            let place = self.place.item(list.len());
            match items.next_element_seed(self.within(place))? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        if self.is_too_deep() {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Object(object));
        }
        while let Some(name) = members.next_key::<String>()? {
            let place = self.place.member(&name);
            self.check_text(&place, &name);
            if object.contains_key(&name) {
                self.note(ProblemCode::RepeatedMember, &place, "stands more than once");
            }
            let value = members.next_value_seed(self.within(place))?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}
