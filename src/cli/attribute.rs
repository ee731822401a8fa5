//! `verbatim attribute`: the quotations of texts and who said them, from standard input to standard output.
//!
//! A filter: a line out for a line in, as soon as it is read, and without a database.

use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::ops::Range;
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{FAILURE, Failure, SOME_REFUSED, eprint_line};
use crate::attribution::{self, Finding, Quotation, SpeakerKind};

/// The longest line, and the longest text with `--text`, in bytes.
const LONGEST_INPUT: usize = 64 << 20;

const BUFFER: usize = 1 << 16;

/// Reads JSON Lines {"id", "text"} from standard input (other keys are passed over) and writes, for each,
/// {"id", "quotes": [{"start", "end", "text", "speaker", …}]} to standard output. Offsets count Unicode scalar values,
/// half open. A line that cannot be read is told on standard error with its number, and the rest goes on.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Read the whole of standard input as one plain text instead
    #[arg(long)]
    text: bool,
}

#[derive(Deserialize)]
struct Line {
    id: Value,
    text: String,
}

#[derive(Serialize)]
struct Answer<'t> {
    id: Value,
    quotes: Vec<FoundQuote<'t>>,
}

/// One quotation. What the text does not tell is null.
#[derive(Serialize)]
struct FoundQuote<'t> {
    start: usize,
    end: usize,
    text: String,
    /// Only where the quotation is in several pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<Vec<[usize; 2]>>,
    kind: &'static str,
    speaker: Option<&'t str>,
    speaker_kind: Option<&'static str>,
    speaker_start: Option<usize>,
    speaker_end: Option<usize>,
    role: Option<&'t str>,
    affiliation: Option<&'t str>,
    rule: &'static str,
    confidence: f32,
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let input = BufReader::with_capacity(BUFFER, io::stdin().lock());
    let output = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let outcome = if options.text { read_text(input, output) } else { read_lines(input, output) };
    match outcome {
        // Whoever read has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        outcome => outcome,
    }
}

fn is_broken_pipe(error: &Failure) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn read_text(mut input: impl BufRead, mut output: impl Write) -> Result<ExitCode, Failure> {
    let mut bytes = Vec::new();
    input.by_ref().take(LONGEST_INPUT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LONGEST_INPUT {
        return Err(too_long("the text").into());
    }
    let text = String::from_utf8(bytes).map_err(|error| format!("the text is not UTF-8: {}", error.utf8_error()))?;
    write_answer(&mut output, Value::Null, &text)?;
    output.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn read_lines(mut input: BufReader<impl Read>, mut output: impl Write) -> Result<ExitCode, Failure> {
    let mut bytes = Vec::new();
    let (mut number, mut answered, mut refused) = (0usize, 0usize, 0usize);
    while next_line(&mut input, &mut bytes)? {
        number += 1;
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match parse_line(&bytes) {
            Ok(line) => {
                write_answer(&mut output, line.id, &line.text)?;
                answered += 1;
            }
            Err(reason) => {
                eprint_line(&format!("line {number}: {reason}"));
                refused += 1;
            }
        }
        // The next read may wait for the writer, who may wait for this answer.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
    output.flush()?;
    Ok(match (refused, answered) {
        (0, _) => ExitCode::SUCCESS,
        (_, 0) => ExitCode::from(FAILURE),
        _ => ExitCode::from(SOME_REFUSED),
    })
}

/// Reads a line with its end; of one that is too long, a byte more than is allowed. False at the end of the input.
fn next_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<bool> {
    bytes.clear();
    let read = input.by_ref().take(LONGEST_INPUT as u64 + 1).read_until(b'\n', bytes)?;
    if bytes.len() > LONGEST_INPUT && !bytes.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

fn parse_line(bytes: &[u8]) -> Result<Line, String> {
    if bytes.len() > LONGEST_INPUT {
        return Err(too_long("the line"));
    }
    let line: Line = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => format!("not {{\"id\", \"text\"}}: {error}"),
        _ => format!("not JSON: {error}"),
    })?;
    match line.id {
        Value::String(_) | Value::Number(_) => Ok(line),
        _ => Err("\"id\" must be a string or a number".to_owned()),
    }
}

fn too_long(what: &str) -> String {
    format!("{what} is longer than {LONGEST_INPUT} bytes")
}

fn write_answer(output: &mut impl Write, id: Value, text: &str) -> Result<(), Failure> {
    let findings = attribution::find_quotations(text, &[]);
    let scalars = ScalarOffsets::of(text);
    let quotes = findings.iter().map(|finding| found_quote(text, &scalars, finding)).collect();
    serde_json::to_writer(&mut *output, &Answer { id, quotes }).map_err(io::Error::from)?;
    output.write_all(b"\n")?;
    Ok(())
}

fn found_quote<'t>(text: &str, scalars: &ScalarOffsets<'_>, finding: &'t Finding) -> FoundQuote<'t> {
    let segments: Vec<[usize; 2]> = finding.segments.iter().map(|segment| scalars.range(segment)).collect();
    let speaker = finding.speaker.as_ref();
    let mention = speaker.and_then(|speaker| speaker.mention.as_ref()).map(|mention| scalars.range(mention));
    FoundQuote {
        start: segments.first().map_or(0, |first| first[0]),
        end: segments.last().map_or(0, |last| last[1]),
        text: attribution::joined(text, &finding.segments),
        segments: (segments.len() > 1).then_some(segments),
        kind: match finding.quotation {
            Quotation::Direct => "direct",
            Quotation::Mixed => "mixed",
        },
        speaker: speaker.map(|speaker| speaker.name.as_str()),
        speaker_kind: speaker.map(|speaker| match speaker.kind {
            SpeakerKind::Person => "person",
            SpeakerKind::Organization => "organization",
            SpeakerKind::Group => "group",
            SpeakerKind::Document => "document",
        }),
        speaker_start: mention.map(|[start, _]| start),
        speaker_end: mention.map(|[_, end]| end),
        role: speaker.and_then(|speaker| speaker.role.as_deref()),
        affiliation: speaker.and_then(|speaker| speaker.organization.as_deref()),
        rule: finding.rule,
        confidence: finding.confidence,
    }
}

/// Bytes of a text as Unicode scalar values.
struct ScalarOffsets<'t> {
    text: &'t str,
    /// How many scalar values begin before each whole stride of bytes.
    strides: Vec<usize>,
}

impl<'t> ScalarOffsets<'t> {
    const STRIDE: usize = 256;

    fn of(text: &'t str) -> Self {
        let counts = text.as_bytes().chunks(Self::STRIDE).scan(0, |before, chunk| {
            let count = *before;
            *before += scalars(chunk);
            Some(count)
        });
        Self { text, strides: counts.collect() }
    }

    fn range(&self, bytes: &Range<usize>) -> [usize; 2] {
        [self.offset(bytes.start), self.offset(bytes.end)]
    }

    fn offset(&self, byte: usize) -> usize {
        let stride = (byte / Self::STRIDE).min(self.strides.len().saturating_sub(1));
        let before = self.strides.get(stride).copied().unwrap_or_default();
        before + scalars(&self.text.as_bytes()[stride * Self::STRIDE..byte])
    }
}

/// How many scalar values begin in some bytes of UTF-8.
fn scalars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xBF)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &str) -> (Vec<Value>, ExitCode) {
        let mut output = Vec::new();
        let status = read_lines(BufReader::new(input.as_bytes()), &mut output).expect("an answer");
        let lines = String::from_utf8(output).expect("UTF-8");
        (lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), status)
    }

    #[test]
    fn offsets_count_characters_and_split_quotations_have_segments() {
        let (lines, status) = answers(
            "{\"id\": 7, \"text\": \"\u{1f6a2}\u{e9} \\\"If it holds,\\\" Zo\u{eb} Kern said, \\\"we sail.\\\"\"}\n",
        );
        assert_eq!(status, ExitCode::SUCCESS);
        assert_eq!(lines[0]["id"], 7);
        let quote = &lines[0]["quotes"][0];
        assert_eq!(quote["segments"], serde_json::json!([[4, 16], [34, 42]]));
        assert_eq!((&quote["start"], &quote["end"]), (&4.into(), &42.into()));
        assert_eq!(quote["text"], "If it holds, we sail.");
        assert_eq!((&quote["speaker_start"], &quote["speaker_end"]), (&18.into(), &26.into()));
        assert_eq!((&quote["speaker"], &quote["speaker_kind"]), (&"Zo\u{eb} Kern".into(), &"person".into()));
    }

    #[test]
    fn a_line_that_cannot_be_read_does_not_stop_the_others() {
        let (lines, status) =
            answers("{\"id\": \"a\", \"text\": \"\"}\n\nnonsense\n{\"id\": \"b\"}\n{\"id\": \"c\", \"text\": \"\"}");
        assert_eq!(lines.iter().map(|line| line["id"].as_str()).collect::<Vec<_>>(), [Some("a"), Some("c")]);
        assert_eq!(status, ExitCode::from(SOME_REFUSED));
        assert_eq!(answers("[]\n").1, ExitCode::from(FAILURE));
        assert_eq!(answers("").1, ExitCode::SUCCESS);
    }

    #[test]
    fn faults_are_told_with_what_was_expected() {
        for (line, told) in [
            ("{", "not JSON: EOF while parsing"),
            ("{\"id\": 1}", "not {\"id\", \"text\"}: missing field `text`"),
            ("{\"id\": null, \"text\": \"\"}", "\"id\" must be a string or a number"),
        ] {
            let reason = parse_line(line.as_bytes()).err().unwrap_or_default();
            assert!(reason.starts_with(told), "{reason}");
        }
    }

    #[test]
    fn scalar_values_are_counted_across_strides() {
        let text = "\u{e9}".repeat(1000);
        let offsets = ScalarOffsets::of(&text);
        assert_eq!(offsets.range(&(0..2000)), [0, 1000]);
        assert_eq!(offsets.range(&(512..514)), [256, 257]);
        assert_eq!(ScalarOffsets::of("").range(&(0..0)), [0, 0]);
    }
}
