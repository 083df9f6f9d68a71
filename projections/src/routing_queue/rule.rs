//! Routing's one rule: who gets which waiting conversation.

use chrono::{DateTime, Utc};
use openchat_domain::{
    AgentId, ConversationId, Name, Position,
    conversation::{AgentRef, AssignmentReason, Candidate},
};

use super::QueueEntry;

/// The rule's name and version, as assignments record it: the agent with the fewest open conversations below
/// capacity, among equals the one assigned longest ago, among those the lowest id.
pub const RULE: &str = "fewest-open/1";

/// Everything that routing looks at, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The moment.
    pub now: DateTime<Utc>,
    /// The conversations that wait, in the order in which the queue serves them; a long queue's beginning.
    pub waiting: Vec<QueueEntry>,
    /// The active agents who are online; none when the business gives its work out by hand.
    pub agents: Vec<Available>,
}

/// An agent whom routing may choose, if it has room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Available {
    /// Who.
    pub id: AgentId,
    /// The name that customers see.
    pub name: Name,
    /// How many open conversations it has; snoozed ones don't count.
    pub load: u32,
    /// How many it may have.
    pub capacity: u32,
    /// The position of its latest assignment, 0 when it never had one.
    pub last_assigned: Position,
}

/// A conversation and the agent who shall have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The conversation.
    pub conversation: ConversationId,
    /// The position at which it began to wait: together with the conversation this names the intent,
    /// so that a command derived from both happens once.
    pub waiting_since: Position,
    /// To whom.
    pub to: AgentRef,
    /// Why, for the record.
    pub reason: AssignmentReason,
}

/// Gives waiting conversations, in the order of the queue, to agents while somebody has room.
///
/// Each choice counts in those after it: its agent has one open conversation more, and was assigned last. The
/// position that this assignment will have isn't known yet; as the candidate's `lastAssigned` the choices after it
/// record the lowest that it can be.
#[must_use]
pub fn choose(picture: &Picture) -> Vec<Choice> {
    let known = picture.agents.iter().map(|agent| agent.last_assigned);
    let mut latest = known.chain(picture.waiting.iter().map(|it| it.position)).max().unwrap_or_default();
    let mut agents = picture.agents.clone();
    let mut choices = Vec::new();
    for conversation in &picture.waiting {
        agents.sort_by_key(|agent| (agent.load, agent.last_assigned, agent.id));
        let candidates: Vec<_> =
            agents.iter().filter(|agent| agent.has_room()).map(Candidate::from).collect();
        let Some(agent) = agents.iter_mut().find(|agent| agent.has_room()) else {
            break;
        };
        latest += 1;
        agent.load += 1;
        agent.last_assigned = latest;
        choices.push(Choice {
            conversation: conversation.conversation_id,
            waiting_since: conversation.position,
            to: AgentRef { id: agent.id, name: agent.name.clone() },
            reason: AssignmentReason::Routed {
                rule: RULE.to_owned(),
                candidates,
                waited_seconds: (picture.now - conversation.waiting_since).num_seconds().max(0),
            },
        });
    }
    choices
}

impl Available {
    const fn has_room(&self) -> bool {
        self.load < self.capacity
    }
}

impl From<&Available> for Candidate {
    fn from(agent: &Available) -> Self {
        let Available { id, load, capacity, last_assigned, .. } = *agent;
        Self { agent: id, load, capacity, last_assigned }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use openchat_domain::conversation::Priority;
    use proptest::prelude::*;

    use super::*;
    use crate::history::{agent, agent_ref, at, conversation};

    fn waiting(id: u128, position: Position) -> QueueEntry {
        let (conversation_id, waiting_since) = (conversation(id), at(position));
        QueueEntry {
            conversation_id,
            priority: Priority::Normal,
            waiting_since,
            position,
            missed_call: false,
        }
    }

    fn available(id: u128, load: u32, capacity: u32, last_assigned: Position) -> Available {
        Available { id: agent(id), name: agent_ref(id).name, load, capacity, last_assigned }
    }

    fn picture(waiting: Vec<QueueEntry>, agents: Vec<Available>) -> Picture {
        Picture { now: at(100), waiting, agents }
    }

    /// Who gets what, as numbers.
    fn given_out(picture: &Picture) -> Vec<(u128, u128)> {
        let choices = choose(picture);
        choices.iter().map(|it| (it.conversation.uuid().as_u128(), it.to.id.uuid().as_u128())).collect()
    }

    #[test]
    fn the_agent_with_the_fewest_open_conversations_gets_the_next_one() {
        let agents = vec![available(1, 2, 5, 0), available(2, 1, 5, 90), available(3, 3, 5, 0)];
        assert_eq!(given_out(&picture(vec![waiting(10, 50)], agents)), [(10, 2)]);
    }

    #[test]
    fn among_equals_the_one_assigned_longest_ago_then_the_lowest_id() {
        let agents = vec![available(1, 1, 5, 40), available(2, 1, 5, 30), available(3, 1, 5, 30)];
        assert_eq!(given_out(&picture(vec![waiting(10, 50)], agents)), [(10, 2)]);
    }

    #[test]
    fn every_choice_counts_in_the_next() {
        let queue = (10..15).map(|id| waiting(id, 50)).collect();
        let agents = vec![available(1, 0, 3, 7), available(2, 1, 3, 5)];
        assert_eq!(given_out(&picture(queue, agents)), [(10, 1), (11, 2), (12, 1), (13, 2), (14, 1)]);
    }

    #[test]
    fn nobody_with_room_means_nothing_given_out() {
        let agents = vec![available(1, 5, 5, 0), available(2, 0, 0, 0), available(3, 9, 5, 0)];
        assert_eq!(given_out(&picture(vec![waiting(10, 50)], agents)), []);
        assert_eq!(given_out(&picture(vec![waiting(10, 50)], vec![])), []);
        assert_eq!(given_out(&picture(vec![], vec![available(1, 0, 5, 0)])), []);
    }

    #[test]
    fn the_reason_tells_who_else_could_have_had_it() {
        let queue = vec![waiting(10, 50), waiting(11, 60)];
        let choices = choose(&picture(
            queue,
            vec![available(1, 1, 2, 20), available(2, 0, 2, 10), available(3, 4, 4, 0)],
        ));
        let candidate =
            |id, load, last_assigned| Candidate { agent: agent(id), load, capacity: 2, last_assigned };
        assert_eq!(
            choices[0].reason,
            AssignmentReason::Routed {
                rule: "fewest-open/1".to_owned(),
                candidates: vec![candidate(2, 0, 10), candidate(1, 1, 20)],
                waited_seconds: 50 * 60,
            }
        );
        assert_eq!(
            choices[1].reason,
            AssignmentReason::Routed {
                rule: "fewest-open/1".to_owned(),
                candidates: vec![candidate(1, 1, 20), candidate(2, 1, 61)],
                waited_seconds: 40 * 60,
            }
        );
        assert_eq!((choices[0].to.clone(), choices[0].waiting_since), (agent_ref(2), 50));
    }

    #[test]
    fn a_clock_that_runs_behind_makes_no_negative_wait() {
        let late = Picture { now: at(1), ..picture(vec![waiting(10, 50)], vec![available(1, 0, 1, 0)]) };
        assert!(matches!(choose(&late)[0].reason, AssignmentReason::Routed { waited_seconds: 0, .. }));
    }

    prop_compose! {
        fn pictures()(
            queue in prop::collection::btree_map(1..1_000_i64, 1..1_000_u128, 0..40),
            agents in prop::collection::btree_map(1..1_000_u128, (0..6_u32, 0..6_u32, 0..50_i64), 0..8),
        ) -> Picture {
            let queue = queue.into_iter().map(|(position, id)| waiting(id, position)).collect();
            let agents = agents.into_iter().map(|(id, (load, capacity, last))| available(id, load, capacity, last));
            picture(queue, agents.collect())
        }
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_its_capacity(picture in pictures()) {
            let mut loads: HashMap<_, _> =
                picture.agents.iter().map(|it| (it.id, (it.load, it.capacity))).collect();
            for choice in choose(&picture) {
                let (load, capacity) = loads.get_mut(&choice.to.id).unwrap();
                *load += 1;
                prop_assert!(*load <= *capacity);
            }
        }

        #[test]
        fn nobody_is_passed_over_while_there_is_room(picture in pictures()) {
            let room: u32 = picture.agents.iter().map(|it| it.capacity.saturating_sub(it.load)).sum();
            let choices = choose(&picture);
            prop_assert_eq!(choices.len(), picture.waiting.len().min(usize::try_from(room).unwrap()));
            for (choice, conversation) in choices.iter().zip(&picture.waiting) {
                prop_assert_eq!(choice.conversation, conversation.conversation_id);
            }
        }

        #[test]
        fn the_chosen_one_comes_first_among_those_with_room(picture in pictures()) {
            for choice in choose(&picture) {
                let AssignmentReason::Routed { candidates, .. } = choice.reason else {
                    return Err(TestCaseError::fail("not routed"));
                };
                prop_assert_eq!(candidates[0].agent, choice.to.id);
                prop_assert!(candidates.iter().all(|it| it.load < it.capacity));
                prop_assert!(candidates.is_sorted_by_key(|it| (it.load, it.last_assigned, it.agent)));
            }
        }

        #[test]
        fn the_order_in_which_agents_are_read_makes_no_difference(picture in pictures(), turn in 0..8_usize) {
            let mut turned = picture.clone();
            let turn = turn % turned.agents.len().max(1);
            turned.agents.rotate_left(turn);
            prop_assert_eq!(choose(&picture), choose(&turned));
        }
    }
}
