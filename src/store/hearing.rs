//! What other nodes tell, in the states at hand: how these go on by it, and when they are the present ones because of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use openchat_domain::{
    BusinessId, DomainEvent, Recorded, agent::Agent, business::Business, conversation::Conversation,
    customer::Customer,
};
use tokio::sync::Mutex;

use super::{
    aggregates::{Aggregate, Aggregates},
    loading::Loaded,
};

/// The place of an aggregate at hand.
#[doc(hidden)]
pub struct Slot<A> {
    /// In a box, because a command takes it out and puts it back.
    pub(super) known: Mutex<Option<Box<Loaded<A>>>>,
    /// The sequence of its latest event that another node has told of.
    heard: AtomicI64,
}

impl<A> Slot<A> {
    pub(super) fn empty() -> Self {
        Self { known: Mutex::new(None), heard: AtomicI64::new(0) }
    }

    /// Whether a state has folded everything that another node has told of.
    pub(super) fn is_told_of(&self, loaded: &Loaded<A>) -> bool {
        self.heard.load(Ordering::Acquire) <= loaded.sequence
    }
}

impl Aggregates {
    /// Takes note of what another node has recorded in a tenant's log, in order: a state at hand goes on by the next thing to
    /// have happened to it. What isn't heard, or too late, is found by a conflict or a look.
    pub fn hear(&self, tenant: BusinessId, events: &[Arc<Recorded>]) {
        for recorded in events {
            match recorded.event {
                DomainEvent::Conversation(id, _) => self.hear_of::<Conversation>(id, recorded),
                DomainEvent::Customer(id, _) => self.hear_of::<Customer>(id, recorded),
                DomainEvent::Agent(id, _) => self.hear_of::<Agent>(id, recorded),
                DomainEvent::Business(id, _) => self.hear_of::<Business>(id, recorded),
            }
        }
        // Last, so that nobody takes for up to date what is about to change.
        self.others.hear(tenant, events.iter().map(|recorded| recorded.position));
    }

    fn hear_of<A: Aggregate>(&self, id: A::Id, recorded: &Arc<Recorded>) {
        let Some(slot) = A::cache(&self.caches).get(&(recorded.tenant, id)) else { return };
        slot.heard.fetch_max(recorded.sequence, Ordering::AcqRel);
        // A command that is under way finds out by itself, and the next one by the sequence.
        let Ok(mut known) = slot.known.try_lock() else { return };
        if let Some(loaded) = known.as_mut().filter(|loaded| loaded.sequence + 1 == recorded.sequence) {
            loaded.record(recorded);
        }
    }

    /// Whether a state was all that there was at most so long ago.
    pub(super) fn holds<A>(
        &self,
        slot: &Slot<A>,
        loaded: &Loaded<A>,
        tenant: BusinessId,
        age: Duration,
    ) -> bool {
        slot.is_told_of(loaded)
            && (loaded.confirmed.elapsed() < age
                || self.others.absent_within(age)
                || self.others.heard_within(age, tenant, loaded.confirmed))
    }
}
