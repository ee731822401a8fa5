//! The rows of tables in an export of Ghost, one after another: one JSON document of any size, one row in memory.

use std::io::Read;

use memchr::memchr3;

use crate::imports::entry::{Place, Refusal};
use crate::imports::window::Window;

/// The largest row that is read, in bytes.
const MAX_ROW: usize = 32 * 1024 * 1024;
/// How deep anything nests outside the rows, and how long a name may be there.
const MAX_DEPTH: usize = 32;
const MAX_NAME: usize = 1024;

/// What holds the tables.
const TABLES: &str = "data";

/// The rows of some tables of an export.
pub(super) struct Rows<R> {
    window: Window<R>,
    wanted: &'static [&'static str],
    /// How much of the window was looked at.
    at: usize,
    open: Vec<Level>,
    /// Where the string that is open began.
    string: Option<usize>,
    is_escaped: bool,
    /// The last string, where it may be a name.
    name: Option<String>,
    row: Option<Begun>,
    number: u64,
    /// Whether the document has ended.
    is_closed: bool,
    is_done: bool,
}

/// One row.
pub(super) struct Row {
    /// The table it stands in.
    pub table: &'static str,
    /// Where it stands, numbered among the wanted rows.
    pub place: Place,
    /// The row as it is written, or why it cannot be read.
    pub content: Result<String, Refusal>,
}

/// An object or a list that is open.
struct Level {
    is_list: bool,
    /// What it is called in the object around it.
    name: Option<String>,
}

/// A row that has begun at the beginning of the window.
struct Begun {
    table: &'static str,
    place: Place,
    depth: usize,
    dropped: u64,
}

impl<R: Read> Rows<R> {
    pub(super) fn of(reader: R, wanted: &'static [&'static str]) -> Self {
        Self {
            window: Window::new(reader),
            wanted,
            at: 0,
            open: Vec::new(),
            string: None,
            is_escaped: false,
            name: None,
            row: None,
            number: 0,
            is_closed: false,
            is_done: false,
        }
    }

    /// Looks at the next byte that means something. `Ok(None)`: there is none in the window.
    fn step(&mut self) -> Result<Option<Option<Row>>, Refusal> {
        if self.string.is_some() {
            return Ok(self.in_string());
        }
        let is_structure = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b'"' | b':' | b',');
        let Some(found) = self.window.bytes()[self.at..].iter().position(is_structure) else {
            self.at = self.window.bytes().len();
            return Ok(None);
        };
        let index = self.at + found;
        let byte = self.window.bytes()[index];
        self.at = index + 1;
        match byte {
            b'"' => self.string = Some(index),
            b'{' | b'[' => self.begin(index, byte == b'[')?,
            b'}' | b']' => return Ok(Some(self.end_level())),
            b',' => self.name = None,
            _ => {}
        }
        Ok(Some(None))
    }

    fn in_string(&mut self) -> Option<Option<Row>> {
        let bytes = self.window.bytes();
        if std::mem::take(&mut self.is_escaped) {
            if self.at == bytes.len() {
                self.is_escaped = true;
                return None;
            }
            self.at += 1;
            return Some(None);
        }
        let Some(found) = memchr3(b'"', b'\\', b'\n', &bytes[self.at..]) else {
            self.at = bytes.len();
            return None;
        };
        let index = self.at + found;
        self.at = index + 1;
        if bytes[index] == b'\\' {
            self.is_escaped = true;
            return Some(None);
        }
        // No string of JSON has a newline: one that was never closed ends here, and its row is refused when it is read.
        let start = self.string.take().unwrap_or(index);
        if self.row.is_none() {
            let name = bytes.get(start + 1..index).filter(|name| name.len() <= MAX_NAME);
            self.name = name.map(|name| String::from_utf8_lossy(name).into_owned());
        }
        Some(None)
    }

    fn begin(&mut self, index: usize, is_list: bool) -> Result<(), Refusal> {
        if let Some(row) = &mut self.row {
            row.depth += 1;
            return Ok(());
        }
        if let Some(table) = self.table().filter(|_| !is_list) {
            self.number += 1;
            self.drop_before(index);
            let place = self.window.place(0, self.number);
            self.row = Some(Begun { table, place, depth: 1, dropped: 0 });
            return Ok(());
        }
        if self.open.len() == MAX_DEPTH {
            let place = self.window.place(index, self.number);
            return Err(Refusal::at(place, format!("it nests more than {MAX_DEPTH} deep")));
        }
        let is_member = self.open.last().is_some_and(|level| !level.is_list);
        let name = self.name.take().filter(|_| is_member);
        self.open.push(Level { is_list, name });
        Ok(())
    }

    /// The wanted table whose list is open.
    fn table(&self) -> Option<&'static str> {
        let [.., tables, table] = self.open.as_slice() else { return None };
        let is_table = table.is_list && !tables.is_list && tables.name.as_deref() == Some(TABLES);
        let name = table.name.as_deref().filter(|_| is_table)?;
        self.wanted.iter().copied().find(|wanted| *wanted == name)
    }

    fn end_level(&mut self) -> Option<Row> {
        self.name = None;
        let Some(row) = &mut self.row else {
            self.open.pop();
            self.is_closed |= self.open.is_empty();
            return None;
        };
        row.depth -= 1;
        if row.depth > 0 {
            return None;
        }
        let row = self.row.take()?;
        let bytes = self.window.bytes()[..self.at].to_vec();
        let content = if row.dropped > 0 {
            let length = row.dropped + bytes.len() as u64;
            Err(Refusal::at(row.place, format!("{length} bytes long: a row may have {MAX_ROW}")))
        } else {
            String::from_utf8(bytes).map_err(|_| Refusal::at(row.place, "it has bytes that are not UTF-8"))
        };
        self.drop_before(self.at);
        Some(Row { table: row.table, place: row.place, content })
    }

    fn drop_before(&mut self, index: usize) {
        self.window.drop_before(index);
        self.at -= index;
        self.string = self.string.map(|start| start.saturating_sub(index));
    }

    fn read_more(&mut self) -> Result<bool, Refusal> {
        match &mut self.row {
            Some(row) if row.dropped > 0 || self.at > MAX_ROW => {
                row.dropped += self.at as u64;
                self.drop_before(self.at);
            }
            Some(_) => {}
            // A string that is not to be kept, or nothing at all.
            None if self.string.is_none_or(|start| self.at - start > MAX_NAME) => self.drop_before(self.at),
            None => {}
        }
        let read = self.window.read_more();
        let refused =
            |error| Refusal::at(self.window.place(self.at, self.number), format!("cannot be read on: {error}"));
        read.map_err(refused)
    }

    fn end(&mut self) -> Option<Result<Row, Refusal>> {
        self.is_done = true;
        if let Some(row) = self.row.take() {
            let content = Err(Refusal::at(row.place, "the file ends within it"));
            return Some(Ok(Row { table: row.table, place: row.place, content }));
        }
        let place = self.window.place(self.at, self.number);
        (!self.is_closed).then(|| Err(Refusal::at(place, "the file breaks off: its JSON does not end")))
    }
}

/// Rows until the file ends or cannot be read on, which the last item says.
impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_done {
            let stepped = self.step().and_then(|step| match step {
                Some(row) => Ok((row, true)),
                None => self.read_more().map(|is_more| (None, is_more)),
            });
            match stepped {
                Ok((Some(row), _)) => return Some(Ok(row)),
                Ok((None, true)) => {}
                Ok((None, false)) => return self.end(),
                Err(refusal) => {
                    self.is_done = true;
                    return Some(Err(refusal));
                }
            }
        }
        None
    }
}
