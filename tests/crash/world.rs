//! A business at work, its customers, agents and backend on a server that may fail them, and the judgement at the end.

use std::time::Duration;

use openchat_domain::{BusinessId, Position};
use serde_json::json;
use tokio::{sync::watch, task::JoinHandle};
use tokio_postgres::Client as Database;

use super::{
    listener::{Heard, listen},
    load::{Journal, Talker, Via},
    verdict::Log,
};
use crate::support::server::{CHAT_SOCKET, Client, INBOX_SOCKET};

/// What each customer says first.
pub(crate) const GREETING: &str = "Hello";

/// A business at work: two customers in conversations with two agents, and a backend.
pub(crate) struct World {
    pub(crate) tenant: BusinessId,
    pub(crate) anybody: Client,
    pub(crate) backend: Client,
    pub(crate) agents: [Client; 2],
    pub(crate) customers: [Client; 2],
    /// The customers' conversations.
    pub(crate) conversations: [String; 2],
}

/// Sockets that listen until everything is said.
pub(crate) struct Listeners {
    last: [watch::Sender<Option<Position>>; 4],
    all: [JoinHandle<Heard>; 4],
}

impl World {
    pub(crate) async fn new(anybody: Client) -> Self {
        let business = anybody.set_up("Acme").await;
        let key = business.key(json!(["support:read", "support:write", "calls:write"])).await;
        let backend = anybody.with("x-api-key", &key);
        let agents = [business.owner.clone(), business.team_mate(&anybody, "Ben").await];
        for agent in &agents {
            agent.put("/api/admin/support/me/availability", json!({"availability": "online"})).await.is(200);
        }
        let customers = [backend.hand_over(&anybody, "ada").await, backend.hand_over(&anybody, "bob").await];
        let mut conversations = Vec::new();
        for customer in &customers {
            let body = json!({"message": {"type": "text", "text": GREETING}});
            let answer = customer.post("/api/webchat/messages", body).await.is(201);
            conversations.push(answer.text("/message/conversationId"));
        }
        let conversations = conversations.try_into().unwrap();
        Self { tenant: business.id, anybody, backend, agents, customers, conversations }
    }

    /// Everybody who talks: in each conversation its customer, an agent and the backend, and somebody who says things
    /// only once; besides, a backend that opens conversations.
    pub(crate) fn talkers(&self) -> Vec<Talker> {
        let mut talkers = self.one_of_each();
        talkers.push(self.talker(1, "agent", self.by_agent(1)));
        talkers.push(self.talker(1, "backend", self.by_backend(1)));
        talkers.push(self.talker(1, "customer", Via::Customer));
        for (n, via) in [(0, self.by_backend(0)), (1, Via::Customer)] {
            talkers.push(Talker { patient: false, ..self.talker(n, "impatient", via) });
        }
        talkers
    }

    /// One of each who talks to the first customer, and a backend that opens conversations.
    pub(crate) fn one_of_each(&self) -> Vec<Talker> {
        vec![
            self.talker(0, "opener", Via::Opener),
            self.talker(0, "backend", self.by_backend(0)),
            self.talker(0, "agent", self.by_agent(0)),
            self.talker(0, "customer", Via::Customer),
        ]
    }

    pub(crate) fn talker(&self, n: usize, name: &str, via: Via) -> Talker {
        let client = match &via {
            Via::Backend { .. } | Via::Opener => &self.backend,
            Via::Agent { .. } => &self.agents[n],
            Via::Customer => &self.customers[n],
        };
        Talker { name: format!("{name}{n}"), client: client.clone(), via, patient: true }
    }

    pub(crate) fn by_backend(&self, n: usize) -> Via {
        Via::Backend { conversation: self.conversations[n].clone() }
    }

    pub(crate) fn by_agent(&self, n: usize) -> Via {
        Via::Agent { conversation: self.conversations[n].clone() }
    }

    pub(crate) fn listen(&self) -> Listeners {
        let [a, b] = &self.agents;
        let [ada, bob] = &self.customers;
        let last: [_; 4] = std::array::from_fn(|_| watch::channel(None).0);
        let sockets = [(a, INBOX_SOCKET), (b, INBOX_SOCKET), (ada, CHAT_SOCKET), (bob, CHAT_SOCKET)];
        let mut starting = sockets.into_iter().zip(&last);
        let all = std::array::from_fn(|_| {
            let ((client, path), last) = starting.next().unwrap();
            tokio::spawn(listen(client.clone(), path, last.subscribe()))
        });
        Listeners { last, all }
    }

    /// Everything that must be true at the end. Says what there was to judge.
    pub(crate) async fn judge(&self, db: &Database, journal: &Journal, listeners: Listeners) -> String {
        let repeated = journal.repeat_all().await;
        let requests = journal.requests();
        let log = Log::read(db, self.tenant).await;
        log.check_requests(&requests);
        for (conversation, customer) in self.conversations.iter().zip(&self.customers) {
            for agent in &self.agents {
                log.check_readers(conversation, agent, &self.backend, Some(customer)).await;
            }
        }
        let opened: Vec<_> = requests
            .iter()
            .filter_map(|it| {
                Some(
                    it.message().filter(|_| it.text.starts_with("opener"))?["conversationId"]
                        .as_str()?
                        .to_owned(),
                )
            })
            .collect();
        for conversation in &opened {
            log.check_readers(conversation, &self.agents[0], &self.backend, None).await;
        }
        let heard = listeners.finish(self, &log).await;
        let said = requests.len();
        let acknowledged = requests.iter().filter(|it| it.answer.is_some()).count();
        format!(
            "{said} requests, {acknowledged} acknowledged, {repeated} repeated, {} messages in {} events, \
             {} conversations opened; {heard}",
            log.messages.len(),
            log.head,
            opened.len(),
        )
    }
}

impl Listeners {
    async fn finish(self, world: &World, log: &Log) -> String {
        let [ada, bob] = &world.conversations;
        let everything = log.messages.last().unwrap().position;
        let wanted = [everything, everything, log.last_of(ada), log.last_of(bob)];
        for (last, wanted) in self.last.iter().zip(wanted) {
            last.send_replace(Some(wanted));
        }
        let (mut snapshots, mut resumed) = (0, 0);
        for (listener, only) in self.all.into_iter().zip([None, None, Some(ada), Some(bob)]) {
            let heard =
                tokio::time::timeout(Duration::from_secs(30), listener).await.expect("all is heard").unwrap();
            log.check_heard(&heard, only.map(String::as_str));
            snapshots += heard.chapters.len();
            resumed += heard.resumed;
        }
        format!("4 sockets: {snapshots} snapshots, {resumed} resumptions")
    }
}
