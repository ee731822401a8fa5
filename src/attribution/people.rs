//! Who is named in a text, in full: the register that bare surnames, roles and pronouns are looked up in.

use std::collections::HashMap;
use std::ops::Range;

use super::attribution_line::{kind_of, lead_role, role_and_organization, without_article};
use super::mentions::{self, Form, Mention};
use super::tokens::{Kind, Outline};
use super::words::{self, Trait};
use super::{Speaker, SpeakerKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    Female,
    Male,
    Unknown,
}

impl Gender {
    pub(super) fn is_told_by(self, pronoun: Form) -> bool {
        matches!((self, pronoun), (Self::Female, Form::She) | (Self::Male, Form::He))
    }

    pub(super) fn fits(self, pronoun: Form) -> bool {
        !matches!((self, pronoun), (Self::Female, Form::He) | (Self::Male, Form::She))
    }

    fn of(lead: &str, name: &str, role: Option<&str>) -> Self {
        let first = name.split_whitespace().next().unwrap_or_default();
        let told = |word: &str| match word.to_lowercase().trim_end_matches('.') {
            "mr" | "sir" | "lord" | "king" | "father" | "brother" | "son" | "husband" | "uncle" | "prince" | "herr"
            | "monsieur" | "actor" => Some(Self::Male),
            "mrs" | "ms" | "miss" | "lady" | "dame" | "queen" | "mother" | "sister" | "daughter" | "wife" | "aunt"
            | "princess" | "frau" | "madame" | "actress" => Some(Self::Female),
            word if word.ends_with("woman") => Some(Self::Female),
            word if word.len() > 4 && word.ends_with("man") && words::has(word, Trait::RoleNoun) => Some(Self::Male),
            _ => None,
        };
        let by_word = lead.split_whitespace().chain(role.unwrap_or_default().split_whitespace()).find_map(told);
        by_word.unwrap_or_else(|| match (words::has(first, Trait::FemaleName), words::has(first, Trait::MaleName)) {
            (true, false) => Self::Female,
            (false, true) => Self::Male,
            _ => Self::Unknown,
        })
    }
}

/// One full name, as its first mention prints it.
pub(super) struct Person {
    pub speaker: Speaker,
    pub gender: Gender,
    /// The words of address and role before the name, for telling two of one surname apart.
    lead: String,
}

/// Everybody named in full in a text.
#[derive(Default)]
pub(super) struct People {
    persons: Vec<Person>,
    by_surname: HashMap<String, Vec<usize>>,
    by_role: HashMap<String, Vec<usize>>,
    /// Where full names stand, in text order: the byte, the person.
    pub mentions: Vec<(usize, usize)>,
}

/// More people than this of one surname or role are not told apart anyway; bounds the work per look-up.
const MOST_NAMESAKES: usize = 12;

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    Nobody,
    One(usize),
    Several,
}

impl People {
    pub(super) fn in_text(outlines: &[Outline], known: &[Speaker]) -> Self {
        let mut people = Self::default();
        for speaker in known.iter().filter(|speaker| speaker.kind == SpeakerKind::Person) {
            let _ = people.add(String::new(), Speaker { mention: None, ..speaker.clone() });
        }
        for outline in outlines {
            let mut index = 0;
            while index < outline.items.len() {
                index = people.read_at(outline, index);
            }
        }
        people
    }

    pub(super) fn person(&self, index: usize) -> Option<&Person> {
        self.persons.get(index)
    }

    /// Reads a full name that starts at an item; returns the item to go on from.
    fn read_at(&mut self, outline: &Outline, start: usize) -> usize {
        if !outline.is(start, Trait::NameWord) {
            return start + 1;
        }
        let mut end = start + 1;
        while outline.is_any(end, &mentions::NAME_PARTS) && !outline.is(end - 1, Trait::Possessive) {
            end += 1;
        }
        while end > start + 1 && !outline.is(end - 1, Trait::NameWord) {
            end -= 1;
        }
        let floor = start.saturating_sub(6);
        let parsed =
            mentions::phrase_before(outline, floor, end).or_else(|| mentions::read_phrase(outline, start..end));
        if let Some(mention) = parsed.filter(|mention| mention.form == Form::Person && mention.name.len() >= 2) {
            let (role, organization) = described(outline, &mention, None);
            let lead = outline.text[outline.span(&mention.lead())].to_owned();
            let speaker = Speaker {
                name: printed_name(outline, &mention.name),
                kind: SpeakerKind::Person,
                mention: None,
                role,
                organization,
            };
            let at = outline.span(&mention.name).start;
            if let Some(person) = self.add(lead, speaker) {
                self.mentions.push((at, person));
            }
        }
        end
    }

    /// Adds a person, or what a further mention of one tells; none where namesakes are too many.
    fn add(&mut self, lead: String, speaker: Speaker) -> Option<usize> {
        let same = self.by_surname.get(&surname(&speaker.name)).and_then(|indices| {
            indices.iter().copied().find(|&index| is_same_name(&self.persons[index].speaker.name, &speaker.name))
        });
        if let Some(index) = same {
            self.enrich(index, lead, speaker);
            return Some(index);
        }
        let index = self.persons.len();
        let namesakes = self.by_surname.entry(surname(&speaker.name)).or_default();
        if namesakes.len() >= MOST_NAMESAKES {
            return None;
        }
        namesakes.push(index);
        let gender = Gender::of(&lead, &speaker.name, speaker.role.as_deref());
        self.persons.push(Person { speaker, gender, lead });
        self.index_roles(index);
        Some(index)
    }

    /// A later mention may be fuller, or tell the role.
    fn enrich(&mut self, index: usize, lead: String, speaker: Speaker) {
        let person = &mut self.persons[index];
        if speaker.name.len() > person.speaker.name.len() {
            person.speaker.name = speaker.name;
        }
        if person.speaker.role.is_none() && person.speaker.organization.is_none() {
            person.speaker.role = speaker.role;
            person.speaker.organization = speaker.organization;
        }
        if person.lead.is_empty() {
            person.lead = lead;
        }
        if person.gender == Gender::Unknown {
            person.gender = Gender::of(&person.lead, &person.speaker.name, person.speaker.role.as_deref());
        }
        self.index_roles(index);
    }

    fn index_roles(&mut self, index: usize) {
        let person = &self.persons[index];
        let words =
            person.lead.split_whitespace().chain(person.speaker.role.as_deref().unwrap_or_default().split_whitespace());
        for word in words.take(12).filter(|word| words::has(word, Trait::RoleNoun)) {
            let holders = self.by_role.entry(word.to_lowercase()).or_default();
            if !holders.contains(&index) && holders.len() < MOST_NAMESAKES {
                holders.push(index);
            }
        }
    }

    /// The person a name means: the fullest form of the same name, or the only one of a bare surname.
    pub(super) fn named(&self, name: &str, lead: &str) -> Lookup {
        let Some(indices) = self.by_surname.get(&surname(name)) else {
            return Lookup::Nobody;
        };
        let fitting: Vec<usize> =
            indices.iter().copied().filter(|&index| is_same_name(&self.persons[index].speaker.name, name)).collect();
        match fitting.as_slice() {
            [] => Lookup::Nobody,
            [only] => Lookup::One(*only),
            several => self.told_apart_by_title(several, lead),
        }
    }

    fn told_apart_by_title(&self, several: &[usize], lead: &str) -> Lookup {
        let title = lead.split_whitespace().next_back().unwrap_or_default();
        let titled: Vec<usize> = several
            .iter()
            .copied()
            .filter(|&index| !title.is_empty() && self.persons[index].lead.ends_with(title))
            .collect();
        match titled.as_slice() {
            [only] => Lookup::One(*only),
            _ => Lookup::Several,
        }
    }

    /// The only person of a role ("the captain").
    pub(super) fn in_role(&self, role: &str) -> Lookup {
        match self.by_role.get(&role.to_lowercase()).map(Vec::as_slice) {
            None | Some([]) => Lookup::Nobody,
            Some([only]) => Lookup::One(*only),
            Some(_) => Lookup::Several,
        }
    }
}

fn name_words(name: &str) -> Vec<String> {
    let words = name.split([' ', '\u{A0}', ',', '\n']).filter(|word| !word.is_empty() && !words::has(word, Trait::NameSuffix));
    words.map(|word| words::without_possessive(word).to_lowercase()).collect()
}

fn surname(name: &str) -> String {
    name_words(name).pop().unwrap_or_default()
}

/// Whether two forms can name one person: the same surname and given names that agree, initials included.
fn is_same_name(full: &str, other: &str) -> bool {
    let (full, other) = (name_words(full), name_words(other));
    let initial_of = |short: &str, long: &str| {
        short.trim_end_matches('.').chars().count() == 1 && long.starts_with(short.trim_end_matches('.'))
    };
    match (full.as_slice(), other.as_slice()) {
        ([.., a], [.., b]) if a != b => false,
        ([first, _, ..], [second, _, ..]) => first == second || initial_of(first, second) || initial_of(second, first),
        ([_, ..], [_]) | ([_], [_, ..]) => true,
        _ => false,
    }
}

/// The words of a name as printed, without a possessive ending and on one line.
pub(super) fn printed_name(outline: &Outline, name: &Range<usize>) -> String {
    let span = outline.span(name);
    let printed = words::without_possessive(&outline.text[span.clone()]);
    let suffix = (outline.kind(name.end) == Some(Kind::Comma))
        .then(|| outline.word(name.end + 1))
        .flatten()
        .filter(|word| matches!(*word, "Jr" | "Jr." | "Sr" | "Sr."));
    let joined = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    suffix.map_or(joined.clone(), |suffix| format!("{joined}, {suffix}"))
}

/// Role and organization of a mention, from what stands before the name and what follows it.
pub(super) fn described(
    outline: &Outline,
    mention: &Mention,
    apposition: Option<&Range<usize>>,
) -> (Option<String>, Option<String>) {
    let found =
        apposition.cloned().or_else(|| mentions::appositive(outline, mention.phrase.end).map(|(words, _)| words));
    let says_something = |words: &Range<usize>| {
        words
            .clone()
            .any(|index| outline.is_any(index, &[Trait::RoleNoun, Trait::OrganisationWord]))
    };
    let lead = lead_role(outline, mention);
    let Some(words) = found.filter(says_something) else {
        return lead.map_or((None, None), |lead| role_and_organization(&lead));
    };
    let text = outline.text[outline.span(&words)].split_whitespace().collect::<Vec<_>>().join(" ");
    let (role, organization) = role_and_organization(&text);
    (role.or(lead), organization)
}

/// A speaker who is nobody's full name: a body, a collective, somebody called by a role.
pub(super) fn described_speaker(outline: &Outline, mention: &Mention) -> Speaker {
    let printed = printed_name(outline, &mention.name);
    let (role, organization) =
        if mention.form == Form::Role { role_and_organization(without_article(&printed)) } else { (None, None) };
    Speaker {
        name: printed,
        kind: kind_of(mention.form),
        mention: Some(outline.span(&mention.phrase)),
        role,
        organization,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(text: &str) -> People {
        People::in_text(&[Outline::of_words(text)], &[])
    }

    fn name(people: &People, name: &str, lead: &str) -> Option<String> {
        match people.named(name, lead) {
            Lookup::One(index) => people.person(index).map(|person| person.speaker.name.clone()),
            _ => None,
        }
    }

    #[test]
    fn a_surname_finds_its_only_full_name() {
        let people = people("The pilot Ada M. Kern flew. Ben Holt waited. Ada Kern's boat sank.");
        assert_eq!(name(&people, "Kern", "").as_deref(), Some("Ada M. Kern"));
        assert_eq!(name(&people, "A. Kern", "").as_deref(), Some("Ada M. Kern"));
        assert_eq!(name(&people, "Eva Kern", ""), None);
    }

    #[test]
    fn of_two_namesakes_none_is_chosen_unless_a_title_tells() {
        let people = people("Judge Ada Kern met Captain Ben Kern.");
        assert_eq!(people.named("Kern", ""), Lookup::Several);
        assert_eq!(name(&people, "Kern", "Judge").as_deref(), Some("Ada Kern"));
    }

    #[test]
    fn a_role_finds_its_only_holder() {
        let people = people("Ada Kern, the harbour pilot, met Captain Ben Holt.");
        assert!(matches!(people.in_role("pilot"), Lookup::One(_)));
        assert_eq!(people.in_role("baker"), Lookup::Nobody);
    }
}
