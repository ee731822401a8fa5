//! Labels and people by what articles call them: found, or made where nothing bears the name yet.

use std::collections::{HashMap, HashSet};

use super::Writer;
use crate::attribution::{Speaker, SpeakerKind};
use crate::changes::{Action, ResourceType};
use crate::db::slugs::{SlugTable, choose_slugs};
use crate::db::{PublicFrom, Result, group};
use crate::labels::db::{self as labels_db, NewLabel};
use crate::people::PersonKind;
use crate::people::db::{self as people_db, NewPerson, PrintedAffiliation};
use crate::quotes::OccurrenceKind;
use crate::values::id::{LabelId, PersonId};
use crate::values::name::normalise;
use crate::values::slug::slugify;

/// Who speaks in a printing, and as what, once people are known by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributed {
    pub speaker: Option<PersonId>,
    pub role: Option<String>,
    pub organization: Option<PersonId>,
}

impl Writer<'_> {
    /// Finds or makes the labels called `names`, in their order, each once.
    pub async fn labels_called(&mut self, names: &[String], public_from: PublicFrom) -> Result<Vec<LabelId>> {
        let mut seen = HashSet::new();
        let wanted: Vec<(String, &String)> = names
            .iter()
            .map(|name| (normalise(name), name))
            .filter(|(normalised, _)| !normalised.is_empty() && seen.insert(normalised.clone()))
            .collect();
        let normalised: Vec<String> = wanted.iter().map(|(normalised, _)| normalised.clone()).collect();
        let known = labels_db::labels_called(self.connection, &normalised).await?;
        let mut ids: HashMap<String, LabelId> = known.into_iter().collect();
        let known_ids: Vec<LabelId> = ids.values().copied().collect();
        labels_db::publish_labels(self.connection, &known_ids, public_from).await?;

        let missing: Vec<&(String, &String)> = wanted.iter().filter(|(name, _)| !ids.contains_key(name)).collect();
        let bases: Vec<String> = missing.iter().map(|(_, name)| slugify(name, "label")).collect();
        let slugs = choose_slugs(self.connection, SlugTable::Labels, &bases).await?;
        let new: Vec<NewLabel> = missing
            .iter()
            .zip(slugs)
            .map(|((normalised_name, name), slug)| NewLabel {
                id: LabelId::generate(),
                slug,
                name: (*name).clone(),
                normalised_name: normalised_name.clone(),
                public_from,
                created_at: self.now,
                updated_at: self.now,
            })
            .collect();
        labels_db::insert_labels(self.connection, &new).await?;
        for label in new {
            self.created(ResourceType::Label, label.id.0);
            ids.insert(label.normalised_name, label.id);
        }
        // Two spellings may be names of one label.
        let mut used = HashSet::new();
        Ok(wanted.iter().filter_map(|(name, _)| ids.get(name).copied()).filter(|id| used.insert(*id)).collect())
    }

    /// Finds or makes the people that printings name, and notes what they are said to be.
    pub async fn speakers_of(
        &mut self,
        printings: &[(Option<&Speaker>, OccurrenceKind)],
        public_from: PublicFrom,
    ) -> Result<Vec<Attributed>> {
        let mut wanted = WantedPeople::default();
        for (speaker, kind) in printings {
            if let Some(speaker) = speaker.filter(|speaker| is_recognisable(speaker, *kind)) {
                wanted.add(&speaker.name, kind_of(speaker), Accepts::AnyKind);
                if let Some(organization) = &speaker.organization {
                    wanted.add(organization, PersonKind::Organization, Accepts::OrganizationOnly);
                }
            }
        }
        let ids = self.find_or_make(&wanted, public_from).await?;
        let attributed: Vec<Attributed> = printings
            .iter()
            .map(|(speaker, _)| match speaker {
                Some(speaker) => Attributed {
                    speaker: ids.get(&(normalise(&speaker.name), Accepts::AnyKind)).copied(),
                    role: speaker.role.clone(),
                    organization: speaker.organization.as_ref().and_then(|organization| {
                        ids.get(&(normalise(organization), Accepts::OrganizationOnly)).copied()
                    }),
                },
                None => Attributed::default(),
            })
            .collect();
        self.note_affiliations(&attributed, public_from).await?;
        Ok(attributed)
    }

    async fn find_or_make(
        &mut self,
        wanted: &WantedPeople,
        public_from: PublicFrom,
    ) -> Result<HashMap<(String, Accepts), PersonId>> {
        let names: Vec<String> = wanted.people.iter().map(|person| person.normalised.clone()).collect();
        let namesakes = people_db::namesakes(self.connection, &names).await?;
        let by_name = group(namesakes.iter().map(|namesake| (namesake.normalised_name.as_str(), namesake)));
        let mut ids = HashMap::new();
        let mut missing: Vec<&WantedPerson> = Vec::new();
        for person in &wanted.people {
            let bearers = by_name.get(person.normalised.as_str()).into_iter().flatten();
            let mut candidates = bearers
                .filter(|namesake| person.accepts == Accepts::AnyKind || namesake.kind == PersonKind::Organization);
            match (candidates.next(), candidates.next()) {
                (Some(only), None) => {
                    ids.insert((person.normalised.clone(), person.accepts), only.id);
                }
                (None, _) => missing.push(person),
                // Of two candidates none is chosen.
                (Some(_), Some(_)) => {}
            }
        }
        let known: Vec<PersonId> = ids.values().copied().collect();
        people_db::publish_people(self.connection, &known, public_from).await?;
        // One that is named both as a speaker and as somebody's organization is one organization.
        missing.sort_by_key(|person| (&person.normalised, std::cmp::Reverse(person.accepts)));
        for same in missing.chunk_by(|one, other| one.normalised == other.normalised) {
            let id = self.make_person(same[0], public_from).await?;
            ids.extend(same.iter().map(|person| ((person.normalised.clone(), person.accepts), id)));
        }
        Ok(ids)
    }

    async fn make_person(&mut self, person: &WantedPerson, public_from: PublicFrom) -> Result<PersonId> {
        let slugs = choose_slugs(self.connection, SlugTable::People, &[slugify(&person.name, "person")]).await?;
        let new = NewPerson {
            id: PersonId::generate(),
            slug: slugs.concat(),
            kind: person.kind,
            name: person.name.clone(),
            normalised_name: person.normalised.clone(),
            public_from,
            created_at: self.now,
            updated_at: self.now,
        };
        people_db::insert_people(self.connection, std::slice::from_ref(&new)).await?;
        self.created(ResourceType::Person, new.id.0);
        Ok(new.id)
    }

    pub async fn note_affiliations(&mut self, attributed: &[Attributed], public_from: PublicFrom) -> Result<()> {
        let mut seen = HashSet::new();
        let printed: Vec<PrintedAffiliation> = attributed
            .iter()
            .filter(|attributed| attributed.role.is_some() || attributed.organization.is_some())
            .filter_map(|Attributed { speaker, role, organization }| {
                let person_id = (*speaker)?;
                let organization_id = organization.filter(|organization| *organization != person_id);
                Some(PrintedAffiliation { person_id, role: role.clone(), organization_id })
            })
            .filter(|affiliation| affiliation.role.is_some() || affiliation.organization_id.is_some())
            .filter(|affiliation| seen.insert(affiliation.clone()))
            .collect();
        let changed = people_db::add_affiliations(self.connection, &printed, public_from).await?;
        if public_from.0.is_none_or(|instant| instant > self.now) {
            // A version is public: it must not tell what is not.
            return Ok(());
        }
        // Those made a moment ago are at their first version still.
        let older: Vec<PersonId> = changed.into_iter().filter(|id| !self.has_made(id.0)).collect();
        for (id, version) in people_db::raise_versions(self.connection, &older, self.now).await? {
            self.changed(ResourceType::Person, id.0, Action::Updated, version);
        }
        Ok(())
    }
}

/// Which kinds a name may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Accepts {
    AnyKind,
    OrganizationOnly,
}

#[derive(Debug)]
struct WantedPerson {
    normalised: String,
    name: String,
    kind: PersonKind,
    accepts: Accepts,
}

/// The people an article names, each once, in the order it names them.
#[derive(Debug, Default)]
struct WantedPeople {
    people: Vec<WantedPerson>,
    known: HashSet<(String, Accepts)>,
}

impl WantedPeople {
    fn add(&mut self, name: &str, kind: PersonKind, accepts: Accepts) {
        let normalised = normalise(name);
        if !normalised.is_empty() && self.known.insert((normalised.clone(), accepts)) {
            self.people.push(WantedPerson { normalised, name: name.to_owned(), kind, accepts });
        }
    }
}

/// Whether a speaker can be told from others outside this article: not by a bare surname, nor by a description such
/// as "two officials" in running text.
fn is_recognisable(speaker: &Speaker, kind: OccurrenceKind) -> bool {
    match speaker.kind {
        SpeakerKind::Person => speaker.is_named() && speaker.name.split_whitespace().count() > 1,
        SpeakerKind::Organization => true,
        SpeakerKind::Group => kind == OccurrenceKind::Pull,
        SpeakerKind::Document => false,
    }
}

fn kind_of(speaker: &Speaker) -> PersonKind {
    match speaker.kind {
        SpeakerKind::Person => PersonKind::Person,
        SpeakerKind::Organization | SpeakerKind::Document => PersonKind::Organization,
        SpeakerKind::Group => PersonKind::Group,
    }
}
