//! What may happen in OpenChat: aggregates, their commands and their events; pure and synchronous.
//!
//! Time, ids and looked-up facts arrive with the command; nothing here reads a clock, a database or chance.
//! Each aggregate is a [`Decider`]: `decide` turns a state and a command into events or a refusal, `evolve`
//! folds an event into the state and can't fail.

// A new event or command breaks the build until every fold and decision has answered it.
#![deny(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

pub mod agent;
pub mod business;
pub mod conversation;
mod cqrs;
pub mod customer;
mod decider;
mod event;
mod file;
#[cfg(test)]
mod fixtures;
mod given;
mod ids;
mod metadata;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod stored_forms;
mod text;
mod upcast;

pub use decider::{Decider, Refusal, RefusalKind};
pub use event::{DecodeError, DomainEvent, EventType, Recorded, Stream, decode};
pub use file::{File, FileName, MediaType};
pub use ids::{
    AgentId, BusinessId, CallId, ChannelId, CommandId, ConversationId, CustomerId, EventId, FileId, IdError,
    KeyId, MessageId, SessionId, UserId, WebhookId,
};
pub use metadata::{Actor, ActorKind, EventMetadata, Via};
pub use text::{
    Email, ExternalUserId, Invalid, MessageText, Metadata, Name, Origin, Phone, Shortcut, Subject, Tag, Url,
};

/// A place in one business's own event log: 1, 2, 3, … without holes, in commit order; 0 is before the first event.
pub type Position = i64;
