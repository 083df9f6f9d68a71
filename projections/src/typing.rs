//! Who is typing where: a fact about now, kept in memory, that ends by itself.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{
    AgentId, ConversationId, CustomerId, DomainEvent, Name, Recorded,
    conversation::{Author, ConversationEvent},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody began to type in a conversation, or stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub who: Typist,
    /// Whether it types.
    pub typing: bool,
}

/// Somebody who may type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Typist {
    /// The conversation's customer.
    Customer {
        /// Its id.
        id: CustomerId,
    },
    /// An agent.
    Agent {
        /// Its id.
        id: AgentId,
        /// The name that customers see.
        name: Name,
    },
}

/// Everybody who is typing in one business's conversations.
///
/// Every node has one and is told of every beginning, renewal and end, so each comes to the same ends by itself.
#[derive(Debug, Clone, Default)]
pub struct TypingView {
    typing: HashMap<Key, Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    conversation: ConversationId,
    who: Who,
}

/// A typist without its name, which may change while it types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Customer(CustomerId),
    Agent(AgentId),
}

#[derive(Debug, Clone)]
struct Entry {
    who: Typist,
    until: DateTime<Utc>,
}

impl TypingView {
    /// How long somebody types after the last renewal.
    pub const TTL: TimeDelta = TimeDelta::seconds(6);
    /// The most who can type at once; further ones go unnoticed until somebody stops.
    pub const CAPACITY: usize = 10_000;

    /// Somebody types, or still does. Answers what to send: nothing when it was known.
    pub fn start(
        &mut self,
        conversation_id: ConversationId,
        who: Typist,
        now: DateTime<Utc>,
    ) -> Option<Typing> {
        let key = Key { conversation: conversation_id, who: Who::from(&who) };
        let until = now + Self::TTL;
        if let Some(entry) = self.typing.get_mut(&key) {
            entry.until = entry.until.max(until);
            return None;
        }
        if self.typing.len() >= Self::CAPACITY {
            return None;
        }
        self.typing.insert(key, Entry { who: who.clone(), until });
        Some(Typing { conversation_id, who, typing: true })
    }

    /// Somebody has stopped. Answers what to send: nothing when it wasn't typing.
    pub fn stop(&mut self, conversation_id: ConversationId, who: &Typist) -> Option<Typing> {
        self.end(Key { conversation: conversation_id, who: who.into() })
    }

    /// Who says something has stopped typing it; what it has begun to type since goes on. Answers what to send.
    pub fn apply(&mut self, event: &Recorded) -> Option<Typing> {
        let DomainEvent::Conversation(conversation, ConversationEvent::MessagePosted { author, .. }) =
            &event.event
        else {
            return None;
        };
        let who = match author {
            Author::Customer { id, .. } => Who::Customer(*id),
            Author::Agent { id, .. } => Who::Agent(*id),
            Author::System => return None,
        };
        let key = Key { conversation: *conversation, who };
        let since = self.typing.get(&key)?.until - Self::TTL;
        if since > event.at { None } else { self.end(key) }
    }

    /// Ends everybody who hasn't renewed in time. Answers what to send, in no particular order.
    pub fn expire(&mut self, now: DateTime<Utc>) -> Vec<Typing> {
        self.typing.extract_if(|_, entry| entry.until <= now).map(|(key, entry)| ended(key, entry)).collect()
    }

    /// When the next one ends unless it renews: the time for [`TypingView::expire`].
    #[must_use]
    pub fn next_expiry(&self) -> Option<DateTime<Utc>> {
        self.typing.values().map(|entry| entry.until).min()
    }

    /// Everybody who is typing: what a socket that has just come is sent.
    pub fn iter(&self) -> impl Iterator<Item = Typing> {
        self.typing.iter().map(|(key, entry)| Typing {
            conversation_id: key.conversation,
            who: entry.who.clone(),
            typing: true,
        })
    }

    fn end(&mut self, key: Key) -> Option<Typing> {
        self.typing.remove(&key).map(|entry| ended(key, entry))
    }
}

impl From<&Typist> for Who {
    fn from(who: &Typist) -> Self {
        match who {
            Typist::Customer { id } => Self::Customer(*id),
            Typist::Agent { id, .. } => Self::Agent(*id),
        }
    }
}

fn ended(key: Key, entry: Entry) -> Typing {
    Typing { conversation_id: key.conversation, who: entry.who, typing: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{History, agent, agent_ref, conversation, noted, said};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn customer(n: u128) -> Typist {
        Typist::Customer { id: CustomerId::from_uuid(uuid::Uuid::from_u128(n)) }
    }

    #[test]
    fn a_beginning_and_an_end_are_told_once() {
        let mut view = TypingView::default();
        let told = |typing| Some(Typing { conversation_id: conversation(1), who: customer(1), typing });
        assert_eq!(view.start(conversation(1), customer(1), at(0)), told(true));
        assert_eq!(view.start(conversation(1), customer(1), at(1)), None);
        assert_eq!(view.stop(conversation(1), &customer(1)), told(false));
        assert_eq!(view.stop(conversation(1), &customer(1)), None);
    }

    #[test]
    fn typing_ends_by_itself_six_seconds_after_the_last_renewal() {
        let mut view = TypingView::default();
        let _ = view.start(conversation(1), customer(1), at(0));
        let _ = view.start(conversation(2), customer(1), at(1));
        let _ = view.start(conversation(1), customer(1), at(4));
        assert_eq!(view.next_expiry(), Some(at(7)));
        assert_eq!(view.expire(at(6)), []);
        let ended: Vec<_> = view.expire(at(7)).into_iter().map(|t| (t.conversation_id, t.typing)).collect();
        assert_eq!(ended, [(conversation(2), false)]);
        assert_eq!(view.next_expiry(), Some(at(10)));
        assert_eq!(view.expire(at(10)).len(), 1);
        assert_eq!(view.iter().count(), 0);
    }

    #[test]
    fn a_late_renewal_of_an_earlier_time_shortens_nothing() {
        let mut view = TypingView::default();
        let _ = view.start(conversation(1), customer(1), at(4));
        let _ = view.start(conversation(1), customer(1), at(0));
        assert_eq!(view.next_expiry(), Some(at(10)));
    }

    #[test]
    fn who_has_said_it_has_stopped_typing() {
        let mut view = TypingView::default();
        let author = Typist::Agent { id: agent(7), name: agent_ref(7).name };
        let _ = view.start(conversation(1), author.clone(), at(0));
        let _ = view.start(conversation(1), customer(5), at(0));
        let history = History::default()
            .conversation(2, said(agent_ref(7), "elsewhere"))
            .conversation(1, noted(7, "a note"))
            .conversation(1, said(agent_ref(7), "here"));
        let ended: Vec<_> = history.events().iter().map(|event| view.apply(event)).collect();
        let end = Typing { conversation_id: conversation(1), who: author, typing: false };
        assert_eq!(ended, [None, None, Some(end)]);
        assert_eq!(view.iter().map(|it| it.who).collect::<Vec<_>>(), [customer(5)]);
    }

    #[test]
    fn what_is_typed_after_the_message_goes_on() {
        let mut view = TypingView::default();
        let author = Typist::Agent { id: agent(7), name: agent_ref(7).name };
        let history = History::default().conversation(1, said(agent_ref(7), "here"));
        let message = &history.events()[0];
        let _ = view.start(conversation(1), author, message.at + TimeDelta::milliseconds(1));
        assert_eq!(view.apply(message), None);
        assert_eq!(view.iter().count(), 1);
    }

    #[test]
    fn it_holds_no_more_than_its_capacity() {
        let mut view = TypingView::default();
        for n in 0..=TypingView::CAPACITY as u128 {
            let _ = view.start(conversation(n), customer(n), at(0));
        }
        assert_eq!(view.iter().count(), TypingView::CAPACITY);
        assert_eq!(view.start(conversation(0), customer(77), at(0)), None);
        let _ = view.stop(conversation(0), &customer(0));
        assert!(view.start(conversation(0), customer(77), at(0)).is_some());
    }
}
