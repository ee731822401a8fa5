//! Well-formed, bounded HTML out of any HTML: every element closed where it must end, nothing nested too deep.
//!
//! What makes HTML safe builds a tree, at a cost that grows with the square of the nesting. So it gets no more nesting
//! than this, and no attribute that it would only throw away.

use super::elements::{self, Flow};
use super::markup::{Part, push_text};

/// How deep elements nest. Browsers stop at a few hundred; no article comes near.
const DEEPEST: usize = 100;
/// How deep a table goes with a cell and two blocks in that.
const TABLE_DEPTH: usize = 6;
/// The longest attribute, in bytes: addresses are shorter.
const LONGEST_ATTRIBUTE: usize = 4_096;

/// Elements removed with their content, everything else closed and bounded.
pub(super) fn balance(parts: Vec<Part>) -> Vec<Part> {
    let mut balance = Balance::default();
    for part in without_removed(parts) {
        match part {
            Part::Start(name, attributes) => balance.start(&name, attributes),
            Part::End(name) => balance.end(&name),
            Part::Text(text) => balance.text(&text),
        }
    }
    balance.close_down_to(0);
    balance.parts
}

/// Leaves out the elements that go with their content. Where one is never closed only its tag goes.
fn without_removed(parts: Vec<Part>) -> Vec<Part> {
    let mut kept = Vec::with_capacity(parts.len());
    // Each removed element that is open, outermost of its name, with what was kept before it.
    let mut removals: Vec<(String, usize)> = Vec::new();
    for part in parts {
        match part {
            Part::Start(name, _) if elements::REMOVED_WHOLE.contains(&name.as_str()) => {
                if !removals.iter().any(|(open, _)| *open == name) {
                    removals.push((name, kept.len()));
                }
            }
            Part::End(name) if elements::REMOVED_WHOLE.contains(&name.as_str()) => {
                if let Some(found) = removals.iter().position(|(open, _)| *open == name) {
                    kept.truncate(removals[found].1);
                    removals.truncate(found);
                }
            }
            other => kept.push(other),
        }
    }
    if let Some((_, length)) = removals.iter().find(|(name, _)| elements::RAW_TEXT.contains(&name.as_str())) {
        kept.truncate(*length);
    }
    kept
}

/// An element that is open.
struct Open {
    name: String,
    flow: Flow,
    has_attributes: bool,
    /// Its end tag came while a block in it was open: it ends with that block.
    is_ended: bool,
}

#[derive(Default)]
struct Balance {
    parts: Vec<Part>,
    open: Vec<Open>,
    /// How many `q` are open: their marks become text, since text is what is quoted from.
    quotations: usize,
}

impl Balance {
    fn start(&mut self, name: &str, mut attributes: Vec<(String, String)>) {
        if name == "q" {
            self.quotations += 1;
            return self.text(if self.quotations % 2 == 1 { "\u{201C}" } else { "\u{2018}" });
        }
        if elements::is_content(name) {
            self.enter_cell();
        }
        let name = self.stand_in(name);
        let Some(flow) = elements::flow(name) else { return };
        attributes.retain(|(attribute, value)| elements::allows(name, attribute) && value.len() <= LONGEST_ATTRIBUTE);
        match flow {
            Flow::Inline => self.start_inline(name, attributes),
            Flow::Block | Flow::Table => self.start_block(name, attributes, flow),
            Flow::Rows | Flow::Row | Flow::Cell | Flow::Caption => self.start_table_part(name, attributes, flow),
        }
    }

    /// What an element becomes: other blocks, tables too deep and parts of no table become `div`.
    fn stand_in<'n>(&self, name: &'n str) -> &'n str {
        let becomes_div = match elements::flow(name) {
            None => elements::LIKE_DIV.contains(&name),
            Some(Flow::Inline | Flow::Block) => false,
            Some(Flow::Table) => self.open.len() + TABLE_DEPTH > DEEPEST,
            Some(_) => self.table().is_none(),
        };
        if becomes_div { "div" } else { name }
    }

    fn start_inline(&mut self, name: &str, attributes: Vec<(String, String)>) {
        if elements::is_void(name) {
            return self.parts.push(Part::Start(name.to_owned(), attributes));
        }
        // A link that leads nowhere outside the text leads nowhere: ids are not kept.
        let leads_nowhere = || !attributes.iter().any(|(name, value)| name == "href" && !value.trim().starts_with('#'));
        if name == "a" && leads_nowhere() {
            return;
        }
        if let Some(same) = self.open.iter().rposition(|open| open.name == name) {
            let is_reachable = self.open[same..].iter().all(|open| open.flow == Flow::Inline);
            // Bold inside bold is bold; but a new link ends the one before.
            if name != "a" || !is_reachable {
                return;
            }
            self.close_down_to(same);
        }
        if self.open.len() < DEEPEST {
            self.push(name, attributes, Flow::Inline);
        }
    }

    fn start_block(&mut self, name: &str, attributes: Vec<(String, String)>, flow: Flow) {
        self.close_last(|open| open.name == "p", |_| true);
        let is_div = |open: &Open| open.name == "div";
        match name {
            "li" => self.close_last(|open| open.name == "li", is_div),
            "dd" | "dt" => self.close_last(|open| matches!(open.name.as_str(), "dd" | "dt"), is_div),
            _ if is_heading(name) => self.close_last(|open| is_heading(&open.name), |_| true),
            _ => {}
        }
        // What would stand too deep takes the place of what stands deepest.
        self.close_down_to(self.open.len().min(DEEPEST - 1));
        if elements::is_void(name) {
            self.parts.push(Part::Start(name.to_owned(), attributes));
        } else {
            self.push(name, attributes, flow);
        }
    }

    /// Opens a part of a table in its place: the rows, the row, which it needs are opened with it.
    fn start_table_part(&mut self, name: &str, attributes: Vec<(String, String)>, flow: Flow) {
        let Some(table) = self.table() else { return };
        let flow_at = |open: &[Open], index: usize| open.get(index).map(|open| open.flow);
        let mut depth = table + 1;
        if matches!(flow, Flow::Row | Flow::Cell) {
            if flow_at(&self.open, depth) != Some(Flow::Rows) {
                self.close_down_to(depth);
                self.push("tbody", Vec::new(), Flow::Rows);
            }
            depth += 1;
        }
        if flow == Flow::Cell {
            if flow_at(&self.open, depth) != Some(Flow::Row) {
                self.close_down_to(depth);
                self.push("tr", Vec::new(), Flow::Row);
            }
            depth += 1;
        }
        self.close_down_to(depth);
        self.push(name, attributes, flow);
    }

    fn end(&mut self, name: &str) {
        match name {
            "br" => return self.start("br", Vec::new()),
            "q" if self.quotations > 0 => {
                let mark = if self.quotations % 2 == 1 { "\u{201D}" } else { "\u{2019}" };
                self.quotations -= 1;
                return self.text(mark);
            }
            _ => {}
        }
        let name = if name == "table" && self.table().is_none() { "div" } else { self.stand_in(name) };
        match elements::flow(name) {
            None => {}
            Some(Flow::Inline) => self.end_inline(name),
            Some(Flow::Block) => self.end_block(name),
            Some(Flow::Table | Flow::Rows | Flow::Row | Flow::Cell | Flow::Caption) => self.end_table_part(name),
        }
    }

    fn end_inline(&mut self, name: &str) {
        let Some(found) = self.open.iter().rposition(|open| open.name == name && !open.is_ended) else { return };
        if self.open[found..].iter().any(|open| open.flow != Flow::Inline) {
            self.open[found].is_ended = true;
            return;
        }
        // Of `<b><i></b></i>` the inner element goes on after the outer one; not so a link.
        let inner = self.open[found + 1..].iter().filter(|open| !open.has_attributes && !open.is_ended);
        let inner: Vec<String> = inner.map(|open| open.name.clone()).collect();
        self.close_down_to(found);
        for name in inner {
            self.push(&name, Vec::new(), Flow::Inline);
        }
    }

    fn end_block(&mut self, name: &str) {
        let is_it = |open: &Open| open.name == name || (is_heading(name) && is_heading(&open.name));
        if name == "p" && !self.in_cell().iter().any(is_it) {
            self.start("p", Vec::new());
        }
        self.close_last(is_it, |_| true);
    }

    fn end_table_part(&mut self, name: &str) {
        let Some(table) = self.table() else { return };
        let parts = self.open[table..].iter().take(4).position(|open| open.name == name);
        if let Some(found) = parts {
            self.close_down_to(table + found);
        }
    }

    fn text(&mut self, text: &str) {
        if self.is_between_cells() {
            if text.chars().all(|character| character.is_ascii_whitespace()) {
                return;
            }
            self.enter_cell();
        }
        push_text(&mut self.parts, text);
    }

    /// The innermost table that is open.
    fn table(&self) -> Option<usize> {
        self.open.iter().rposition(|open| open.flow == Flow::Table)
    }

    /// What is open inside the innermost cell.
    fn in_cell(&self) -> &[Open] {
        let cell = self.open.iter().rposition(|open| matches!(open.flow, Flow::Cell | Flow::Caption | Flow::Table));
        &self.open[cell.map_or(0, |cell| cell + 1)..]
    }

    fn is_between_cells(&self) -> bool {
        self.open.last().is_some_and(|open| matches!(open.flow, Flow::Table | Flow::Rows | Flow::Row))
    }

    /// Content that stands in a table but in no cell gets a cell.
    fn enter_cell(&mut self) {
        if self.is_between_cells() {
            self.start_table_part("td", Vec::new(), Flow::Cell);
        }
    }

    /// Closes the innermost element of this cell that `is_it`, and what is in it, unless a block that may not be
    /// passed stands in between.
    fn close_last(&mut self, is_it: impl Fn(&Open) -> bool, may_pass: impl Fn(&Open) -> bool) {
        let inside = self.in_cell();
        let outside = self.open.len() - inside.len();
        for (index, open) in inside.iter().enumerate().rev() {
            if is_it(open) {
                return self.close_down_to(outside + index);
            }
            if open.flow != Flow::Inline && !may_pass(open) {
                return;
            }
        }
    }

    fn push(&mut self, name: &str, attributes: Vec<(String, String)>, flow: Flow) {
        self.open.push(Open { name: name.to_owned(), flow, has_attributes: !attributes.is_empty(), is_ended: false });
        self.parts.push(Part::Start(name.to_owned(), attributes));
    }

    /// Closes elements until so many are open, and those that have only waited for it.
    fn close_down_to(&mut self, depth: usize) {
        let mut has_closed = false;
        while self.open.len() > depth || (has_closed && self.open.last().is_some_and(|open| open.is_ended)) {
            has_closed = true;
            if let Some(Open { name, .. }) = self.open.pop() {
                self.parts.push(Part::End(name));
            }
        }
    }
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}
