//! What an event says, in one English sentence that begins with who caused it.

use std::fmt::Display;

use openchat_domain::{
    ActorKind, AgentId, CustomerId, DomainEvent, EventMetadata, Name, Recorded,
    agent::{AgentEvent, Availability, AvailabilityReason, Role},
    business::{BusinessEvent, KeyMode, SettingsChanges},
    conversation::{
        AgentRef, AssignmentReason, Author, CallEndReason, CallKind, Channel, ConversationEvent, CustomerRef,
        MessageBody, Priority, ReopenCause, UnassignmentReason,
    },
    customer::{CustomerEvent, ProfileChanges},
};

/// The sentence of an event.
pub(super) fn summary(event: &Recorded) -> String {
    let who = Who(&event.metadata);
    match &event.event {
        DomainEvent::Conversation(_, change) => of_conversation(who, change),
        DomainEvent::Customer(id, change) => of_customer(who, *id, change),
        DomainEvent::Agent(id, change) => of_agent(who, *id, change),
        DomainEvent::Business(_, change) => of_business(who, change),
    }
}

/// Whoever caused the event; it gets its name when the event tells it.
#[derive(Clone, Copy)]
struct Who<'a>(&'a EventMetadata);

impl Who<'_> {
    fn plain(self) -> String {
        let EventMetadata { actor_kind, actor_id, .. } = self.0;
        match actor_kind {
            ActorKind::Customer => format!("Customer {actor_id}"),
            ActorKind::Agent => format!("Agent {actor_id}"),
            ActorKind::User => format!("User {actor_id}"),
            ActorKind::Backend => format!("The backend with key {actor_id}"),
            ActorKind::System => format!("OpenChat's {actor_id}"),
        }
    }

    fn named(self, id: impl Display, name: &Name) -> String {
        if self.0.actor_id == id.to_string() { called(name, id) } else { self.plain() }
    }

    fn agent(self, agent: &AgentRef) -> String {
        self.named(agent.id, &agent.name)
    }

    fn author(self, author: &Author) -> String {
        match author {
            Author::Customer { id, name: Some(name) } => self.named(id, name),
            Author::Agent { id, name } => self.named(id, name),
            Author::Customer { name: None, .. } | Author::System => self.plain(),
        }
    }

    /// Who did it, and for whom when it was somebody else's voice.
    fn author_or_for(self, author: &Author) -> (String, String) {
        let voice = match author {
            Author::Customer { id, name } => Some((id.to_string(), person(name.as_ref(), id))),
            Author::Agent { id, name } => Some((id.to_string(), called(name, id))),
            Author::System => None,
        };
        let voice = voice.filter(|(id, _)| *id != self.0.actor_id);
        (self.author(author), voice.map_or(String::new(), |(_, voice)| format!(" as {voice}")))
    }
}

fn of_conversation(who: Who<'_>, event: &ConversationEvent) -> String {
    use ConversationEvent as E;
    match event {
        E::Opened { customer, channel, subject } => {
            let about = subject.as_ref().map_or(String::new(), |subject| format!(", about “{subject}”"));
            format!(
                "{} opened a conversation for {} through {}{about}.",
                who.author(&customer.into()),
                customer_called(customer),
                channel_word(*channel),
            )
        }
        E::MessagePosted { author, body, .. } => {
            let (who, voice) = who.author_or_for(author);
            match body {
                MessageBody::Text { .. } => format!("{who} posted a message{voice}."),
                MessageBody::File { file, .. } => format!("{who} sent the file {}{voice}.", file.name),
            }
        }
        E::NoteAdded { author, .. } => format!("{} added a note.", who.agent(author)),
        E::Assigned { assignee, previous, reason } => assigned(who, assignee, *previous, reason),
        E::Unassigned { previous, reason } => unassigned(who, *previous, *reason),
        E::Read { up_to, .. } => {
            format!("{} read the conversation up to position {up_to}.", who.plain())
        }
        E::Tagged { tags, by } if tags.is_empty() => format!("{} removed all labels.", who.agent(by)),
        E::Tagged { tags, by } => format!("{} set the labels to {}.", who.agent(by), list(tags)),
        E::Prioritized { priority, by } => {
            format!("{} set the priority to {}.", who.agent(by), priority_word(*priority))
        }
        E::Snoozed { until, by } => {
            let until = until.format("%Y-%m-%d %H:%M:%S UTC");
            format!("{} snoozed the conversation until {until}.", who.agent(by))
        }
        E::Resolved { by } => format!("{} resolved the conversation.", who.agent(by)),
        E::Reopened { cause, assignee } => reopened(who, *cause, assignee.as_ref()),
        E::Rated { score, comment } => {
            let comment = comment.as_ref().map_or("", |_| ", with a comment");
            format!("{} rated the support {score} of 5{comment}.", who.plain())
        }
        E::CallStarted { kind, by, .. } => {
            let kind = match kind {
                CallKind::Audio => "an audio",
                CallKind::Video => "a video",
            };
            let (who, voice) = who.author_or_for(by);
            format!("{who} started {kind} call{voice}.")
        }
        E::CallJoined { by, .. } => {
            let (who, voice) = who.author_or_for(by);
            format!("{who} joined the call{voice}.")
        }
        E::CallRang { agent: Some(agent), .. } => {
            format!("{} let the call ring at {}.", who.plain(), called(&agent.name, agent.id))
        }
        E::CallRang { agent: None, .. } => format!("{} let the call ring at everybody.", who.plain()),
        E::CallAnswered { by, .. } => {
            let (who, voice) = who.author_or_for(by);
            format!("{who} answered the call{voice}.")
        }
        E::CallDeclined { by, .. } => {
            let (who, voice) = who.author_or_for(by);
            format!("{who} declined the call{voice}.")
        }
        E::CallLeft { by, .. } => {
            let (who, voice) = who.author_or_for(by);
            format!("{who} left the call{voice}.")
        }
        E::CallEscalated { by, .. } => {
            let (who, voice) = who.author_or_for(by);
            format!("{who} made the call a video call{voice}.")
        }
        E::CallEnded { reason, by, duration_seconds, .. } => {
            let who = by.as_ref().map_or_else(|| who.plain(), |by| who.author(by));
            let why = match reason {
                CallEndReason::HungUp => "",
                CallEndReason::Missed => ", because nobody answered",
                CallEndReason::Declined => ", because it was declined",
                CallEndReason::Resolved => ", because the conversation was resolved",
                CallEndReason::Abandoned => ", because everybody had left",
                CallEndReason::MediaLost => ", because the media server lost it",
            };
            format!("{who} ended the call after {duration_seconds} s{why}.")
        }
        E::CustomerChanged { customer, previous } => {
            let customer = customer_called(customer);
            format!("{} moved the conversation from {previous} to {customer}.", who.plain())
        }
    }
}

fn assigned(
    who: Who<'_>,
    assignee: &AgentRef,
    previous: Option<AgentId>,
    reason: &AssignmentReason,
) -> String {
    let from = previous.map_or(String::new(), |agent| format!(" from {agent}"));
    let to = called(&assignee.name, assignee.id);
    match reason {
        AssignmentReason::Routed { rule, candidates, waited_seconds } => format!(
            "{} gave the conversation to {to} after {waited_seconds} s of waiting, by the rule {rule} among {}.",
            who.plain(),
            counted(candidates.len(), "available agent"),
        ),
        AssignmentReason::Claimed => format!("{} took the conversation{from}.", who.agent(assignee)),
        AssignmentReason::Answered => {
            format!("{} took the conversation by answering it.", who.agent(assignee))
        }
        AssignmentReason::Given { by: _ } => format!("{} gave the conversation{from} to {to}.", who.plain()),
    }
}

fn unassigned(who: Who<'_>, previous: AgentId, reason: UnassignmentReason) -> String {
    let why = match reason {
        UnassignmentReason::Released { by } if by == previous => String::new(),
        UnassignmentReason::Released { by: _ } => format!(", taking it from {previous}"),
        UnassignmentReason::AgentOffline => format!(", because {previous} went offline"),
        UnassignmentReason::AgentDeactivated => format!(", because {previous} left the team"),
        UnassignmentReason::CallMissed => format!(", because {previous} did not answer the customer's call"),
    };
    format!("{} put the conversation back into the queue{why}.", who.plain())
}

fn reopened(who: Who<'_>, cause: ReopenCause, assignee: Option<&AgentRef>) -> String {
    let how = match cause {
        ReopenCause::CustomerMessage => " by writing again",
        ReopenCause::Agent { by: _ } => "",
        ReopenCause::SnoozeElapsed => ", because its snooze ran out",
    };
    match assignee {
        Some(agent) => {
            let keeper = called(&agent.name, agent.id);
            format!("{} reopened the conversation{how}; {keeper} has it.", who.agent(agent))
        }
        None => format!("{} reopened the conversation{how}; it waits in the queue.", who.plain()),
    }
}

fn of_customer(who: Who<'_>, id: CustomerId, event: &CustomerEvent) -> String {
    match event {
        CustomerEvent::Registered { external_user_id, profile } => {
            let customer = person(profile.name.as_ref(), id);
            format!("{} registered {customer}, whom the business knows as {external_user_id}.", who.plain())
        }
        CustomerEvent::VisitorArrived { profile } => {
            let visitor = person(profile.name.as_ref(), id);
            format!("{} began to chat: the anonymous visitor {visitor}.", who.plain())
        }
        CustomerEvent::ProfileChanged { changes } => {
            format!("{} changed the {} of {id}.", who.plain(), list(&profile_words(changes)))
        }
        CustomerEvent::Merged { into } => {
            format!("{} merged the visitor {id} into the customer {into}.", who.plain())
        }
    }
}

fn of_agent(who: Who<'_>, id: AgentId, event: &AgentEvent) -> String {
    match event {
        AgentEvent::Invited { email, name, role, .. } => {
            format!("{} invited {name} ({email}) to join the team as {}.", who.plain(), role_word(*role))
        }
        AgentEvent::Joined { name, role, .. } => {
            format!("{} joined the team as {}: {}.", who.plain(), role_word(*role), called(name, id))
        }
        AgentEvent::RoleChanged { role, .. } => {
            format!("{} made {id} {}.", who.plain(), role_word(*role))
        }
        AgentEvent::Renamed { name } => format!("{} renamed {id} to {name}.", who.plain()),
        AgentEvent::AvailabilityChanged { availability, reason } => {
            let availability = match availability {
                Availability::Online => "online",
                Availability::Away => "away",
                Availability::Offline => "offline",
            };
            let why = match reason {
                AvailabilityReason::Chosen => "",
                AvailabilityReason::Disconnected => ", because its connection was gone for too long",
                AvailabilityReason::Reconnected => ", because it came back",
            };
            format!("{} set {id} to {availability}{why}.", who.plain())
        }
        AgentEvent::CapacityChanged { capacity } => {
            let room = counted(*capacity as usize, "open conversation");
            format!("{} set the capacity of {id} to {room}.", who.plain())
        }
        AgentEvent::SkillsChanged { skills } if skills.is_empty() => {
            format!("{} removed all skills of {id}.", who.plain())
        }
        AgentEvent::SkillsChanged { skills } => {
            format!("{} set the skills of {id} to {}.", who.plain(), list(skills))
        }
        AgentEvent::Deactivated { .. } => format!("{} took {id} off the team.", who.plain()),
    }
}

fn of_business(who: Who<'_>, event: &BusinessEvent) -> String {
    let who = who.plain();
    match event {
        BusinessEvent::SetUp { name, .. } => format!("{who} set up the business {name}."),
        BusinessEvent::SettingsChanged { changes } => {
            format!("{who} changed the {}.", list(&settings_words(changes)))
        }
        BusinessEvent::KeyCreated { key, terms, mode, prefix, .. } => {
            let mode = match mode {
                KeyMode::Live => "live",
                KeyMode::Test => "test",
            };
            format!("{who} created the {mode} key “{}” ({key}), which begins with {prefix}.", terms.name)
        }
        BusinessEvent::KeyChanged { key, terms } => {
            format!("{who} changed the terms of the key “{}” ({key}).", terms.name)
        }
        BusinessEvent::KeyRotated { key, prefix, old_valid_until, .. } => {
            let until = old_valid_until.format("%Y-%m-%d %H:%M:%S UTC");
            format!(
                "{who} rotated the key {key}: the new one begins with {prefix}, the old one works until {until}."
            )
        }
        BusinessEvent::ReplySaved { shortcut, .. } => format!("{who} wrote the canned reply “{shortcut}”."),
        BusinessEvent::ReplyDeleted { shortcut } => {
            format!("{who} threw the canned reply “{shortcut}” away.")
        }
        BusinessEvent::KeyRevoked { key } => format!("{who} revoked the key {key}."),
    }
}

fn called(name: &Name, id: impl Display) -> String {
    format!("{name} ({id})")
}

fn person(name: Option<&Name>, id: impl Display) -> String {
    name.map_or_else(|| id.to_string(), |name| called(name, &id))
}

fn customer_called(customer: &CustomerRef) -> String {
    person(customer.name.as_ref(), customer.id)
}

const fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::Widget => "the website widget",
        Channel::Handoff => "a handoff link",
        Channel::Api => "the API",
    }
}

const fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    }
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Agent => "an agent",
        Role::Admin => "an admin",
        Role::Owner => "its owner",
    }
}

fn profile_words(changes: &ProfileChanges) -> Vec<&'static str> {
    let ProfileChanges { name, email, phone, metadata } = changes;
    told([
        (name.is_some(), "name"),
        (email.is_some(), "e-mail address"),
        (phone.is_some(), "telephone number"),
        (metadata.is_some(), "metadata"),
    ])
}

fn settings_words(changes: &SettingsChanges) -> Vec<&'static str> {
    let SettingsChanges {
        welcome_message,
        away_message,
        color,
        logo_url,
        auto_assign,
        default_capacity,
        offline_grace_seconds,
        language,
        hours,
    } = changes;
    told([
        (welcome_message.is_some(), "welcome message"),
        (away_message.is_some(), "away message"),
        (color.is_some(), "colour"),
        (logo_url.is_some(), "logo"),
        (auto_assign.is_some(), "automatic assignment"),
        (default_capacity.is_some(), "capacity of new agents"),
        (offline_grace_seconds.is_some(), "grace period before an agent counts as offline"),
        (language.is_some(), "language"),
        (hours.is_some(), "opening hours"),
    ])
}

fn told<const N: usize>(words: [(bool, &'static str); N]) -> Vec<&'static str> {
    words.into_iter().filter(|(told, _)| *told).map(|(_, word)| word).collect()
}

fn list<T: Display>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(T::to_string).collect();
    match items.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
