//! Server processes.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// A server that runs as long as this is kept.
pub struct Server {
    pub process: Child,
    pub port: u16,
}

impl Server {
    /// Verbatim itself on a database, with settings of its own.
    pub fn verbatim(database: &str, settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(env!("CARGO_BIN_EXE_verbatim"))
            .arg("serve")
            .env("DATABASE_URL", database)
            .env("VERBATIM_LISTEN", format!("127.0.0.1:{port}"))
            .envs(settings.iter().copied())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self { process, port }
    }

    /// This program, called with a flag, as a server of what is told it on its standard input; it tells its port.
    pub fn of_this_program(flag: &str, told: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg(flag)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().unwrap() }
    }
}

/// Settings without a cache of answers and without a log.
pub const READING: &[(&str, &str)] = &[("VERBATIM_CACHE_BYTES", "0"), ("VERBATIM_LOG", "warn")];

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
