//! A client of server-sent events (WHATWG HTML, "Interpreting an event stream").

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;
use ureq::Agent;

/// An event as a page would get it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: Value,
}

/// A stream that is open.
pub struct EventStream {
    lines: BufReader<Box<dyn Read + Send>>,
    /// What a page would send in `Last-Event-ID`.
    pub last_id: String,
    headers: Vec<(String, String)>,
    first: Option<Event>,
}

impl EventStream {
    /// Opens a stream.
    pub fn open(url: &str, headers: &[(&str, &str)]) -> Self {
        let agent: Agent = Agent::config_builder().build().into();
        let mut request = agent.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.call().unwrap();
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let lines = BufReader::new(Box::new(response.into_body().into_reader()) as Box<dyn Read + Send>);
        let mut stream = Self { lines, last_id: String::new(), headers, first: None };
        // What it begins with: nothing for a page but a place, or a reset.
        stream.first = stream.block().flatten();
        stream
    }

    /// Opens a stream where another one ended; its first event may be there already.
    pub fn resume(url: &str, last_id: &str, headers: &[(&str, &str)]) -> Self {
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("last-event-id", last_id)]).collect();
        Self::open(url, &headers)
    }

    /// A header of the answer.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Waits for the next event; `None` when the stream ends.
    pub fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            if let Some(event) = self.block()? {
                return Some(event);
            }
        }
    }

    /// The next block; it may hold no event.
    pub fn block(&mut self) -> Option<Option<Event>> {
        let (mut name, mut data) = ("message".to_owned(), String::new());
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            let line = line.trim_end_matches('\n');
            match line.split_once(": ").unwrap_or((line, "")) {
                ("", "") => break,
                ("event", value) => name = value.to_owned(),
                ("id", value) => self.last_id = value.to_owned(),
                ("data", value) => data.push_str(value),
                _ => {}
            }
        }
        if data.is_empty() {
            return Some(None);
        }
        Some(Some(Event { name, id: self.last_id.clone(), data: serde_json::from_str(&data).unwrap() }))
    }
}
