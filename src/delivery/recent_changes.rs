//! What changed lately, in the order in which this process learnt of it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use uuid::Uuid;

use super::rules::Dependence;
use crate::changes::ResourceType;

/// How many changes are remembered. An answer that was not asked for since is taken for out of date.
const REMEMBERED: usize = 10_000;

/// The changes that this process has learnt of, numbered.
#[derive(Debug, Default)]
pub(super) struct RecentChanges {
    /// The number of the last one.
    last: AtomicU64,
    log: RwLock<Log>,
}

#[derive(Debug, Default)]
struct Log {
    changes: VecDeque<(u64, ResourceType, Uuid)>,
    /// Up to this number it is not known what changed: anything may have.
    forgotten: u64,
}

impl RecentChanges {
    /// The number of the last change.
    pub(super) fn last(&self) -> u64 {
        self.last.load(Ordering::SeqCst)
    }

    /// Notes that these resources changed, all at once.
    pub(super) fn add(&self, changed: &[(ResourceType, Uuid)]) {
        if changed.is_empty() {
            return;
        }
        let mut log = self.write();
        let number = self.last() + 1;
        log.changes.extend(changed.iter().map(|(resource_type, id)| (number, *resource_type, *id)));
        let surplus = log.changes.len().saturating_sub(REMEMBERED);
        let forgotten = log.changes.drain(..surplus).next_back().map(|(newest, ..)| newest);
        log.forgotten = forgotten.unwrap_or(log.forgotten);
        self.last.store(number, Ordering::SeqCst);
    }

    /// Notes that anything may have changed.
    pub(super) fn add_anything(&self) {
        let mut log = self.write();
        let number = self.last() + 1;
        log.changes.clear();
        log.forgotten = number;
        self.last.store(number, Ordering::SeqCst);
    }

    /// The number of the last change, where nothing that matters to `dependence` changed after the change numbered `since`.
    pub(super) fn unchanged(&self, dependence: &Dependence, since: u64) -> Option<u64> {
        let last = self.last();
        if last == since {
            return Some(last);
        }
        let log = self.read();
        // Under the lock, so that it fits the log.
        let last = self.last();
        let mut later = log.changes.iter().rev().take_while(|(number, ..)| *number > since);
        let is_known = since >= log.forgotten;
        (is_known && !later.any(|(_, resource_type, id)| dependence.is_on(*resource_type, *id))).then_some(last)
    }

    fn read(&self) -> RwLockReadGuard<'_, Log> {
        self.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Log> {
        self.log.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::delivery::rules::Rules;
    use crate::values::id::ArticleId;

    fn shows(id: ArticleId) -> Dependence {
        let rules = Rules::from_document(&Value::Null);
        rules.of_path("/v1/articles/tide").unwrap().dependence("", format!("{{\"id\":\"{id}\"}}").as_bytes())
    }

    #[test]
    fn an_answer_is_out_of_date_once_something_that_it_shows_changed_after_it_began() {
        let changes = RecentChanges::default();
        let [mine, other] = [ArticleId::generate(), ArticleId::generate()];
        changes.add(&[(ResourceType::Article, mine.0)]);
        let began = changes.last();
        assert_eq!(changes.unchanged(&shows(mine), began), Some(began), "the change came before");
        changes.add(&[(ResourceType::Article, other.0), (ResourceType::Label, mine.0)]);
        assert_eq!(changes.unchanged(&shows(mine), began), Some(began + 1));
        changes.add(&[(ResourceType::Article, mine.0)]);
        assert_eq!(changes.unchanged(&shows(mine), began), None);
        assert_eq!(changes.unchanged(&shows(mine), began + 2), Some(began + 2));
    }

    #[test]
    fn what_began_before_anything_that_is_remembered_is_out_of_date() {
        let changes = RecentChanges::default();
        let began = changes.last();
        changes.add_anything();
        assert_eq!(changes.unchanged(&shows(ArticleId::generate()), began), None);
        let began = changes.last();
        let many: Vec<_> = (0..REMEMBERED).map(|_| (ResourceType::Article, Uuid::now_v7())).collect();
        changes.add(&many);
        assert!(changes.unchanged(&shows(ArticleId::generate()), began).is_some());
        changes.add(&many[..1]);
        assert_eq!(changes.unchanged(&shows(ArticleId::generate()), began), None);
        assert!(changes.unchanged(&shows(ArticleId::generate()), changes.last()).is_some());
    }
}
