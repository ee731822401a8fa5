//! How fast quotations are found and attributed: `cargo bench --bench attribution`.
//!
//! One core, no start-up counted: articles of 800 words made of the sample content, then inputs chosen to hurt, each in
//! two lengths, since the time must grow with the length and not with its square.

use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use verbatim::attribution::find_quotations;

/// The program's own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const WORDS: usize = 800;

const HOSTILE: [(&str, &str); 8] = [
    ("opening marks", "\u{201C}"),
    ("straight marks", "\""),
    ("cue verbs", "said "),
    ("capitalised words", "Ada "),
    ("titles", "Mr. "),
    ("quotations", "\"We left.\" "),
    ("lines with speakers", "\"We left.\"Ada Kern\n"),
    ("unclosed paragraphs", "\"We left\n\n"),
];

#[allow(clippy::print_stdout, reason = "a bench reports to a person")]
fn main() {
    let articles = articles();
    let quotations: usize = articles.iter().map(|article| find_quotations(article, &[]).len()).sum();
    println!("{} articles of {WORDS} words, {quotations} quotations", articles.len());
    let (mut read, started) = (0u32, Instant::now());
    while started.elapsed() < Duration::from_secs(5) {
        for article in &articles {
            std::hint::black_box(find_quotations(std::hint::black_box(article), &[]));
        }
        read += u32::try_from(articles.len()).unwrap_or_default();
    }
    println!("{:.0} articles a second", f64::from(read) / started.elapsed().as_secs_f64());
    println!("\n{:24} {:>12} {:>12}", "a million of", "a quarter", "all");
    for (name, piece) in HOSTILE {
        let time = |count: usize| {
            let text = piece.repeat(count);
            let started = Instant::now();
            std::hint::black_box(find_quotations(&text, &[]));
            started.elapsed().as_secs_f64()
        };
        println!("{name:24} {:10.2} s {:10.2} s", time(250_000), time(1_000_000));
    }
}

/// The paragraphs of the sample articles, joined to articles of the length wanted.
fn articles() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/articles");
    let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
    files.sort();
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let (mut articles, mut article, mut words) = (Vec::new(), String::new(), 0);
    for text in texts {
        for paragraph in text.lines().filter(|line| !line.is_empty()) {
            article.push_str(paragraph);
            article.push_str("\n\n");
            words += paragraph.split_whitespace().count();
            if words >= WORDS {
                articles.push(std::mem::take(&mut article));
                words = 0;
            }
        }
    }
    articles
}
