//! What a conversation answers to the commands of its call.

use chrono::{DateTime, Utc};

use super::{
    AgentRef, Author, Call, CallEndReason, CallKind, ConversationEvent, ConversationRefusal, Opened,
    Participant, UnassignmentReason,
    decide::{Decision, Events, active, claimed_by_answer, turned_to},
};
use crate::CallId;

type E = ConversationEvent;

pub(super) fn start(
    it: &Opened,
    call_id: CallId,
    kind: CallKind,
    by: &Author,
    rings: Option<&AgentRef>,
    now: DateTime<Utc>,
) -> Decision {
    match &active(it)?.call {
        Some(call) if call.id == call_id => Ok(vec![]),
        Some(call) => Err(ConversationRefusal::CallInProgress { call_id: call.id }),
        None if it.last_ended_call == Some(call_id) => Err(ConversationRefusal::CallOver),
        None => {
            let started = E::CallStarted { call_id, kind, by: by.clone(), at: now };
            // An agent's call rings at the customer, whose page knows it from the beginning.
            let rang =
                matches!(by, Author::Customer { .. }).then(|| E::CallRang { call_id, agent: rings.cloned() });
            Ok(turned_to(it, by).into_iter().chain([started]).chain(rang).collect())
        }
    }
}

pub(super) fn join(it: &Opened, call_id: CallId, by: &Author, now: DateTime<Utc>) -> Decision {
    let call = going_on(it, call_id)?;
    let who = Participant::from(by);
    if call.present.contains(&who) {
        return Ok(vec![]);
    }
    let claimed = match by {
        Author::Agent { id, name } => claimed_by_answer(it, &AgentRef { id: *id, name: name.clone() }),
        Author::Customer { .. } | Author::System => None,
    };
    let answers = call.answered_at.is_none() && call.is_called(who);
    let answered = answers.then(|| E::CallAnswered { call_id, by: by.clone(), at: now });
    let joined = E::CallJoined { call_id, by: by.clone() };
    Ok(claimed.into_iter().chain(answered).chain([joined]).collect())
}

pub(super) fn decline(it: &Opened, call_id: CallId, by: &Author, now: DateTime<Utc>) -> Decision {
    let call = going_on(it, call_id)?;
    let who = Participant::from(by);
    let rings_here = match who {
        // An agent who is brought in may decline, too, however long the others have been talking.
        Participant::Agent(id) => {
            call.rings == Some(id) || (call.answered_at.is_none() && call.is_called(who))
        }
        Participant::Customer | Participant::System => call.answered_at.is_none() && call.is_called(who),
    };
    if !rings_here || call.present.contains(&who) || call.declined.contains(&who) {
        return Ok(vec![]);
    }
    let declined = E::CallDeclined { call_id, by: by.clone() };
    let next = match who {
        Participant::Agent(id) if call.rings == Some(id) && call.answered_at.is_none() => {
            Some(E::CallRang { call_id, agent: None })
        }
        Participant::Customer => Some(ended(call, CallEndReason::Declined, Some(by.clone()), now)),
        Participant::Agent(_) | Participant::System => None,
    };
    Ok([declined].into_iter().chain(next).collect())
}

pub(super) fn invite(it: &Opened, call_id: CallId, agent: &AgentRef) -> Decision {
    let call = going_on(it, call_id)?;
    if call.present.contains(&Participant::Agent(agent.id)) || call.rings == Some(agent.id) {
        return Ok(vec![]);
    }
    Ok(vec![E::CallRang { call_id, agent: Some(agent.clone()) }])
}

pub(super) fn leave(it: &Opened, call_id: CallId, by: &Author) -> Events {
    let was_there = it.call(call_id).is_some_and(|call| call.present.contains(&by.into()));
    if was_there { vec![E::CallLeft { call_id, by: by.clone() }] } else { vec![] }
}

pub(super) fn escalate(it: &Opened, call_id: CallId, by: &Author) -> Decision {
    match going_on(it, call_id)?.kind {
        CallKind::Audio => Ok(vec![E::CallEscalated { call_id, by: by.clone() }]),
        CallKind::Video => Ok(vec![]),
    }
}

pub(super) fn end(
    it: &Opened,
    call_id: CallId,
    reason: CallEndReason,
    by: Option<&Author>,
    now: DateTime<Utc>,
) -> Decision {
    let Some(call) = it.call(call_id) else {
        let over = it.last_ended_call == Some(call_id);
        return if over { Ok(vec![]) } else { Err(ConversationRefusal::CallOver) };
    };
    match (reason, by) {
        // Somebody answered while the timer that gives up was on its way.
        (CallEndReason::Missed, _) if call.answered_at.is_some() => Ok(vec![]),
        (CallEndReason::HungUp, Some(by)) if has_other_agents(call, by) => Ok(leave(it, call_id, by)),
        _ => {
            let handed_back = match (reason, call.starter, it.assignee()) {
                (CallEndReason::Missed, Participant::Customer, Some(previous)) => {
                    Some(E::Unassigned { previous, reason: UnassignmentReason::CallMissed })
                }
                _ => None,
            };
            Ok([ended(call, reason, by.cloned(), now)].into_iter().chain(handed_back).collect())
        }
    }
}

/// The call's end, with how long the two sides talked.
pub(super) fn ended(call: &Call, reason: CallEndReason, by: Option<Author>, now: DateTime<Utc>) -> E {
    // The clocks of two servers may disagree: a call never lasts less than nothing.
    let seconds = call.answered_at.map_or(0, |answered| (now - answered).num_seconds().max(0));
    E::CallEnded {
        call_id: call.id,
        reason,
        by,
        duration_seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
    }
}

/// Whether the agent who hangs up leaves other agents behind in the call.
fn has_other_agents(call: &Call, by: &Author) -> bool {
    let who = Participant::from(by);
    matches!(who, Participant::Agent(_))
        && call.present.iter().any(|it| *it != who && matches!(it, Participant::Agent(_)))
}

fn going_on(it: &Opened, call_id: CallId) -> Result<&Call, ConversationRefusal> {
    it.call(call_id).ok_or(ConversationRefusal::CallOver)
}
