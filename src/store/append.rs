//! What the log is asked to append, and what becomes of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use openchat_domain::{BusinessId, CommandId, DomainEvent, EventMetadata, Position, Recorded, Stream};

/// A command's events, ready to be appended.
#[derive(Debug)]
pub struct Append {
    /// Whose log.
    pub tenant: BusinessId,
    /// The aggregate.
    pub stream: Stream,
    /// The sequence of its latest event that the decision knew.
    pub expected: i64,
    /// The command.
    pub command: CommandId,
    /// How it came to be.
    pub metadata: EventMetadata,
    /// The time of the decision.
    pub at: DateTime<Utc>,
    /// What else must still hold.
    pub condition: Option<Condition>,
    /// The generation of leadership under which only it may be recorded.
    pub fence: Option<Fence>,
    /// What happened; at least one event.
    pub events: Vec<DomainEvent>,
}

/// A decision that rests on more than its own aggregate: it stands only while none of these facts has been recorded
/// after the position that it looked at. (The idea is Sara Pellegrini's dynamic consistency boundary.)
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    /// The position up to which the decision knew the log.
    pub after: Position,
    /// What would have changed it.
    pub facts: Facts,
}

/// Events that a decision rests on.
#[derive(Debug, Clone, Copy)]
pub enum Facts {
    /// Those of these types, joined by commas.
    Types(&'static str),
    /// Those of another aggregate.
    Stream(Stream),
}

/// The generation of a node's leadership. What is written under one that has passed is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence(pub i64);

/// What became of a command's events.
#[derive(Debug, Clone)]
pub enum Appended {
    /// They are in the log.
    Recorded(Vec<Arc<Recorded>>),
    /// The aggregate has moved on since; nothing was appended.
    Conflict,
    /// The condition doesn't hold any more, or another node leads; nothing was appended.
    Unmet,
    /// The command was carried out before; its first event is at this position.
    Done(Position),
}

/// Why events could not be appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The database can't be reached or doesn't answer; whether the events were recorded is unknown,
    /// and sending the command again under its id is safe.
    #[error("the event log can't be reached")]
    Unavailable,
    /// The database refused these events; nothing was recorded.
    #[error("the event log refused the events: {0}")]
    Refused(Arc<str>),
}
