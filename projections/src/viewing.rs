//! Which agent has which conversation open: a fact about now, kept in memory, that ends by itself.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use openchat_domain::{AgentId, ConversationId, conversation::AgentRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An agent opened a conversation, or left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Viewing {
    /// Which conversation.
    pub conversation_id: ConversationId,
    /// Who.
    pub agent: AgentRef,
    /// Whether it is open now.
    pub viewing: bool,
}

/// Names one of an agent's windows: each looks at one conversation at most.
pub type Window = u64;

/// What all agents of one business have open. An agent views a conversation while any of its windows does.
#[derive(Debug, Clone, Default)]
pub struct ViewingView {
    windows: HashMap<Window, Look>,
}

#[derive(Debug, Clone)]
struct Look {
    agent: AgentRef,
    conversation: ConversationId,
    until: DateTime<Utc>,
}

impl ViewingView {
    /// How long a window looks after the last renewal.
    pub const TTL: TimeDelta = TimeDelta::seconds(30);

    /// A window looks at a conversation, still does, or looks at none. Answers what to send: what has changed.
    pub fn look(
        &mut self,
        window: Window,
        agent: &AgentRef,
        at: Option<ConversationId>,
        now: DateTime<Utc>,
    ) -> Vec<Viewing> {
        let Some(conversation) = at else { return self.leave(window).into_iter().collect() };
        let until = now + Self::TTL;
        if let Some(look) = self.windows.get_mut(&window)
            && look.conversation == conversation
        {
            look.until = until;
            return vec![];
        }
        let left = self.leave(window);
        let known = self.views(agent.id, conversation);
        self.windows.insert(window, Look { agent: agent.clone(), conversation, until });
        let came = (!known).then(|| told(conversation, agent.clone(), true));
        left.into_iter().chain(came).collect()
    }

    /// A window is gone. Answers what to send.
    pub fn leave(&mut self, window: Window) -> Option<Viewing> {
        let Look { agent, conversation, .. } = self.windows.remove(&window)?;
        (!self.views(agent.id, conversation)).then(|| told(conversation, agent, false))
    }

    /// Ends what hasn't been renewed in time. Answers what to send, in no particular order.
    pub fn expire(&mut self, now: DateTime<Utc>) -> Vec<Viewing> {
        let ended = self.windows.iter().filter(|(_, look)| look.until <= now);
        let ended: Vec<Window> = ended.map(|(window, _)| *window).collect();
        ended.into_iter().filter_map(|window| self.leave(window)).collect()
    }

    /// Everything that is viewed: what a socket that has just come is sent.
    #[must_use]
    pub fn all(&self) -> Vec<Viewing> {
        let mut known = HashSet::new();
        let new = |look: &&Look| known.insert((look.agent.id, look.conversation));
        let looks = self.windows.values().filter(new);
        looks.map(|look| told(look.conversation, look.agent.clone(), true)).collect()
    }

    fn views(&self, agent: AgentId, conversation: ConversationId) -> bool {
        self.windows.values().any(|look| look.agent.id == agent && look.conversation == conversation)
    }
}

const fn told(conversation_id: ConversationId, agent: AgentRef, viewing: bool) -> Viewing {
    Viewing { conversation_id, agent, viewing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{agent_ref, conversation};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn seen(changes: &[Viewing]) -> Vec<(ConversationId, AgentId, bool)> {
        changes.iter().map(|it| (it.conversation_id, it.agent.id, it.viewing)).collect()
    }

    #[test]
    fn a_window_looks_at_one_conversation_at_a_time() {
        let (mut view, ana) = (ViewingView::default(), agent_ref(1));
        let (a, b) = (conversation(1), conversation(2));
        assert_eq!(seen(&view.look(7, &ana, Some(a), NOW)), [(a, ana.id, true)]);
        assert_eq!(view.look(7, &ana, Some(a), NOW), [], "it still does");
        assert_eq!(seen(&view.look(7, &ana, Some(b), NOW)), [(a, ana.id, false), (b, ana.id, true)]);
        assert_eq!(seen(&view.look(7, &ana, None, NOW)), [(b, ana.id, false)]);
        assert_eq!(view.look(7, &ana, None, NOW), []);
        assert_eq!(view.all(), []);
    }

    #[test]
    fn an_agent_views_until_its_last_window_has_left() {
        let (mut view, ana, a) = (ViewingView::default(), agent_ref(1), conversation(1));
        view.look(7, &ana, Some(a), NOW);
        assert_eq!(view.look(8, &ana, Some(a), NOW), [], "once is enough");
        assert_eq!(view.all().len(), 1);
        assert_eq!(view.leave(7), None);
        assert_eq!(view.leave(8).map(|it| it.viewing), Some(false));
        assert_eq!(view.leave(8), None);
    }

    #[test]
    fn what_nobody_renews_ends_by_itself() {
        let (mut view, ana, a) = (ViewingView::default(), agent_ref(1), conversation(1));
        view.look(7, &ana, Some(a), NOW);
        view.look(7, &ana, Some(a), NOW + TimeDelta::seconds(20));
        assert_eq!(view.expire(NOW + ViewingView::TTL), []);
        assert_eq!(seen(&view.expire(NOW + TimeDelta::seconds(50))), [(a, ana.id, false)]);
        assert_eq!(view.expire(NOW + TimeDelta::seconds(60)), []);
    }
}
