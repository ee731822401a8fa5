//! An attribution as a line of its own: "Ada Kern, harbour pilot, Port of Vik", "Members of the crew".

use super::mentions::{self, Form, Mention};
use super::tokens::{Kind, Outline};
use super::words::{self, Trait};
use super::{Speaker, SpeakerKind, marks};

/// Longer lines are prose.
const LONGEST_LINE: usize = 25;

/// Parts an attribution line into who, what they are and where they belong. Forms of address (Dr., Mrs) are left out of
/// the name; Jr. and the like stay in it.
pub fn read_attribution_line(line: &str) -> Speaker {
    let line = without_dressing(line);
    let (name, rest) = name_and_rest(line);
    let outline = Outline::of_words(name);
    let mention = whole_mention(&outline);
    let lead = mention.as_ref().and_then(|mention| lead_role(&outline, mention));
    let (role, organization) = role_and_organization(rest);
    let (name, kind) = match mention {
        Some(mention) => (full_name(line, &outline, &mention, rest), kind_of(mention.form)),
        None => (name.to_owned(), kind_of_unread(name)),
    };
    Speaker { name, kind, mention: None, role: role.or(lead), organization }
}

/// Whether a line can be nothing but an attribution: short, without marks or a closing full stop, opening with somebody.
pub(crate) fn is_attribution_line(line: &str) -> bool {
    let line = without_dressing(line);
    let count = line.split_whitespace().take(LONGEST_LINE + 1).count();
    let ends_sentence =
        line.ends_with(['!', '?', ':', ';', ',']) || line.ends_with('.') && !ends_with_abbreviation(line);
    if count == 0
        || count > LONGEST_LINE
        || ends_sentence
        || line.chars().any(marks::is_double_mark)
        || names_a_year(line)
    {
        return false;
    }
    if [", who ", ", which ", ", where "].iter().any(|clause| line.contains(clause)) {
        return false;
    }
    line.starts_with(|first: char| first.is_uppercase() || first.is_lowercase() && !line.contains(". "))
        && whole_mention(&Outline::of_words(name_and_rest(line).0)).is_some()
        && !holds_verb_or_stop(&Outline::of_words(line))
}

fn holds_verb_or_stop(line: &Outline) -> bool {
    (0..line.items.len()).any(|index| {
        line.is(index, Trait::Small) && line.is(index, Trait::CueVerb) || line.kind(index) == Some(Kind::Stop)
    })
}

/// Whether the line begins with a dash, as attributions below a quotation do.
pub(crate) fn begins_with_dash(line: &str) -> bool {
    line.trim_start().starts_with(is_dash)
}

fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '~')
}

/// The line without the dash before it and the punctuation around it.
pub(crate) fn without_dressing(line: &str) -> &str {
    let line = line.trim().trim_start_matches(|first: char| is_dash(first) || first.is_whitespace());
    let line = line.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(line).trim();
    line.strip_suffix('.').filter(|bare| !bare.contains('.') && !ends_with_abbreviation(line)).unwrap_or(line)
}

fn ends_with_abbreviation(line: &str) -> bool {
    let last = line.split_whitespace().next_back().unwrap_or_default();
    last.trim_end_matches('.').contains('.')
        || words::Traits::of(last).has_any(&[Trait::NameSuffix, Trait::Abbreviation])
}

fn names_a_year(line: &str) -> bool {
    line.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() == 4)
}

/// The name, with a suffix set off by a comma, and what follows it.
fn name_and_rest(line: &str) -> (&str, &str) {
    let Some((name, rest)) = line.split_once(',') else {
        return (line, "");
    };
    let (next, after) = rest.split_once(',').unwrap_or((rest, ""));
    if words::has(next.trim(), Trait::NameSuffix) { (name.trim(), after.trim()) } else { (name.trim(), rest.trim()) }
}

fn whole_mention(outline: &Outline) -> Option<Mention> {
    let is_whole = |mention: &Mention| mention.phrase.end == outline.items.len() && !mention.form.is_pronoun();
    mentions::phrase_at(outline, 0).filter(is_whole).or_else(|| mentions::collective_at(outline, 0).filter(is_whole))
}

/// The printed name; the suffix that the comma parted from it is put back.
fn full_name(line: &str, outline: &Outline, mention: &Mention, rest: &str) -> String {
    let name = &outline.text[outline.span(&mention.name)];
    let tail = line.get(outline.text.len()..).unwrap_or_default();
    let suffix = tail
        .strip_suffix(rest)
        .unwrap_or(tail)
        .trim_matches(|character: char| character == ',' || character.is_whitespace());
    if suffix.is_empty() { name.to_owned() } else { format!("{name}, {suffix}") }
}

pub(super) fn kind_of(form: Form) -> SpeakerKind {
    match form {
        Form::Organization => SpeakerKind::Organization,
        Form::Document | Form::Other => SpeakerKind::Document,
        Form::Group => SpeakerKind::Group,
        _ => SpeakerKind::Person,
    }
}

fn kind_of_unread(name: &str) -> SpeakerKind {
    let is_name =
        name.split_whitespace().all(|word| words::Traits::of(word).has_any(&[Trait::Capitalised, Trait::NameParticle]));
    if is_name { SpeakerKind::Person } else { SpeakerKind::Group }
}

/// What stands before a name where it tells what the person is ("harbour pilot Ada Kern").
pub(super) fn lead_role(outline: &Outline, mention: &Mention) -> Option<String> {
    let lead = mention.lead();
    let says_role = lead.clone().any(|index| outline.is(index, Trait::RoleNoun));
    // "a young organizer named Ada Kern"
    let is_naming = |index: usize| outline.has_word(index, |word| matches!(word, "named" | "called"));
    let lead = lead.start..lead.end - usize::from(says_role && is_naming(lead.end - 1));
    (says_role && mention.form == Form::Person).then(|| without_article(&outline.text[outline.span(&lead)]).to_owned())
}

/// Parts "spokeswoman for the Harbour Board" and "harbour pilot, Port Authority, Vik".
pub(super) fn role_and_organization(text: &str) -> (Option<String>, Option<String>) {
    let text = without_tail(text).trim().trim_end_matches(',');
    if text.is_empty() {
        return (None, None);
    }
    let (first, rest) = text.split_once(',').map_or((text, ""), |(first, rest)| (first.trim(), rest.trim()));
    if !rest.is_empty() && is_organisation(rest) && !is_organisation_alone(first) {
        return (Some(without_article(first).to_owned()), Some(rest.to_owned()));
    }
    if is_organisation_alone(first) && !has_role_noun(first) {
        return (None, Some(without_article(text.strip_prefix("of ").unwrap_or(text)).to_owned()));
    }
    match part_at_preposition(text) {
        Some((role, organization)) => (
            Some(without_article(role).to_owned()).filter(|role| !role.is_empty()),
            Some(leading_name(without_article(organization)).to_owned()),
        ),
        None => (Some(without_article(text).to_owned()), None),
    }
}

/// Leaves out what running text adds to a role: since when, on which day, what else there is to tell.
fn without_tail(text: &str) -> &str {
    const ENDS: [&str; 20] = [
        "as", "since", "until", "till", "who", "whose", "which", "that", "when", "while", "where", "after", "before",
        "during", "because", "although", "but", "told", "said", "now",
    ];
    let mut words = text.split_inclusive(' ').map(str::trim_end).peekable();
    let mut at = 0;
    while let Some(word) = words.next() {
        let next = words.peek().copied().unwrap_or_default();
        let is_dated = matches!(word, "on" | "in" | "from" | "last" | "this")
            && (words::has(next, Trait::MonthOrDay) || next.starts_with(|first: char| first.is_ascii_digit()));
        let is_another = word == "and" && matches!(next, "a" | "an");
        if at > 0 && (ENDS.contains(&word) || is_dated || is_another) {
            return &text[..at];
        }
        at = (at + word.len() + 1).min(text.len());
    }
    text
}

fn has_role_noun(text: &str) -> bool {
    text.split_whitespace().any(|word| words::has(word, Trait::RoleNoun))
}

fn has_organisation_word(text: &str) -> bool {
    text.split([' ', ',']).any(|word| word.starts_with(char::is_uppercase) && words::has(word, Trait::OrganisationWord))
}

fn is_capital_phrase(text: &str) -> bool {
    let small =
        |word: &str| matches!(word, "of" | "the" | "and" | "for" | "&") || words::has(word, Trait::NameParticle);
    text.split_whitespace()
        .all(|word| word.starts_with(|first: char| first.is_uppercase() || first.is_numeric()) || small(word))
}

/// The capitalised words that open a text, with the small words between them; the whole where it opens otherwise.
fn leading_name(text: &str) -> &str {
    let small =
        |word: &str| matches!(word, "of" | "the" | "and" | "for" | "&") || words::has(word, Trait::NameParticle);
    let (mut at, mut end) = (0, 0);
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end();
        at += word.len();
        if bare.starts_with(|first: char| first.is_uppercase() || first.is_numeric()) {
            end = at - (word.len() - bare.len());
        } else if !small(bare) {
            break;
        }
    }
    if end == 0 { text } else { text[..end].trim_end_matches(',') }
}

fn is_organisation(text: &str) -> bool {
    is_capital_phrase(without_article(text))
        && !has_role_noun(text)
        && !text.split_whitespace().all(|word| words::has(word, Trait::NameSuffix))
}

fn is_organisation_alone(text: &str) -> bool {
    is_capital_phrase(without_article(text)) && has_organisation_word(text) && !has_role_noun(text)
        || text.strip_prefix("of ").is_some_and(has_organisation_word)
}

/// The first preposition that a body follows; "mayor of Vik" is a role as it stands.
fn part_at_preposition(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end();
        let after = &text[from + word.len()..];
        let is_body = || without_article(after).starts_with(char::is_uppercase);
        let parts = match bare {
            "for" | "at" | "with" => is_body(),
            "of" | "from" => is_body() && (has_organisation_word(after) || ends_with_body_office(&text[..from])),
            _ => false,
        };
        if parts {
            return Some((text[..from].trim(), after.trim()));
        }
        from += word.len();
    }
    None
}

fn ends_with_body_office(role: &str) -> bool {
    role.split_whitespace().next_back().is_some_and(|word| words::has(word, Trait::BodyOffice))
}

pub(super) fn without_article(text: &str) -> &str {
    ["a ", "an ", "the ", "A ", "An ", "The "]
        .iter()
        .find_map(|article| text.strip_prefix(article))
        .unwrap_or(text)
        .trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> (String, SpeakerKind, Option<String>, Option<String>) {
        let speaker = read_attribution_line(line);
        (speaker.name, speaker.kind, speaker.role, speaker.organization)
    }

    fn person(
        name: &str,
        role: Option<&str>,
        organization: Option<&str>,
    ) -> (String, SpeakerKind, Option<String>, Option<String>) {
        (name.to_owned(), SpeakerKind::Person, role.map(str::to_owned), organization.map(str::to_owned))
    }

    #[test]
    fn a_person_is_parted_from_role_and_organization() {
        assert_eq!(
            parts("Ada Kern, harbour pilot, University of Vik, Norland"),
            person("Ada Kern", Some("harbour pilot"), Some("University of Vik, Norland"))
        );
        assert_eq!(
            parts("\u{2014} Ada Kern, spokeswoman for the Harbour Board"),
            person("Ada Kern", Some("spokeswoman"), Some("Harbour Board"))
        );
        assert_eq!(parts("Odd Holt, mayor of Vik"), person("Odd Holt", Some("mayor of Vik"), None));
        assert_eq!(parts("Dr. Ada Kern, Harbour Institute"), person("Ada Kern", None, Some("Harbour Institute")));
        assert_eq!(parts("Odd Holt, Jr., pilot"), person("Odd Holt, Jr.", Some("pilot"), None));
        assert_eq!(parts("- harbour pilot Ada Kern"), person("Ada Kern", Some("harbour pilot"), None));
    }

    #[test]
    fn a_role_ends_where_the_prose_goes_on() {
        let parted = |text: &str| role_and_organization(text);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parted("mayor of Vik as of noon on Monday"), (some("mayor of Vik"), None));
        assert_eq!(parted("a clerk in May and a baker who sings"), (some("clerk"), None));
        assert_eq!(parted("head of research since 2012"), (some("head of research"), None));
        assert_eq!(
            parted("director of the Port Authority in Vik since 2012 and a sailor"),
            (some("director"), some("Port Authority"))
        );
    }

    #[test]
    fn collectives_and_bodies_are_no_persons() {
        assert_eq!(parts("Local envoys in Vik").1, SpeakerKind::Group);
        assert_eq!(parts("Opponents of the bridge").0, "Opponents of the bridge");
        assert_eq!(parts("Ministry of Fisheries").1, SpeakerKind::Organization);
    }

    #[test]
    fn prose_dates_and_citations_are_no_attribution_lines() {
        assert!(is_attribution_line("Ada Kern, pilot"));
        assert!(is_attribution_line("- Odd Holt, Jr."));
        for line in [
            "said Ada Kern.",
            "Ada Kern said so",
            "Ada Kern, who came from Vik",
            "The board met in Vik.",
            "",
            "Vik Post, August 15, 2008",
            "Ada Kern left. She came back",
        ] {
            assert!(!is_attribution_line(line), "{line}");
        }
    }
}
