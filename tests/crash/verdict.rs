//! What must be true after the crashes: the log, the answers, the read models and the sockets tell the same story.

use std::collections::{BTreeMap, HashMap};

use openchat_domain::{BusinessId, Position};
use serde_json::Value;
use tokio_postgres::Client as Database;

use super::{
    listener::{Chapter, Heard},
    load::Request,
    world::GREETING,
};
use crate::support::server::Client;

/// The most messages that a customer's snapshot shows.
const SNAPSHOT: usize = 50;

/// The messages in the log, in its order.
pub(crate) struct Log {
    pub(crate) messages: Vec<Logged>,
    pub(crate) head: Position,
}

/// A message in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logged {
    pub(crate) position: Position,
    pub(crate) conversation: String,
    pub(crate) id: String,
    pub(crate) text: String,
}

impl Log {
    /// Reads a business's log, whose positions must be 1, 2, 3, … without holes, in every stream as well.
    pub(crate) async fn read(db: &Database, tenant: BusinessId) -> Self {
        let sql = "select position, aggregate_id, sequence, event_type, payload::text
                   from events where tenant_id = $1 order by position";
        let mut sequences: HashMap<String, i64> = HashMap::new();
        let mut messages = Vec::new();
        let mut head = 0;
        for row in db.query(sql, &[&tenant.uuid()]).await.unwrap() {
            head += 1;
            assert_eq!(row.get::<_, i64>(0), head, "the log has a hole");
            let conversation: String = row.get(1);
            let sequence = sequences.entry(conversation.clone()).or_default();
            *sequence += 1;
            assert_eq!(row.get::<_, i64>(2), *sequence, "{conversation} has a hole");
            if row.get::<_, &str>(3) == "MessagePosted" {
                let payload: Value = serde_json::from_str(row.get(4)).unwrap();
                messages.push(Logged::of(head, conversation, &payload));
            }
        }
        let sql = "select position from log_heads where tenant_id = $1";
        assert_eq!(db.query_one(sql, &[&tenant.uuid()]).await.unwrap().get::<_, i64>(0), head);
        Self { messages, head }
    }

    /// The messages of a conversation.
    pub(crate) fn of<'a>(&'a self, conversation: &'a str) -> impl Iterator<Item = &'a Logged> {
        self.messages.iter().filter(move |message| message.conversation == conversation)
    }

    /// The last position of a conversation's messages.
    pub(crate) fn last_of(&self, conversation: &str) -> Position {
        self.of(conversation).last().expect("something was said").position
    }

    /// Every acknowledged request is in the log once, as it was acknowledged; every other one at most once; and
    /// nothing else is.
    pub(crate) fn check_requests(&self, requests: &[Request]) {
        let mut logged: HashMap<&str, Vec<&Logged>> = HashMap::new();
        for message in &self.messages {
            logged.entry(&message.text).or_default().push(message);
        }
        for request in requests {
            let found = logged.remove(request.text.as_str()).unwrap_or_default();
            match request.message() {
                Some(acknowledged) => {
                    let [only] = found[..] else { panic!("{} is there {} times", request.text, found.len()) };
                    assert_eq!(Logged::acknowledged(&acknowledged), *only);
                }
                None => assert!(found.len() <= 1, "{} is there {} times", request.text, found.len()),
            }
        }
        assert_eq!(logged.remove(GREETING).map(|it| it.len()), Some(2));
        assert!(logged.is_empty(), "nobody said {:?}", logged.keys());
    }

    /// All who may read a conversation read the same messages in the same order.
    pub(crate) async fn check_readers(
        &self,
        conversation: &str,
        agent: &Client,
        backend: &Client,
        customer: Option<&Client>,
    ) {
        let by_log: Vec<_> = self.of(conversation).cloned().collect();
        let mut readers = vec![
            (agent, format!("/api/admin/support/conversations/{conversation}/messages")),
            (backend, format!("/api/public/support/conversations/{conversation}/messages")),
        ];
        readers.extend(customer.map(|it| (it, "/api/webchat/messages".to_owned())));
        for (reader, path) in readers {
            let read = read_all(&reader.with("x-oc-position", &self.head.to_string()), &path).await;
            assert_eq!(read, by_log, "{path}");
        }
    }

    /// A socket heard every message that it may know of once, in order, after each of its snapshots.
    pub(crate) fn check_heard(&self, heard: &Heard, conversation: Option<&str>) {
        for Chapter { hello, from, upto, messages } in &heard.chapters {
            let mine = |it: &&Logged| conversation.is_none_or(|only| it.conversation == only);
            let between: Vec<_> = self
                .messages
                .iter()
                .filter(mine)
                .filter(|it| it.position > *from && it.position <= *upto)
                .cloned()
                .collect();
            let heard: Vec<_> = messages.iter().map(Logged::acknowledged).collect();
            assert_eq!(heard, between, "from {from} to {upto}");
            if let Some(conversation) = conversation {
                self.check_snapshot(conversation, *from, &hello["snapshot"]);
            }
        }
    }

    fn check_snapshot(&self, conversation: &str, position: Position, snapshot: &Value) {
        let known: Vec<_> = self.of(conversation).filter(|it| it.position <= position).cloned().collect();
        let shown: Vec<_> = snapshot["conversation"]["messages"]
            .as_array()
            .unwrap_or_else(|| panic!("no messages in {snapshot}"))
            .iter()
            .map(Logged::acknowledged)
            .collect();
        assert_eq!(shown, known[known.len().saturating_sub(SNAPSHOT)..], "the snapshot at {position}");
    }
}

impl Logged {
    fn of(position: Position, conversation: String, payload: &Value) -> Self {
        let text = |pointer: &str| {
            payload.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{payload}")).to_owned()
        };
        Self { position, conversation, id: text("/messageId"), text: text("/body/text") }
    }

    /// The same, from a message in an answer or on a socket.
    fn acknowledged(message: &Value) -> Self {
        let text = |name: &str| message[name].as_str().unwrap_or_else(|| panic!("{message}")).to_owned();
        Self {
            position: message["position"].as_i64().unwrap(),
            conversation: text("conversationId"),
            id: text("id"),
            text: text("text"),
        }
    }
}

/// All pages of a list of messages, in the log's order.
async fn read_all(reader: &Client, path: &str) -> Vec<Logged> {
    let mut pages = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = reader.get(&format!("{path}?limit=100{cursor}")).await.is(200);
        let messages: Vec<_> =
            page.body["data"].as_array().unwrap().iter().map(Logged::acknowledged).collect();
        let Some(first) = messages.first() else { break };
        pages.insert(first.position, messages);
        match page.body["nextCursor"].as_str() {
            Some(next) => cursor = format!("&before={next}"),
            None => break,
        }
    }
    pages.into_values().flatten().collect()
}
