//! Why the store's snapshots are our own: cqrs-es saves a snapshot into which the newest events were folded twice.
//!
//! `EventSink::write` applies each event to the loaded aggregate, and committing applies it to the same aggregate
//! once more before saving it. When a release of cqrs-es mends this, this test fails and the reason is gone.

use std::{
    pin::pin,
    sync::{Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use cqrs_es::{
    Aggregate, AggregateContext, CqrsFramework, DomainEvent, EventStore,
    event_sink::EventSink,
    persist::{
        PersistedEventRepository, PersistedEventStore, PersistenceError, ReplayStream, SerializedEvent,
        SerializedSnapshot,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The sum of what was added.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Counter {
    sum: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Added {
    amount: u32,
}

impl DomainEvent for Added {
    fn event_type(&self) -> String {
        "Added".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Command = Added;
    type Event = Added;
    type Error = std::convert::Infallible;
    type Services = ();

    async fn handle(&mut self, command: Added, (): &(), sink: &EventSink<Self>) -> Result<(), Self::Error> {
        sink.write(command, self).await;
        Ok(())
    }

    fn apply(&mut self, event: Added) {
        self.sum += event.amount;
    }
}

/// The events and the snapshot of the one counter, kept as postgres-es keeps them.
#[derive(Default)]
struct InMemory(Mutex<Stored>);

#[derive(Default)]
struct Stored {
    events: Vec<SerializedEvent>,
    snapshot: Option<SavedSnapshot>,
}

#[derive(Clone)]
struct SavedSnapshot {
    aggregate: Value,
    sequence: usize,
    number: usize,
}

impl InMemory {
    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl PersistedEventRepository for &InMemory {
    async fn get_events<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.get_last_events::<A>(id, 0).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        _: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        Ok(self.lock().events.iter().filter(|event| event.sequence > last_sequence).cloned().collect())
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(self.lock().snapshot.clone().map(|SavedSnapshot { aggregate, sequence, number }| {
            SerializedSnapshot {
                aggregate_id: aggregate_id.to_owned(),
                aggregate,
                current_sequence: sequence,
                current_snapshot: number,
            }
        }))
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        let mut stored = self.lock();
        stored.events.extend_from_slice(events);
        if let Some((_, aggregate, number)) = snapshot {
            stored.snapshot = Some(SavedSnapshot { aggregate, sequence: stored.events.len(), number });
        }
        Ok(())
    }

    async fn stream_events<A: Aggregate>(&self, _: &str) -> Result<ReplayStream, PersistenceError> {
        Err(PersistenceError::UnknownError("nothing is replayed here".into()))
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        Err(PersistenceError::UnknownError("nothing is replayed here".into()))
    }
}

/// The result of a future that has nothing to wait for.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a future waits where nothing is to be waited for"),
    }
}

type Store<'r> = PersistedEventStore<&'r InMemory, Counter>;

/// What a counter loads as to which 10 has been added four times, one command after another.
fn four_times_ten<'r>(repository: &'r InMemory, store: fn(&'r InMemory) -> Store<'r>) -> u32 {
    let framework = CqrsFramework::new(store(repository), vec![], ());
    for _ in 0..4 {
        now(framework.execute("one", Added { amount: 10 })).expect("adding is never refused");
    }
    now(store(repository).load_aggregate("one")).expect("a readable counter").aggregate().sum
}

#[test]
fn a_snapshot_of_cqrs_es_holds_the_newest_events_twice() {
    let repository = InMemory::default();
    assert_eq!(four_times_ten(&repository, |it| Store::new_snapshot_store(it, 2)), 60);
    let amounts: Vec<_> =
        repository.lock().events.iter().map(|event| event.payload["amount"].clone()).collect();
    assert_eq!(amounts, [10, 10, 10, 10], "the events themselves are right");
}

#[test]
fn without_snapshots_cqrs_es_counts_right() {
    assert_eq!(four_times_ten(&InMemory::default(), Store::new_event_store), 40);
}
