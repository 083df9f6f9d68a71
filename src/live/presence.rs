//! Agents come and go with their sockets: one whose last socket has been gone for a while goes offline by an event.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use openchat_domain::{
    AgentId, BusinessId,
    agent::{Agent, AgentCommand},
    business::Business,
};

use crate::store::{Aggregates, Context, ExecuteError, StoreError, chain};

/// How often a failed command is sent again.
const RETRY: Duration = Duration::from_secs(2);

/// Who is there, and for whom the grace period runs; clones share it.
#[derive(Clone)]
pub struct Presence {
    aggregates: Aggregates,
    /// Counts each agent's comings and goings, so that an old grace period knows that it is void.
    turns: Arc<Mutex<HashMap<(BusinessId, AgentId), u64>>>,
}

impl Presence {
    /// Nobody is there yet.
    #[must_use]
    pub fn new(aggregates: Aggregates) -> Self {
        Self { aggregates, turns: Arc::default() }
    }

    /// An agent's first socket has come, or its last one has gone.
    pub fn note(&self, tenant: BusinessId, agent: AgentId, present: bool) {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = turns.entry((tenant, agent)).or_default();
            *turn += 1;
            *turn
        };
        let this = self.clone();
        tokio::spawn(async move {
            while let Err(e) = this.follow_up(tenant, agent, present, turn).await {
                tracing::warn!(error = chain(&e), %agent, "an agent's presence could not be recorded; trying again");
                tokio::time::sleep(RETRY).await;
            }
        });
    }

    async fn follow_up(
        &self,
        tenant: BusinessId,
        agent: AgentId,
        present: bool,
        turn: u64,
    ) -> Result<(), StoreError> {
        if !present {
            let grace = match self.aggregates.state::<Business>(tenant, tenant).await? {
                Business::Running(business) => business.settings.preferences.offline_grace_seconds,
                Business::NotSetUp => 0,
            };
            tokio::time::sleep(Duration::from_secs(u64::from(grace))).await;
        }
        if self.turn(tenant, agent) != turn {
            return Ok(());
        }
        let command = if present { AgentCommand::Reconnect } else { AgentCommand::Disconnect };
        match self.aggregates.execute::<Agent>(&Context::system(tenant, "presence"), agent, &command).await {
            // An agent that has left the team has no presence.
            Ok(_) | Err(ExecuteError::Refused(_)) => Ok(()),
            Err(ExecuteError::Unmet | ExecuteError::Contended) => Err(StoreError::Unavailable),
            Err(ExecuteError::Store(e)) => Err(e),
        }
    }

    fn turn(&self, tenant: BusinessId, agent: AgentId) -> u64 {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.get(&(tenant, agent)).copied().unwrap_or(0)
    }
}
