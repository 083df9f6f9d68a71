//! What a conversation answers to a command: a function per command, from the state to events or a refusal.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Active, AgentRef, AssignmentReason, Author, CallEndReason, Channel, Conversation, ConversationCommand,
    ConversationEvent, ConversationRefusal, CustomerRef, NewMessage, Opened, Priority, Rating, Reader,
    ReopenCause, Side, Status, UnassignmentReason, calls,
};
use crate::{AgentId, MessageId, MessageText, Position, Subject, Tag};

pub(super) type Events = Vec<ConversationEvent>;
pub(super) type Decision = Result<Events, ConversationRefusal>;

const MAX_TAGS: usize = 20;
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(365);

pub(super) fn decide(state: &Conversation, command: &ConversationCommand) -> Decision {
    use ConversationCommand as C;
    let opened = || match state {
        Conversation::NotOpened => Err(ConversationRefusal::NotFound),
        Conversation::Opened(it) => Ok(it.as_ref()),
    };
    match command {
        C::Open { customer, channel, subject, message } => {
            open(state, customer, *channel, subject.as_ref(), message.as_ref())
        }
        C::PostMessage { author, message } => Ok(post_message(opened()?, author, message)),
        C::AddNote { note_id, author, text, client_message_id } => {
            opened().map(|_| vec![noted(*note_id, author, text, client_message_id.as_deref())])
        }
        C::Assign { to, by, from } => assign(opened()?, to, *by, *from),
        C::Route { to, reason } => route(opened()?, to, reason),
        C::Unassign { from, reason } => Ok(unassign(opened()?, *from, *reason)),
        C::MarkRead { reader, up_to } => Ok(mark_read(opened()?, *reader, *up_to)),
        C::SetTags { tags, by } => set_tags(opened()?, tags, by),
        C::SetPriority { priority, by } => Ok(set_priority(opened()?, *priority, by)),
        C::Snooze { until, by, now } => snooze(opened()?, *until, by, *now),
        C::EndSnooze { now } => Ok(end_snooze(opened()?, *now)),
        C::Resolve { by, now } => Ok(resolve(opened()?, by, *now)),
        C::Reopen { by } => reopen(opened()?, by),
        C::Rate { score, comment } => rate(opened()?, *score, comment.as_ref()),
        C::StartCall { call_id, kind, by, rings, now } => {
            calls::start(opened()?, *call_id, *kind, by, rings.as_ref(), *now)
        }
        C::JoinCall { call_id, by, now } => calls::join(opened()?, *call_id, by, *now),
        C::DeclineCall { call_id, by, now } => calls::decline(opened()?, *call_id, by, *now),
        C::InviteToCall { call_id, agent } => calls::invite(opened()?, *call_id, agent),
        C::LeaveCall { call_id, by } => Ok(calls::leave(opened()?, *call_id, by)),
        C::EscalateCall { call_id, by } => calls::escalate(opened()?, *call_id, by),
        C::EndCall { call_id, reason, by, now } => {
            calls::end(opened()?, *call_id, *reason, by.as_ref(), *now)
        }
        C::ChangeCustomer { customer } => Ok(change_customer(opened()?, customer)),
    }
}

fn open(
    state: &Conversation,
    customer: &CustomerRef,
    channel: Channel,
    subject: Option<&Subject>,
    message: Option<&NewMessage>,
) -> Decision {
    match state {
        Conversation::Opened(_) => Err(ConversationRefusal::AlreadyOpened),
        Conversation::NotOpened => {
            let opened =
                ConversationEvent::Opened { customer: customer.clone(), channel, subject: subject.cloned() };
            let first = message.map(|message| posted(&customer.into(), message));
            Ok([opened].into_iter().chain(first).collect())
        }
    }
}

fn post_message(it: &Opened, author: &Author, message: &NewMessage) -> Events {
    turned_to(it, author).into_iter().chain([posted(author, message)]).collect()
}

/// What it does to a conversation that somebody turns to the other side in it, by a message or a call.
pub(super) fn turned_to(it: &Opened, author: &Author) -> Option<ConversationEvent> {
    match author {
        Author::Customer { .. } => woken_by_customer(it),
        Author::Agent { id, name } => claimed_by_answer(it, &AgentRef { id: *id, name: name.clone() }),
        Author::System => None,
    }
}

/// After a rest the agent who knows the matter keeps it; after a settlement whoever is free takes it.
fn woken_by_customer(it: &Opened) -> Option<ConversationEvent> {
    let assignee = match &it.status {
        Status::Active(Active { snoozed_until: None, .. }) => return None,
        Status::Active(Active { assignee, .. }) => assignee.clone(),
        Status::Resolved { .. } => None,
    };
    Some(ConversationEvent::Reopened { cause: ReopenCause::CustomerMessage, assignee })
}

pub(super) fn claimed_by_answer(it: &Opened, agent: &AgentRef) -> Option<ConversationEvent> {
    it.is_waiting().then(|| ConversationEvent::Assigned {
        assignee: agent.clone(),
        previous: None,
        reason: AssignmentReason::Answered,
    })
}

fn posted(author: &Author, message: &NewMessage) -> ConversationEvent {
    ConversationEvent::MessagePosted {
        message_id: message.id,
        author: author.clone(),
        body: message.body.clone(),
        client_message_id: message.client_message_id.clone(),
    }
}

fn noted(
    note_id: MessageId,
    author: &AgentRef,
    text: &MessageText,
    client_message_id: Option<&str>,
) -> ConversationEvent {
    let client_message_id = client_message_id.map(str::to_owned);
    ConversationEvent::NoteAdded { note_id, author: author.clone(), text: text.clone(), client_message_id }
}

fn assign(it: &Opened, to: &AgentRef, by: AgentId, from: Option<AgentId>) -> Decision {
    let assignee = active(it)?.assignee.as_ref().map(|agent| agent.id);
    if assignee == Some(to.id) {
        return Ok(vec![]);
    }
    match (from, assignee) {
        (None, Some(assignee)) if assignee != by => {
            return Err(ConversationRefusal::AlreadyAssigned { assignee });
        }
        (Some(_), _) if from != assignee => return Err(ConversationRefusal::AssigneeChanged { assignee }),
        _ => {}
    }
    let reason = if to.id == by { AssignmentReason::Claimed } else { AssignmentReason::Given { by } };
    Ok(vec![ConversationEvent::Assigned { assignee: to.clone(), previous: assignee, reason }])
}

fn route(it: &Opened, to: &AgentRef, reason: &AssignmentReason) -> Decision {
    if !it.is_waiting() {
        return Err(ConversationRefusal::NotWaiting);
    }
    Ok(vec![ConversationEvent::Assigned { assignee: to.clone(), previous: None, reason: reason.clone() }])
}

fn unassign(it: &Opened, from: AgentId, reason: UnassignmentReason) -> Events {
    if it.assignee() != Some(from) {
        return vec![];
    }
    vec![ConversationEvent::Unassigned { previous: from, reason }]
}

fn mark_read(it: &Opened, reader: Reader, up_to: Position) -> Events {
    let (reader, agent, mark) = match reader {
        Reader::Customer => (Side::Customer, None, it.read_by_customer),
        Reader::Agent(id) => (Side::Agent, Some(id), it.read_by_agents),
    };
    if up_to <= mark {
        return vec![];
    }
    vec![ConversationEvent::Read { reader, agent, up_to }]
}

fn set_tags(it: &Opened, tags: &[Tag], by: &AgentRef) -> Decision {
    let tags: BTreeSet<Tag> = tags.iter().cloned().collect();
    if tags.len() > MAX_TAGS {
        return Err(ConversationRefusal::TooManyTags { max: MAX_TAGS });
    }
    if tags == it.tags {
        return Ok(vec![]);
    }
    Ok(vec![ConversationEvent::Tagged { tags: tags.into_iter().collect(), by: by.clone() }])
}

fn set_priority(it: &Opened, priority: Priority, by: &AgentRef) -> Events {
    if priority == it.priority {
        return vec![];
    }
    vec![ConversationEvent::Prioritized { priority, by: by.clone() }]
}

fn snooze(it: &Opened, until: DateTime<Utc>, by: &AgentRef, now: DateTime<Utc>) -> Decision {
    let rest = until - now;
    if rest <= TimeDelta::zero() || rest > LONGEST_SNOOZE {
        return Err(ConversationRefusal::SnoozeOutOfRange);
    }
    if active(it)?.snoozed_until == Some(until) {
        return Ok(vec![]);
    }
    Ok(vec![ConversationEvent::Snoozed { until, by: by.clone() }])
}

fn end_snooze(it: &Opened, now: DateTime<Utc>) -> Events {
    if let Status::Active(Active { snoozed_until: Some(until), assignee, .. }) = &it.status
        && *until <= now
    {
        let cause = ReopenCause::SnoozeElapsed;
        return vec![ConversationEvent::Reopened { cause, assignee: assignee.clone() }];
    }
    vec![]
}

fn resolve(it: &Opened, by: &AgentRef, now: DateTime<Utc>) -> Events {
    let Status::Active(active) = &it.status else {
        return vec![];
    };
    let hung_up = active
        .call
        .as_ref()
        .map(|call| calls::ended(call, CallEndReason::Resolved, Some(by.clone().into()), now));
    hung_up.into_iter().chain([ConversationEvent::Resolved { by: by.clone() }]).collect()
}

fn reopen(it: &Opened, by: &AgentRef) -> Decision {
    if it.is_open() {
        return Err(ConversationRefusal::NotResolved);
    }
    let cause = ReopenCause::Agent { by: by.id };
    Ok(vec![ConversationEvent::Reopened { cause, assignee: Some(by.clone()) }])
}

fn rate(it: &Opened, score: u8, comment: Option<&MessageText>) -> Decision {
    if !(1..=5).contains(&score) {
        return Err(ConversationRefusal::ScoreOutOfRange);
    }
    let Status::Resolved { rating } = &it.status else {
        return Err(ConversationRefusal::NotRateable);
    };
    let latest = Rating { score, comment: comment.cloned() };
    if rating.as_ref() == Some(&latest) {
        return Ok(vec![]);
    }
    Ok(vec![ConversationEvent::Rated { score, comment: latest.comment }])
}

fn change_customer(it: &Opened, customer: &CustomerRef) -> Events {
    if customer.id == it.customer {
        return vec![];
    }
    vec![ConversationEvent::CustomerChanged { customer: customer.clone(), previous: it.customer }]
}

pub(super) const fn active(it: &Opened) -> Result<&Active, ConversationRefusal> {
    match &it.status {
        Status::Active(active) => Ok(active),
        Status::Resolved { .. } => Err(ConversationRefusal::Resolved),
    }
}
