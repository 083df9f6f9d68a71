//! Holds every event to the JSON that the log has of it: `stored_forms.jsonl` is every form ever stored.
//!
//! A line of that file never changes and never goes: the log never does. An event whose form changes gets a higher
//! version, an upcaster from the old one, and lines of its own below the old ones.

use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::{
    BusinessId, ConversationId, DomainEvent, EventType,
    agent::{AgentEvent, Availability, AvailabilityReason, Role},
    business::{BusinessEvent, Hours, KeyMode, KeyTerms, Language, OriginMode, Permission, SettingsChanges},
    conversation::{
        AssignmentReason, Author, CallEndReason, CallKind, Candidate, Channel, ConversationEvent,
        MessageBody, Priority, ReopenCause, Side, UnassignmentReason,
    },
    customer::{CustomerEvent, Profile, ProfileChanges},
    decode,
    fixtures::{
        agent_id, ana, at, ben, call_id, channel_id, customer_id, email, external_user_id, file, jane,
        key_id, message_id, message_text, metadata, name, origin, phone, shortcut, subject, tags, url,
        user_id, visitor,
    },
};

const ON_RECORD: &str = include_str!("../stored_forms.jsonl");

/// A line of the record.
#[derive(Deserialize)]
struct Line<'a> {
    aggregate: &'a str,
    id: &'a str,
    r#type: &'a str,
    version: i32,
    #[serde(borrow)]
    payload: &'a RawValue,
}

/// Events with these fields; a variant that is left out breaks the build.
macro_rules! samples {
    ($event:ident: $($variant:ident $({ $($field:ident: $value:expr),* $(,)? })+)+) => {{
        let _ = |event: &$event| match event {
            $($event::$variant { .. })|+ => {}
        };
        vec![$($($event::$variant { $($field: $value),* }),+),+]
    }};
}

fn conversation_samples() -> Vec<ConversationEvent> {
    let customer = || Author::from(&jane());
    samples! { ConversationEvent:
        Opened
            { customer: jane(), channel: Channel::Api, subject: Some(subject("Order 4711")) }
            { customer: visitor(), channel: Channel::Widget, subject: None }
            { customer: visitor(), channel: Channel::Handoff, subject: None }
        MessagePosted
            { message_id: message_id(1), author: customer(), body: text("Hello\n\"there\""),
              client_message_id: Some("c-1".to_owned()) }
            { message_id: message_id(2), author: Author::from(&visitor()), body: text("¿Qué tal? 👋"),
              client_message_id: None }
            { message_id: message_id(3), author: ana().into(), body: text("Hi"), client_message_id: None }
            { message_id: message_id(4), author: customer(), client_message_id: Some("c-2".to_owned()),
              body: MessageBody::File { file: file(1, "Größe.png", "image/png"), text: None } }
            { message_id: message_id(5), author: ana().into(), client_message_id: None,
              body: MessageBody::File {
                  file: file(2, "invoice.pdf", "application/pdf"), text: Some(message_text("Here it is"))
              } }
            { message_id: message_id(4), author: Author::System, body: text("Welcome"), client_message_id: None }
        NoteAdded
            { note_id: message_id(5), author: ana(), text: message_text("Be gentle"), client_message_id: None }
            { note_id: message_id(5), author: ana(), text: message_text("Be kind"),
              client_message_id: Some("c-3".to_owned()) }
        Assigned
            { assignee: ana(), previous: None, reason: routed() }
            { assignee: ana(), previous: None, reason: AssignmentReason::Claimed }
            { assignee: ana(), previous: None, reason: AssignmentReason::Answered }
            { assignee: ben(), previous: Some(ana().id), reason: AssignmentReason::Given { by: ana().id } }
        Unassigned
            { previous: ana().id, reason: UnassignmentReason::Released { by: ana().id } }
            { previous: ana().id, reason: UnassignmentReason::AgentOffline }
            { previous: ana().id, reason: UnassignmentReason::AgentDeactivated }
            { previous: ana().id, reason: UnassignmentReason::CallMissed }
        Read
            { reader: Side::Customer, agent: None, up_to: 7 }
            { reader: Side::Agent, agent: Some(ana().id), up_to: 8 }
        Tagged
            { tags: tags(&["billing", "vip"]), by: ana() }
        Prioritized
            { priority: Priority::Low, by: ana() }
            { priority: Priority::Normal, by: ana() }
            { priority: Priority::High, by: ana() }
            { priority: Priority::Urgent, by: ana() }
        Snoozed
            { until: at(0), by: ana() }
        Resolved
            { by: ana() }
        Reopened
            { cause: ReopenCause::CustomerMessage, assignee: None }
            { cause: ReopenCause::Agent { by: ana().id }, assignee: Some(ana()) }
            { cause: ReopenCause::SnoozeElapsed, assignee: None }
        Rated
            { score: 5, comment: Some(message_text("Thanks")) }
            { score: 1, comment: None }
        CallStarted
            { call_id: call_id(1), kind: CallKind::Audio, by: customer(), at: at(0) }
            { call_id: call_id(1), kind: CallKind::Video, by: ana().into(), at: at(0) }
        CallRang
            { call_id: call_id(1), agent: Some(ana()) }
            { call_id: call_id(1), agent: None }
        CallAnswered
            { call_id: call_id(1), by: ana().into(), at: at(0) }
        CallJoined
            { call_id: call_id(1), by: ana().into() }
        CallDeclined
            { call_id: call_id(1), by: ana().into() }
        CallLeft
            { call_id: call_id(1), by: customer() }
        CallEscalated
            { call_id: call_id(1), by: customer() }
        CallEnded
            { call_id: call_id(1), reason: CallEndReason::HungUp, by: Some(customer()), duration_seconds: 61 }
            { call_id: call_id(1), reason: CallEndReason::Missed, by: None, duration_seconds: 30 }
            { call_id: call_id(1), reason: CallEndReason::Resolved, by: Some(ana().into()), duration_seconds: 0 }
            { call_id: call_id(1), reason: CallEndReason::Declined, by: Some(customer()), duration_seconds: 0 }
            { call_id: call_id(1), reason: CallEndReason::Abandoned, by: None, duration_seconds: 5 }
            { call_id: call_id(1), reason: CallEndReason::MediaLost, by: None, duration_seconds: 5 }
        CustomerChanged
            { customer: jane(), previous: visitor().id }
    }
}

fn customer_samples() -> Vec<CustomerEvent> {
    let known = || Profile {
        name: Some(name("Jane")),
        email: Some(email("jane@example.com")),
        phone: Some(phone("+34 600 123 456")),
        metadata: metadata(json!({"plan": "pro", "seats": 3, "discount": 0.1, "vip": true})),
    };
    let all_changed = || ProfileChanges {
        name: Some(Some(name("Janet"))),
        email: Some(Some(email("janet@example.com"))),
        phone: Some(Some(phone("+34 600 123 457"))),
        metadata: Some(metadata(json!({"plan": "free", "seats": null}))),
    };
    let cleared =
        || ProfileChanges { name: Some(None), email: Some(None), phone: Some(None), metadata: None };
    samples! { CustomerEvent:
        Registered
            { external_user_id: external_user_id("cus_123"), profile: known() }
        VisitorArrived
            { profile: Profile::default() }
        ProfileChanged
            { changes: all_changed() }
            { changes: cleared() }
        Merged
            { into: customer_id(2) }
    }
}

fn agent_samples() -> Vec<AgentEvent> {
    samples! { AgentEvent:
        Invited
            { email: email("ana@acme.com"), name: name("Ana"), role: Role::Agent, capacity: 3, by: agent_id(9) }
        Joined
            { user: user_id(1), email: email("olga@acme.com"), name: name("Olga"), role: Role::Owner, capacity: 5 }
        RoleChanged
            { role: Role::Admin, by: agent_id(9) }
        Renamed
            { name: name("Anna") }
        AvailabilityChanged
            { availability: Availability::Online, reason: AvailabilityReason::Chosen }
            { availability: Availability::Away, reason: AvailabilityReason::Reconnected }
            { availability: Availability::Offline, reason: AvailabilityReason::Disconnected }
        CapacityChanged
            { capacity: 4 }
        SkillsChanged
            { skills: tags(&["billing", "sales"]) }
        Deactivated
            { by: agent_id(9) }
    }
}

fn business_samples() -> Vec<BusinessEvent> {
    let strict = || KeyTerms {
        name: name("Website"),
        permissions: vec![Permission::SupportRead, Permission::SupportWrite, Permission::CallsWrite],
        origin_mode: OriginMode::Strict,
        allowed_origins: vec![origin("https://app.acme.com"), origin("http://10.0.0.1:8080")],
    };
    let hotspot = || KeyTerms { origin_mode: OriginMode::Hotspot, allowed_origins: vec![], ..strict() };
    let all_changed = || SettingsChanges {
        welcome_message: Some(Some(message_text("Hello"))),
        away_message: Some(Some(message_text("Back soon"))),
        color: Some("#00ff7f".to_owned()),
        logo_url: Some(Some(url("https://acme.com/logo.svg"))),
        auto_assign: Some(false),
        default_capacity: Some(9),
        offline_grace_seconds: Some(60),
        ..SettingsChanges::default()
    };
    let here_and_there = |hours: Option<Hours>, language| SettingsChanges {
        language: Some(language),
        hours: Some(hours),
        ..SettingsChanges::default()
    };
    let hours: Hours = serde_json::from_value(json!({
        "timeZone": "Europe/Madrid", "week": [{"day": "mon", "from": "09:00", "to": "24:00"}]
    }))
    .expect("hours");
    let cleared = || SettingsChanges {
        welcome_message: Some(None),
        away_message: Some(None),
        logo_url: Some(None),
        ..SettingsChanges::default()
    };
    let hash = || "0123456789abcdef".repeat(4);
    samples! { BusinessEvent:
        SetUp
            { name: name("Acme"), slug: "acme".to_owned(), domain: Some(origin("https://acme.com")),
              owner: user_id(1), channel: channel_id(1) }
            { name: name("Acme"), slug: "acme".to_owned(), domain: None, owner: user_id(1), channel: channel_id(1) }
        SettingsChanged
            { changes: all_changed() }
            { changes: cleared() }
            { changes: here_and_there(Some(hours), Some(Language::Ar)) }
            { changes: here_and_there(None, None) }
        KeyCreated
            { key: key_id(1), terms: strict(), mode: KeyMode::Live, prefix: "oc_live_a".to_owned(), hash: hash() }
            { key: key_id(2), terms: hotspot(), mode: KeyMode::Test, prefix: "oc_test_a".to_owned(), hash: hash() }
        KeyChanged
            { key: key_id(1), terms: hotspot() }
        KeyRotated
            { key: key_id(1), prefix: "oc_live_b".to_owned(), hash: hash(), old_valid_until: at(0) }
        KeyRevoked
            { key: key_id(1) }
        ReplySaved
            { shortcut: shortcut("refund"), text: message_text("Dear {{customer.name}}") }
        ReplyDeleted
            { shortcut: shortcut("refund") }
    }
}

fn text(words: &str) -> MessageBody {
    MessageBody::Text { text: message_text(words) }
}

fn routed() -> AssignmentReason {
    AssignmentReason::Routed {
        rule: "fewest_open_v1".to_owned(),
        candidates: vec![
            Candidate { agent: ana().id, load: 0, capacity: 5, last_assigned: 0 },
            Candidate { agent: ben().id, load: 2, capacity: 5, last_assigned: 41 },
        ],
        waited_seconds: 3,
    }
}

fn samples() -> Vec<DomainEvent> {
    let conversation = ConversationId::from_uuid(uuid::Uuid::from_u128(1));
    let business = BusinessId::from_uuid(uuid::Uuid::from_u128(1));
    let conversations =
        conversation_samples().into_iter().map(|e| DomainEvent::Conversation(conversation, e));
    let customers = customer_samples().into_iter().map(|e| DomainEvent::Customer(customer_id(1), e));
    let agents = agent_samples().into_iter().map(|e| DomainEvent::Agent(agent_id(1), e));
    let businesses = business_samples().into_iter().map(|e| DomainEvent::Business(business, e));
    conversations.chain(customers).chain(agents).chain(businesses).collect()
}

/// The line of the record that is the event's form of today.
fn line_of(event: &DomainEvent) -> String {
    let (version, payload) = match event {
        DomainEvent::Conversation(_, e) => (e.event_version(), serde_json::to_string(e)),
        DomainEvent::Customer(_, e) => (e.event_version(), serde_json::to_string(e)),
        DomainEvent::Agent(_, e) => (e.event_version(), serde_json::to_string(e)),
        DomainEvent::Business(_, e) => (e.event_version(), serde_json::to_string(e)),
    };
    format!(
        r#"{{"aggregate":"{}","id":"{}","type":"{}","version":{version},"payload":{}}}"#,
        event.stream().aggregate_type(),
        event.stream().aggregate_id(),
        event.event_type(),
        payload.expect("an event is JSON"),
    )
}

fn assert_on_record(lines: &[String]) {
    let unknown: Vec<_> =
        lines.iter().filter(|line| !ON_RECORD.lines().any(|l| l == *line)).map(String::as_str).collect();
    assert!(
        unknown.is_empty(),
        "stored_forms.jsonl doesn't have these forms. If an event's form changed, raise its version and write an \
         upcaster first; then append:\n{}",
        unknown.join("\n")
    );
}

#[test]
fn every_event_is_stored_in_a_form_that_is_on_record() {
    assert_on_record(&samples().iter().map(line_of).collect::<Vec<_>>());
}

#[test]
fn every_form_on_record_is_still_read() {
    let read_today: Vec<_> = ON_RECORD
        .lines()
        .map(|line| {
            let Line { aggregate, id, r#type, version, payload } =
                serde_json::from_str(line).expect("a line of the record");
            let event = decode(aggregate, id, r#type, version, payload.get())
                .unwrap_or_else(|e| panic!("{e:?} in {line}"));
            line_of(&event)
        })
        .collect();
    assert_on_record(&read_today);
    assert!(samples().iter().all(|sample| read_today.contains(&line_of(sample))));
}
