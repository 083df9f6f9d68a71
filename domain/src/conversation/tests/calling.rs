//! Calls: how they ring, are answered, declined and missed, and how they end.

use super::*;

const KIND: CallKind = CallKind::Video;

fn rang(at: Option<AgentRef>) -> E {
    E::CallRang { call_id: call_id(1), agent: at }
}

fn answered(by: Author) -> E {
    E::CallAnswered { call_id: call_id(1), by, at: at(0) }
}

fn joined(by: Author) -> E {
    E::CallJoined { call_id: call_id(1), by }
}

fn left(by: Author) -> E {
    E::CallLeft { call_id: call_id(1), by }
}

fn declined(by: Author) -> E {
    E::CallDeclined { call_id: call_id(1), by }
}

fn decline(by: Author) -> C {
    C::DeclineCall { call_id: call_id(1), by, now: at(60) }
}

fn hang_up(by: Author) -> C {
    C::EndCall { call_id: call_id(1), reason: CallEndReason::HungUp, by: Some(by), now: at(60) }
}

fn invite(agent: AgentRef) -> C {
    C::InviteToCall { call_id: call_id(1), agent }
}

/// The customer's call, which Ana has answered.
fn talking() -> Vec<E> {
    [in_call(of(ana())), vec![rang(Some(ana())), answered(agent(ana())), joined(agent(ana()))]].concat()
}

/// An agent's call to the customer.
fn called_by_ana() -> Vec<E> {
    with(of(ana()), E::CallStarted { call_id: call_id(1), kind: KIND, by: agent(ana()), at: at(0) })
}

#[test]
fn begins_unless_resolved_and_rings_at_the_team() {
    let begun = || {
        vec![
            E::CallStarted { call_id: call_id(2), kind: KIND, by: customer(), at: at(0) },
            E::CallRang { call_id: call_id(2), agent: None },
        ]
    };
    for history in [waiting(), of(ana()), after_call(of(ana()))] {
        given(history).when(start_call(2)).then_expect_events(begun());
    }
    let woken = E::Reopened { cause: ReopenCause::CustomerMessage, assignee: Some(ana()) };
    given(snoozed(of(ana()))).when(start_call(2)).then_expect_events([vec![woken], begun()].concat());
    given(resolved()).when(start_call(1)).then_expect_error(R::Resolved);
}

#[test]
fn an_agent_who_calls_has_the_conversation_that_was_nobodys() {
    let by = agent(ana());
    let call = C::StartCall { call_id: call_id(1), kind: KIND, by: by.clone(), rings: None, now: at(0) };
    given(waiting()).when(call).then_expect_events(vec![
        assigned(ana(), None, AssignmentReason::Answered),
        E::CallStarted { call_id: call_id(1), kind: KIND, by, at: at(0) },
    ]);
}

#[test]
fn rings_first_at_the_agent_who_has_the_conversation_and_is_there() {
    let start = |by| C::StartCall { call_id: call_id(1), kind: KIND, by, rings: Some(ana()), now: at(0) };
    given(of(ana())).when(start(customer())).then_expect_events(vec![call_started(), rang(Some(ana()))]);
    given(of(ana()))
        .when(start(agent(ana())))
        .then_expect_events(vec![called_by_ana().pop().expect("it has begun")]);
}

#[test]
fn one_goes_on_at_a_time() {
    given(in_call(of(ana())))
        .when(start_call(2))
        .then_expect_error(R::CallInProgress { call_id: call_id(1) });
}

#[test]
fn beginning_the_same_again_changes_nothing_and_a_past_one_stays_over() {
    given(in_call(of(ana()))).when(start_call(1)).then_expect_events(vec![]);
    given(after_call(of(ana()))).when(start_call(1)).then_expect_error(R::CallOver);
}

#[test]
fn is_answered_by_the_first_of_the_other_side() {
    given(in_call(of(ana())))
        .when(join_call(1, agent(ana())))
        .then_expect_events(vec![answered(agent(ana())), joined(agent(ana()))]);
    given(called_by_ana())
        .when(join_call(1, customer()))
        .then_expect_events(vec![answered(customer()), joined(customer())]);
    given(called_by_ana()).when(join_call(1, agent(ben()))).then_expect_events(vec![joined(agent(ben()))]);
    given(talking()).when(join_call(1, agent(ben()))).then_expect_events(vec![joined(agent(ben()))]);
}

#[test]
fn whoever_is_in_it_joins_once_and_may_come_back() {
    for by in [agent(ana()), customer()] {
        given(talking()).when(join_call(1, by.clone())).then_expect_events(vec![]);
        given(with(talking(), left(by.clone())))
            .when(join_call(1, by.clone()))
            .then_expect_events(vec![joined(by)]);
    }
}

#[test]
fn an_agent_who_answers_a_waiting_conversation_has_it() {
    given(in_call(waiting())).when(join_call(1, agent(ana()))).then_expect_events(vec![
        assigned(ana(), None, AssignmentReason::Answered),
        answered(agent(ana())),
        joined(agent(ana())),
    ]);
}

#[test]
fn cannot_be_joined_when_it_is_not_going_on() {
    for history in [waiting(), after_call(of(ana())), in_call(of(ana())), resolved()] {
        given(history).when(join_call(2, agent(ana()))).then_expect_error(R::CallOver);
    }
    given(after_call(of(ana()))).when(join_call(1, agent(ana()))).then_expect_error(R::CallOver);
}

#[test]
fn declined_by_its_agent_rings_at_everybody_else() {
    let ringing = with(in_call(of(ana())), rang(Some(ana())));
    given(ringing.clone())
        .when(decline(agent(ana())))
        .then_expect_events(vec![declined(agent(ana())), rang(None)]);
    let again = [ringing, vec![declined(agent(ana())), rang(None)]].concat();
    given(again.clone()).when(decline(agent(ana()))).then_expect_events(vec![]);
    given(again).when(decline(agent(ben()))).then_expect_events(vec![declined(agent(ben()))]);
}

#[test]
fn declined_by_the_customer_is_over() {
    given(called_by_ana()).when(decline(customer())).then_expect_events(vec![
        declined(customer()),
        call_ended(CallEndReason::Declined, Some(customer()), 0),
    ]);
}

#[test]
fn can_only_be_declined_by_those_at_whom_it_rings() {
    given(in_call(of(ana()))).when(decline(customer())).then_expect_events(vec![]);
    given(called_by_ana()).when(decline(agent(ben()))).then_expect_events(vec![]);
    given(talking()).when(decline(agent(ben()))).then_expect_events(vec![]);
    given(after_call(of(ana()))).when(decline(agent(ana()))).then_expect_error(R::CallOver);
}

#[test]
fn another_agent_can_be_brought_in_and_may_not_want_to() {
    given(talking()).when(invite(ben())).then_expect_events(vec![rang(Some(ben()))]);
    given(talking()).when(invite(ana())).then_expect_events(vec![]);
    let ringing = with(talking(), rang(Some(ben())));
    given(ringing.clone()).when(invite(ben())).then_expect_events(vec![]);
    given(ringing).when(decline(agent(ben()))).then_expect_events(vec![declined(agent(ben()))]);
    given(after_call(of(ana()))).when(invite(ben())).then_expect_error(R::CallOver);
}

#[test]
fn an_agent_who_hangs_up_leaves_the_call_to_the_other_agents() {
    let three = with(talking(), joined(agent(ben())));
    given(three.clone()).when(hang_up(agent(ana()))).then_expect_events(vec![left(agent(ana()))]);
    given(with(three.clone(), left(agent(ana()))))
        .when(hang_up(agent(ben())))
        .then_expect_events(vec![call_ended(CallEndReason::HungUp, Some(agent(ben())), 60)]);
    given(three).when(hang_up(customer())).then_expect_events(vec![call_ended(
        CallEndReason::HungUp,
        Some(customer()),
        60,
    )]);
}

#[test]
fn whoever_is_in_it_can_leave_it() {
    let leave = |by| C::LeaveCall { call_id: call_id(1), by };
    given(talking()).when(leave(customer())).then_expect_events(vec![left(customer())]);
    for history in [with(talking(), left(customer())), after_call(of(ana())), waiting()] {
        given(history).when(leave(customer())).then_expect_events(vec![]);
    }
}

#[test]
fn an_audio_call_becomes_a_video_call_once() {
    let audio = E::CallStarted { call_id: call_id(1), kind: CallKind::Audio, by: customer(), at: at(0) };
    let escalate = || C::EscalateCall { call_id: call_id(1), by: customer() };
    let escalated = E::CallEscalated { call_id: call_id(1), by: customer() };
    given(with(of(ana()), audio.clone())).when(escalate()).then_expect_events(vec![escalated.clone()]);
    given([of(ana()), vec![audio, escalated]].concat()).when(escalate()).then_expect_events(vec![]);
    given(talking()).when(escalate()).then_expect_events(vec![]);
    given(after_call(of(ana()))).when(escalate()).then_expect_error(R::CallOver);
}

#[test]
fn tells_how_long_the_two_sides_talked() {
    given(talking()).when(end_call(1, CallEndReason::HungUp)).then_expect_events(vec![call_ended(
        CallEndReason::HungUp,
        Some(customer()),
        60,
    )]);
    given(in_call(of(ana()))).when(end_call(1, CallEndReason::HungUp)).then_expect_events(vec![call_ended(
        CallEndReason::HungUp,
        Some(customer()),
        0,
    )]);
}

#[test]
fn never_lasts_less_than_nothing_nor_more_than_can_be_told() {
    for (now, seconds) in [(at(-60), 0), (DateTime::<Utc>::MAX_UTC, u32::MAX)] {
        given(talking())
            .when(C::EndCall { call_id: call_id(1), reason: CallEndReason::MediaLost, by: None, now })
            .then_expect_events(vec![call_ended(CallEndReason::MediaLost, None, seconds)]);
    }
}

#[test]
fn is_missed_only_while_nobody_has_answered() {
    let missed = || call_ended(CallEndReason::Missed, Some(customer()), 0);
    given(in_call(waiting())).when(end_call(1, CallEndReason::Missed)).then_expect_events(vec![missed()]);
    given(talking()).when(end_call(1, CallEndReason::Missed)).then_expect_events(vec![]);
}

#[test]
fn a_missed_call_takes_the_conversation_from_the_agent_who_did_not_answer() {
    let missed = || call_ended(CallEndReason::Missed, Some(customer()), 0);
    let handed_back = E::Unassigned { previous: ana().id, reason: UnassignmentReason::CallMissed };
    given(in_call(of(ana())))
        .when(end_call(1, CallEndReason::Missed))
        .then_expect_events(vec![missed(), handed_back]);
    given(called_by_ana()).when(end_call(1, CallEndReason::Missed)).then_expect_events(vec![missed()]);
}

#[test]
fn ending_twice_changes_nothing() {
    let ended_by_resolving =
        [in_call(of(ana())), vec![call_ended(CallEndReason::Resolved, None, 9), E::Resolved { by: ana() }]];
    for history in [after_call(of(ana())), ended_by_resolving.concat()] {
        given(history).when(end_call(1, CallEndReason::HungUp)).then_expect_events(vec![]);
    }
}

#[test]
fn ending_an_unknown_one_is_refused() {
    for history in [waiting(), in_call(waiting()), after_call(waiting()), resolved()] {
        given(history).when(end_call(2, CallEndReason::HungUp)).then_expect_error(R::CallOver);
    }
}

#[test]
fn goes_on_when_the_customer_wakes_the_conversation() {
    let history = with(in_call(snoozed(of(ana()))), reopened(ReopenCause::CustomerMessage, Some(ana())));
    given(history).when(start_call(2)).then_expect_error(R::CallInProgress { call_id: call_id(1) });
}
