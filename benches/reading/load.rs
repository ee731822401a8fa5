//! A client that costs little: HTTP/1.1 over connections that stay open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps this process, and what it starts from now on, on one processor, if there are several.
pub fn stay_on_processor(number: usize) {
    if std::thread::available_parallelism().is_ok_and(|count| count.get() == 1) && number == 0 {
        return;
    }
    let mut processors = CpuSet::new();
    if processors.set(number).is_ok() {
        // Where it is not allowed, the figures are only noisier.
        let _ = sched_setaffinity(Pid::from_raw(0), &processors);
    }
}

/// One connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn new(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// The body of an answer, which has to be 200.
    pub fn get(&mut self, path: &str) -> Vec<u8> {
        self.exchange(&request(path, ""), 200)
    }

    /// The body of the answer to a request, which has to have this status.
    pub fn exchange(&mut self, request: &[u8], status: u16) -> Vec<u8> {
        self.stream.get_mut().write_all(request).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        assert_eq!(line.split(' ').nth(1), Some(status.to_string().as_str()), "{}", String::from_utf8_lossy(request));
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = Some(value.trim().parse().unwrap());
            }
        }
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body).unwrap();
        body
    }
}

impl Client {
    /// A header of the answer to a GET.
    #[allow(dead_code, reason = "one of the benchmarks that share this asks for it")]
    pub fn header(&mut self, path: &str, name: &str) -> String {
        self.stream.get_mut().write_all(&request(path, "Connection: close\r\n")).unwrap();
        let mut answer = Vec::new();
        self.stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).unwrap().1.to_owned()
    }
}

/// A GET, with more lines of head where there are any.
pub fn request(path: &str, head: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n").into_bytes()
}

/// The median seconds of one request for each client and its path, measured in turns.
pub fn alternately(clients: &mut [Client], paths: &[String], rounds: usize) -> Vec<f64> {
    const REQUESTS: u32 = 8;
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(rounds); clients.len()];
    // The first rounds warm up, and PostgreSQL settles on a plan after five.
    for round in 0..rounds + 2 {
        for (index, client) in clients.iter_mut().enumerate() {
            let start = Instant::now();
            for _ in 0..REQUESTS {
                client.get(&paths[index]);
            }
            if round >= 2 {
                times[index].push(start.elapsed().as_secs_f64() / f64::from(REQUESTS));
            }
        }
    }
    times.into_iter().map(median).collect()
}

/// The requests that several connections together get answered in a second.
pub fn rate(port: u16, path: &str, connections: usize, duration: Duration) -> f64 {
    let is_over = AtomicBool::new(false);
    let mut clients: Vec<Client> = (0..connections).map(|_| Client::new(port)).collect();
    let start = Instant::now();
    let count: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                scope.spawn(|| {
                    let mut count = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        client.get(path);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        std::thread::sleep(duration);
        is_over.store(true, Ordering::Relaxed);
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    count as f64 / start.elapsed().as_secs_f64()
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
