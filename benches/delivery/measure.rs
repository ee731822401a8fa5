//! Load, and what it costs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::load::{self, Client, request};
use crate::server::Server;

/// One request to one server.
pub struct Subject<'s> {
    pub name: &'static str,
    pub server: &'s Server,
    pub request: Vec<u8>,
    pub status: u16,
}

/// What was measured: the median of the rounds.
pub struct Figures {
    /// Requests in a second.
    pub rate: f64,
    /// The server's time on the processor for one request, in microseconds.
    pub processor: f64,
    /// Milliseconds that half of the requests took at most.
    pub median: f64,
    /// Milliseconds that 99 of 100 requests took at most.
    pub p99: f64,
}

/// Measures all subjects in turns, with so many connections.
pub fn in_turns(subjects: &[Subject<'_>], connections: usize, rounds: usize, turn: u64) -> Vec<Figures> {
    let mut taken: Vec<Vec<Figures>> = subjects.iter().map(|_| Vec::new()).collect();
    // The first round warms up.
    for round in 0..=rounds {
        for (index, subject) in subjects.iter().enumerate() {
            let figures = measure(subject, connections, Duration::from_millis(turn));
            if round > 0 {
                taken[index].push(figures);
            }
        }
    }
    let median = |all: &[Figures], of: fn(&Figures) -> f64| load::median(all.iter().map(of).collect());
    taken
        .iter()
        .map(|all| Figures {
            rate: median(all, |figures| figures.rate),
            processor: median(all, |figures| figures.processor),
            median: median(all, |figures| figures.median),
            p99: median(all, |figures| figures.p99),
        })
        .collect()
}

fn measure(subject: &Subject<'_>, connections: usize, duration: Duration) -> Figures {
    let is_over = AtomicBool::new(false);
    let mut clients: Vec<Client> = (0..connections).map(|_| Client::new(subject.server.port)).collect();
    let ticks = processor_ticks(subject.server);
    let start = Instant::now();
    let mut times: Vec<f64> = std::thread::scope(|scope| {
        let runs: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                scope.spawn(|| {
                    let mut times = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let start = Instant::now();
                        client.exchange(&subject.request, subject.status);
                        times.push(start.elapsed().as_secs_f64() * 1e3);
                    }
                    times
                })
            })
            .collect();
        std::thread::sleep(duration);
        is_over.store(true, Ordering::Relaxed);
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    let processor = (processor_ticks(subject.server) - ticks) as f64 * 1e4;
    let count = times.len();
    times.sort_by(f64::total_cmp);
    Figures {
        rate: count as f64 / seconds,
        processor: processor / count as f64,
        median: times[count / 2],
        p99: times[count * 99 / 100],
    }
}

/// Hundredths of a second that a server has had of the processor.
fn processor_ticks(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process.id())).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    // utime and stime (proc_pid_stat(5)).
    fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

/// Bytes of memory that a server holds.
pub fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    1024 * line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
}

/// Reads every article and many lists once, in two encodings.
pub fn read_many(server: &Server, size: usize) {
    std::thread::scope(|scope| {
        for part in 0..8 {
            scope.spawn(move || {
                let mut client = Client::new(server.port);
                for number in (part..size).step_by(8) {
                    client.get(&format!("/v1/articles/article-{number}"));
                    client.exchange(
                        &request(&format!("/v1/articles/article-{number}"), "Accept-Encoding: gzip\r\n"),
                        200,
                    );
                    client.get(&format!("/v1/articles?label=label-{}&limit={}", number % 300, number % 40 + 1));
                }
            });
        }
    });
}
