//! Customers, agents and backends who talk all the time and say everything again until they know that it was heard.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use crate::support::server::{Answer, Client};

/// How long a client waits before it asks a server that was gone again.
const PAUSE: Duration = Duration::from_millis(20);
/// Every so many acknowledged requests are sent once more at once.
const AGAIN: usize = 7;

/// Everything that was said and what was answered, by all clients.
#[derive(Clone)]
pub(crate) struct Journal {
    requests: Arc<Mutex<Vec<Request>>>,
    acknowledged: watch::Sender<usize>,
    talking: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
    slowest: Arc<Mutex<Duration>>,
    /// Whether the server goes on, so that requests may be refused but never be cut off.
    server_lives: bool,
}

/// One request and its answer, if there was one.
#[derive(Clone)]
pub(crate) struct Request {
    client: Client,
    path: String,
    body: Value,
    /// The words, which no other request says.
    pub(crate) text: String,
    pub(crate) answer: Option<Arc<Answer>>,
}

/// Somebody who talks.
#[derive(Clone)]
pub(crate) struct Talker {
    /// Unique among talkers.
    pub(crate) name: String,
    pub(crate) client: Client,
    pub(crate) via: Via,
    /// Whether it says everything again until it is acknowledged; otherwise it says everything once.
    pub(crate) patient: bool,
}

/// How it talks.
#[derive(Clone)]
pub(crate) enum Via {
    /// A backend in a conversation that there is.
    Backend { conversation: String },
    /// A backend, each time in a new conversation of a new customer.
    Opener,
    /// An agent.
    Agent { conversation: String },
    /// The customer itself.
    Customer,
}

impl Journal {
    pub(crate) fn new(server_lives: bool) -> Self {
        Self {
            requests: Arc::default(),
            acknowledged: watch::channel(0).0,
            talking: Arc::new(AtomicBool::new(true)),
            refused: Arc::default(),
            slowest: Arc::default(),
            server_lives,
        }
    }

    /// Lets everybody talk; they end when they are told to, with what they are saying at that moment acknowledged.
    pub(crate) fn begin(&self, talkers: Vec<Talker>) -> JoinSet<()> {
        let mut all = JoinSet::new();
        for talker in talkers {
            all.spawn(talker.talk(self.clone()));
        }
        all
    }

    pub(crate) fn end(&self) {
        self.talking.store(false, Ordering::Relaxed);
    }

    pub(crate) fn acknowledged(&self) -> usize {
        *self.acknowledged.borrow()
    }

    /// How many requests were answered with a plea for patience.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// How long the slowest request took to be answered, with whatever.
    pub(crate) fn slowest(&self) -> Duration {
        *self.slowest.lock().unwrap()
    }

    fn note_time(&self, took: Duration) {
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = took.max(*slowest);
    }

    /// Waits until so many more requests have been acknowledged.
    pub(crate) async fn progress(&self, more: usize) {
        let wanted = self.acknowledged() + more;
        let mut acknowledged = self.acknowledged.subscribe();
        tokio::time::timeout(Duration::from_secs(60), acknowledged.wait_for(|n| *n >= wanted))
            .await
            .unwrap_or_else(|_| panic!("only {} of {wanted} requests were acknowledged", self.acknowledged()))
            .unwrap();
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Sends every acknowledged request once more: it must be answered as it was the first time.
    pub(crate) async fn repeat_all(&self) -> usize {
        let acknowledged: Vec<_> = self.requests().into_iter().filter(|it| it.answer.is_some()).collect();
        let count = acknowledged.len();
        let mut all = JoinSet::new();
        for mine in acknowledged.chunks(count.div_ceil(8)) {
            let (journal, mine) = (self.clone(), mine.to_vec());
            all.spawn(async move {
                for request in mine {
                    request.repeat(&journal).await;
                }
            });
        }
        all.join_all().await;
        count
    }
}

impl Talker {
    async fn talk(self, journal: Journal) {
        for said in 1.. {
            if !journal.talking.load(Ordering::Relaxed) {
                break;
            }
            match self.clone().say(journal.clone()).await {
                Some(request) if said % AGAIN == 0 && self.patient => request.repeat(&journal).await,
                Some(_) => {}
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Says one thing; returns it once it is acknowledged.
    pub(crate) async fn say(self, journal: Journal) -> Option<Request> {
        let (mut request, index) = {
            // Written down before it is sent: a request that is never answered is known, too.
            let mut requests = journal.requests.lock().unwrap();
            let index = requests.len();
            requests.push(self.request(index));
            (requests[index].clone(), index)
        };
        request.answer = Some(Arc::new(request.send(&journal, self.patient).await?));
        journal.requests.lock().unwrap()[index] = request.clone();
        journal.acknowledged.send_modify(|n| *n += 1);
        Some(request)
    }

    fn request(&self, n: usize) -> Request {
        let text = format!("{}-{n}", self.name);
        let message = json!({"type": "text", "text": text});
        let keyed = || self.client.with("idempotency-key", &text);
        let (client, path, body) = match &self.via {
            Via::Backend { conversation } => (
                keyed(),
                format!("/api/public/support/conversations/{conversation}/messages"),
                json!({"message": message}),
            ),
            Via::Opener => (
                keyed(),
                "/api/public/support/conversations".to_owned(),
                json!({"customer": {"externalUserId": text, "name": text}, "message": message}),
            ),
            Via::Agent { conversation } => (
                self.client.clone(),
                format!("/api/admin/support/conversations/{conversation}/messages"),
                json!({"message": message, "clientMessageId": text}),
            ),
            Via::Customer => (
                self.client.clone(),
                "/api/webchat/messages".to_owned(),
                json!({"message": message, "clientMessageId": text}),
            ),
        };
        Request { client, path, body, text, answer: None }
    }
}

impl Request {
    /// Sends it, if it is said patiently again until it is acknowledged.
    async fn send(&self, journal: &Journal, patient: bool) -> Option<Answer> {
        loop {
            let sent = Instant::now();
            let answer = self.client.try_send(Method::POST, &self.path, Some(self.body.clone())).await;
            journal.note_time(sent.elapsed());
            match answer {
                Ok(answer) if answer.status.is_success() => return Some(answer),
                Ok(refusal) => {
                    self.check_refusal(&refusal);
                    journal.refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => assert!(!journal.server_lives, "{} was cut off: {error:?}", self.text),
            }
            if !patient {
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A server in trouble may ask for patience, and nothing else.
    fn check_refusal(&self, refusal: &Answer) {
        let code = refusal.body["code"].as_str().unwrap_or_default();
        let fine = match refusal.status.as_u16() {
            503 => true,
            409 => code == "idempotency_key_in_use",
            _ => false,
        };
        assert!(fine, "{}: {} {}", self.text, refusal.status, refusal.body);
        assert!(refusal.headers.contains_key("retry-after"), "{}: {refusal:?}", self.text);
    }

    async fn repeat(&self, journal: &Journal) {
        let first = self.answer.as_ref().expect("it was acknowledged");
        let again = self.send(journal, true).await.expect("it is sent until it is acknowledged");
        if self.body.get("clientMessageId").is_some() {
            assert_eq!(again.body["message"], first.body["message"], "{}", self.text);
        } else {
            // An answer that could not be kept, because the database went away with it, is composed anew: the same
            // conversation and message, with whoever has it by now.
            let same = |answer: &Answer| {
                let of = |pointer: &str| answer.body.pointer(pointer).cloned();
                (answer.status, of("/conversation/id"), of("/conversation/messages/0"), of("/message"))
            };
            assert_eq!(same(&again), same(first), "{}", self.text);
        }
    }

    /// The message as it was acknowledged.
    pub(crate) fn message(&self) -> Option<Value> {
        let body = &self.answer.as_ref()?.body;
        let opened = body.pointer("/conversation/messages/0");
        Some(opened.unwrap_or(&body["message"]).clone())
    }
}
