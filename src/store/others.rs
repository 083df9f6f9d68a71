//! What is known of other processes that write the same log: whether there are any, and whether all that they have written
//! has been heard of here. What was read of the log stays true as long as either says so.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use openchat_domain::{BusinessId, Position};
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::cached;

/// For how long news may be late before they are lost.
const LATE: Duration = Duration::from_secs(1);
/// How many stretches of a log may be known beyond a hole in it.
const AHEAD: usize = 1_000;

/// The other writers of a log, as far as they are known; clones share it. At first nothing is.
#[derive(Debug, Clone)]
pub struct Others(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// Who was alive when it was asked.
    alive: Mutex<Option<(Instant, Vec<Uuid>)>>,
    logs: Cache<BusinessId, Arc<Mutex<Heard>>>,
}

/// How much has been heard of one tenant's log, by whomever it was written. Positions are dense, so what is missing shows as a
/// hole; and one of our own events, which got its position after a known moment, shows that nothing else is missing up to then.
#[derive(Debug)]
struct Heard {
    /// Everything that was recorded after this moment has been heard of, up to a position.
    since: Instant,
    upto: Position,
    /// Stretches beyond a hole: the first and the last position of each.
    ahead: BTreeMap<Position, Position>,
    /// An event that was recorded after a moment, and lies beyond a hole.
    awaited: Option<(Position, Instant)>,
    /// Everything that had been recorded by this moment has been heard of.
    complete: Option<Instant>,
}

impl Default for Others {
    fn default() -> Self {
        Self(Arc::new(Known { alive: Mutex::new(None), logs: Cache::new(10_000) }))
    }
}

impl Others {
    /// Notes which there were when it was asked.
    pub fn note(&self, alive: Vec<Uuid>, asked: Instant) {
        *locked(&self.0.alive) = Some((asked, alive));
    }

    /// Whether this was one of them: what another one tells is of another log, such as a copy's.
    #[must_use]
    pub fn include(&self, node: Uuid) -> bool {
        locked(&self.0.alive).as_ref().is_some_and(|(_, alive)| alive.contains(&node))
    }

    /// Whether there were none at most so long ago.
    #[must_use]
    pub fn absent_within(&self, age: Duration) -> bool {
        locked(&self.0.alive).as_ref().is_some_and(|(asked, alive)| alive.is_empty() && asked.elapsed() < age)
    }

    /// Takes note of events of a tenant that have been heard of, by their positions in order: another's or our own.
    pub fn hear(&self, tenant: BusinessId, positions: impl IntoIterator<Item = Position>) {
        let mut positions = positions.into_iter();
        let Some(first) = positions.next() else { return };
        let log = self.log(tenant, first);
        let mut log = locked(&log);
        let last = positions.fold((first, first), |(first, last), next| {
            if next == last + 1 {
                return (first, next);
            }
            log.hear(first, last);
            (next, next)
        });
        log.hear(last.0, last.1);
    }

    /// Takes note that an event of our own at this position was recorded after a moment.
    pub(super) fn record(&self, tenant: BusinessId, position: Position, asked: Instant) {
        locked(&self.log(tenant, position)).record(position, asked);
    }

    /// Whether all that had been recorded at most so long ago has been heard of, if it was recorded after a moment.
    pub(super) fn heard_within(&self, age: Duration, tenant: BusinessId, since: Instant) -> bool {
        self.0.logs.get(&tenant).is_some_and(|log| {
            let log = locked(&log);
            log.since <= since && log.complete.is_some_and(|complete| complete.elapsed() < age)
        })
    }

    fn log(&self, tenant: BusinessId, position: Position) -> Arc<Mutex<Heard>> {
        cached(&self.0.logs, &tenant, || Arc::new(Mutex::new(Heard::from(position))))
    }
}

impl Heard {
    /// Nothing is known of what was recorded before: whoever reads the log from now on finds it there.
    fn from(position: Position) -> Self {
        Self { since: Instant::now(), upto: position, ahead: BTreeMap::new(), awaited: None, complete: None }
    }

    fn hear(&mut self, first: Position, last: Position) {
        self.ahead.insert(first, last);
        while let Some(next) = self.ahead.first_entry().filter(|next| *next.key() <= self.upto + 1) {
            self.upto = self.upto.max(next.remove());
        }
        if let Some((position, asked)) = self.awaited.filter(|(position, _)| *position <= self.upto) {
            self.awaited = None;
            self.record(position, asked);
        }
        if self.ahead.len() > AHEAD {
            self.begin_anew();
        }
    }

    fn record(&mut self, position: Position, asked: Instant) {
        match self.awaited {
            _ if position <= self.upto => self.complete = self.complete.max(Some(asked)),
            None => self.awaited = Some((position, asked)),
            Some((_, earlier)) if earlier.elapsed() > LATE => self.begin_anew(),
            Some(_) => {}
        }
    }

    /// What lies in the hole will not be heard of any more.
    fn begin_anew(&mut self) {
        *self = Self::from(self.ahead.values().copied().fold(self.upto, Position::max));
    }
}

fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn tenant() -> BusinessId {
        BusinessId::from_uuid(Uuid::from_u128(1))
    }

    #[test]
    fn what_was_read_stays_true_while_all_that_was_recorded_since_is_heard() {
        let others = Others::default();
        let before = Instant::now();
        assert!(!others.heard_within(SECOND, tenant(), before), "nothing is known yet");
        others.hear(tenant(), [7]);
        let read = Instant::now();
        assert!(!others.heard_within(SECOND, tenant(), read), "there may be more");
        others.hear(tenant(), [8, 9]);
        others.record(tenant(), 9, Instant::now());
        assert!(others.heard_within(SECOND, tenant(), read));
        assert!(!others.heard_within(SECOND, tenant(), before), "it was read before anything was heard");
        assert!(!others.heard_within(Duration::ZERO, tenant(), read), "it may just have changed");
    }

    #[test]
    fn a_hole_is_waited_for_and_then_filled_in_any_order() {
        let others = Others::default();
        others.hear(tenant(), [1]);
        let read = Instant::now();
        others.hear(tenant(), [5, 6, 9]);
        others.record(tenant(), 9, Instant::now());
        assert!(!others.heard_within(SECOND, tenant(), read), "2 to 4, 7 and 8 are missing");
        others.hear(tenant(), [7, 8]);
        others.hear(tenant(), [3, 4]);
        assert!(!others.heard_within(SECOND, tenant(), read), "2 is missing");
        others.hear(tenant(), [2, 3]);
        assert!(others.heard_within(SECOND, tenant(), read));
    }

    #[test]
    fn what_is_not_heard_for_long_has_to_be_read() {
        let others = Others::default();
        others.hear(tenant(), [1]);
        let read = Instant::now();
        others.hear(tenant(), [3]);
        let long_ago = Instant::now().checked_sub(2 * SECOND).expect("the machine runs for longer");
        others.record(tenant(), 3, long_ago);
        others.hear(tenant(), [4]);
        others.record(tenant(), 4, Instant::now());
        others.hear(tenant(), [5]);
        others.record(tenant(), 5, Instant::now());
        assert!(!others.heard_within(SECOND, tenant(), read), "2 was never heard of");
        assert!(others.heard_within(SECOND, tenant(), Instant::now()), "who reads now has read it");
    }
}
