//! The smallest aggregate that has something to decide and something to remember.

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use serde::{Deserialize, Serialize};

/// A conversation that counts its messages.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Conversation {
    messages: u64,
}

/// Posts a message.
pub struct Post(pub String);

/// A message was posted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessagePosted {
    text: String,
}

/// A message without a text is refused.
#[derive(Debug, thiserror::Error)]
#[error("a message has a text")]
pub struct Empty;

impl DomainEvent for MessagePosted {
    fn event_type(&self) -> String {
        "MessagePosted".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Conversation {
    const TYPE: &'static str = "conversation";
    type Command = Post;
    type Event = MessagePosted;
    type Error = Empty;
    type Services = ();

    async fn handle(&mut self, Post(text): Post, (): &(), sink: &EventSink<Self>) -> Result<(), Empty> {
        if text.is_empty() {
            return Err(Empty);
        }
        sink.write(MessagePosted { text }, self).await;
        Ok(())
    }

    fn apply(&mut self, _: MessagePosted) {
        self.messages += 1;
    }
}
