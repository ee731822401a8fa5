//! A file seen through a window: what is being read of it is in memory, what was read is not.

use std::io::{self, Read};

use memchr::memchr_iter;

use super::entry::Place;

/// How much is read at once, in bytes.
const STRETCH: usize = 64 * 1024;

/// The part of a file that is in memory.
pub(super) struct Window<R> {
    reader: R,
    bytes: Vec<u8>,
    /// Where the window begins in the file.
    start_byte: u64,
    /// The line of its first byte, from 1.
    start_line: u64,
    is_at_end: bool,
}

impl<R: Read> Window<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, bytes: Vec::new(), start_byte: 0, start_line: 1, is_at_end: false }
    }

    /// What is in memory.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the file has nothing behind the window, as far as that was asked.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Reads on; false where the file has no more.
    pub(super) fn read_more(&mut self) -> io::Result<bool> {
        let length = self.bytes.len();
        while !self.is_at_end {
            self.bytes.resize(length + STRETCH, 0);
            let read = self.reader.read(&mut self.bytes[length..]);
            self.bytes.truncate(length + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => self.is_at_end = true,
                Ok(_) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.is_at_end = true;
                    return Err(error);
                }
            }
        }
        Ok(false)
    }

    /// Moves the beginning of the window to one of its bytes.
    pub(super) fn drop_before(&mut self, index: usize) {
        self.start_line += lines(&self.bytes[..index]);
        self.start_byte += index as u64;
        self.bytes.drain(..index);
        // After an enormous thing the memory it took is given back.
        if self.bytes.capacity() > 64 * STRETCH && self.bytes.len() < STRETCH {
            self.bytes.shrink_to(4 * STRETCH);
        }
    }

    /// Where a byte of the window stands in the file.
    pub(super) fn place(&self, index: usize, number: u64) -> Place {
        Place { number, line: self.start_line + lines(&self.bytes[..index]), byte: self.start_byte + index as u64 }
    }
}

fn lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
