//! Entries say who and what; a replay stops where it is told to.

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{
    Actor, AgentId, BusinessId, CommandId, ConversationId, CustomerId, DomainEvent, EventMetadata, KeyId,
    MessageId, MessageText, Name, Position, Recorded, SessionId, Subject, Tag, Via,
    agent::{AgentEvent, Availability, AvailabilityReason, Role},
    business::{BusinessEvent, SettingsChanges},
    conversation::{
        AgentRef, AssignmentReason, Author, CallEndReason, Candidate, Channel, ConversationEvent,
        CustomerRef, MessageBody, Priority, ReopenCause, UnassignmentReason,
    },
    customer::{CustomerEvent, ProfileChanges},
};
use serde_json::{json, value::RawValue};
use uuid::Uuid;

use super::*;
use crate::inbox::Status;

const CUSTOMER: CustomerId = CustomerId::from_uuid(Uuid::from_u128(0xc));
const CONVERSATION: ConversationId = ConversationId::from_uuid(Uuid::from_u128(0xd));
const KEY: KeyId = KeyId::from_uuid(Uuid::from_u128(0xe));

fn agent(n: u128) -> AgentId {
    AgentId::from_uuid(Uuid::from_u128(n))
}

fn ana() -> AgentRef {
    AgentRef { id: agent(1), name: Name::new("Ana").unwrap() }
}

fn jane() -> CustomerRef {
    CustomerRef {
        id: CUSTOMER,
        external_user_id: None,
        name: Some(Name::new("Jane").unwrap()),
        email: None,
        phone: None,
        metadata: serde_json::from_value(json!({})).unwrap(),
    }
}

fn text(words: &str) -> MessageText {
    MessageText::new(words).unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn recorded(position: Position, actor: Actor, event: DomainEvent) -> Recorded {
    let tenant = BusinessId::from_uuid(Uuid::from_u128(1));
    let correlation = CommandId::from_uuid(Uuid::from_u128(9));
    let via = Via::Session(SessionId::from_uuid(Uuid::from_u128(8)));
    let metadata = EventMetadata::new(tenant, actor, via, correlation).with_request("req-1").caused_by(4);
    Recorded { tenant, position, sequence: position, at: at(position), metadata, event }
}

fn told(actor: Actor, event: ConversationEvent) -> String {
    summary::summary(&recorded(1, actor, DomainEvent::Conversation(CONVERSATION, event)))
}

fn message(author: Author) -> ConversationEvent {
    ConversationEvent::MessagePosted {
        message_id: MessageId::from_uuid(Uuid::from_u128(5)),
        author,
        body: MessageBody::Text { text: text("hello") },
        client_message_id: None,
    }
}

#[test]
fn an_entry_carries_where_the_event_came_from_and_its_payload_letter_by_letter() {
    let event = ConversationEvent::Resolved { by: ana() };
    let event = recorded(7, Actor::Agent(agent(1)), DomainEvent::Conversation(CONVERSATION, event));
    let payload = r#"{"z": 1,  "a":2}"#;
    let entry = AuditEntry::of(&event, RawValue::from_string(payload.to_owned()).unwrap());
    let written = serde_json::to_string(&entry).unwrap();
    assert!(written.contains(payload), "{written}");
    assert_eq!(
        serde_json::to_value(&entry).unwrap(),
        json!({
            "id": event.id(),
            "position": 7,
            "at": "1970-01-01T00:00:07Z",
            "type": "ConversationResolved",
            "actor": {"kind": "agent", "id": agent(1)},
            "via": "ses_00000000000000000000000000000008",
            "requestId": "req-1",
            "causation": 4,
            "correlation": "00000000-0000-0000-0000-000000000009",
            "subject": {"type": "conversation", "id": CONVERSATION},
            "summary": "Ana (agt_00000000000000000000000000000001) resolved the conversation.",
            "data": {"z": 1, "a": 2},
        })
    );
}

#[test]
fn whoever_acted_is_named_when_the_event_knows_the_name() {
    let opened = |customer| ConversationEvent::Opened {
        customer,
        channel: Channel::Api,
        subject: Some(Subject::new("Order 4711").unwrap()),
    };
    let (jane_called, ana_called) =
        ("Jane (cus_0000000000000000000000000000000c)", "Ana (agt_00000000000000000000000000000001)");
    let backend = "The backend with key key_0000000000000000000000000000000e";
    let from_jane = || message((&jane()).into());
    assert_eq!(
        told(Actor::Backend(KEY), opened(jane())),
        format!("{backend} opened a conversation for {jane_called} through the API, about “Order 4711”.")
    );
    assert_eq!(told(Actor::Customer(CUSTOMER), from_jane()), format!("{jane_called} posted a message."));
    assert_eq!(
        told(Actor::Backend(KEY), from_jane()),
        format!("{backend} posted a message as {jane_called}.")
    );
    assert_eq!(
        told(Actor::Agent(agent(1)), message(ana().into())),
        format!("{ana_called} posted a message.")
    );
    let photo = crate::history::sent(ana(), "photo.png", None);
    assert_eq!(told(Actor::Agent(agent(1)), photo), format!("{ana_called} sent the file photo.png."));
    assert_eq!(told(Actor::System("timers"), message(Author::System)), "OpenChat's timers posted a message.");
}

#[test]
fn an_assignment_says_why() {
    let assigned = |previous, reason| ConversationEvent::Assigned { assignee: ana(), previous, reason };
    let candidate = Candidate { agent: agent(1), load: 1, capacity: 5, last_assigned: 0 };
    let routed = AssignmentReason::Routed {
        rule: "longest-waiting/1".to_owned(),
        candidates: vec![candidate.clone(), candidate],
        waited_seconds: 42,
    };
    let ana_called = "Ana (agt_00000000000000000000000000000001)";
    assert_eq!(
        told(Actor::System("routing"), assigned(None, routed)),
        format!(
            "OpenChat's routing gave the conversation to {ana_called} after 42 s of waiting, \
             by the rule longest-waiting/1 among 2 available agents."
        )
    );
    assert_eq!(
        told(Actor::Agent(agent(1)), assigned(Some(agent(2)), AssignmentReason::Claimed)),
        format!("{ana_called} took the conversation from agt_00000000000000000000000000000002.")
    );
    assert_eq!(
        told(Actor::Agent(agent(2)), assigned(None, AssignmentReason::Given { by: agent(2) })),
        format!("Agent agt_00000000000000000000000000000002 gave the conversation to {ana_called}.")
    );
}

#[test]
fn what_changes_a_conversation_is_told_in_words() {
    let by_ana =
        |event| told(Actor::Agent(agent(1)), event).replace(" (agt_00000000000000000000000000000001)", "");
    let tags = |tags: &[&str]| ConversationEvent::Tagged {
        tags: tags.iter().map(|tag| Tag::new(tag).unwrap()).collect(),
        by: ana(),
    };
    assert_eq!(by_ana(tags(&[])), "Ana removed all labels.");
    assert_eq!(by_ana(tags(&["a"])), "Ana set the labels to a.");
    assert_eq!(by_ana(tags(&["a", "b", "c"])), "Ana set the labels to a, b and c.");
    assert_eq!(
        by_ana(ConversationEvent::Prioritized { priority: Priority::Urgent, by: ana() }),
        "Ana set the priority to urgent."
    );
    assert_eq!(
        by_ana(ConversationEvent::Snoozed { until: at(60), by: ana() }),
        "Ana snoozed the conversation until 1970-01-01 00:01:00 UTC."
    );
    let cause = ReopenCause::CustomerMessage;
    assert_eq!(
        told(Actor::Customer(CUSTOMER), ConversationEvent::Reopened { cause, assignee: None }),
        "Customer cus_0000000000000000000000000000000c reopened the conversation by writing again; \
         it waits in the queue."
    );
    let reason = UnassignmentReason::AgentOffline;
    assert_eq!(
        told(Actor::System("presence"), ConversationEvent::Unassigned { previous: agent(1), reason }),
        "OpenChat's presence put the conversation back into the queue, \
         because agt_00000000000000000000000000000001 went offline."
    );
    let call_id = openchat_domain::CallId::from_uuid(Uuid::from_u128(3));
    let (reason, duration_seconds) = (CallEndReason::Missed, 30);
    assert_eq!(
        told(
            Actor::System("timers"),
            ConversationEvent::CallEnded { call_id, reason, by: None, duration_seconds }
        ),
        "OpenChat's timers ended the call after 30 s, because nobody answered."
    );
}

#[test]
fn what_changes_people_and_settings_is_told_in_words() {
    let tell = |event| summary::summary(&recorded(1, Actor::System("tests"), event));
    let changes = ProfileChanges { name: Some(None), email: Some(None), ..ProfileChanges::default() };
    assert_eq!(
        tell(DomainEvent::Customer(CUSTOMER, CustomerEvent::ProfileChanged { changes })),
        "OpenChat's tests changed the name and e-mail address of cus_0000000000000000000000000000000c."
    );
    let reason = AvailabilityReason::Disconnected;
    let availability = AgentEvent::AvailabilityChanged { availability: Availability::Offline, reason };
    assert_eq!(
        tell(DomainEvent::Agent(agent(1), availability)),
        "OpenChat's tests set agt_00000000000000000000000000000001 to offline, \
         because its connection was gone for too long."
    );
    let admin = AgentEvent::RoleChanged { role: Role::Admin, by: agent(2) };
    assert_eq!(
        tell(DomainEvent::Agent(agent(1), admin)),
        "OpenChat's tests made agt_00000000000000000000000000000001 an admin."
    );
    assert_eq!(
        tell(DomainEvent::Agent(agent(1), AgentEvent::CapacityChanged { capacity: 1 })),
        "OpenChat's tests set the capacity of agt_00000000000000000000000000000001 to 1 open conversation."
    );
    let business = BusinessId::from_uuid(Uuid::from_u128(1));
    let changes = SettingsChanges { auto_assign: Some(false), ..SettingsChanges::default() };
    assert_eq!(
        tell(DomainEvent::Business(business, BusinessEvent::SettingsChanged { changes })),
        "OpenChat's tests changed the automatic assignment."
    );
    assert_eq!(
        tell(DomainEvent::Business(business, BusinessEvent::KeyRevoked { key: KEY })),
        "OpenChat's tests revoked the key key_0000000000000000000000000000000e."
    );
}

#[test]
fn a_replay_shows_what_the_conversation_was_when_the_events_end() {
    let other = ConversationId::from_uuid(Uuid::from_u128(0xdd));
    let opened = || ConversationEvent::Opened { customer: jane(), channel: Channel::Widget, subject: None };
    let in_it = |event| DomainEvent::Conversation(CONVERSATION, event);
    let log: Vec<_> = [
        in_it(opened()),
        DomainEvent::Conversation(other, opened()),
        in_it(message((&jane()).into())),
        in_it(ConversationEvent::Assigned {
            assignee: ana(),
            previous: None,
            reason: AssignmentReason::Answered,
        }),
        DomainEvent::Conversation(other, ConversationEvent::Resolved { by: ana() }),
        in_it(ConversationEvent::NoteAdded {
            note_id: MessageId::from_uuid(Uuid::from_u128(6)),
            author: ana(),
            text: text("a note"),
            client_message_id: None,
        }),
        in_it(ConversationEvent::Resolved { by: ana() }),
    ]
    .into_iter()
    .zip(1..)
    .map(|(event, position)| recorded(position, Actor::System("tests"), event))
    .collect();
    let seen = |until: usize| {
        let it = ConversationAsOf::replay(&log[..until]).unwrap();
        (it.id, it.status, it.assignee.is_some(), it.waiting.is_some(), it.messages.len(), it.notes.len())
    };
    let (open, resolved) = (Status::Open, Status::Resolved);
    assert_eq!(ConversationAsOf::replay(&[]), None);
    assert_eq!(ConversationAsOf::replay(&log[2..]), None, "its beginning is missing");
    assert_eq!(seen(2), (CONVERSATION, open, false, true, 0, 0));
    assert_eq!(seen(3), (CONVERSATION, open, false, true, 1, 0));
    assert_eq!(seen(5), (CONVERSATION, open, true, false, 1, 0));
    assert_eq!(seen(6), (CONVERSATION, open, true, false, 1, 1));
    assert_eq!(seen(7), (CONVERSATION, resolved, false, false, 1, 1));
    assert_eq!(ConversationAsOf::replay(&log).unwrap().position, 7);
    assert_eq!(ConversationAsOf::replay(&log[..4]).unwrap().updated_at, at(4));
}
