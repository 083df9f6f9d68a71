//! What a conversation answers, command by command: what happens, what is refused, what changes nothing.

use chrono::{DateTime, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};

use super::{ConversationCommand as C, ConversationEvent as E, ConversationRefusal as R, *};
use crate::{
    AgentId, Position,
    fixtures::{
        agent_id, ana, at, ben, call_id, file, fold, jane, many_tags, message_id, message_text, name,
        subject, tags, visitor, with,
    },
};

const DAY: i64 = 24 * 60 * 60;

fn given(history: Vec<E>) -> AggregateTestExecutor<Conversation> {
    TestFramework::with(()).given(history)
}

// Histories.

fn waiting() -> Vec<E> {
    vec![E::Opened { customer: jane(), channel: Channel::Widget, subject: None }]
}

fn of(agent: AgentRef) -> Vec<E> {
    with(waiting(), assigned(agent, None, AssignmentReason::Claimed))
}

fn snoozed(history: Vec<E>) -> Vec<E> {
    with(history, E::Snoozed { until: at(DAY), by: ana() })
}

fn resolved() -> Vec<E> {
    with(of(ana()), E::Resolved { by: ana() })
}

fn in_call(history: Vec<E>) -> Vec<E> {
    with(history, call_started())
}

fn after_call(history: Vec<E>) -> Vec<E> {
    with(in_call(history), call_ended(CallEndReason::HungUp, Some(customer()), 60))
}

// Events.

fn assigned(assignee: AgentRef, previous: Option<AgentId>, reason: AssignmentReason) -> E {
    E::Assigned { assignee, previous, reason }
}

fn posted(author: Author, text: &str) -> E {
    let NewMessage { id, body, client_message_id } = message(text);
    E::MessagePosted { message_id: id, author, body, client_message_id }
}

fn reopened(cause: ReopenCause, assignee: Option<AgentRef>) -> E {
    E::Reopened { cause, assignee }
}

fn call_started() -> E {
    E::CallStarted { call_id: call_id(1), kind: CallKind::Video, by: customer(), at: at(0) }
}

fn call_ended(reason: CallEndReason, by: Option<Author>, duration_seconds: u32) -> E {
    E::CallEnded { call_id: call_id(1), reason, by, duration_seconds }
}

fn read_by_ana(up_to: Position) -> E {
    E::Read { reader: Side::Agent, agent: Some(ana().id), up_to }
}

fn rated(score: u8, comment: Option<&str>) -> E {
    E::Rated { score, comment: comment.map(message_text) }
}

// Commands.

fn customer() -> Author {
    Author::from(&jane())
}

fn agent(agent: AgentRef) -> Author {
    agent.into()
}

fn message(text: &str) -> NewMessage {
    NewMessage {
        id: message_id(1),
        body: MessageBody::Text { text: message_text(text) },
        client_message_id: Some("c-1".to_owned()),
    }
}

fn post(author: Author) -> C {
    C::PostMessage { author, message: message("Hello") }
}

fn assign(to: AgentRef, by: &AgentRef, from: Option<AgentRef>) -> C {
    C::Assign { to, by: by.id, from: from.map(|agent| agent.id) }
}

fn routed() -> AssignmentReason {
    AssignmentReason::Routed {
        rule: "fewest open, v1".to_owned(),
        candidates: vec![Candidate { agent: ana().id, load: 0, capacity: 5, last_assigned: 0 }],
        waited_seconds: 3,
    }
}

fn route(to: AgentRef) -> C {
    C::Route { to, reason: routed() }
}

fn release(from: &AgentRef) -> C {
    C::Unassign { reason: UnassignmentReason::Released { by: from.id }, from: from.id }
}

fn ana_reads(up_to: Position) -> C {
    C::MarkRead { reader: Reader::Agent(ana().id), up_to }
}

fn customer_reads(up_to: Position) -> C {
    C::MarkRead { reader: Reader::Customer, up_to }
}

fn set_tags(texts: &[&str]) -> C {
    C::SetTags { tags: tags(texts), by: ana() }
}

fn snooze(until: DateTime<Utc>) -> C {
    C::Snooze { until, by: ana(), now: at(0) }
}

fn resolve() -> C {
    C::Resolve { by: ana(), now: at(90) }
}

fn rate(score: u8, comment: Option<&str>) -> C {
    C::Rate { score, comment: comment.map(message_text) }
}

fn start_call(n: u128) -> C {
    C::StartCall { call_id: call_id(n), kind: CallKind::Video, by: customer(), rings: None, now: at(0) }
}

fn join_call(n: u128, by: Author) -> C {
    C::JoinCall { call_id: call_id(n), by, now: at(0) }
}

fn end_call(n: u128, reason: CallEndReason) -> C {
    C::EndCall { call_id: call_id(n), reason, by: Some(customer()), now: at(60) }
}

#[test]
fn nothing_can_be_asked_of_a_conversation_that_does_not_exist() {
    for command in [
        post(customer()),
        C::AddNote {
            note_id: message_id(1),
            author: ana(),
            text: message_text("Calm"),
            client_message_id: None,
        },
        assign(ana(), &ana(), None),
        route(ana()),
        release(&ana()),
        ana_reads(1),
        set_tags(&["billing"]),
        C::SetPriority { priority: Priority::High, by: ana() },
        snooze(at(DAY)),
        C::EndSnooze { now: at(0) },
        resolve(),
        C::Reopen { by: ana() },
        rate(5, None),
        start_call(1),
        join_call(1, agent(ana())),
        end_call(1, CallEndReason::HungUp),
        C::ChangeCustomer { customer: visitor() },
    ] {
        given(vec![]).when(command).then_expect_error(R::NotFound);
    }
}

mod opening {
    use super::*;

    fn open(first: Option<NewMessage>) -> C {
        C::Open {
            customer: jane(),
            channel: Channel::Api,
            subject: Some(subject("Order 4711")),
            message: first,
        }
    }

    fn opened() -> E {
        E::Opened { customer: jane(), channel: Channel::Api, subject: Some(subject("Order 4711")) }
    }

    #[test]
    fn begins_the_conversation() {
        given(vec![]).when(open(None)).then_expect_events(vec![opened()]);
    }

    #[test]
    fn posts_the_customers_first_message() {
        given(vec![])
            .when(open(Some(message("Help"))))
            .then_expect_events(vec![opened(), posted(customer(), "Help")]);
    }

    #[test]
    fn is_refused_twice() {
        given(waiting()).when(open(None)).then_expect_error(R::AlreadyOpened);
    }
}

mod posting {
    use super::*;

    #[test]
    fn a_customer_writes() {
        for history in [waiting(), of(ana())] {
            given(history).when(post(customer())).then_expect_events(vec![posted(customer(), "Hello")]);
        }
    }

    #[test]
    fn a_file_is_said_like_words() {
        let body = MessageBody::File { file: file(1, "order.pdf", "application/pdf"), text: None };
        let message = NewMessage { id: message_id(1), body: body.clone(), client_message_id: None };
        given(waiting()).when(C::PostMessage { author: agent(ana()), message }).then_expect_events(vec![
            assigned(ana(), None, AssignmentReason::Answered),
            E::MessagePosted {
                message_id: message_id(1),
                author: agent(ana()),
                body,
                client_message_id: None,
            },
        ]);
    }

    #[test]
    fn a_customer_wakes_what_is_resolved_into_the_queue() {
        given(resolved()).when(post(customer())).then_expect_events(vec![
            reopened(ReopenCause::CustomerMessage, None),
            posted(customer(), "Hello"),
        ]);
    }

    #[test]
    fn a_customer_wakes_what_is_snoozed_for_whoever_has_it() {
        for (history, assignee) in [(of(ana()), Some(ana())), (waiting(), None)] {
            given(snoozed(history)).when(post(customer())).then_expect_events(vec![
                reopened(ReopenCause::CustomerMessage, assignee),
                posted(customer(), "Hello"),
            ]);
        }
    }

    #[test]
    fn an_agent_claims_what_waits_by_answering() {
        given(waiting()).when(post(agent(ana()))).then_expect_events(vec![
            assigned(ana(), None, AssignmentReason::Answered),
            posted(agent(ana()), "Hello"),
        ]);
    }

    #[test]
    fn an_agent_writes_without_changing_whose_it_is_or_where_it_stands() {
        for history in [of(ana()), of(ben()), snoozed(waiting()), snoozed(of(ana())), resolved()] {
            given(history).when(post(agent(ana()))).then_expect_events(vec![posted(agent(ana()), "Hello")]);
        }
    }

    #[test]
    fn the_system_never_changes_anything_else() {
        for history in [waiting(), of(ana()), snoozed(of(ana())), resolved()] {
            given(history)
                .when(post(Author::System))
                .then_expect_events(vec![posted(Author::System, "Hello")]);
        }
    }

    #[test]
    fn a_note_is_added_in_any_status() {
        let (note_id, author, text) = (message_id(9), ana(), message_text("Be gentle"));
        let client_message_id = Some("c-1".to_owned());
        for history in [waiting(), of(ben()), snoozed(waiting()), resolved()] {
            given(history)
                .when(C::AddNote {
                    note_id,
                    author: author.clone(),
                    text: text.clone(),
                    client_message_id: client_message_id.clone(),
                })
                .then_expect_events(vec![E::NoteAdded {
                    note_id,
                    author: author.clone(),
                    text: text.clone(),
                    client_message_id: client_message_id.clone(),
                }]);
        }
    }
}

mod assigning {
    use super::*;

    #[test]
    fn an_agent_claims_what_is_nobodys() {
        for history in [waiting(), snoozed(waiting())] {
            given(history).when(assign(ana(), &ana(), None)).then_expect_events(vec![assigned(
                ana(),
                None,
                AssignmentReason::Claimed,
            )]);
        }
    }

    #[test]
    fn an_agent_gives_what_is_nobodys_or_its_own() {
        let reason = AssignmentReason::Given { by: ana().id };
        given(waiting()).when(assign(ben(), &ana(), None)).then_expect_events(vec![assigned(
            ben(),
            None,
            reason.clone(),
        )]);
        for history in [of(ana()), snoozed(of(ana()))] {
            given(history).when(assign(ben(), &ana(), None)).then_expect_events(vec![assigned(
                ben(),
                Some(ana().id),
                reason.clone(),
            )]);
        }
    }

    #[test]
    fn an_agent_takes_from_the_one_it_names() {
        given(of(ben())).when(assign(ana(), &ana(), Some(ben()))).then_expect_events(vec![assigned(
            ana(),
            Some(ben().id),
            AssignmentReason::Claimed,
        )]);
    }

    #[test]
    fn of_two_who_claim_one_is_refused() {
        given(of(ben()))
            .when(assign(ana(), &ana(), None))
            .then_expect_error(R::AlreadyAssigned { assignee: ben().id });
    }

    #[test]
    fn is_refused_when_the_named_assignee_has_changed() {
        given(waiting())
            .when(assign(ana(), &ana(), Some(ben())))
            .then_expect_error(R::AssigneeChanged { assignee: None });
        let carl = AgentRef { id: agent_id(3), name: name("Carl") };
        given(of(ben()))
            .when(assign(ana(), &ana(), Some(carl)))
            .then_expect_error(R::AssigneeChanged { assignee: Some(ben().id) });
    }

    #[test]
    fn to_the_one_who_has_it_changes_nothing() {
        for command in
            [assign(ana(), &ana(), None), assign(ana(), &ben(), None), assign(ana(), &ben(), Some(ben()))]
        {
            given(of(ana())).when(command).then_expect_events(vec![]);
        }
    }

    #[test]
    fn is_refused_once_resolved() {
        given(resolved()).when(assign(ana(), &ana(), None)).then_expect_error(R::Resolved);
    }

    #[test]
    fn routing_gives_what_waits() {
        given(waiting()).when(route(ana())).then_expect_events(vec![assigned(ana(), None, routed())]);
    }

    #[test]
    fn routing_is_refused_what_does_not_wait() {
        for history in [of(ben()), of(ana()), snoozed(waiting()), resolved()] {
            given(history).when(route(ana())).then_expect_error(R::NotWaiting);
        }
    }

    #[test]
    fn goes_back_to_the_queue() {
        for history in [of(ana()), snoozed(of(ana()))] {
            given(history).when(release(&ana())).then_expect_events(vec![E::Unassigned {
                previous: ana().id,
                reason: UnassignmentReason::Released { by: ana().id },
            }]);
        }
    }

    #[test]
    fn what_went_back_waits_again() {
        let unassigned = E::Unassigned { previous: ana().id, reason: UnassignmentReason::AgentOffline };
        given(with(of(ana()), unassigned)).when(route(ben())).then_expect_events(vec![assigned(
            ben(),
            None,
            routed(),
        )]);
    }

    #[test]
    fn putting_back_what_is_not_the_named_agents_changes_nothing() {
        for history in [waiting(), of(ben()), snoozed(of(ben())), resolved()] {
            given(history).when(release(&ana())).then_expect_events(vec![]);
        }
    }
}

mod reading {
    use super::*;

    #[test]
    fn each_side_moves_its_own_mark() {
        let history = with(waiting(), read_by_ana(7));
        given(history.clone()).when(customer_reads(3)).then_expect_events(vec![E::Read {
            reader: Side::Customer,
            agent: None,
            up_to: 3,
        }]);
        given(history).when(ana_reads(8)).then_expect_events(vec![read_by_ana(8)]);
    }

    #[test]
    fn a_mark_never_goes_back() {
        let customer_read = E::Read { reader: Side::Customer, agent: None, up_to: 7 };
        let history = with(with(waiting(), read_by_ana(7)), customer_read);
        for command in [ana_reads(7), ana_reads(6), customer_reads(7), customer_reads(-1)] {
            given(history.clone()).when(command).then_expect_events(vec![]);
        }
    }
}

mod labelling {
    use super::*;

    fn tagged(texts: &[&str]) -> E {
        E::Tagged { tags: tags(texts), by: ana() }
    }

    #[test]
    fn tags_are_sorted_and_told_once() {
        for history in [waiting(), snoozed(waiting()), resolved()] {
            given(history)
                .when(set_tags(&["vip", "billing", "vip"]))
                .then_expect_events(vec![tagged(&["billing", "vip"])]);
        }
    }

    #[test]
    fn tags_are_cleared() {
        given(with(waiting(), tagged(&["vip"]))).when(set_tags(&[])).then_expect_events(vec![tagged(&[])]);
    }

    #[test]
    fn the_same_tags_change_nothing() {
        given(waiting()).when(set_tags(&[])).then_expect_events(vec![]);
        given(with(waiting(), tagged(&["billing", "vip"])))
            .when(set_tags(&["vip", "billing"]))
            .then_expect_events(vec![]);
    }

    #[test]
    fn twenty_tags_are_enough() {
        let command = |tags| C::SetTags { tags, by: ana() };
        given(waiting())
            .when(command([many_tags(20), many_tags(1)].concat()))
            .then_expect_events(vec![E::Tagged { tags: many_tags(20), by: ana() }]);
        given(waiting()).when(command(many_tags(21))).then_expect_error(R::TooManyTags { max: 20 });
    }

    #[test]
    fn the_priority_is_set_once() {
        let set = |priority| C::SetPriority { priority, by: ana() };
        let prioritized = |priority| E::Prioritized { priority, by: ana() };
        given(waiting()).when(set(Priority::High)).then_expect_events(vec![prioritized(Priority::High)]);
        given(waiting()).when(set(Priority::Normal)).then_expect_events(vec![]);
        given(with(waiting(), prioritized(Priority::High)))
            .when(set(Priority::High))
            .then_expect_events(vec![]);
    }
}

mod snoozing {
    use super::*;

    fn rests(until: DateTime<Utc>) -> E {
        E::Snoozed { until, by: ana() }
    }

    #[test]
    fn puts_an_open_conversation_to_rest() {
        for history in [waiting(), of(ana())] {
            given(history).when(snooze(at(60))).then_expect_events(vec![rests(at(60))]);
        }
    }

    #[test]
    fn again_takes_another_time() {
        given(snoozed(waiting())).when(snooze(at(60))).then_expect_events(vec![rests(at(60))]);
    }

    #[test]
    fn again_until_the_same_time_changes_nothing() {
        given(snoozed(waiting())).when(snooze(at(DAY))).then_expect_events(vec![]);
    }

    #[test]
    fn ends_in_the_future_within_a_year() {
        given(waiting()).when(snooze(at(365 * DAY))).then_expect_events(vec![rests(at(365 * DAY))]);
        for until in [at(0), at(-1), at(365 * DAY + 1), DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            given(waiting()).when(snooze(until)).then_expect_error(R::SnoozeOutOfRange);
        }
    }

    #[test]
    fn is_refused_once_resolved() {
        given(resolved()).when(snooze(at(60))).then_expect_error(R::Resolved);
    }

    #[test]
    fn wakes_when_due_for_whoever_has_it() {
        for (history, assignee) in [(of(ana()), Some(ana())), (waiting(), None)] {
            given(snoozed(history))
                .when(C::EndSnooze { now: at(DAY) })
                .then_expect_events(vec![reopened(ReopenCause::SnoozeElapsed, assignee)]);
        }
    }

    #[test]
    fn does_not_wake_before_or_without_a_snooze() {
        given(snoozed(waiting())).when(C::EndSnooze { now: at(DAY - 1) }).then_expect_events(vec![]);
        for history in [waiting(), of(ana()), resolved()] {
            given(history).when(C::EndSnooze { now: at(DAY) }).then_expect_events(vec![]);
        }
    }
}

mod resolving {
    use super::*;

    #[test]
    fn settles_what_is_open_or_snoozed() {
        for history in [waiting(), of(ana()), of(ben()), snoozed(of(ana()))] {
            given(history).when(resolve()).then_expect_events(vec![E::Resolved { by: ana() }]);
        }
    }

    #[test]
    fn ends_the_call_first() {
        given(in_call(of(ana()))).when(resolve()).then_expect_events(vec![
            call_ended(CallEndReason::Resolved, Some(agent(ana())), 0),
            E::Resolved { by: ana() },
        ]);
    }

    #[test]
    fn twice_changes_nothing() {
        given(resolved()).when(resolve()).then_expect_events(vec![]);
    }

    #[test]
    fn reopening_makes_it_the_agents_own() {
        for history in [resolved(), snoozed(waiting()), snoozed(of(ana()))] {
            given(history)
                .when(C::Reopen { by: ben() })
                .then_expect_events(vec![reopened(ReopenCause::Agent { by: ben().id }, Some(ben()))]);
        }
    }

    #[test]
    fn reopening_what_is_open_is_refused() {
        for history in [waiting(), of(ana()), of(ben())] {
            given(history).when(C::Reopen { by: ana() }).then_expect_error(R::NotResolved);
        }
    }

    #[test]
    fn what_was_reopened_is_open() {
        let reopened = reopened(ReopenCause::Agent { by: ben().id }, Some(ben()));
        given(with(resolved(), reopened))
            .when(assign(ana(), &ana(), None))
            .then_expect_error(R::AlreadyAssigned { assignee: ben().id });
    }

    #[test]
    fn what_woke_without_an_assignee_waits() {
        given(with(resolved(), reopened(ReopenCause::CustomerMessage, None)))
            .when(route(ana()))
            .then_expect_events(vec![assigned(ana(), None, routed())]);
    }
}

mod rating {
    use super::*;

    #[test]
    fn judges_what_is_resolved() {
        for score in 1..=5 {
            given(resolved())
                .when(rate(score, Some("Thanks")))
                .then_expect_events(vec![rated(score, Some("Thanks"))]);
        }
    }

    #[test]
    fn the_latest_counts() {
        let history = with(resolved(), rated(1, None));
        given(history.clone()).when(rate(5, None)).then_expect_events(vec![rated(5, None)]);
        given(history).when(rate(1, Some("Slow"))).then_expect_events(vec![rated(1, Some("Slow"))]);
    }

    #[test]
    fn the_same_changes_nothing() {
        given(with(resolved(), rated(4, Some("Fine"))))
            .when(rate(4, Some("Fine")))
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_score_is_one_to_five() {
        for score in [0, 6, 255] {
            given(resolved()).when(rate(score, None)).then_expect_error(R::ScoreOutOfRange);
        }
    }

    #[test]
    fn is_refused_before_it_is_resolved_and_after_it_is_reopened() {
        let reopened = with(with(resolved(), rated(5, None)), reopened(ReopenCause::CustomerMessage, None));
        for history in [waiting(), of(ana()), snoozed(waiting()), reopened] {
            given(history).when(rate(5, None)).then_expect_error(R::NotRateable);
        }
    }

    #[test]
    fn an_earlier_judgement_says_nothing_of_a_later_settlement() {
        let history = [
            resolved(),
            vec![rated(5, None), reopened(ReopenCause::CustomerMessage, None), E::Resolved { by: ana() }],
        ];
        given(history.concat()).when(rate(5, None)).then_expect_events(vec![rated(5, None)]);
    }
}

mod calling;

mod changing_the_customer {
    use super::*;

    #[test]
    fn moves_it_to_another_record() {
        for history in [waiting(), of(ana()), snoozed(waiting()), resolved()] {
            given(history)
                .when(C::ChangeCustomer { customer: visitor() })
                .then_expect_events(vec![E::CustomerChanged { customer: visitor(), previous: jane().id }]);
        }
    }

    #[test]
    fn to_the_same_record_changes_nothing() {
        given(waiting()).when(C::ChangeCustomer { customer: jane() }).then_expect_events(vec![]);
        let moved = E::CustomerChanged { customer: visitor(), previous: jane().id };
        given(with(waiting(), moved))
            .when(C::ChangeCustomer { customer: visitor() })
            .then_expect_events(vec![]);
    }
}

#[test]
fn an_event_that_does_not_fit_the_state_is_ignored() {
    let fold = |history: Vec<E>| fold::<Conversation>(&history);
    assert_eq!(fold(vec![E::Resolved { by: ana() }, call_started()]), Conversation::NotOpened);
    assert_eq!(fold(with(of(ana()), rated(5, None))), fold(of(ana())));
    for event in [
        assigned(ben(), None, AssignmentReason::Claimed),
        E::Snoozed { until: at(DAY), by: ana() },
        call_started(),
        waiting().remove(0),
    ] {
        assert_eq!(fold(with(resolved(), event)), fold(resolved()));
    }
}
