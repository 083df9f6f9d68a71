//! What holds for every aggregate after any commands: replay, snapshots and repetition change nothing.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::select,
    test_runner::TestCaseResult,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Decider, Email, ExternalUserId, MediaType, MessageText, Metadata, Name, Tag,
    agent::{Agent, AgentCommand, Availability, Role},
    business::{
        Business, BusinessCommand, Hours, KeyMode, KeyTerms, Language, OriginMode, Permission,
        SettingsChanges,
    },
    conversation::{
        AgentRef, AssignmentReason, Author, CallEndReason, CallKind, Channel, Conversation,
        ConversationCommand, CustomerRef, MessageBody, NewMessage, Priority, Reader, UnassignmentReason,
    },
    customer::{Customer, CustomerCommand, ProfileChanges},
    fixtures::{
        agent_id, ana, at, ben, call_id, channel_id, customer_id, email, external_user_id, file, fold, jane,
        key_id, many_tags, message_id, name, origin, phone, shortcut, tag, url, user_id, visitor,
    },
};

/// Puts the commands to one aggregate, one after another, and checks after each what always holds.
///
/// `is_new` says of which commands each one is meant anew, even right after the same.
fn holds<D>(commands: &[D::Command], is_new: fn(&D::Command) -> bool) -> TestCaseResult
where
    D: Decider + PartialEq + Debug,
    D::Event: PartialEq + Debug,
    D::Command: Debug,
{
    let (mut state, mut log) = (D::default(), vec![]);
    for command in commands {
        for event in state.decide(command).unwrap_or_default() {
            state.evolve(&event);
            log.push(reread(&event)?);
        }
        // From here on the state is one that a snapshot gave back.
        state = reread(&state)?;
        let again = state.decide(command).unwrap_or_default();
        prop_assert!(is_new(command) || again.is_empty(), "{command:?} twice: {again:?}");
    }
    prop_assert_eq!(fold::<D>(&log), state);
    // No order of events that can't have happened makes a fold panic.
    log.reverse();
    fold::<D>(&log);
    Ok(())
}

/// The value as it comes back from where it was stored; the same, or the test fails.
fn reread<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Result<T, TestCaseError> {
    let text = serde_json::to_string(value).expect("JSON");
    let from_text: T =
        serde_json::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
    prop_assert_eq!(&from_text, value);
    // cqrs-es and postgres-es hand it over as a tree.
    let tree = serde_json::to_value(value).expect("JSON");
    let from_tree: T =
        serde_json::from_value(tree).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
    prop_assert_eq!(&from_tree, value);
    Ok(from_text)
}

proptest! {
    #[test]
    fn of_a_conversation(first in open(), then in vec(conversation_command(), 0..60)) {
        let commands = [vec![first], then].concat();
        holds::<Conversation>(&commands, |command| {
            matches!(command, ConversationCommand::PostMessage { .. } | ConversationCommand::AddNote { .. })
        })?;
    }

    #[test]
    fn of_a_customer(commands in vec(customer_command(), 0..30)) {
        holds::<Customer>(&commands, |_| false)?;
    }

    #[test]
    fn of_an_agent(commands in vec(agent_command(), 0..30)) {
        holds::<Agent>(&commands, |_| false)?;
    }

    #[test]
    fn of_a_business(first in set_up(), then in vec(business_command(), 0..30)) {
        let commands = [vec![first], then].concat();
        holds::<Business>(&commands, |_| false)?;
    }
}

// Commands, over few enough values that they meet each other.

fn open() -> impl Strategy<Value = ConversationCommand> {
    let channel = select(vec![Channel::Widget, Channel::Handoff, Channel::Api]);
    (customer_ref(), channel, option::of(new_message())).prop_map(|(customer, channel, message)| {
        ConversationCommand::Open { customer, channel, subject: None, message }
    })
}

fn conversation_command() -> impl Strategy<Value = ConversationCommand> {
    use ConversationCommand as C;
    let people = prop_oneof![
        open(),
        (author(), new_message()).prop_map(|(author, message)| C::PostMessage { author, message }),
        (agent_ref(), message_text(), option::of(any::<String>())).prop_map(
            |(author, text, client_message_id)| C::AddNote {
                note_id: message_id(9),
                author,
                text,
                client_message_id
            }
        ),
        (agent_ref(), agent_ref(), option::of(agent_ref())).prop_map(|(to, by, from)| C::Assign {
            to,
            by: by.id,
            from: from.map(|agent| agent.id),
        }),
        agent_ref().prop_map(|to| C::Route { to, reason: AssignmentReason::Claimed }),
        agent_ref()
            .prop_map(|agent| C::Unassign { from: agent.id, reason: UnassignmentReason::AgentOffline }),
        (option::of(agent_ref()), -1i64..20).prop_map(|(agent, up_to)| C::MarkRead {
            reader: agent.map_or(Reader::Customer, |agent| Reader::Agent(agent.id)),
            up_to,
        }),
        customer_ref().prop_map(|customer| C::ChangeCustomer { customer }),
    ];
    let standing = prop_oneof![
        (tags(), agent_ref()).prop_map(|(tags, by)| C::SetTags { tags, by }),
        (select(vec![Priority::Low, Priority::Normal, Priority::High, Priority::Urgent]), agent_ref())
            .prop_map(|(priority, by)| C::SetPriority { priority, by }),
        (time(), agent_ref(), time()).prop_map(|(until, by, now)| C::Snooze { until, by, now }),
        time().prop_map(|now| C::EndSnooze { now }),
        (agent_ref(), time()).prop_map(|(by, now)| C::Resolve { by, now }),
        agent_ref().prop_map(|by| C::Reopen { by }),
        (0u8..=6, option::of(message_text())).prop_map(|(score, comment)| C::Rate { score, comment }),
    ];
    let call = || (1u128..4).prop_map(call_id);
    let end = select(vec![CallEndReason::HungUp, CallEndReason::Missed, CallEndReason::MediaLost]);
    let calls = prop_oneof![
        (call(), select(vec![CallKind::Audio, CallKind::Video]), author(), option::of(agent_ref()), time())
            .prop_map(|(call_id, kind, by, rings, now)| C::StartCall { call_id, kind, by, rings, now }),
        (call(), author(), time()).prop_map(|(call_id, by, now)| C::JoinCall { call_id, by, now }),
        (call(), author(), time()).prop_map(|(call_id, by, now)| C::DeclineCall { call_id, by, now }),
        (call(), agent_ref()).prop_map(|(call_id, agent)| C::InviteToCall { call_id, agent }),
        (call(), author()).prop_map(|(call_id, by)| C::LeaveCall { call_id, by }),
        (call(), author()).prop_map(|(call_id, by)| C::EscalateCall { call_id, by }),
        (call(), end, option::of(author()), time()).prop_map(|(call_id, reason, by, now)| C::EndCall {
            call_id,
            reason,
            by,
            now
        }),
    ];
    prop_oneof![people, standing, calls]
}

fn customer_command() -> impl Strategy<Value = CustomerCommand> {
    use CustomerCommand as C;
    let external: fn(u8) -> ExternalUserId = |n| external_user_id(&format!("cus_{n}"));
    prop_oneof![
        (0u8..2, profile())
            .prop_map(move |(n, profile)| C::Upsert { external_user_id: external(n), profile }),
        profile().prop_map(|profile| C::Arrive { profile }),
        profile().prop_map(|changes| C::ChangeProfile { changes }),
        (1u128..4).prop_map(|n| C::Merge { visitor: customer_id(1), into: customer_id(n) }),
    ]
}

fn agent_command() -> impl Strategy<Value = AgentCommand> {
    use AgentCommand as C;
    let role = || select(vec![Role::Agent, Role::Admin, Role::Owner]);
    let by = || (1u128..3).prop_map(agent_id);
    let availability = select(vec![Availability::Online, Availability::Away, Availability::Offline]);
    let user = user_id(1);
    prop_oneof![
        (address(), person()).prop_map(move |(email, name)| C::Enroll { user, email, name }),
        (address(), person(), role(), capacity(), by())
            .prop_map(|(email, name, role, capacity, by)| C::Invite { email, name, role, capacity, by }),
        (address(), option::of(person())).prop_map(move |(email, name)| C::Join { user, email, name }),
        (role(), by()).prop_map(|(role, by)| C::ChangeRole { role, by }),
        person().prop_map(|name| C::Rename { name }),
        availability.prop_map(|availability| C::SetAvailability { availability }),
        Just(C::Disconnect),
        Just(C::Reconnect),
        capacity().prop_map(|capacity| C::SetCapacity { capacity }),
        tags().prop_map(|skills| C::SetSkills { skills }),
        // Rare, because nothing happens afterwards.
        (0..4, by()).prop_map(|(n, by)| match n {
            0 => C::Deactivate { agent: agent_id(1), by },
            _ => C::Disconnect,
        }),
    ]
}

fn set_up() -> impl Strategy<Value = BusinessCommand> {
    option::of(Just(origin("https://acme.com"))).prop_map(|domain| BusinessCommand::SetUp {
        name: name("Acme"),
        slug: "acme".to_owned(),
        domain,
        owner: user_id(1),
        channel: channel_id(1),
    })
}

fn business_command() -> impl Strategy<Value = BusinessCommand> {
    use BusinessCommand as C;
    let key = || (1u128..4).prop_map(key_id);
    let secret = || (0u8..4).prop_map(|n| (format!("oc_live_{n}"), format!("{n:064x}")));
    let reply = || select(vec![shortcut("refund"), shortcut("hours")]);
    let mode = select(vec![KeyMode::Live, KeyMode::Test]);
    prop_oneof![
        set_up(),
        settings().prop_map(|changes| C::ChangeSettings { changes }),
        (key(), terms(), mode, secret()).prop_map(|(key, terms, mode, (prefix, hash))| C::CreateKey {
            key,
            terms,
            mode,
            prefix,
            hash
        }),
        (key(), terms()).prop_map(|(key, terms)| C::ChangeKey { key, terms }),
        (key(), secret(), time(), time()).prop_map(|(key, (prefix, hash), old_valid_until, now)| {
            C::RotateKey { key, prefix, hash, old_valid_until, now }
        }),
        key().prop_map(|key| C::RevokeKey { key }),
        (reply(), message_text()).prop_map(|(shortcut, text)| C::SaveReply { shortcut, text }),
        reply().prop_map(|shortcut| C::DeleteReply { shortcut }),
    ]
}

// Values.

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (0..20i64, 0..1_000_000_000i64)
        .prop_map(|(second, nano)| at(second) + chrono::TimeDelta::nanoseconds(nano))
}

fn agent_ref() -> impl Strategy<Value = AgentRef> {
    select(vec![ana(), ben(), AgentRef { id: agent_id(3), name: name("Carl") }])
}

fn customer_ref() -> impl Strategy<Value = CustomerRef> {
    select(vec![jane(), visitor()])
}

fn author() -> impl Strategy<Value = Author> {
    prop_oneof![
        customer_ref().prop_map(|customer| Author::from(&customer)),
        agent_ref().prop_map(Author::from),
        Just(Author::System),
    ]
}

fn new_message() -> impl Strategy<Value = NewMessage> {
    (body(), option::of(any::<String>())).prop_map(|(body, client_message_id)| NewMessage {
        id: message_id(1),
        body,
        client_message_id,
    })
}

fn body() -> impl Strategy<Value = MessageBody> {
    let sent = (any::<String>(), select(MediaType::all().collect::<Vec<_>>()), option::of(message_text()));
    prop_oneof![
        message_text().prop_map(|text| MessageBody::Text { text }),
        sent.prop_map(|(name, kind, text)| MessageBody::File { file: file(1, &name, kind), text }),
    ]
}

fn message_text() -> impl Strategy<Value = MessageText> {
    any::<String>().prop_filter_map("what the edge refuses", |text| MessageText::new(&text).ok())
}

fn tags() -> impl Strategy<Value = Vec<Tag>> {
    prop_oneof![
        vec((0..3u8).prop_map(|n| tag(&format!("tag {n}"))), 0..4),
        Just(many_tags(20)),
        Just(many_tags(21))
    ]
}

fn person() -> impl Strategy<Value = Name> {
    select(vec![name("Ana"), name("Zoë \"Z\" Åberg")])
}

fn address() -> impl Strategy<Value = Email> {
    select(vec![email("ana@acme.com"), email("a+b@example.org")])
}

fn capacity() -> impl Strategy<Value = u32> {
    select(vec![0, 3, 1000, 1001])
}

fn profile() -> impl Strategy<Value = ProfileChanges> {
    let call = option::of(option::of(Just(phone("+34 600 123 456"))));
    (option::of(option::of(person())), option::of(option::of(address())), call, option::of(metadata()))
        .prop_map(|(name, email, phone, metadata)| ProfileChanges { name, email, phone, metadata })
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    btree_map("[a-c]", value, 0..4)
        .prop_filter_map("what the edge refuses", |values| Metadata::new(values).ok())
}

fn settings() -> impl Strategy<Value = SettingsChanges> {
    (
        option::of(option::of(message_text())),
        option::of(option::of(message_text())),
        option::of(select(vec!["#2563eb", "#000000", "red"])),
        option::of(option::of(Just(url("https://acme.com/logo.svg")))),
        option::of(any::<bool>()),
        option::of(capacity()),
        option::of(select(vec![4, 5, 3600])),
        option::of(option::of(select(vec![Language::Es, Language::Ar]))),
        option::of(option::of(hours())),
    )
        .prop_map(
            |(
                welcome_message,
                away_message,
                color,
                logo_url,
                auto_assign,
                default_capacity,
                grace,
                language,
                hours,
            )| {
                SettingsChanges {
                    welcome_message,
                    away_message,
                    color: color.map(str::to_owned),
                    logo_url,
                    auto_assign,
                    default_capacity,
                    offline_grace_seconds: grace,
                    language,
                    hours,
                }
            },
        )
}

fn hours() -> impl Strategy<Value = Hours> {
    let span = (select(vec!["mon", "sun"]), select(vec!["00:00", "09:30"]), select(vec!["09:00", "24:00"]))
        .prop_map(|(day, from, to)| serde_json::json!({"day": day, "from": from, "to": to}));
    vec(span, 0..4).prop_map(|week| {
        serde_json::from_value(serde_json::json!({"timeZone": "Asia/Kathmandu", "week": week}))
            .expect("hours")
    })
}

fn terms() -> impl Strategy<Value = KeyTerms> {
    let permission = select(vec![Permission::SupportRead, Permission::SupportWrite, Permission::CallsWrite]);
    let allowed = select(vec![origin("https://a.acme.com"), origin("https://b.acme.com")]);
    (
        person(),
        vec(permission, 0..4),
        select(vec![OriginMode::Strict, OriginMode::Hotspot]),
        vec(allowed, 0..3),
    )
        .prop_map(|(name, permissions, origin_mode, allowed_origins)| KeyTerms {
            name,
            permissions,
            origin_mode,
            allowed_origins,
        })
}
