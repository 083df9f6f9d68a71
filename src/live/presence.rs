//! Agents come and go with their sockets: one whose last socket, on whichever node, has been gone for a while goes
//! offline by an event.
//!
//! Each node writes down whose sockets it has. A node that dies leaves that behind, and takes along the grace periods that
//! ran there; the leader clears it away, and whoever has no socket then has the grace period to come back.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use openchat_domain::{
    AgentId, BusinessId,
    agent::{Agent, AgentCommand},
    business::Business,
};
use openchat_projections::{Db, agents};
use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Hub;
use crate::{
    nodes::{Bus, LiveNews, News, Node, TERM},
    store::{Aggregates, Context, ExecuteError, Pools, StoreError, chain},
};

/// How often a failed command is sent again.
const RETRY: Duration = Duration::from_secs(2);
/// How often other nodes' sockets are looked up, and dead nodes are cleared away.
const LOOK: Duration = Duration::from_secs(1);

const COME: &str = "
    insert into agent_sockets (tenant_id, agent_id, node_id) values ($1, $2, $3) on conflict do nothing";
const GO: &str = "delete from agent_sockets where tenant_id = $1 and agent_id = $2 and node_id = $3";
const IS_SOMEWHERE: &str = "
    select exists (select from agent_sockets s join nodes n using (node_id)
                   where s.tenant_id = $1 and s.agent_id = $2 and n.until > clock_timestamp())";
const ELSEWHERE: &str = "
    select s.tenant_id, s.agent_id from agent_sockets s join nodes n using (node_id)
    where s.tenant_id = any($1) and s.node_id <> $2 and n.until > clock_timestamp()";
/// A node that is alive for longer than two terms was so before the clock was set back.
const CLEAR_AWAY: &str = "
    with gone as (
        delete from nodes
        where until not between clock_timestamp() and clock_timestamp() + 2 * make_interval(secs => $1)
        returning node_id
    ), closed as (
        delete from agent_sockets where node_id in (select node_id from gone)
    )
    select count(*) > 0 from gone";

/// Who is there, and for whom the grace period runs; clones share it.
#[derive(Clone)]
pub struct Presence {
    aggregates: Aggregates,
    pools: Pools,
    node: Node,
    bus: Bus,
    turns: Arc<Mutex<HashMap<(BusinessId, AgentId), Turn>>>,
    /// Held while a coming or going is written down, so that they are in their order.
    writing: Arc<AsyncMutex<()>>,
    look: Arc<Notify>,
}

/// An agent's latest coming or going here; they are counted, so that an old grace period knows that it is void.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Turn {
    count: u64,
    present: bool,
}

impl Presence {
    /// Nobody is there yet.
    #[must_use]
    pub fn new(aggregates: Aggregates, pools: Pools, node: Node, bus: Bus) -> Self {
        let (writing, look) = (Arc::default(), Arc::default());
        Self { aggregates, pools, node, bus, turns: Arc::default(), writing, look }
    }

    /// An agent's first socket has come to this node, or its last one has gone.
    pub fn note(&self, tenant: BusinessId, agent: AgentId, present: bool) {
        let turn = {
            let mut turns = self.turns();
            let turn = turns.entry((tenant, agent)).or_default();
            *turn = Turn { count: turn.count + 1, present };
            *turn
        };
        let this = self.clone();
        tokio::spawn(async move {
            while let Err(e) = this.follow_up(tenant, agent, turn).await {
                tracing::warn!(error = chain(&e), %agent, "an agent's presence could not be recorded; trying again");
                tokio::time::sleep(RETRY).await;
            }
        });
    }

    /// Other nodes have news of whom they see.
    pub(super) fn look(&self) {
        self.look.notify_one();
    }

    /// Lets rooms know whom other nodes see, and, while this node leads, looks after those whom nobody sees; until told
    /// to stop.
    pub async fn watch(self, hub: Hub, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut company, mut led) = (false, None);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                () = self.look.notified() => {}
                () = self.node.changed(led) => {}
                () = self.node.revived() => self.say_all_again(),
                () = stop.cancelled() => return,
            }
            let leads = self.node.fence();
            let looked = async {
                let leads_anew = leads.is_some() && leads != led;
                // Once more when the last of the others has gone.
                let in_company = company || self.node.has_company();
                if in_company {
                    company = self.node.has_company();
                    self.look_elsewhere(&hub).await?;
                }
                if leads_anew || (in_company && leads.is_some()) {
                    let left = self.clear_away().await?;
                    if left || leads_anew {
                        self.await_the_available().await?;
                    }
                }
                led = leads;
                Ok::<(), StoreError>(())
            };
            if let Err(e) = looked.await {
                tracing::warn!(error = chain(&e), "whom other nodes see could not be looked up");
                // All of it once more: what was cleared away is not found again.
                (company, led) = (true, None);
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    /// Whoever is available and has no socket anywhere has the grace period to come back.
    async fn await_the_available(&self) -> Result<(), StoreError> {
        let available = agents::available(&self.pools.worker().await?).await?;
        for (tenant, agent) in available {
            if !self.turn(tenant, agent).present {
                self.note(tenant, agent, false);
            }
        }
        Ok(())
    }

    /// Forgets what nodes that are no more have left behind. Answers whether there were any.
    async fn clear_away(&self) -> Result<bool, StoreError> {
        let row = self.pools.worker().await?.query_opt(CLEAR_AWAY, &[&TERM.as_secs_f64()]).await?;
        Ok(row.is_some_and(|row| row.get(0)))
    }

    async fn look_elsewhere(&self, hub: &Hub) -> Result<(), StoreError> {
        let tenants = hub.tenants();
        let ids: Vec<Uuid> = tenants.iter().map(|tenant| tenant.uuid()).collect();
        let mut seen: BTreeMap<BusinessId, BTreeSet<AgentId>> = BTreeMap::new();
        for row in self.pools.worker().await?.query(ELSEWHERE, &[&ids, &self.node.id()]).await? {
            let agents = seen.entry(BusinessId::from_uuid(row.get(0))).or_default();
            agents.insert(AgentId::from_uuid(row.get(1)));
        }
        for tenant in tenants {
            hub.note_elsewhere(tenant, seen.remove(&tenant).unwrap_or_default());
        }
        Ok(())
    }

    /// Says whom this node sees, after the others have taken it for dead.
    fn say_all_again(&self) {
        let here: Vec<_> =
            self.turns().iter().filter(|(_, turn)| turn.present).map(|(who, _)| *who).collect();
        for (tenant, agent) in here {
            self.note(tenant, agent, true);
        }
    }

    async fn follow_up(&self, tenant: BusinessId, agent: AgentId, turn: Turn) -> Result<(), StoreError> {
        self.write_down(tenant, agent, turn).await?;
        if turn.present {
            return self.record(tenant, agent, AgentCommand::Reconnect).await;
        }
        let grace = match self.aggregates.state::<Business>(tenant, tenant).await? {
            Business::Running(business) => business.settings.preferences.offline_grace_seconds,
            Business::NotSetUp => 0,
        };
        tokio::time::sleep(Duration::from_secs(u64::from(grace))).await;
        if self.turn(tenant, agent) != turn || self.is_somewhere(tenant, agent).await? {
            return Ok(());
        }
        self.record(tenant, agent, AgentCommand::Disconnect).await?;
        if self.is_somewhere(tenant, agent).await? {
            // It came to another node at this very moment.
            self.record(tenant, agent, AgentCommand::Reconnect).await?;
        }
        Ok(())
    }

    async fn write_down(&self, tenant: BusinessId, agent: AgentId, turn: Turn) -> Result<(), StoreError> {
        let _writing = self.writing.lock().await;
        if self.turn(tenant, agent) != turn {
            return Ok(());
        }
        let sql = if turn.present { COME } else { GO };
        let db = self.pools.worker().await?;
        if db.execute(sql, &[&tenant.uuid(), &agent.uuid(), &self.node.id()]).await? > 0 {
            self.bus.say(|| News::Live(LiveNews::Presence { tenant }));
        }
        Ok(())
    }

    async fn is_somewhere(&self, tenant: BusinessId, agent: AgentId) -> Result<bool, StoreError> {
        let db = self.pools.worker().await?;
        let row = db.query_opt(IS_SOMEWHERE, &[&tenant.uuid(), &agent.uuid()]).await?;
        Ok(row.is_some_and(|row| row.get(0)))
    }

    async fn record(
        &self,
        tenant: BusinessId,
        agent: AgentId,
        command: AgentCommand,
    ) -> Result<(), StoreError> {
        match self.aggregates.execute::<Agent>(&Context::system(tenant, "presence"), agent, &command).await {
            // An agent that has left the team has no presence.
            Ok(_) | Err(ExecuteError::Refused(_)) => Ok(()),
            Err(ExecuteError::Unmet | ExecuteError::Contended) => Err(StoreError::Unavailable),
            Err(ExecuteError::Store(e)) => Err(e),
        }
    }

    fn turn(&self, tenant: BusinessId, agent: AgentId) -> Turn {
        self.turns().get(&(tenant, agent)).copied().unwrap_or_default()
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<(BusinessId, AgentId), Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
