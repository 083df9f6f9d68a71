//! Snapshot and deltas come to what a fresh snapshot holds, and a customer's feed holds nothing of others.

mod reference;
mod world;

use openchat_domain::{
    DomainEvent, Position, Recorded, conversation::ConversationEvent, customer::CustomerEvent,
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use self::{
    reference::Known,
    world::{LOAD, SECRET, Step, World, agent_id, customer_id, steps},
};
use super::*;
use crate::inbox::ConversationView;

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Writes and reads back, so that a client that does so sees the same.
fn through_json<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

/// Where a feed may begin: after the business, its first agents and its first customers are there.
fn start(world: &World, choice: prop::sample::Index) -> usize {
    let first = World::new().log.len();
    first + choice.index(world.log.len() - first + 1)
}

/// One customer's session: what it holds after each event, and every frame that it was sent.
struct Session {
    feed: CustomerFeed,
    snapshot: CustomerSnapshot,
    queue: QueueOrder,
    frames: Vec<String>,
}

impl Session {
    fn at(log: &[Recorded], customer: usize) -> Self {
        let known = Known::from(log);
        let id = customer_id(customer);
        let snapshot = known.customer(id);
        let place = snapshot.conversation.as_ref().and_then(|it| it.queue_position);
        let frames = vec![serde_json::to_string(&snapshot).unwrap()];
        Self { feed: CustomerFeed::new(known.scope(id), place), snapshot, queue: known.queue_order(), frames }
    }

    /// Whether it was told by a delta or not at all; otherwise it begins anew.
    fn advance(&mut self, log: &[Recorded], customer: usize) -> bool {
        let event = log.last().unwrap();
        self.queue.apply(event);
        match self.feed.advance(event, &self.queue) {
            CustomerStep::Silent => true,
            CustomerStep::Delta(delta) => {
                let text = delta.to_json(0);
                let CustomerFrame::Delta(sent) = serde_json::from_str(&text).unwrap() else {
                    panic!("a delta reads back as a delta: {text}");
                };
                assert_eq!((sent.previous, &sent.delta), (0, &*delta));
                self.snapshot.fold(&sent.delta);
                self.frames.push(text);
                true
            }
            CustomerStep::Snapshot => {
                let frames = std::mem::take(&mut self.frames);
                *self = Self::at(log, customer);
                self.frames.splice(0..0, frames);
                false
            }
        }
    }
}

/// Whether an event may begin a customer's feed anew: it moves conversations, or the customer has several.
fn may_begin_anew(event: &Recorded, scope: &CustomerScope, log: &[Recorded]) -> bool {
    let moves = matches!(
        &event.event,
        DomainEvent::Conversation(_, ConversationEvent::CustomerChanged { .. })
            | DomainEvent::Customer(_, CustomerEvent::Merged { .. })
    );
    let begun = log.iter().filter(|it| match &it.event {
        DomainEvent::Conversation(id, ConversationEvent::Opened { .. }) => scope.contains(*id),
        DomainEvent::Conversation(..)
        | DomainEvent::Customer(..)
        | DomainEvent::Agent(..)
        | DomainEvent::Business(..) => false,
    });
    moves || begun.count() > 1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_agents_snapshot_and_deltas_equal_a_fresh_snapshot(
        steps in steps(90),
        choice: prop::sample::Index,
    ) {
        let world = World::of(&steps);
        let start = start(&world, choice);
        let mut snapshot = Known::from(&world.log[..start]).agents(agent_id(0));
        let mut previous = start as Position;
        for end in start + 1..=world.log.len() {
            let known = Known::from(&world.log[..end]);
            if let Some(delta) = Delta::for_agents(&world.log[end - 1]) {
                let text = delta.to_json(previous);
                let AgentFrame::Delta(sent) = serde_json::from_str(&text).unwrap() else {
                    panic!("a delta reads back as a delta: {text}");
                };
                prop_assert_eq!(sent.previous, previous);
                prop_assert_eq!(&sent.delta, &delta);
                previous = delta.position;
                if let Some(missing) = snapshot.fold(&sent.delta) {
                    snapshot.insert(known.summary(missing));
                }
            }
            let fresh = known.agents(agent_id(0));
            prop_assert_eq!(&snapshot, &fresh);
            prop_assert_eq!(json(&snapshot), json(&fresh));
        }
        prop_assert_eq!(&through_json(&snapshot), &snapshot);
    }

    #[test]
    fn a_conversation_that_was_fetched_late_is_not_folded_twice(
        steps in steps(90),
        choice: prop::sample::Index,
    ) {
        let world = World::of(&steps);
        let start = start(&world, choice);
        let fresh = Known::from(&world.log);
        let mut snapshot = Known::from(&world.log[..start]).agents(agent_id(0));
        for event in &world.log[start..] {
            if let Some(missing) = Delta::for_agents(event).and_then(|delta| snapshot.fold(&delta)) {
                snapshot.insert(fresh.summary(missing));
            }
        }
        prop_assert_eq!(snapshot, fresh.agents(agent_id(0)));
    }

    #[test]
    fn a_customers_snapshot_and_deltas_equal_a_fresh_snapshot(
        steps in steps(90),
        choice: prop::sample::Index,
        customer in 0..4_usize,
    ) {
        let world = World::of(&steps);
        let start = start(&world, choice);
        let mut session = Session::at(&world.log[..start], customer);
        for end in start + 1..=world.log.len() {
            let log = &world.log[..end];
            let told = session.advance(log, customer);
            prop_assert!(told || may_begin_anew(&log[end - 1], session.feed.scope(), log));
            let fresh = Known::from(log).customer(customer_id(customer));
            prop_assert_eq!(json(&session.snapshot), json(&fresh));
        }
        prop_assert_eq!(&through_json(&session.snapshot), &session.snapshot);
    }

    #[test]
    fn a_customers_frames_hold_nothing_of_others(steps in steps(90), customer in 0..4_usize) {
        let world = World::of(&steps);
        let start = World::new().log.len();
        let mut session = Session::at(&world.log[..start], customer);
        for end in start + 1..=world.log.len() {
            session.advance(&world.log[..end], customer);
        }
        // What an anonymous visitor said stays its own when it turns out to be this customer.
        let merged = |other: usize| {
            world.log.iter().any(|it| {
                it.event
                    == DomainEvent::Customer(
                        customer_id(other),
                        CustomerEvent::Merged { into: customer_id(customer) },
                    )
            })
        };
        let words =
            [SECRET, "snooze", "priority", "tags", "candidates", "capacity", "skills", "metadata", "note"];
        let mut forbidden: Vec<_> = words.map(str::to_owned).into();
        forbidden.push(LOAD.to_string());
        for other in (0..world.customers()).filter(|other| *other != customer && !merged(*other)) {
            forbidden.push(customer_id(other).to_string());
            forbidden.push(format!("Name of {other}."));
            forbidden.push(format!("external {other}."));
        }
        for frame in &session.frames {
            for word in &forbidden {
                prop_assert!(!frame.contains(word), "{word} in {frame}");
            }
        }
    }

    #[test]
    fn the_queue_is_the_same_however_it_is_come_by(steps in steps(120), choice: prop::sample::Index) {
        let world = World::of(&steps);
        let start = start(&world, choice);
        let mut from_the_beginning = QueueOrder::default();
        for event in &world.log[..start] {
            from_the_beginning.apply(event);
        }
        let mut from_rows = Known::from(&world.log[..start]).queue_order();
        for (index, event) in world.log.iter().enumerate().skip(start) {
            let before: Vec<_> = from_rows.iter().copied().collect();
            let changed = from_rows.apply(event);
            from_the_beginning.apply(event);
            let queue: Vec<_> = from_rows.iter().copied().collect();
            prop_assert_eq!(&queue, &Known::from(&world.log[..=index]).queue());
            prop_assert_eq!(changed, queue != before);
            prop_assert_eq!(&from_rows, &from_the_beginning);
            for (place, entry) in (1..).zip(&queue) {
                prop_assert_eq!(from_rows.place(entry.conversation_id), Some(place));
            }
        }
        for event in &world.log {
            prop_assert!(!from_rows.apply(event), "an event that comes again changes nothing");
        }
        prop_assert_eq!(from_rows, from_the_beginning);
    }
}

#[test]
fn a_list_that_overflows_says_so_and_still_gets_what_happens() {
    let mut world = World::new();
    let mut snapshot = Known::from(&world.log).agents(agent_id(0));
    let mut folded = world.log.len();
    let follow = |world: &World, snapshot: &mut AgentSnapshot, folded: &mut usize| {
        for end in *folded + 1..=world.log.len() {
            let delta = Delta::for_agents(&world.log[end - 1]).unwrap();
            if let Some(missing) = snapshot.fold(&delta) {
                snapshot.insert(Known::from(&world.log[..end]).summary(missing));
            }
        }
        *folded = world.log.len();
    };
    for _ in 0..AgentSnapshot::CONVERSATIONS {
        world.open(0, 0);
    }
    follow(&world, &mut snapshot, &mut folded);
    assert!(snapshot.complete);
    world.open(0, 0);
    follow(&world, &mut snapshot, &mut folded);
    assert!(!snapshot.complete);
    assert_eq!(snapshot, Known::from(&world.log).agents(agent_id(0)));

    // The first one has dropped out of the list; a message brings it back, with its place in the queue.
    world.customer_writes(0);
    follow(&world, &mut snapshot, &mut folded);
    assert_eq!(snapshot, Known::from(&world.log).agents(agent_id(0)));

    // The first that waits is assigned while it isn't listed.
    let unlisted = snapshot.queue[1].conversation_id;
    assert!(snapshot.conversations.iter().all(|it| it.id != unlisted));
    world.happen(Step { what: 13, a: 1, b: 0, c: 1 });
    follow(&world, &mut snapshot, &mut folded);
    assert_eq!(snapshot, Known::from(&world.log).agents(agent_id(0)));

    // The next one is made urgent and put to rest while it isn't listed.
    let unlisted = snapshot.queue[1].conversation_id;
    assert!(snapshot.conversations.iter().all(|it| it.id != unlisted));
    world.happen(Step { what: 24, a: 2, b: 0, c: 3 });
    follow(&world, &mut snapshot, &mut folded);
    assert_eq!(snapshot.queue[0].conversation_id, unlisted);
    assert_eq!(snapshot, Known::from(&world.log).agents(agent_id(0)));
    world.happen(Step { what: 18, a: 2, b: 0, c: 0 });
    follow(&world, &mut snapshot, &mut folded);
    assert_eq!(snapshot, Known::from(&world.log).agents(agent_id(0)));
}

#[test]
fn pages_of_messages_and_unread_marks_are_bounded() {
    let mut world = World::new();
    world.open(0, 0);
    let begun = world.log.len();
    for _ in 0..ConversationView::UNREAD + 5 {
        world.customer_writes(0);
    }
    let mut session = Session::at(&world.log[..begun], 0);
    let mut agents = Known::from(&world.log[..begun]).agents(agent_id(0));
    for end in begun + 1..=world.log.len() {
        assert!(session.advance(&world.log[..end], 0));
        assert_eq!(agents.fold(&Delta::for_agents(&world.log[end - 1]).unwrap()), None);
    }
    let known = Known::from(&world.log);
    let own = session.snapshot.conversation.as_ref().unwrap();
    assert_eq!((own.messages.len(), own.has_earlier), (OwnConversation::MESSAGES, true));
    assert_eq!(session.snapshot, known.customer(customer_id(0)));
    assert_eq!(agents.conversations[0].unread_messages.len(), ConversationView::UNREAD);
    assert_eq!(agents, known.agents(agent_id(0)));
}

#[test]
fn skills_that_were_set_before_joining_stay() {
    let mut world = World::new();
    let mut snapshot = Known::from(&world.log).agents(agent_id(0));
    let begun = world.log.len();
    for (a, b, c) in [(255, 0, 0), (2, 3, 7), (2, 0, 255)] {
        world.happen(Step { what: 3, a, b, c });
    }
    let agent = |snapshot: &AgentSnapshot| {
        let agent = snapshot.agents.iter().find(|it| it.id == agent_id(2)).unwrap();
        (agent.joined, agent.skills.len())
    };
    let after = [(false, 0), (false, 1), (true, 1)];
    for (event, expected) in world.log[begun..].iter().zip(after) {
        assert_eq!(snapshot.fold(&Delta::for_agents(event).unwrap()), None);
        assert_eq!(agent(&snapshot), expected);
    }
    assert_eq!(snapshot, Known::from(&world.log).agents(agent_id(0)));
}

#[test]
fn frames_have_the_contracts_form() {
    let mut world = World::new();
    world.open(0, 0);
    let opened = world.log.last().unwrap();
    let frame: Value = serde_json::from_str(&Delta::for_agents(opened).unwrap().to_json(3)).unwrap();
    assert_eq!(frame["type"], "conversation.opened");
    assert_eq!(frame["position"], opened.position);
    assert_eq!(frame["previous"], 3);
    assert_eq!(frame["conversationId"], opened.event.stream().aggregate_id());
    assert_eq!(frame["data"]["channel"], "widget");

    let typing =
        serde_json::json!({"type": "typing", "conversationId": frame["conversationId"], "typing": true});
    let read = serde_json::json!({"type": "read", "conversationId": frame["conversationId"], "upTo": 7});
    for sent in [typing, read, serde_json::json!({"type": "ping"})] {
        let client: ClientFrame = serde_json::from_value(sent.clone()).unwrap();
        assert_eq!(json(&client), sent);
    }
    let known = Known::from(&world.log);
    let hello: AgentFrame =
        ServerFrame::Notice(Notice::Hello { position: 9, snapshot: known.agents(agent_id(0)) });
    let text = json(&hello);
    assert_eq!((&text["type"], &text["position"]), (&"hello".into(), &9.into()));
    assert_eq!(through_json(&hello), hello);
}

#[test]
fn the_schemas_are_whole_and_name_every_type() {
    fn visit<'a>(value: &'a Value, see: &mut impl FnMut(&'a str, &'a Value)) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, value)| {
                see(key, value);
                visit(value, see);
            }),
            Value::Array(items) => items.iter().for_each(|item| visit(item, see)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let schemas = schemas();
    for (name, schema) in &schemas {
        visit(&json(schema), &mut |key, value| {
            if key == "$ref" {
                let to = value.as_str().unwrap().strip_prefix("#/components/schemas/").unwrap();
                assert!(schemas.contains_key(to), "{name} refers to {to}");
            }
        });
    }
    let types = |name: &str| {
        let schema = json(&schemas[name]);
        let mut types = vec![];
        visit(&schema, &mut |key, value| {
            if key == "type" && value["enum"][0].is_string() {
                types.push(value["enum"][0].as_str().unwrap().to_owned());
            }
        });
        types.sort();
        types
    };
    assert_eq!(
        types("Delta_AgentChange"),
        [
            "agent.availability",
            "agent.deactivated",
            "agent.invited",
            "agent.joined",
            "agent.updated",
            "call.answered",
            "call.declined",
            "call.ended",
            "call.escalated",
            "call.joined",
            "call.left",
            "call.rang",
            "call.started",
            "conversation.assigned",
            "conversation.customerChanged",
            "conversation.opened",
            "conversation.prioritized",
            "conversation.rated",
            "conversation.read",
            "conversation.reopened",
            "conversation.resolved",
            "conversation.snoozed",
            "conversation.tagged",
            "conversation.unassigned",
            "customer.updated",
            "message.posted",
            "note.added",
            "reply.deleted",
            "reply.saved",
            "settings.changed",
        ]
    );
    assert_eq!(
        types("Delta_CustomerChange"),
        [
            "call.answered",
            "call.ended",
            "call.escalated",
            "call.joined",
            "call.left",
            "call.started",
            "conversation.assigned",
            "conversation.opened",
            "conversation.rated",
            "conversation.read",
            "conversation.reopened",
            "conversation.resolved",
            "conversation.unassigned",
            "customer.updated",
            "message.posted",
            "queue.changed",
            "settings.changed",
        ]
    );
}
