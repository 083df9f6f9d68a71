//! What the log remembers about how an event came to be: who, through what, in answer to what.

use serde::{Deserialize, Serialize};

use crate::{AgentId, BusinessId, CommandId, CustomerId, KeyId, Position, SessionId, UserId};

/// The kind of whoever issued a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActorKind {
    /// A person in the customer's seat.
    Customer,
    /// A member of the business's team.
    Agent,
    /// A signed-in person who is not (yet) a member of a team.
    User,
    /// A backend that holds an integration key.
    Backend,
    /// OpenChat itself: routing, timers, presence.
    System,
}

/// Who issued a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A customer.
    Customer(CustomerId),
    /// An agent.
    Agent(AgentId),
    /// A signed-in person outside a team.
    User(UserId),
    /// A backend, by its key.
    Backend(KeyId),
    /// OpenChat itself; the name says which part, e.g. `routing`.
    System(&'static str),
}

/// Through what a command came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// An integration key.
    Key(KeyId),
    /// A person's or a customer's session.
    Session(SessionId),
    /// OpenChat's own doing, without a request.
    Internal,
}

/// The flat, all-string record stored beside every event (the form that cqrs-es reads back as its metadata map).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventMetadata {
    /// Whose log the event is in.
    pub tenant: BusinessId,
    /// The kind of whoever issued the command.
    pub actor_kind: ActorKind,
    /// Its id, or for the system the part's name.
    pub actor_id: String,
    /// The key (`key_…`) or session (`ses_…`) it came through, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The HTTP request's id, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The position, as a string, of the event that a reaction answers, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// What ties everything together that one outside intent set off: the first command's id.
    pub correlation: CommandId,
}

impl EventMetadata {
    /// The metadata of a command.
    #[must_use]
    pub fn new(tenant: BusinessId, actor: Actor, via: Via, correlation: CommandId) -> Self {
        let (actor_kind, actor_id) = match actor {
            Actor::Customer(id) => (ActorKind::Customer, id.to_string()),
            Actor::Agent(id) => (ActorKind::Agent, id.to_string()),
            Actor::User(id) => (ActorKind::User, id.to_string()),
            Actor::Backend(id) => (ActorKind::Backend, id.to_string()),
            Actor::System(name) => (ActorKind::System, name.to_owned()),
        };
        let via = match via {
            Via::Key(id) => Some(id.to_string()),
            Via::Session(id) => Some(id.to_string()),
            Via::Internal => None,
        };
        Self { tenant, actor_kind, actor_id, via, request_id: None, causation: None, correlation }
    }

    /// With the id of the HTTP request that carried the command.
    #[must_use]
    pub fn with_request(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// With the position of the event that a reaction answers.
    #[must_use]
    pub fn caused_by(mut self, position: Position) -> Self {
        self.causation = Some(position.to_string());
        self
    }
}
