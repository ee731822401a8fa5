//! What tells whether somebody is a woman or a man: words of address, kinship and role, or else the given name.

use super::Entity;
use crate::attribution::mentions::Form;
use crate::attribution::words::{self, Trait};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    Female,
    Male,
    Unknown,
}

impl Gender {
    pub(super) fn of_pronoun(form: Form) -> Self {
        match form {
            Form::She => Self::Female,
            Form::He => Self::Male,
            _ => Self::Unknown,
        }
    }

    /// What words of address, kinship and role tell, or else the given name.
    pub(super) fn of(described: &str, name: &str) -> Self {
        let told = |word: &str| {
            let traits = words::Traits::of(word);
            let is_role = traits.has(Trait::RoleNoun) && word.len() > 4;
            match traits {
                traits if traits.has(Trait::MaleWord) => Some(Self::Male),
                traits if traits.has(Trait::FemaleWord) || word.ends_with("woman") => Some(Self::Female),
                _ if is_role && word.ends_with("man") => Some(Self::Male),
                _ => None,
            }
        };
        described.split_whitespace().find_map(told).unwrap_or_else(|| {
            let given = words::Traits::of(name.split([' ', '-']).next().unwrap_or_default());
            match (given.has(Trait::FemaleName), given.has(Trait::MaleName)) {
                (true, false) => Self::Female,
                (false, true) => Self::Male,
                _ => Self::Unknown,
            }
        })
    }
}

pub(super) fn gender_of(entity: &Entity) -> Gender {
    let role = entity.speaker.role.as_deref().unwrap_or_default();
    let described = if entity.speaker.role.is_none() && entity.lead.is_empty() { &entity.speaker.name } else { role };
    match Gender::of(&entity.lead, "") {
        Gender::Unknown => Gender::of(described, &entity.speaker.name),
        told => told,
    }
}
