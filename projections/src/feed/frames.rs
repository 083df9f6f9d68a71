//! The frames of the websocket feed, both ways, and the codes with which the server closes it.

use openchat_domain::{AgentId, ConversationId, CustomerId, Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AgentChange, AgentSnapshot, CustomerChange, CustomerSnapshot, SentDelta};
use crate::{typing::Typing, viewing::Viewing};

/// What an agent's socket is sent.
pub type AgentFrame = ServerFrame<AgentSnapshot, AgentChange>;

/// What a customer's socket is sent. Never notes, other customers, or what only the team knows.
pub type CustomerFrame = ServerFrame<CustomerSnapshot, CustomerChange>;

/// What a socket is sent: deltas, which have a position, and frames about the feed itself or about now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ServerFrame<S, C> {
    /// What an event changed.
    Delta(SentDelta<C>),
    /// Everything else.
    Notice(Notice<S>),
}

/// A frame that is no delta. Only `hello` and `resumed` have a position; the others are never replayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum Notice<S> {
    /// Everything, as of a position: the first frame, and again whenever the deltas since are not to be had.
    /// It replaces what the client knows.
    #[serde(rename = "hello")]
    Hello {
        /// The position up to which everything is in the snapshot.
        #[schema(value_type = i64)]
        position: Position,
        /// What the reader's page begins with.
        snapshot: S,
    },
    /// The first frame for a client that came back with `?after=`: every delta since follows.
    #[serde(rename = "resumed")]
    Resumed {
        /// The position that the client named.
        #[schema(value_type = i64)]
        position: Position,
    },
    /// Somebody began to type, or stopped.
    #[serde(rename = "typing")]
    Typing(Typing),
    /// An agent opened a conversation, or left it; for the team only.
    #[serde(rename = "viewing")]
    Viewing(Viewing),
    /// Somebody's first socket came, or the last one went; for the team only.
    #[serde(rename = "presence")]
    Presence(Presence),
    /// The answer to `ping`.
    #[serde(rename = "pong")]
    Pong,
    /// The server is about to restart and closes with 4012: come back with `?after=` after a while.
    #[serde(rename = "reconnect", rename_all = "camelCase")]
    Reconnect {
        /// How long to wait first, in milliseconds; differs from socket to socket, so that they don't all
        /// come at once.
        after_millis: u32,
    },
}

/// Whether somebody has a socket open now. An agent's choice to take work is its availability, which is history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Presence {
    /// An agent's.
    #[serde(rename_all = "camelCase")]
    Agent {
        /// Who.
        agent_id: AgentId,
        /// Whether a socket is open.
        online: bool,
    },
    /// A customer's.
    #[serde(rename_all = "camelCase")]
    Customer {
        /// Who.
        customer_id: CustomerId,
        /// Whether a socket is open.
        online: bool,
    },
}

/// What a client may send. Commands go over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum ClientFrame {
    /// The client's person types, or has stopped; to be renewed every few seconds.
    #[serde(rename = "typing", rename_all = "camelCase")]
    Typing {
        /// Where.
        conversation_id: ConversationId,
        /// Whether it types.
        typing: bool,
    },
    /// The client's person has read up to a position.
    #[serde(rename = "read", rename_all = "camelCase")]
    Read {
        /// Where.
        conversation_id: ConversationId,
        /// Up to where.
        #[schema(value_type = i64)]
        up_to: Position,
    },
    /// The agent has this conversation open, or none any more; to be renewed every 20 seconds.
    #[serde(rename = "viewing", rename_all = "camelCase")]
    Viewing {
        /// Which.
        conversation_id: Option<ConversationId>,
    },
    /// Are you there? Answered with `pong`.
    #[serde(rename = "ping")]
    Ping,
}

/// The codes with which the server closes a socket, beside the protocol's own.
pub mod close {
    /// The session has ended: sign in again.
    pub const SESSION_ENDED: u16 = 4001;
    /// The session may not read this feed.
    pub const NOT_ALLOWED: u16 = 4003;
    /// The client reads too slowly: come back with `?after=`.
    pub const TOO_SLOW: u16 = 4008;
    /// The server restarts: come back with `?after=`.
    pub const RESTARTING: u16 = 4012;
}
