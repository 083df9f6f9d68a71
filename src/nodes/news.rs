//! What nodes tell each other, and how it is written: JSON, under a subject that names the installation and the version.

use std::sync::Arc;

use openchat_domain::{BusinessId, ConversationId, Position, Recorded, conversation::AgentRef};
use openchat_projections::{typing::Typist, viewing::Window};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the forms below; nodes of different versions don't hear each other, and find out by looking.
const VERSION: &str = "v2";

/// What a node tells the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Who tells it.
    pub node: Uuid,
    /// What.
    pub news: News,
}

/// Something that other nodes want to know at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum News {
    /// About a log.
    Log(LogNews),
    /// About people.
    Live(LiveNews),
}

/// How far a log or its read models have come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogNews {
    /// Events were recorded up to a position, and are durable: there is work for the leader, and states at hand are old.
    Appended {
        /// Whose log.
        tenant: BusinessId,
        /// Up to where.
        position: Position,
        /// The events; none when they are too large to be told.
        events: Vec<Arc<Recorded>>,
    },
    /// The read models have committed up to a position: sockets may be told.
    Committed {
        /// Whose log.
        tenant: BusinessId,
        /// Up to where.
        position: Position,
    },
}

/// What is true for a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LiveNews {
    /// An agent's first socket has come to the node, or its last one has gone; the database says whose.
    Presence {
        /// Whose agent.
        tenant: BusinessId,
    },
    /// Somebody types, or has stopped.
    Typing {
        /// Whose conversation.
        tenant: BusinessId,
        /// Which one.
        conversation: ConversationId,
        /// Who.
        who: Typist,
        /// Whether it types.
        typing: bool,
    },
    /// An agent's window looks at a conversation.
    Viewing {
        /// Whose agent.
        tenant: BusinessId,
        /// Which window.
        window: Window,
        /// Who.
        agent: AgentRef,
        /// At what.
        at: ConversationId,
    },
    /// An agent's window looks at nothing any more.
    Left {
        /// Whose agent.
        tenant: BusinessId,
        /// Which window.
        window: Window,
    },
}

impl News {
    /// The same in as few bytes as do; nothing when there is less.
    pub(super) fn brief(mut self) -> Option<Self> {
        match &mut self {
            Self::Log(LogNews::Appended { events, .. }) if !events.is_empty() => events.clear(),
            _ => return None,
        }
        Some(self)
    }

    /// The subject under which it travels.
    pub(super) fn subject(&self, installation: Uuid) -> String {
        let kind = match self {
            Self::Log(LogNews::Appended { .. }) => "appended",
            Self::Log(LogNews::Committed { .. }) => "committed",
            Self::Live(LiveNews::Presence { .. }) => "presence",
            Self::Live(LiveNews::Typing { .. }) => "typing",
            Self::Live(LiveNews::Viewing { .. }) => "viewing",
            Self::Live(LiveNews::Left { .. }) => "left",
        };
        format!("openchat.{}.{VERSION}.{kind}", installation.simple())
    }

    /// The subjects under which all news of an installation travel.
    pub(super) fn subjects(installation: Uuid) -> String {
        format!("openchat.{}.{VERSION}.*", installation.simple())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use openchat_domain::{
        Actor, CommandId, DomainEvent, EventMetadata, Via,
        conversation::{ConversationEvent, ReopenCause},
    };

    use super::*;

    #[test]
    fn news_come_back_as_they_were_and_installations_are_apart() {
        let tenant = BusinessId::from_uuid(Uuid::from_u128(1));
        let conversation = ConversationId::from_uuid(Uuid::from_u128(2));
        let recorded = Recorded {
            tenant,
            position: 7,
            sequence: 2,
            at: DateTime::UNIX_EPOCH,
            metadata: EventMetadata::new(
                tenant,
                Actor::System("test"),
                Via::Internal,
                CommandId::from_uuid(Uuid::from_u128(6)),
            ),
            event: DomainEvent::Conversation(
                conversation,
                ConversationEvent::Reopened { cause: ReopenCause::CustomerMessage, assignee: None },
            ),
        };
        let all = [
            News::Log(LogNews::Appended { tenant, position: 7, events: vec![Arc::new(recorded)] }),
            News::Log(LogNews::Committed { tenant, position: 7 }),
            News::Live(LiveNews::Presence { tenant }),
            News::Live(LiveNews::Left { tenant, window: u64::MAX }),
            News::Live(LiveNews::Typing {
                tenant,
                conversation,
                who: Typist::Customer { id: openchat_domain::CustomerId::from_uuid(Uuid::from_u128(3)) },
                typing: true,
            }),
        ];
        for news in all {
            let text = serde_json::to_string(&news).expect("it has a form");
            assert_eq!(serde_json::from_str::<News>(&text).expect("it can be read"), news, "{text}");
            let brief = news.clone().brief();
            assert_eq!(brief.is_some(), matches!(news, News::Log(LogNews::Appended { .. })));
            assert_eq!(brief.and_then(News::brief), None, "it can't be briefer");
            let (mine, others) = (Uuid::from_u128(4), Uuid::from_u128(5));
            let prefix = News::subjects(mine);
            let prefix = prefix.trim_end_matches('*');
            assert!(news.subject(mine).starts_with(prefix));
            assert!(!news.subject(others).starts_with(prefix));
        }
    }
}
