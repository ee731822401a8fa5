//! Bodies written as plain text.

use super::RenderedBody;
use super::markup::escape;

/// Renders plain text: a blank line parts paragraphs, a single line break stays one.
pub fn render_plain(source: &str) -> RenderedBody {
    let blocks = plain_blocks(source);
    let html: Vec<String> = blocks
        .iter()
        .map(|lines| {
            let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
            format!("<p>{}</p>", lines.join("<br>"))
        })
        .collect();
    let text: Vec<String> = blocks.iter().map(|lines| lines.join("\n")).collect();
    RenderedBody { html: html.join("\n"), text: text.join("\n\n") }
}

/// The lines of each paragraph, without white space at their ends. A carriage return ends a line as a line feed does,
/// since HTML knows no other.
fn plain_blocks(source: &str) -> Vec<Vec<&str>> {
    let mut blocks: Vec<Vec<&str>> = Vec::new();
    let mut is_open = false;
    for line in source.lines().flat_map(|line| line.split('\r')).map(str::trim) {
        if line.is_empty() {
            is_open = false;
        } else if let (true, Some(block)) = (is_open, blocks.last_mut()) {
            block.push(line);
        } else {
            blocks.push(vec![line]);
            is_open = true;
        }
    }
    blocks
}
