//! Labels and people by what articles call them: found, or made where nothing bears the name yet.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

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

/// A label that an article wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLabel {
    /// What it is called.
    pub name: String,
    /// The slug it gets when it is made; made from the name where there is none.
    pub slug: Option<String>,
    /// The label above it, when it is made.
    pub parent: Option<Box<WantedLabel>>,
}

impl WantedLabel {
    /// A label of which only the name is known.
    pub fn called(name: impl Into<String>) -> Self {
        Self { name: name.into(), slug: None, parent: None }
    }
}

/// What an article calls somebody who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedAuthor {
    /// The full name.
    pub name: String,
    /// The slug they get when they are made; made from the name where there is none.
    pub slug: Option<String>,
}

/// A printing: who speaks in it according to its article, and what kind it is of.
type Printed<'s> = (Option<&'s Speaker>, OccurrenceKind);

impl Writer<'_> {
    /// Finds or makes the labels that several articles want, each article's in its order and each once.
    pub async fn labels_of(&mut self, articles: &[(&[WantedLabel], PublicFrom)]) -> Result<Vec<Vec<LabelId>>> {
        let mut wanted = WantedLabels::default();
        for (labels, public_from) in articles {
            for label in *labels {
                wanted.add(label, *public_from);
            }
        }
        let names: Vec<String> = wanted.labels.iter().map(|label| label.normalised.clone()).collect();
        let known = labels_db::labels_called(self.connection, &names).await?;
        let mut ids: HashMap<String, LabelId> = known.into_iter().collect();
        let shown: Vec<(LabelId, PublicFrom)> =
            wanted.labels.iter().filter_map(|label| Some((*ids.get(&label.normalised)?, label.public_from))).collect();
        labels_db::publish_labels(self.connection, &shown).await?;

        let missing: Vec<&WantedLabelAt> =
            wanted.labels.iter().filter(|label| !ids.contains_key(&label.normalised)).collect();
        let base = |label: &&WantedLabelAt| label.slug.clone().unwrap_or_else(|| slugify(&label.name, "label"));
        let bases: Vec<String> = missing.iter().map(base).collect();
        let slugs = choose_slugs(self.connection, SlugTable::Labels, &bases).await?;
        let new: Vec<NewLabel> = missing
            .iter()
            .zip(slugs)
            .map(|(label, slug)| NewLabel {
                id: LabelId::generate(),
                slug,
                name: label.name.clone(),
                normalised_name: label.normalised.clone(),
                public_from: label.public_from,
                created_at: self.now,
                updated_at: self.now,
            })
            .collect();
        labels_db::insert_labels(self.connection, &new).await?;
        for label in &new {
            self.created(ResourceType::Label, label.id.0);
            ids.insert(label.normalised_name.clone(), label.id);
        }
        let parents: Vec<(LabelId, LabelId)> = missing
            .iter()
            .zip(&new)
            .filter_map(|(label, made)| Some((made.id, *ids.get(label.parent.as_ref()?)?)))
            .filter(|(label, parent)| label != parent)
            .collect();
        labels_db::set_parents(self.connection, &acyclic(parents)).await?;
        let of_article = |(labels, _): &(&[WantedLabel], PublicFrom)| {
            // Two spellings may be names of one label.
            let mut used = HashSet::new();
            let found = labels.iter().filter_map(|label| ids.get(&normalise(&label.name)).copied());
            found.filter(|id| used.insert(*id)).collect()
        };
        Ok(articles.iter().map(of_article).collect())
    }

    /// Finds or makes the authors that several articles name, each article's in its order and each once. Of several people
    /// who bear a name none is chosen: nobody stands for it then.
    pub async fn authors_of(&mut self, articles: &[(&[WantedAuthor], PublicFrom)]) -> Result<Vec<Vec<PersonId>>> {
        let mut wanted = WantedPeople::default();
        for (authors, public_from) in articles {
            for author in *authors {
                wanted.add(&author.name, PersonKind::Person, Accepts::AnyKind, *public_from);
                wanted.wish(&author.name, author.slug.as_ref());
            }
        }
        let ids = self.find_or_make(&wanted).await?;
        let of_article = |(authors, _): &(&[WantedAuthor], PublicFrom)| {
            let mut used = HashSet::new();
            let found =
                authors.iter().filter_map(|author| ids.get(&(normalise(&author.name), Accepts::AnyKind)).copied());
            found.filter(|id| used.insert(*id)).collect()
        };
        Ok(articles.iter().map(of_article).collect())
    }

    /// Finds or makes the people that the printings of an article name, and notes what they are said to be.
    pub async fn speakers_of(&mut self, printings: &[Printed<'_>], public_from: PublicFrom) -> Result<Vec<Attributed>> {
        let printings = printings.to_vec();
        Ok(self.speakers_in(&[(printings, public_from)]).await?.concat())
    }

    /// The same for several articles.
    pub async fn speakers_in(&mut self, articles: &[(Vec<Printed<'_>>, PublicFrom)]) -> Result<Vec<Vec<Attributed>>> {
        let mut wanted = WantedPeople::default();
        for (printings, public_from) in articles {
            for (speaker, kind) in printings {
                if let Some(speaker) = speaker.filter(|speaker| is_recognisable(speaker, *kind)) {
                    wanted.add(&speaker.name, kind_of(speaker), Accepts::AnyKind, *public_from);
                    if let Some(organization) = &speaker.organization {
                        wanted.add(organization, PersonKind::Organization, Accepts::OrganizationOnly, *public_from);
                    }
                }
            }
        }
        let ids = self.find_or_make(&wanted).await?;
        let attributed = |speaker: &Speaker| Attributed {
            speaker: ids.get(&(normalise(&speaker.name), Accepts::AnyKind)).copied(),
            role: speaker.role.clone(),
            organization: speaker
                .organization
                .as_ref()
                .and_then(|organization| ids.get(&(normalise(organization), Accepts::OrganizationOnly)).copied()),
        };
        let of_article = |(printings, _): &(Vec<Printed<'_>>, PublicFrom)| {
            let of_printing = |(speaker, _): &Printed<'_>| speaker.map(attributed).unwrap_or_default();
            printings.iter().map(of_printing).collect::<Vec<_>>()
        };
        let attributed: Vec<Vec<Attributed>> = articles.iter().map(of_article).collect();
        let printed: Vec<(&Attributed, PublicFrom)> = articles
            .iter()
            .zip(&attributed)
            .flat_map(|((_, public_from), attributed)| attributed.iter().map(|one| (one, *public_from)))
            .collect();
        self.note_affiliations_in(&printed).await?;
        Ok(attributed)
    }

    async fn find_or_make(&mut self, wanted: &WantedPeople) -> Result<HashMap<(String, Accepts), PersonId>> {
        let names: Vec<String> = wanted.people.iter().map(|person| person.normalised.clone()).collect();
        let namesakes = people_db::namesakes(self.connection, &names).await?;
        let by_name = group(namesakes.iter().map(|namesake| (namesake.normalised_name.as_str(), namesake)));
        let (mut ids, mut shown) = (HashMap::new(), Vec::new());
        let mut missing: Vec<&WantedPerson> = Vec::new();
        for person in &wanted.people {
            let bearers = by_name.get(person.normalised.as_str()).into_iter().flatten();
            let mut candidates = bearers
                .filter(|namesake| person.accepts == Accepts::AnyKind || namesake.kind == PersonKind::Organization);
            match (candidates.next(), candidates.next()) {
                (Some(only), None) => {
                    ids.insert((person.normalised.clone(), person.accepts), only.id);
                    shown.push((only.id, person.public_from));
                }
                (None, _) => missing.push(person),
                // Of two candidates none is chosen.
                (Some(_), Some(_)) => {}
            }
        }
        people_db::publish_people(self.connection, &shown).await?;
        // One that is named both as a speaker and as somebody's organization is one organization.
        missing.sort_by_key(|person| (&person.normalised, std::cmp::Reverse(person.accepts)));
        let groups: Vec<&[&WantedPerson]> = missing.chunk_by(|one, other| one.normalised == other.normalised).collect();
        for (same, id) in groups.iter().zip(self.make_people(&groups).await?) {
            ids.extend(same.iter().map(|person| ((person.normalised.clone(), person.accepts), id)));
        }
        Ok(ids)
    }

    /// Makes a person for each group of wanted ones that are the same.
    async fn make_people(&mut self, groups: &[&[&WantedPerson]]) -> Result<Vec<PersonId>> {
        let base = |same: &&[&WantedPerson]| {
            same.iter().find_map(|person| person.slug.clone()).unwrap_or_else(|| slugify(&same[0].name, "person"))
        };
        let bases: Vec<String> = groups.iter().map(base).collect();
        let slugs = choose_slugs(self.connection, SlugTable::People, &bases).await?;
        let new: Vec<NewPerson> = groups
            .iter()
            .zip(slugs)
            .map(|(same, slug)| NewPerson {
                id: PersonId::generate(),
                slug,
                kind: same[0].kind,
                name: same[0].name.clone(),
                normalised_name: same[0].normalised.clone(),
                public_from: same.iter().fold(PublicFrom(None), |from, person| from.earlier(person.public_from)),
                created_at: self.now,
                updated_at: self.now,
            })
            .collect();
        people_db::insert_people(self.connection, &new).await?;
        for person in &new {
            self.created(ResourceType::Person, person.id.0);
        }
        Ok(new.iter().map(|person| person.id).collect())
    }

    /// Notes what an article prints that people are.
    pub async fn note_affiliations(&mut self, attributed: &[Attributed], public_from: PublicFrom) -> Result<()> {
        let printed: Vec<(&Attributed, PublicFrom)> = attributed.iter().map(|one| (one, public_from)).collect();
        self.note_affiliations_in(&printed).await
    }

    /// The same for several articles.
    async fn note_affiliations_in(&mut self, printed: &[(&Attributed, PublicFrom)]) -> Result<()> {
        let mut places: HashMap<PrintedAffiliation, usize> = HashMap::new();
        let mut affiliations: Vec<(PrintedAffiliation, PublicFrom)> = Vec::new();
        for (Attributed { speaker, role, organization }, public_from) in printed {
            let Some(person_id) = *speaker else { continue };
            let organization_id = organization.filter(|organization| *organization != person_id);
            if role.is_none() && organization_id.is_none() {
                continue;
            }
            let affiliation = PrintedAffiliation { person_id, role: role.clone(), organization_id };
            match places.get(&affiliation) {
                Some(place) => affiliations[*place].1 = affiliations[*place].1.earlier(*public_from),
                None => {
                    places.insert(affiliation.clone(), affiliations.len());
                    affiliations.push((affiliation, *public_from));
                }
            }
        }
        let new = people_db::add_affiliations(self.connection, &affiliations).await?;
        // A version is public: it must not tell what is not. Those made a moment ago are at their first version still.
        let made: HashSet<Uuid> = self.made_here();
        let is_told = |(id, public_from): &(PersonId, PublicFrom)| {
            public_from.0.is_some_and(|instant| instant <= self.now) && !made.contains(&id.0)
        };
        let older: Vec<PersonId> = new.iter().filter(|one| is_told(one)).map(|(id, _)| *id).collect();
        if older.is_empty() {
            return Ok(());
        }
        for (id, version) in people_db::raise_versions(self.connection, &older, self.now).await? {
            self.changed(ResourceType::Person, id.0, Action::Updated, version);
        }
        Ok(())
    }
}

/// The labels that articles want, each once, in the order they want them: those above before those below.
#[derive(Debug, Default)]
struct WantedLabels {
    labels: Vec<WantedLabelAt>,
    places: HashMap<String, usize>,
}

#[derive(Debug)]
struct WantedLabelAt {
    normalised: String,
    name: String,
    slug: Option<String>,
    /// The normalised name of the label above.
    parent: Option<String>,
    public_from: PublicFrom,
}

impl WantedLabels {
    fn add(&mut self, label: &WantedLabel, public_from: PublicFrom) {
        let normalised = normalise(&label.name);
        if normalised.is_empty() {
            return;
        }
        if let Some(parent) = &label.parent {
            // A label above is public by articles of its own; as a parent it is only there.
            self.add(parent, PublicFrom(None));
        }
        let parent = label.parent.as_ref().map(|parent| normalise(&parent.name)).filter(|parent| !parent.is_empty());
        let slug = label.slug.as_ref();
        match self.places.get(&normalised) {
            Some(place) => {
                let known = &mut self.labels[*place];
                known.public_from = known.public_from.earlier(public_from);
                known.slug = known.slug.take().or_else(|| slug.cloned());
                known.parent = known.parent.take().or(parent);
            }
            None => {
                self.places.insert(normalised.clone(), self.labels.len());
                let (name, slug) = (label.name.clone(), slug.cloned());
                self.labels.push(WantedLabelAt { normalised, name, slug, parent, public_from });
            }
        }
    }
}

/// Those of the pairs of a label and its parent that lead round in no circle.
fn acyclic(pairs: Vec<(LabelId, LabelId)>) -> Vec<(LabelId, LabelId)> {
    let mut parents: HashMap<LabelId, LabelId> = HashMap::new();
    for (label, parent) in pairs {
        let mut above = Some(parent);
        while let Some(next) = above.filter(|above| *above != label) {
            above = parents.get(&next).copied();
        }
        if above.is_none() {
            parents.insert(label, parent);
        }
    }
    let mut pairs: Vec<(LabelId, LabelId)> = parents.into_iter().collect();
    pairs.sort_unstable();
    pairs
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
    slug: Option<String>,
    accepts: Accepts,
    public_from: PublicFrom,
}

/// The people that articles name, each once, in the order they name them.
#[derive(Debug, Default)]
struct WantedPeople {
    people: Vec<WantedPerson>,
    places: HashMap<(String, Accepts), usize>,
}

impl WantedPeople {
    fn add(&mut self, name: &str, kind: PersonKind, accepts: Accepts, public_from: PublicFrom) {
        let normalised = normalise(name);
        if normalised.is_empty() {
            return;
        }
        match self.places.get(&(normalised.clone(), accepts)) {
            Some(place) => {
                let known = &mut self.people[*place];
                known.public_from = known.public_from.earlier(public_from);
            }
            None => {
                self.places.insert((normalised.clone(), accepts), self.people.len());
                let name = name.to_owned();
                self.people.push(WantedPerson { normalised, name, kind, slug: None, accepts, public_from });
            }
        }
    }
}

impl WantedPeople {
    /// Notes the slug that somebody is to have when made.
    fn wish(&mut self, name: &str, slug: Option<&String>) {
        if let Some(place) = self.places.get(&(normalise(name), Accepts::AnyKind)) {
            let known = &mut self.people[*place];
            known.slug = known.slug.take().or_else(|| slug.cloned());
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
