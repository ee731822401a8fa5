//! A receiver of webhooks: an HTTP server that answers as a test wants.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use super::wait_until;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What to answer to the request of a number, from 1; `None` for never.
type Answering = dyn Fn(usize) -> Option<String> + Send + Sync;

pub struct Receiver {
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
}

/// An answer without a body.
pub fn status(line: &str) -> Option<String> {
    Some(format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n"))
}

impl Receiver {
    /// A receiver that takes everything.
    pub fn taking() -> Self {
        Self::answering(|_| status("204 No Content"))
    }

    /// A receiver that answers so.
    pub fn answering(answer: impl Fn(usize) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (notes, answer): (_, Arc<Answering>) = (Arc::clone(&received), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (notes, answer) = (Arc::clone(&notes), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &notes, &*answer));
            }
        });
        Self { port, received }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook?x=1", self.port)
    }

    /// What came by now.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so much came; gives it.
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        wait_until("messages arrive", || self.received().len() >= count);
        self.received()
    }
}

fn serve(stream: TcpStream, notes: &Mutex<Vec<Received>>, answer: &Answering) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    assert_eq!(line, "POST /hook?x=1 HTTP/1.1\r\n");
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let number = {
        let mut notes = notes.lock().unwrap();
        notes.push(Received { headers, body: String::from_utf8(body).ok()? });
        notes.len()
    };
    match answer(number) {
        Some(answer) => (&stream).write_all(answer.as_bytes()).ok(),
        // Until the other side gives up.
        None => reader.read(&mut [0]).map(|_| ()).ok(),
    }
}
