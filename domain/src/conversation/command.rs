//! What can be asked of a conversation.

use chrono::{DateTime, Utc};

use super::{
    event::{AgentRef, Author, CallKind, Channel, CustomerRef, MessageBody, Priority},
    reasons::{AssignmentReason, CallEndReason, UnassignmentReason},
};
use crate::{AgentId, CallId, MessageId, MessageText, Position, Subject, Tag};

/// A command to a conversation; facts that it needs from elsewhere come with it.
#[derive(Debug, Clone, PartialEq)]
pub enum ConversationCommand {
    /// Begin, perhaps with the customer's first message.
    Open {
        /// Whose it is.
        customer: CustomerRef,
        /// How it came in.
        channel: Channel,
        /// What it is about.
        subject: Option<Subject>,
        /// The first message.
        message: Option<NewMessage>,
    },
    /// Say something. A customer's message wakes a resolved or snoozed conversation;
    /// an agent's message claims an open conversation that is nobody's.
    PostMessage {
        /// Who says it.
        author: Author,
        /// What.
        message: NewMessage,
    },
    /// Write a note for the team.
    AddNote {
        /// The note's id.
        note_id: MessageId,
        /// Who writes it.
        author: AgentRef,
        /// The note.
        text: MessageText,
        /// The author's own name for the note.
        client_message_id: Option<String>,
    },
    /// Give the conversation to an agent, as an agent.
    ///
    /// `from` says whose it is believed to be. Left out, the conversation must be nobody's, or the giver's own:
    /// so two agents who reach for the same conversation can't both have it.
    Assign {
        /// To whom; an active member of the team.
        to: AgentRef,
        /// Who gives it.
        by: AgentId,
        /// The assignee that the giver saw, when it wants to take the conversation from somebody.
        from: Option<AgentId>,
    },
    /// Give the waiting conversation to an agent, as routing.
    Route {
        /// To whom.
        to: AgentRef,
        /// Why.
        reason: AssignmentReason,
    },
    /// Put the conversation back into the queue.
    Unassign {
        /// Whose it must be for this to happen; otherwise nothing happens.
        from: AgentId,
        /// Why.
        reason: UnassignmentReason,
    },
    /// Say that one side has read up to a position.
    MarkRead {
        /// Who has read.
        reader: Reader,
        /// Up to where; not beyond what the reader can have seen.
        up_to: Position,
    },
    /// Set the labels.
    SetTags {
        /// All of them.
        tags: Vec<Tag>,
        /// Who sets them.
        by: AgentRef,
    },
    /// Set the priority.
    SetPriority {
        /// Which.
        priority: Priority,
        /// Who sets it.
        by: AgentRef,
    },
    /// Let it rest.
    Snooze {
        /// Until when; must lie after `now`, at most a year.
        until: DateTime<Utc>,
        /// Who asks.
        by: AgentRef,
        /// The time of the command.
        now: DateTime<Utc>,
    },
    /// Wake it, if its snooze has run out.
    EndSnooze {
        /// The time of the command.
        now: DateTime<Utc>,
    },
    /// Settle it.
    Resolve {
        /// Who settles it.
        by: AgentRef,
        /// The time of the command.
        now: DateTime<Utc>,
    },
    /// Open it again; it becomes the agent's own.
    Reopen {
        /// Who opens it.
        by: AgentRef,
    },
    /// Judge the support, once it is resolved.
    Rate {
        /// 1 (bad) to 5 (excellent).
        score: u8,
        /// In words.
        comment: Option<MessageText>,
    },
    /// Begin a call, unless one is going on or the conversation is resolved; whoever begins it is in it.
    StartCall {
        /// The call's id.
        call_id: CallId,
        /// Audio or video.
        kind: CallKind,
        /// Who begins it.
        by: Author,
        /// The agent at whom a customer's call rings first; without one it rings at everybody.
        rings: Option<AgentRef>,
        /// The time of the command.
        now: DateTime<Utc>,
    },
    /// Join the call, or come back to it. An agent who joins a conversation that waits has it from then on.
    JoinCall {
        /// Which.
        call_id: CallId,
        /// Who joins.
        by: Author,
        /// The time of the command.
        now: DateTime<Utc>,
    },
    /// Not take the call: then it rings at everybody else, or, declined by the customer, is over.
    DeclineCall {
        /// Which.
        call_id: CallId,
        /// Who declines.
        by: Author,
        /// The time of the command.
        now: DateTime<Utc>,
    },
    /// Let the call ring at another agent, who comes in beside whoever is in it.
    InviteToCall {
        /// Which.
        call_id: CallId,
        /// Whom.
        agent: AgentRef,
    },
    /// Leave the call to the others.
    LeaveCall {
        /// Which.
        call_id: CallId,
        /// Who leaves.
        by: Author,
    },
    /// Make it a video call.
    EscalateCall {
        /// Which.
        call_id: CallId,
        /// Who asks.
        by: Author,
    },
    /// End the call. An agent who hangs up only leaves while other agents are in it; one that was answered can't be
    /// missed any more.
    EndCall {
        /// Which.
        call_id: CallId,
        /// Why.
        reason: CallEndReason,
        /// Who ends it.
        by: Option<Author>,
        /// The time of the command.
        now: DateTime<Utc>,
    },
    /// Move it to the record that its customer has been merged into.
    ChangeCustomer {
        /// Whose it is now.
        customer: CustomerRef,
    },
}

/// A message that is about to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// What it holds.
    pub body: MessageBody,
    /// The sender's own name for it.
    pub client_message_id: Option<String>,
}

/// Who has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The customer.
    Customer,
    /// An agent.
    Agent(AgentId),
}
