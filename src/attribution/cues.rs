//! Third stage: what in a sentence says who spoke: a verb of speech and its subject, "according to", a line of its own.

use std::ops::Range;

use super::mentions::{self, Form, Mention};
use super::tokens::{Kind, Outline};
use super::words::{self, Trait, Traits};

/// Evidence that a quotation is somebody's.
#[derive(Clone, Debug)]
pub(super) struct Cue {
    pub rule: &'static str,
    pub source: Mention,
    /// Role and organization, where the name is followed by them.
    pub appositive: Option<Range<usize>>,
    /// The attribution as printed, as items.
    pub items: Range<usize>,
    /// The cue touches the quotation; nothing but a mark of punctuation is between.
    pub is_attached: bool,
}

/// How far a cue is looked for on either side: bounds the work per quotation.
const REACH: usize = 80;

fn is_verb(outline: &Outline, index: usize) -> bool {
    outline.is(index, Trait::Small) && outline.is(index, Trait::CueVerb)
}

/// A verb of speech, not the noun of the same spelling ("the report", "his comments").
fn is_verb_in_place(outline: &Outline, index: usize) -> bool {
    let follows_determiner = || {
        let is_determiner = |word: &str| {
            let traits = Traits::of(word);
            traits.has(Trait::Determiner) && !traits.has(Trait::OfMany) && !word.eq_ignore_ascii_case("that")
        };
        index > 0 && outline.has_word(index - 1, |word| is_determiner(word) || word.ends_with("'s"))
    };
    let is_finding = || is_word(outline, index + 1, "that") && outline.has_word(index, |word| FINDINGS.contains(&word));
    is_verb(outline, index) && !follows_determiner() || is_finding()
}

/// Verbs that report speech before "that" alone.
const FINDINGS: [&str; 4] = ["found", "finds", "showed", "shows"];

fn skip_adverbs(outline: &Outline, mut index: usize) -> usize {
    while outline.is(index, Trait::Adverb) {
        index += 1;
    }
    index
}

fn is_word(outline: &Outline, index: usize, expected: &str) -> bool {
    outline.word(index).is_some_and(|word| word.eq_ignore_ascii_case(expected))
}

/// The cue that follows the quotation at `run`; `ending` is the last character inside its marks.
pub(super) fn after(outline: &Outline, run: usize, ending: Option<char>) -> Option<Cue> {
    let has_comma = outline.kind(run + 1) == Some(Kind::Comma);
    let start = run + 1 + usize::from(has_comma);
    let start = start + usize::from(is_word(outline, start, "as"));
    if is_word(outline, start, "according") && is_word(outline, start + 1, "to") {
        return with_source("according_to", outline, start, start + 2);
    }
    if is_word(outline, start, "in") && is_word(outline, start + 2, "words") && is_word(outline, start + 3, "of") {
        return with_source("according_to", outline, start, start + 4);
    }
    if let Some(cue) = after_copula(outline, start) {
        return Some(cue);
    }
    let verb = skip_adverbs(outline, start);
    if is_verb(outline, verb)
        && let Some(cue) = with_source("cue_after", outline, start, verb + 1)
    {
        return Some(cue);
    }
    subject_then_verb(outline, start, ending == Some('.') && !has_comma)
}

/// `said Ada Kern, pilot`: the source follows the words that announce it.
fn with_source(rule: &'static str, outline: &Outline, start: usize, at: usize) -> Option<Cue> {
    let papers = || mentions::papers_at(outline, at).filter(|_| rule == "according_to");
    let source = mentions::any_phrase_at(outline, at).or_else(papers).filter(|source| !is_joined(outline, source))?;
    if let Some((name, role)) = name_after_role(outline, &source) {
        return Some(Cue {
            rule,
            items: start..name.phrase.end,
            source: name,
            appositive: Some(role),
            is_attached: true,
        });
    }
    let (appositive, end) = named_appositive(outline, &source);
    Some(Cue { rule, items: start..end, appositive, source, is_attached: true })
}

/// `"…" was how Ada Kern put it`, `"…" was all she would say`.
fn after_copula(outline: &Outline, start: usize) -> Option<Cue> {
    let is_copula = outline.has_word(start, |word| matches!(word, "was" | "is" | "were"));
    let asks = outline.has_word(start + 1, |word| matches!(word, "how" | "what" | "all"));
    let source = (is_copula && asks).then(|| mentions::any_phrase_at(outline, start + 2)).flatten()?;
    let from = source.phrase.end;
    let verb =
        (from..from + 3).find(|&index| is_verb(outline, index) || outline.has_word(index, |word| word == "say"))?;
    Some(Cue { rule: "cue_after", items: start..verb + 1, source, appositive: None, is_attached: true })
}

/// `the harbour master, Ada Kern,`: the name behind the comma, and the role before it.
fn name_after_role(outline: &Outline, source: &Mention) -> Option<(Mention, Range<usize>)> {
    let comma = source.phrase.end;
    let is_role = matches!(source.form, Form::Role | Form::Other)
        && outline.kind(comma) == Some(Kind::Comma)
        && !mentions::opens_with_participle(outline, comma + 1);
    let name =
        is_role.then(|| mentions::phrase_at(outline, comma + 1)).flatten().filter(|name| name.form == Form::Person)?;
    let is_closed = outline.kind(name.phrase.end) != Some(Kind::Word) || is_verb(outline, name.phrase.end);
    is_closed.then(|| (name, source.phrase.clone()))
}

fn named_appositive(outline: &Outline, source: &Mention) -> (Option<Range<usize>>, usize) {
    let end = source.phrase.end;
    if source.form.is_pronoun() {
        return (None, end);
    }
    if let Some((words, end)) = mentions::appositive(outline, end) {
        return (Some(words), end);
    }
    let is_of_body = outline.has_word(end, |word| matches!(word, "of" | "from" | "at"))
        && (1..=2).any(|ahead| outline.is(end + ahead, Trait::Capitalised));
    let last = (end..end + 10).find(|&index| outline.word(index).is_none() || is_verb(outline, index));
    match last {
        Some(last) if is_of_body && !(end + 1..end + 3).any(|index| outline.is(index, Trait::MonthOrDay)) => {
            (Some(end..last), last)
        }
        _ => (None, end),
    }
}

/// `Ada Kern, who flew it, said`. After a full stop inside the marks the verb must end the clause, or the words are a
/// sentence of their own.
fn subject_then_verb(outline: &Outline, start: usize, is_after_stop: bool) -> Option<Cue> {
    let source = mentions::any_phrase_at(outline, start)?;
    if let Some((name, role)) = name_after_role(outline, &source) {
        let comma = usize::from(outline.kind(name.phrase.end) == Some(Kind::Comma));
        let verb = skip_adverbs(outline, name.phrase.end + comma);
        if is_verb(outline, verb) && (!is_after_stop || ends_clause(outline, verb + 1)) {
            let items = start..verb + 1;
            return Some(Cue { rule: "cue_after", items, appositive: Some(role), source: name, is_attached: true });
        }
    }
    let source_end = mentions::after_brackets(outline, source.phrase.end);
    let modified = mentions::modifiers_end(outline, source_end);
    let (appositive, end) = match modified > source_end && source.form == Form::Person {
        true => (Some(source_end..modified), modified),
        false => after_parenthesis(outline, source_end),
    };
    let verb = skip_adverbs(outline, end);
    if !is_verb(outline, verb) || is_after_stop && !ends_clause(outline, verb + 1) {
        return None;
    }
    Some(Cue { rule: "cue_after", items: start..verb + 1, appositive, source, is_attached: true })
}

/// Steps back over "(2017: 88)".
fn before_brackets(outline: &Outline, floor: usize, end: usize) -> usize {
    let from = end.saturating_sub(mentions::LONGEST_BRACKETS).max(floor);
    (from..end).find(|&start| mentions::after_brackets(outline, start) == end).unwrap_or(end)
}

/// Steps over what stands between commas after a name.
fn after_parenthesis(outline: &Outline, comma: usize) -> (Option<Range<usize>>, usize) {
    if outline.kind(comma) != Some(Kind::Comma) {
        return (None, comma);
    }
    let limit = comma + REACH / 2;
    let end = (comma + 1..limit).find(|&index| match outline.kind(index) {
        Some(Kind::Comma) => is_verb(outline, skip_adverbs(outline, index + 1)),
        Some(Kind::Stop | Kind::Run(_) | Kind::Semicolon | Kind::Colon) | None => true,
        _ => false,
    });
    match end {
        Some(end) if outline.kind(end) == Some(Kind::Comma) => {
            let words = mentions::appositive(outline, comma).map(|(words, stop)| words.start..stop.min(end));
            (words, end + 1)
        }
        _ => (None, comma),
    }
}

fn ends_clause(outline: &Outline, index: usize) -> bool {
    match outline.kind(index) {
        Some(Kind::Word) => outline.has_word(index, |word| {
            matches!(
                word,
                "on" | "in" | "at" | "during" | "after" | "before" | "when" | "as" | "last" | "yesterday" | "today"
            ) || words::has(word, Trait::Adverb)
                || words::has(word, Trait::MonthOrDay)
        }),
        _ => true,
    }
}

/// The first item of the sentence that an item stands in.
pub(super) fn sentence_start(outline: &Outline, ends_sentence: &dyn Fn(usize) -> bool, index: usize) -> usize {
    let floor = index.saturating_sub(REACH);
    (floor..index)
        .rev()
        .find(|&before| match outline.kind(before) {
            Some(Kind::Stop | Kind::Semicolon) => true,
            Some(Kind::Run(run)) => ends_sentence(run),
            _ => false,
        })
        .map_or(floor, |before| before + 1)
}

/// The cue in the words from `floor` up to the quotation at `run`.
pub(super) fn before(outline: &Outline, floor: usize, run: usize) -> Option<Cue> {
    let names_source = |index: usize| is_verb_in_place(outline, index) && !is_heard(outline, floor, index);
    let verb = (floor..run).rev().find(|&index| names_source(index) || is_phrase_cue(outline, index));
    let verb = verb.filter(|&verb| verb > floor || outline.is(verb, Trait::Small) || is_phrase_cue(outline, verb));
    let Some(verb) = verb.map(|verb| governing_verb(outline, floor, verb)) else {
        return before_colon(outline, floor, run);
    };
    let gap = verb + 1..run;
    let is_adjacent =
        gap.clone().all(|index| outline.kind(index) != Some(Kind::Word) || outline.is(index, Trait::Adverb));
    let is_attached = is_adjacent || outline.kind(run.wrapping_sub(1)) == Some(Kind::Colon);
    if is_phrase_cue(outline, verb) {
        let cue = with_source("according_to", outline, verb, verb + 2)?;
        return Some(Cue { is_attached: cue.items.end + 1 >= run, ..cue });
    }
    if is_word(outline, verb + 1, "by") {
        let source = mentions::phrase_at(outline, verb + 2)?;
        let items = verb..source.phrase.end;
        return Some(Cue { rule: "cue_before", source, appositive: None, items, is_attached });
    }
    if let Some(source) = inserted_source(outline, floor, verb, run) {
        return Some(Cue {
            rule: "cue_before",
            items: verb..source.phrase.end,
            source,
            appositive: None,
            is_attached: true,
        });
    }
    let Some((source, appositive)) = subject(outline, floor, verb) else {
        return before_colon(outline, floor, run);
    };
    let rule = if outline.kind(run.wrapping_sub(1)) == Some(Kind::Colon) { "colon" } else { "cue_before" };
    Some(Cue { rule, items: source.phrase.start..verb + 1, source, appositive, is_attached })
}

/// "told jurors to put": the verb that an infinitive belongs to, where that is one of speech.
fn governing_verb(outline: &Outline, floor: usize, verb: usize) -> usize {
    let is_infinitive = verb > floor && is_word(outline, verb - 1, "to");
    let earlier =
        || (floor..verb).rev().find(|&index| is_verb_in_place(outline, index) && !is_heard(outline, floor, index));
    if is_infinitive { earlier().unwrap_or(verb) } else { verb }
}

/// `He was, said Ada Kern, "…"`: a verb of speech and its source between commas, or before the quotation.
fn inserted_source(outline: &Outline, floor: usize, verb: usize, run: usize) -> Option<Mention> {
    let is_inserted = verb > floor + 1 && outline.kind(verb - 1) == Some(Kind::Comma);
    let is_finite = outline.has_word(verb, |word| !word.ends_with("ing"));
    let source = (is_inserted && is_finite).then(|| mentions::any_phrase_at(outline, verb + 1)).flatten()?;
    let end = source.phrase.end;
    (end < run && outline.kind(end) == Some(Kind::Comma) && source.form != Form::Other).then_some(source)
}

/// "Kern had been warned": the subject heard it, and who said it is not told; "by" would tell.
fn is_heard(outline: &Outline, floor: usize, verb: usize) -> bool {
    const HEARERS: [&str; 9] =
        ["told", "warned", "asked", "advised", "informed", "urged", "ordered", "instructed", "reassured"];
    const BE: [&str; 7] = ["was", "were", "been", "is", "are", "be", "being"];
    let mut auxiliaries = (floor..verb).rev().take_while(|&index| outline.is(index, Trait::Adverb));
    outline.has_word(verb, |word| HEARERS.contains(&word))
        && !is_word(outline, verb + 1, "by")
        && auxiliaries.any(|index| outline.has_word(index, |word| BE.contains(&word)))
}

/// `Ada Kern: "…"`, `Ada Kern shrugged: "…"`, `The last line is blunt: "…"`: no verb of speech, but a colon.
fn before_colon(outline: &Outline, floor: usize, run: usize) -> Option<Cue> {
    let colon = run.checked_sub(1).filter(|&colon| outline.kind(colon) == Some(Kind::Colon))?;
    let start = (floor..colon).find(|&index| outline.kind(index) == Some(Kind::Word))?;
    let named = sentence_subject(outline, floor);
    let read = || named.or_else(|| mentions::any_phrase_at(outline, start).map(|mention| (mention, None)));
    let (source, appositive) = owner(outline, start).map(|owner| (owner, None)).or_else(read)?;
    if is_joined(outline, &source) {
        return None;
    }
    Some(Cue { rule: "colon", items: source.phrase.start..colon, source, appositive, is_attached: false })
}

/// `Her advice to beginners: "…"`, `Kern's answer came at once: "…"`: whose words they are.
fn owner(outline: &Outline, start: usize) -> Option<Mention> {
    const SPEAKERS: [Trait; 3] = [Trait::RoleNoun, Trait::Collective, Trait::NameWord];
    let last = (start..start + LONGEST_OWNER).find(|&index| {
        outline.is(index, Trait::Possessive)
            || outline.is(index, Trait::Determiner) && outline.is(index, Trait::Pronoun)
    })?;
    let owned = (last + 1..last + LONGEST_OWNER).find(|&index| outline.is_any(index, &SPEAKERS));
    let verb = (last + 1..last + LONGEST_OWNER).find(|&index| {
        outline.kind(index) != Some(Kind::Word)
            || outline.is_any(index, &[Trait::Adverb, Trait::Preposition, Trait::CueVerb])
    });
    if owned.is_some_and(|owned| verb.is_none_or(|verb| owned < verb)) {
        return None;
    }
    if last == start && outline.is(start, Trait::Pronoun) {
        return mentions::personal_pronoun(outline, start).filter(|owner| matches!(owner.form, Form::He | Form::She));
    }
    mentions::read_phrase(outline, start..last + 1)
        .filter(|owner| matches!(owner.form, Form::Person | Form::Organization))
}

const LONGEST_OWNER: usize = 6;

/// "according to …" and "in the words of …".
fn is_phrase_cue(outline: &Outline, index: usize) -> bool {
    is_word(outline, index, "according") && is_word(outline, index + 1, "to")
        || is_word(outline, index, "words") && is_word(outline, index + 1, "of")
}

/// The subject of a verb: the phrase before it, with what stands between commas stepped over.
fn subject(outline: &Outline, floor: usize, verb: usize) -> Option<(Mention, Option<Range<usize>>)> {
    let mut end = verb;
    let is_relative = |index: usize| is_word(outline, index, "who") || is_word(outline, index, "which");
    while end > floor && (outline.is(end - 1, Trait::Adverb) || is_relative(end - 1)) {
        end -= 1;
    }
    if is_word(outline, end, "which") && end > floor && outline.kind(end - 1) == Some(Kind::Comma) {
        return mentions::phrase_before(outline, floor, end - 1).map(|mention| (mention, None));
    }
    if is_word(outline, end, "who") && end > floor {
        let named = mentions::before_who(outline, floor, end);
        return named.or_else(|| mentions::people_before_who(outline, floor, end)).map(|mention| (mention, None));
    }
    end = before_date(outline, floor, end);
    end = before_brackets(outline, floor, end);
    if end > floor && outline.has_word(end - 1, |word| matches!(word, "and" | "but")) {
        return earlier_subject(outline, floor, end - 1);
    }
    let is_participle = outline.has_word(verb, |word| word.ends_with("ing"));
    if is_participle && end > floor && outline.kind(end - 1) == Some(Kind::Comma) {
        return earlier_subject(outline, floor, end - 1);
    }
    if end == floor || outline.kind(end - 1) != Some(Kind::Comma) {
        let sentence = floor;
        let floor = after_with(outline, floor, end, verb).unwrap_or(floor);
        let read = if is_participle { mentions::phrase_before } else { mentions::any_phrase_before };
        let subject = read(outline, floor, end).map(|mention| (mention, role_before_comma(outline, floor, end)));
        let is_sure = subject.as_ref().is_some_and(|(mention, _)| mention.form != Form::Other);
        let whole = if is_sure { None } else { sentence_subject(outline, sentence) };
        return whole.or(subject);
    }
    let last_comma = end - 1;
    let before_commas = (floor..last_comma).rev().filter(|&index| outline.kind(index) == Some(Kind::Comma)).take(4);
    let candidates = before_commas.filter_map(|comma| {
        let end = before_brackets(outline, floor, comma);
        mentions::phrase_before(outline, floor, end).map(|mention| (comma, mention))
    });
    let (named, described): (Vec<_>, Vec<_>) = candidates
        .filter(|(_, mention)| mention.form != Form::Group && !mention.form.is_pronoun())
        .partition(|(_, mention)| matches!(mention.form, Form::Person | Form::Organization));
    let with_words = |(comma, mention)| {
        let words = mentions::appositive(outline, comma).map(|(words, stop)| words.start..stop.min(last_comma));
        (mention, words)
    };
    let nearest = || mentions::any_phrase_before(outline, floor, last_comma).map(|mention| (mention, None));
    let is_name_behind_role = named.is_empty() && nearest().is_some_and(|(mention, _)| mention.form == Form::Person);
    if is_name_behind_role {
        return nearest();
    }
    let found = named.into_iter().next().or_else(|| described.into_iter().next()).map(with_words);
    found.or_else(nearest).or_else(|| sentence_subject(outline, floor))
}

/// Steps back over "on Friday", "last week", "in March".
fn before_date(outline: &Outline, floor: usize, end: usize) -> usize {
    const LEADS: [&str; 6] = ["on", "in", "last", "this", "late", "early"];
    const SPANS: [&str; 6] = ["week", "month", "year", "night", "morning", "afternoon"];
    let is_date =
        |index: usize| outline.is(index, Trait::MonthOrDay) || outline.has_word(index, |word| SPANS.contains(&word));
    let leads = |index: usize| outline.has_word(index, |word| LEADS.contains(&word));
    let mut start = end;
    while start > floor && is_date(start - 1) {
        start -= 1;
    }
    if start == end {
        return end;
    }
    while start > floor && leads(start - 1) {
        start -= 1;
    }
    start
}

/// "…, with Kern adding": the subject of a participle stands behind "with".
fn after_with(outline: &Outline, floor: usize, end: usize, verb: usize) -> Option<usize> {
    let is_participle = outline.has_word(verb, |word| word.ends_with("ing"));
    let nearby = end.saturating_sub(8).max(floor)..end;
    is_participle.then(|| nearby.rev().find(|&index| is_word(outline, index, "with"))).flatten().map(|with| with + 1)
}

/// `The harbour master, Ada Kern said`: the role that stands before the name and a comma.
fn role_before_comma(outline: &Outline, floor: usize, end: usize) -> Option<Range<usize>> {
    let name = mentions::phrase_before(outline, floor, end).filter(|mention| mention.form == Form::Person)?;
    let comma =
        name.phrase.start.checked_sub(1).filter(|&comma| comma > floor && outline.kind(comma) == Some(Kind::Comma))?;
    let role = mentions::phrase_before(outline, floor, comma).filter(|mention| mention.form == Form::Role)?;
    Some(role.phrase)
}

/// Whether a verb of speech stands right before the quotation, whoever its subject may be.
pub(super) fn is_led_in(outline: &Outline, run: usize) -> bool {
    let is_pause = |index: usize| matches!(outline.kind(index), Some(Kind::Comma | Kind::Colon));
    let is_that = |index: usize| is_word(outline, index, "that");
    let run = run - usize::from(run > 0 && is_that(run - 1));
    let last = if run > 0 && is_pause(run - 1) { run.checked_sub(2) } else { run.checked_sub(1) };
    last.is_some_and(|last| is_verb_in_place(outline, last))
}

/// `described the plan as "a gift to the lobbyists"`: words of the speaker, not the name of a thing.
pub(super) fn is_described_as(outline: &Outline, run: usize) -> bool {
    const VERBS: [&str; 13] = [
        "described",
        "describes",
        "describing",
        "dismissed",
        "dismisses",
        "condemned",
        "condemns",
        "denounced",
        "hailed",
        "hails",
        "praised",
        "portrayed",
        "characterised",
    ];
    let follows_as = run > 0 && is_word(outline, run - 1, "as");
    let before = run.saturating_sub(LONGEST_OPENING)..run;
    follows_as && before.rev().any(|index| outline.has_word(index, |word| VERBS.contains(&word)))
}

/// "Kern warned them and said", "Kern warned them, adding": the subject of the sentence's earlier verb.
fn earlier_subject(outline: &Outline, floor: usize, end: usize) -> Option<(Mention, Option<Range<usize>>)> {
    let verb = (floor..end).rev().find(|&index| is_verb_in_place(outline, index));
    let subject = verb.and_then(|verb| {
        let inverted = || {
            if verb == floor || outline.kind(verb - 1) != Some(Kind::Word) {
                mentions::phrase_at(outline, verb + 1)
            } else {
                None
            }
        };
        mentions::phrase_before(outline, floor, before_date(outline, floor, verb)).or_else(inverted)
    });
    subject
        .map(|mention| (mention, None))
        .or_else(|| clause_subject(outline, floor, end))
        .or_else(|| sentence_subject(outline, floor))
}

/// "the Slade, where a tutor, Ada Kern, looked up and said": the subject of the clause that a verb without one ends.
fn clause_subject(outline: &Outline, floor: usize, end: usize) -> Option<(Mention, Option<Range<usize>>)> {
    const OPENERS: [&str; 8] = ["where", "when", "while", "because", "although", "though", "if", "who"];
    let opener = (floor + 1..end).rev().find(|&index| outline.has_word(index, |word| OPENERS.contains(&word)))?;
    if is_word(outline, opener, "who") {
        return mentions::before_who(outline, floor, opener).map(|mention| (mention, None));
    }
    let subject = mentions::phrase_at(outline, opener + 1)?;
    Some(match name_after_role(outline, &subject) {
        Some((name, role)) => (name, Some(role)),
        None => (subject, None),
    })
}

/// Who or what the sentence that starts at `floor` is about: the phrase that opens it, or that follows an opening
/// such as "In a letter," or "For Ada Kern,".
pub(super) fn sentence_subject(outline: &Outline, floor: usize) -> Option<(Mention, Option<Range<usize>>)> {
    let floor = floor.max(outline.dateline_end());
    let start = (floor..floor + 3).find(|&index| {
        outline.kind(index) == Some(Kind::Word) && !outline.has_word(index, |word| OPENINGS.contains(&word))
    })?;
    let with_words = |mention: Mention| {
        let words = mentions::appositive(outline, mention.phrase.end).map(|(words, _)| words);
        Some((mention, words))
    };
    let comma = || (start..start + LONGEST_OPENING).find(|&index| outline.kind(index) == Some(Kind::Comma));
    if outline.is(start, Trait::Preposition) {
        let is_about = outline.has_word(start, |word| word.eq_ignore_ascii_case("for"));
        let named = mentions::phrase_at(outline, start + 1).filter(|mention| is_about && mention.form == Form::Person);
        let subject = named.or_else(|| mentions::phrase_at(outline, comma()? + 1));
        return subject.filter(|subject| !is_joined(outline, subject)).and_then(with_words);
    }
    let opens_with_participle =
        outline.is(start, Trait::Capitalised) && outline.is_any(start, &[Trait::CueVerb, Trait::NeverAName]);
    let behind_clause =
        || comma().filter(|_| opens_with_participle).and_then(|comma| mentions::phrase_at(outline, comma + 1));
    let subject = mentions::phrase_at(outline, start).or_else(behind_clause);
    let subject = subject.filter(|subject| !is_joined(outline, subject))?;
    match name_after_role(outline, &subject) {
        Some((name, role)) => Some((name, Some(role))),
        None => with_words(subject),
    }
}

/// "Ada Kern | and Ben Holt": of two, neither is chosen.
fn is_joined(outline: &Outline, mention: &Mention) -> bool {
    let and = mention.phrase.end;
    mention.form == Form::Person && is_word(outline, and, "and") && outline.is(and + 1, Trait::NameWord)
}

/// The "he" or "she" of a sentence that opens otherwise ("Why did she go?").
pub(super) fn first_pronoun(outline: &Outline, items: Range<usize>) -> Option<Mention> {
    let mut pronouns =
        items.filter_map(|index| mentions::phrase_at(outline, index).filter(|mention| mention.form.is_pronoun()));
    pronouns.next().filter(|mention| matches!(mention.form, Form::He | Form::She))
}

/// Words that may stand before the subject of a sentence.
const OPENINGS: [&str; 8] = ["But", "And", "Yet", "So", "Then", "Still", "Or", "Now"];

/// A longer opening is a clause with a subject of its own.
const LONGEST_OPENING: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::marks;

    /// The source of the first quotation of a one-paragraph text, by the cue after it or else before it.
    fn source(text: &str) -> Option<String> {
        let paragraphs = marks::read_marks(text);
        let outline = Outline::of(text, &paragraphs[0]);
        let run = (0..outline.items.len()).find(|&index| matches!(outline.kind(index), Some(Kind::Run(_))))?;
        let ending = text[paragraphs[0].runs[0].inner.clone()].chars().next_back();
        let cue = after(&outline, run, ending).or_else(|| before(&outline, 0, run))?;
        Some(text[outline.span(&cue.source.name)].to_owned())
    }

    #[test]
    fn the_verb_may_stand_on_either_side_of_its_subject() {
        for text in [
            "\"We are late,\" said Ada Kern.",
            "\"We are late,\" Ada Kern said.",
            "\"We are late,\" Ada Kern, who flew the machine, said on Monday.",
            "\"We are late,\" according to Ada Kern, the pilot.",
            "Ada Kern said: \"We are late.\"",
            "Ada Kern, the pilot, said \"we are late\".",
            "Ada Kern later told Ben Holt: \"We are late.\"",
            "Ben Holt was told by Ada Kern that \"we are late\".",
            "Ada Kern, in a letter to the board, wrote, \"We are late.\"",
        ] {
            assert_eq!(source(text).as_deref(), Some("Ada Kern"), "{text}");
        }
    }

    #[test]
    fn who_was_told_did_not_say_it() {
        assert_eq!(source("Ada Kern had been warned \"on several occasions\" about it."), None);
        assert_eq!(
            source("Ben Holt said Ada Kern had been warned \"on several occasions\"."),
            Some("Ben Holt".to_owned())
        );
    }

    #[test]
    fn a_sentence_after_the_quotation_is_no_attribution_of_it() {
        assert_eq!(source("\"We are late.\" Ada Kern claimed that the road was closed."), None);
        assert_eq!(source("\"We are late.\" The report on Ada Kern is long."), None);
    }
}
