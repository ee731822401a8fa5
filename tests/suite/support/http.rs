//! Requests and answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
});

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
    headers: ureq::http::HeaderMap,
}

impl Answer {
    /// A header; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The names of the headers, as often as each is there.
    pub fn header_names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// `data` of the body.
    pub fn data(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()["data"].take()
    }

    /// The value at `pointer` in each row of `data`, as text.
    pub fn column(&self, pointer: &str) -> Vec<String> {
        let data = self.data();
        let rows = data.as_array().unwrap().iter();
        rows.map(|row| row.pointer(pointer).unwrap().as_str().unwrap().to_owned()).collect()
    }

    /// The body as a problem document, checked for what every problem holds.
    pub fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(problem["type"].as_str().unwrap().ends_with(problem["code"].as_str().unwrap()));
        problem
    }
}

/// Sends a request without a body.
pub fn send(method: &str, url: &str, headers: &[(&str, &str)]) -> Answer {
    run(request(method, url, headers).body(()).unwrap())
}

/// Sends a request with a body.
pub fn send_body(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    run(request(method, url, headers).body(body).unwrap())
}

/// The same, where the server may be gone: then there is no answer.
pub fn try_send_body(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
    try_run(request(method, url, headers).body(body).unwrap())
}

fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> ureq::http::request::Builder {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}

fn run(request: ureq::http::Request<impl ureq::AsSendBody>) -> Answer {
    answer_of(AGENT.run(request).unwrap()).unwrap()
}

fn try_run(request: ureq::http::Request<impl ureq::AsSendBody>) -> Option<Answer> {
    answer_of(AGENT.run(request).ok()?).ok()
}

fn answer_of(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    // A stream of events does not end.
    let is_stream = response.headers().get("content-type").is_some_and(|value| value == "text/event-stream");
    let text = if is_stream { String::new() } else { response.body_mut().read_to_string()? };
    Ok(Answer { status: response.status().as_u16(), text, headers: response.headers().clone() })
}

/// Sends bytes as they are and returns what comes back until the server closes the connection.
pub fn send_bytes(address: &str, bytes: &[u8]) -> String {
    String::from_utf8_lossy(&exchange_bytes(address, bytes)).into_owned()
}

/// The same for an answer that is not text.
pub fn exchange_bytes(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // A server may close before it has read everything: what it said until then counts.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}
