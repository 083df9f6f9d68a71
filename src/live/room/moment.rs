//! What is true for a moment in a room: who types, who looks where, who is there.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use openchat_domain::{AgentId, ConversationId, conversation::AgentRef};
use openchat_projections::{
    feed::{AgentFrame, CustomerFrame, Notice, Presence},
    typing::{Typing, Typist},
    viewing::Viewing,
};

use super::{Room, SocketId, frame};
use crate::live::wire::Frame;

impl Room {
    /// Whose sockets are on other nodes now.
    pub(in crate::live) fn note_elsewhere(&mut self, elsewhere: BTreeSet<AgentId>) {
        let before = std::mem::replace(&mut self.elsewhere, elsewhere);
        let here: BTreeSet<AgentId> = self.agents.values().map(|socket| socket.agent).collect();
        let changed: Vec<AgentId> = before.symmetric_difference(&self.elsewhere).copied().collect();
        for agent in changed.into_iter().filter(|agent| !here.contains(agent)) {
            self.tell_presence(agent, self.elsewhere.contains(&agent));
        }
    }

    /// Somebody types, or has stopped.
    pub(in crate::live) fn type_in(
        &mut self,
        conversation: ConversationId,
        who: Typist,
        typing: bool,
        now: DateTime<Utc>,
    ) {
        let change = if typing {
            self.typing.start(conversation, who, now)
        } else {
            self.typing.stop(conversation, &who)
        };
        if let Some(typing) = change {
            self.tell_typing(&typing);
        }
    }

    /// An agent's window, here or on another node, looks at a conversation, or at none any more.
    pub(in crate::live) fn look(
        &mut self,
        window: SocketId,
        agent: &AgentRef,
        at: Option<ConversationId>,
        now: DateTime<Utc>,
    ) {
        let changes = self.viewing.look(window, agent, at, now);
        self.tell_viewing(changes);
    }

    /// An agent's window on another node looks at nothing any more.
    pub(in crate::live) fn look_away(&mut self, window: SocketId) {
        let left = self.viewing.leave(window);
        self.tell_viewing(left);
    }

    /// Ends the typing and the viewing that nobody has renewed.
    pub(in crate::live) fn expire(&mut self, now: DateTime<Utc>) {
        let ended = self.viewing.expire(now);
        self.tell_viewing(ended);
        for typing in self.typing.expire(now) {
            self.tell_typing(&typing);
        }
    }

    pub(super) fn tell_typing(&mut self, typing: &Typing) {
        let for_agents = frame(&AgentFrame::Notice(Notice::Typing(typing.clone())));
        self.agents.retain(|_, socket| socket.outbox.push(for_agents.clone()));
        if matches!(typing.who, Typist::Customer { .. }) {
            return;
        }
        let for_customers = frame(&CustomerFrame::Notice(Notice::Typing(typing.clone())));
        for id in self.by_conversation.get(&typing.conversation_id).into_iter().flatten() {
            if let Some(socket) = self.customers.get(id) {
                socket.outbox.push(for_customers.clone());
            }
        }
    }

    fn tell_viewing(&mut self, changes: impl IntoIterator<Item = Viewing>) {
        for viewing in changes {
            let frame = frame(&AgentFrame::Notice(Notice::Viewing(viewing)));
            self.agents.retain(|_, socket| socket.outbox.push(frame.clone()));
        }
    }

    pub(super) fn tell_presence(&mut self, agent: AgentId, online: bool) {
        let frame = presence(agent, online);
        self.agents.retain(|_, socket| socket.outbox.push(frame.clone()));
    }
}

/// Tells the team whether an agent is there.
pub(super) fn presence(agent_id: AgentId, online: bool) -> Frame {
    frame(&AgentFrame::Notice(Notice::Presence(Presence::Agent { agent_id, online })))
}
