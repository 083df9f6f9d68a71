//! The way to the other nodes: NATS when there is one, nobody otherwise.

use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, connection::State};
use futures_util::StreamExt;
use openchat_projections::Db;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{News, Told};
use crate::store::{Pools, StoreError};

/// How many news may wait to be sent; further ones are left out, as if they had been lost on the way.
const QUEUE: usize = 1_000;
/// How often a NATS that is gone is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How often NATS is asked whether it is still there.
const PING: Duration = Duration::from_secs(2);

/// News of other nodes, as they come.
pub type Heard = mpsc::UnboundedReceiver<Told>;

/// The way to the other nodes; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Bus(Option<Nats>);

#[derive(Debug, Clone)]
struct Nats {
    client: Client,
    queue: mpsc::Sender<News>,
}

/// Why there is no way to the other nodes.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The address is none.
    #[error("OC_NATS_URL is not the address of a NATS server")]
    Connect(#[from] async_nats::ConnectError),
    /// The subjects can't be subscribed to.
    #[error("the other nodes' news can't be subscribed to")]
    Subscribe(#[from] async_nats::SubscribeError),
    /// The database doesn't say which installation this is.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no answer in time.
    #[error("nothing answers at {url}")]
    Silent {
        /// Where.
        url: String,
    },
}

impl Bus {
    /// A node's way through a NATS, and what comes from there. One that can't be reached is tried again for ever; what is
    /// said meanwhile is lost.
    ///
    /// # Errors
    /// [`BusError`].
    pub async fn join(url: &str, pools: &Pools, node: Uuid) -> Result<(Self, Heard), BusError> {
        let installation = installation(pools).await?;
        let client = options().retry_on_initial_connect().connect(url).await?;
        let mut subscriber = client.subscribe(News::subjects(installation)).await?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (hear, heard) = mpsc::unbounded_channel();
        tokio::spawn(send(client.clone(), (installation, node), waiting));
        tokio::spawn(async move {
            while let Some(message) = subscriber.next().await {
                match serde_json::from_slice(&message.payload) {
                    Ok(told) => {
                        if hear.send(told).is_err() {
                            return;
                        }
                    }
                    Err(e) => tracing::debug!(error = %e, "another node said what can't be read"),
                }
            }
        });
        Ok((Self(Some(Nats { client, queue })), heard))
    }

    /// Whether a NATS answers.
    ///
    /// # Errors
    /// [`BusError`].
    pub async fn look(url: &str, patience: Duration) -> Result<(), BusError> {
        let asked = async { options().connect(url).await?.flush().await.map_err(|_| silent(url)) };
        tokio::time::timeout(patience, asked).await.map_err(|_| silent(url))?
    }

    /// Tells the other nodes, if they can be reached now.
    pub fn say(&self, news: impl FnOnce() -> News) {
        if let Some(nats) = &self.0
            && self.is_connected()
        {
            // What finds no room is found by a look.
            let _ = nats.queue.try_send(news());
        }
    }

    /// Whether news are told and heard; otherwise what is new has to be looked for.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.as_ref().is_some_and(|nats| nats.client.connection_state() == State::Connected)
    }
}

fn silent(url: &str) -> BusError {
    BusError::Silent { url: url.to_owned() }
}

fn options() -> ConnectOptions {
    ConnectOptions::new()
        .name("openchat")
        .no_echo()
        .ping_interval(PING)
        .max_reconnects(None)
        .reconnect_delay_callback(|tried| if tried > 1 { RETRY } else { Duration::ZERO })
        .event_callback(|event| async move {
            match event {
                Event::Connected => tracing::info!("NATS carries news between the nodes"),
                Event::Disconnected => tracing::warn!("NATS is gone; the nodes look for what is new"),
                Event::SlowConsumer(_) => {
                    tracing::warn!("news came faster than they were read; some are lost");
                }
                Event::ServerError(error) => tracing::warn!(%error, "NATS refuses"),
                Event::ClientError(error) => tracing::warn!(%error, "NATS can't be used"),
                other => tracing::debug!(event = %other, "NATS"),
            }
        })
}

async fn send(client: Client, (installation, node): (Uuid, Uuid), mut waiting: mpsc::Receiver<News>) {
    while let Some(news) = waiting.recv().await {
        let subject = news.subject(installation);
        let mut told = Told { node, news };
        let Ok(mut payload) = serde_json::to_vec(&told) else { continue };
        if payload.len() > client.server_info().max_payload
            && let Some(brief) = told.news.brief()
        {
            told.news = brief;
            let Ok(brief) = serde_json::to_vec(&told) else { continue };
            payload = brief;
        }
        if let Err(e) = client.publish(subject, payload.into()).await {
            tracing::debug!(error = %e, "the other nodes were not told");
        }
    }
}

async fn installation(pools: &Pools) -> Result<Uuid, StoreError> {
    let row = pools.worker().await?.query_opt("select id from installation", &[]).await?;
    Ok(row.map_or_else(Uuid::nil, |row| row.get(0)))
}
