//! What a business has done for the first time, and when: the steps of its launch that are events.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use openchat_domain::{
    BusinessId, DomainEvent, Recorded,
    agent::{AgentEvent, Availability},
    business::BusinessEvent,
    conversation::{Author, ConversationEvent},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Db, DbError, Write};

/// A step of a launch. Those of events are folded from the log; that a page loaded the widget, or that a backend asked
/// for a link, is no event and is noted where it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LaunchStep {
    /// An integration key was made.
    KeyMade,
    /// A page that isn't ours loaded the widget.
    SnippetSeen,
    /// A backend asked for a support link.
    FirstHandoff,
    /// A customer's conversation began.
    FirstConversation,
    /// An agent said that it takes work.
    AgentOnline,
    /// An agent answered.
    FirstReply,
    /// A call began.
    FirstCall,
}

impl LaunchStep {
    /// All, in the order in which a launch goes.
    pub const ALL: [Self; 7] = [
        Self::KeyMade,
        Self::SnippetSeen,
        Self::FirstHandoff,
        Self::FirstConversation,
        Self::AgentOnline,
        Self::FirstReply,
        Self::FirstCall,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::KeyMade => "keyMade",
            Self::SnippetSeen => "snippetSeen",
            Self::FirstHandoff => "firstHandoff",
            Self::FirstConversation => "firstConversation",
            Self::AgentOnline => "agentOnline",
            Self::FirstReply => "firstReply",
            Self::FirstCall => "firstCall",
        }
    }
}

/// A step, and when it was first done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepDone {
    /// Which.
    pub name: LaunchStep,
    /// When it was first done; not yet when absent.
    pub done_at: Option<DateTime<Utc>>,
    /// More about it: for `snippetSeen` the latest page's origin.
    pub detail: Option<String>,
}

// The first time stays the first time, however often the log is read.
const STORE: &str = "
    insert into launch_steps (tenant_id, step, position, done_at)
    select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[]) on conflict do nothing";

const CHECKLIST: &str = "
    select step, done_at, null::text from launch_steps where tenant_id = $1
    union all
    select 'firstHandoff', first_at, null from first_handoffs where tenant_id = $1
    union all
    (select 'snippetSeen', min(first_seen_at) over (), origin from key_sightings
     where tenant_id = $1 order by last_seen_at desc limit 1)";

/// What folding a batch of events in comes to.
#[must_use]
pub fn writes(events: &[&Recorded]) -> Vec<Write> {
    let mut first: BTreeMap<(Uuid, LaunchStep), &Recorded> = BTreeMap::new();
    for event in events {
        if let Some(step) = step(event) {
            first.entry((event.tenant.uuid(), step)).or_insert(event);
        }
    }
    if first.is_empty() {
        return vec![];
    }
    let tenants: Vec<Uuid> = first.keys().map(|(tenant, _)| *tenant).collect();
    let steps: Vec<&str> = first.keys().map(|(_, step)| step.name()).collect();
    let positions: Vec<i64> = first.values().map(|event| event.position).collect();
    let times: Vec<DateTime<Utc>> = first.values().map(|event| event.at).collect();
    vec![Write::new(STORE).with(tenants).with(steps).with(positions).with(times)]
}

/// Every step of a business's launch, done or not, in order.
///
/// # Errors
/// [`DbError`].
pub async fn checklist(db: &impl Db, tenant: BusinessId) -> Result<Vec<StepDone>, DbError> {
    let rows = db.query(CHECKLIST, &[&tenant.uuid()]).await?;
    let mut done = BTreeMap::new();
    for row in &rows {
        let step: String = row.try_get(0)?;
        let found: (DateTime<Utc>, Option<String>) = (row.try_get(1)?, row.try_get(2)?);
        done.insert(step, found);
    }
    Ok(LaunchStep::ALL
        .into_iter()
        .map(|name| match done.remove(name.name()) {
            Some((at, detail)) => StepDone { name, done_at: Some(at), detail },
            None => StepDone { name, done_at: None, detail: None },
        })
        .collect())
}

fn step(recorded: &Recorded) -> Option<LaunchStep> {
    match &recorded.event {
        DomainEvent::Business(_, BusinessEvent::KeyCreated { .. }) => Some(LaunchStep::KeyMade),
        DomainEvent::Conversation(_, ConversationEvent::Opened { .. }) => Some(LaunchStep::FirstConversation),
        DomainEvent::Conversation(
            _,
            ConversationEvent::MessagePosted { author: Author::Agent { .. }, .. },
        ) => Some(LaunchStep::FirstReply),
        DomainEvent::Conversation(_, ConversationEvent::CallStarted { .. }) => Some(LaunchStep::FirstCall),
        DomainEvent::Agent(_, AgentEvent::AvailabilityChanged { availability: Availability::Online, .. }) => {
            Some(LaunchStep::AgentOnline)
        }
        // Not a first time of anything that a launch consists of.
        DomainEvent::Business(..)
        | DomainEvent::Conversation(..)
        | DomainEvent::Customer(..)
        | DomainEvent::Agent(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{History, agent_ref, opened, said};

    #[test]
    fn a_reply_is_an_agents_and_no_customers() {
        let history = History::default()
            .conversation(1, opened(1))
            .conversation(1, said(Author::System, "Welcome"))
            .conversation(1, said(agent_ref(1), "Hello"));
        let steps: Vec<_> = history.events().iter().map(step).collect();
        assert_eq!(steps, [Some(LaunchStep::FirstConversation), None, Some(LaunchStep::FirstReply)]);
    }
}
