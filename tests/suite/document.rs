//! The API document: complete, written for its reader, and true.

use serde_json::{Value, json};

use verbatim::access::Scope;

use crate::support::TestServer;
use crate::support::http::send_body;
use crate::support::server::bearer;
use crate::writing::{ANY, send, send_empty};

pub fn document() -> Value {
    serde_json::from_str(&verbatim::server::openapi_json()).unwrap()
}

/// Every operation: its method, path and description.
pub fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (method.clone(), path.clone(), operation))
        })
        .collect()
}

#[test]
fn every_operation_is_described_for_its_reader() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = Vec::new();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(id.contains('_') && !ids.contains(&id), "{id}");
        ids.push(id);
        for text in ["summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| text.len() > 10), "{method} {path} has no {text}");
        }
        assert!(tags.contains(&&operation["tags"][0]), "{id}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["description"].as_str().is_some_and(|text| text.len() > 10),
                "{id} {}",
                parameter["name"]
            );
        }
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')) && responses.contains_key("500"), "{id}");
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            let shared = response["$ref"].as_str().unwrap_or_else(|| panic!("{id} {status} is no shared problem"));
            let problem = document.pointer(shared.trim_start_matches('#')).unwrap();
            let schema = &problem["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{id} {status}");
        }
    }
    assert!(ids.len() >= 14);
}

#[test]
fn every_field_is_described() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let of_alternative = &property["oneOf"][0]["description"];
            let is_whole_resource = property.as_object().is_some_and(|p| p.len() == 1 && p.contains_key("$ref"));
            let is_described = property["description"].is_string() || of_alternative.is_string() || is_whole_resource;
            assert!(is_described, "{name}.{field} has no description");
        }
    }
}

#[test]
fn every_write_can_run_dry_and_every_post_be_named() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let names: Vec<&str> = parameters.filter_map(|parameter| parameter["name"].as_str()).collect();
        let can_run_dry = method == "get" || names.contains(&"dry_run");
        assert!(can_run_dry, "{method} {path} has no dry_run");
        assert!(method != "post" || names.contains(&"Idempotency-Key"), "{method} {path} has no Idempotency-Key");
    }
}

/// The example of a parameter; of an optional one it is in the schema, so that the explorer does not fill it in.
fn given(parameter: &Value) -> &Value {
    let own = &parameter["example"];
    if own.is_null() { &parameter["schema"]["examples"][0] } else { own }
}

/// The example of a property; of one of a few words the first.
fn given_value(document: &Value, property: &Value) -> Value {
    let named = property["$ref"].as_str().and_then(|reference| document.pointer(reference.strip_prefix('#')?));
    let examples = [&property["example"], &property["examples"][0]];
    let words = named.map(|schema| &schema["enum"][0]);
    examples.into_iter().chain(words).find(|example| !example.is_null()).cloned().unwrap_or_default()
}

/// The body that the examples of its members make.
fn body_example(document: &Value, operation: &Value) -> Option<Value> {
    let schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str()?;
    let schema = document.pointer(schema.strip_prefix('#')?)?;
    // A member that is one of some words needs no example: the words are there.
    let members =
        schema["properties"].as_object()?.iter().filter(|(_, property)| !given_value(document, property).is_null());
    Some(members.map(|(name, property)| (name.clone(), given_value(document, property))).collect())
}

/// The target of a request that the examples of parameters make: all of them, or those that must be there. Ids are those
/// of what exists; `admin` is a key that may list keys.
pub fn example_target(server: &TestServer, admin: &str, path: &str, operation: &Value, needed_only: bool) -> String {
    let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
    let example = |parameter: &Value| match given(parameter) {
        Value::String(text) if text.starts_with("mer_") => {
            server.get_with(admin, "/v1/merges?limit=1").column("/id").remove(0)
        }
        Value::String(text) if text.starts_with("hook_") || text.starts_with("msg_") => {
            let draft = json!({ "name": "An example", "endpoint": "https://search.example.org/hooks" });
            let made = send(server, admin, "POST", "/v1/webhooks", &[], &draft).json()["data"]["id"].take();
            let made = made.as_str().unwrap().to_owned();
            if text.starts_with("hook_") { made } else { crate::webhooks::message_to(server, &made) }
        }
        Value::String(text) if text.starts_with("key_") => {
            server.key(&[Scope::Read]);
            server.get_with(admin, "/v1/keys?limit=1").column("/id").remove(0)
        }
        Value::String(text) => text.clone(),
        Value::Array(words) => words.iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    let mut target = path.to_owned();
    for parameter in parameters.iter().filter(|parameter| parameter["in"] == "path") {
        target = target.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &example(parameter));
    }
    let query: Vec<String> = parameters
        .iter()
        .filter(|parameter| {
            parameter["in"] == "query" && !["after", "before"].contains(&parameter["name"].as_str().unwrap())
        })
        .filter(|parameter| !needed_only || parameter["required"] == true)
        .map(|parameter| {
            assert!(!given(parameter).is_null(), "{path}: {} has no example", parameter["name"]);
            let value: String = url::form_urlencoded::byte_serialize(example(parameter).as_bytes()).collect();
            format!("{}={value}", parameter["name"].as_str().unwrap())
        })
        .collect();
    if query.is_empty() { target } else { format!("{target}?{}", query.join("&")) }
}

#[test]
fn every_example_works() {
    let server = TestServer::with_examples();
    let admin = server.key(&[Scope::Admin]);
    let document = document();
    let mut examples = 0;
    for (method, path, operation) in operations(&document) {
        let target = example_target(&server, &admin, &path, operation, false);
        let answer = match body_example(&document, operation) {
            Some(body) => send(&server, &admin, &method.to_uppercase(), &target, ANY, &body),
            None if operation["requestBody"]["content"]["application/octet-stream"].is_object() => {
                let headers = [("authorization", bearer(&admin)), ("content-type", "application/octet-stream".into())];
                let headers = headers.each_ref().map(|(name, value): &(&str, String)| (*name, value.as_str()));
                send_body(&method.to_uppercase(), &server.url(&target), &headers, b"A Title\nA text.\n")
            }
            None => {
                send_empty(&server, &admin, &method.to_uppercase(), &target, if method == "get" { &[] } else { ANY })
            }
        };
        assert!(matches!(answer.status, 200..=202), "{method} {target}: {}", answer.text);
        examples += 1;
    }
    assert!(examples >= 14);
}

#[test]
fn the_served_document_is_the_generated_one() {
    let server = TestServer::start();
    let answer = server.get("/openapi.json");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.text, verbatim::server::openapi_json());
}
