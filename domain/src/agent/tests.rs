//! What an agent answers, command by command: what happens, what is refused, what changes nothing.

use cqrs_es::test::{AggregateTestExecutor, TestFramework};

use super::{AgentCommand as C, AgentEvent as E, AgentRefusal as R, *};
use crate::{
    AgentId,
    fixtures::{agent_id, email, fold, many_tags, name, tags, user_id, with},
};

const OWNER: AgentId = agent_id(1);
const ANA: AgentId = agent_id(2);

fn given(history: Vec<E>) -> AggregateTestExecutor<Agent> {
    TestFramework::with(()).given(history)
}

// Histories.

fn owner() -> Vec<E> {
    vec![enrolled()]
}

fn invited() -> Vec<E> {
    vec![E::Invited {
        email: email("ana@acme.com"),
        name: name("Ana"),
        role: Role::Agent,
        capacity: 3,
        by: OWNER,
    }]
}

fn joined() -> Vec<E> {
    with(invited(), joined_as("Ana"))
}

fn online() -> Vec<E> {
    with(joined(), available(Availability::Online, AvailabilityReason::Chosen))
}

fn disconnected() -> Vec<E> {
    with(online(), available(Availability::Offline, AvailabilityReason::Disconnected))
}

fn deactivated() -> Vec<E> {
    with(online(), E::Deactivated { by: OWNER })
}

// Events.

fn enrolled() -> E {
    E::Joined {
        user: user_id(1),
        email: email("olga@acme.com"),
        name: name("Olga"),
        role: Role::Owner,
        capacity: 5,
    }
}

fn joined_as(called: &str) -> E {
    E::Joined {
        user: user_id(2),
        email: email("ana@home.example"),
        name: name(called),
        role: Role::Agent,
        capacity: 3,
    }
}

fn available(availability: Availability, reason: AvailabilityReason) -> E {
    E::AvailabilityChanged { availability, reason }
}

// Commands.

fn enroll() -> C {
    C::Enroll { user: user_id(1), email: email("olga@acme.com"), name: name("Olga") }
}

fn invite(called: &str, role: Role, capacity: u32) -> C {
    C::Invite { email: email("ana@acme.com"), name: name(called), role, capacity, by: OWNER }
}

fn join(called: Option<&str>) -> C {
    C::Join { user: user_id(2), email: email("ana@home.example"), name: called.map(name) }
}

fn change_role(role: Role) -> C {
    C::ChangeRole { role, by: OWNER }
}

fn rename(to: &str) -> C {
    C::Rename { name: name(to) }
}

fn choose(availability: Availability) -> C {
    C::SetAvailability { availability }
}

fn deactivate(agent: AgentId, by: AgentId) -> C {
    C::Deactivate { agent, by }
}

/// One of each that asks something of an agent who exists.
fn of_somebody() -> Vec<C> {
    vec![
        join(None),
        change_role(Role::Admin),
        rename("Anna"),
        choose(Availability::Online),
        C::Disconnect,
        C::Reconnect,
        C::SetCapacity { capacity: 4 },
        C::SetSkills { skills: tags(&["billing"]) },
    ]
}

#[test]
fn nothing_can_be_asked_of_an_agent_that_does_not_exist() {
    for command in of_somebody().into_iter().chain([deactivate(ANA, OWNER)]) {
        given(vec![]).when(command).then_expect_error(R::NotFound);
    }
}

#[test]
fn a_deactivated_agent_refuses_everything() {
    for command in of_somebody().into_iter().chain([enroll(), invite("Ana", Role::Agent, 3)]) {
        given(deactivated()).when(command).then_expect_error(R::Deactivated);
    }
}

mod entering {
    use super::*;

    #[test]
    fn whoever_sets_the_business_up_is_its_owner() {
        given(vec![]).when(enroll()).then_expect_events(vec![enrolled()]);
    }

    #[test]
    fn the_place_is_taken_once() {
        for history in [owner(), invited(), joined()] {
            given(history).when(enroll()).then_expect_error(R::AlreadyExists);
        }
        for history in [owner(), joined()] {
            given(history).when(invite("Ana", Role::Agent, 3)).then_expect_error(R::AlreadyExists);
        }
    }

    #[test]
    fn somebody_is_invited() {
        given(vec![]).when(invite("Ana", Role::Agent, 3)).then_expect_events(invited());
    }

    #[test]
    fn the_same_invitation_again_changes_nothing() {
        given(invited()).when(invite("Ana", Role::Agent, 3)).then_expect_events(vec![]);
    }

    #[test]
    fn another_invitation_to_the_same_place_is_refused() {
        let to_another_address = C::Invite {
            email: email("other@acme.com"),
            name: name("Ana"),
            role: Role::Agent,
            capacity: 3,
            by: OWNER,
        };
        for command in [
            invite("Ben", Role::Agent, 3),
            invite("Ana", Role::Admin, 3),
            invite("Ana", Role::Agent, 4),
            to_another_address,
        ] {
            given(invited()).when(command).then_expect_error(R::AlreadyExists);
        }
    }

    #[test]
    fn nobody_is_invited_as_owner_or_beyond_capacity() {
        given(vec![]).when(invite("Ana", Role::Owner, 3)).then_expect_error(R::OneOwner);
        given(vec![])
            .when(invite("Ana", Role::Agent, 1001))
            .then_expect_error(R::CapacityOutOfRange { max: 1000 });
    }

    #[test]
    fn the_invited_joins_under_the_invitations_name_or_its_own() {
        given(invited()).when(join(None)).then_expect_events(vec![joined_as("Ana")]);
        given(invited()).when(join(Some("Anna"))).then_expect_events(vec![joined_as("Anna")]);
    }

    #[test]
    fn the_invited_joins_as_what_the_invitation_became() {
        let history = [
            invited(),
            vec![
                E::RoleChanged { role: Role::Admin, by: OWNER },
                E::CapacityChanged { capacity: 9 },
                E::SkillsChanged { skills: tags(&["billing"]) },
            ],
        ]
        .concat();
        let as_admin = E::Joined {
            user: user_id(2),
            email: email("ana@home.example"),
            name: name("Ana"),
            role: Role::Admin,
            capacity: 9,
        };
        given(history.clone()).when(join(None)).then_expect_events(vec![as_admin.clone()]);
        given(with(history, as_admin))
            .when(C::SetSkills { skills: tags(&["billing"]) })
            .then_expect_events(vec![]);
    }

    #[test]
    fn an_invitation_is_accepted_once() {
        for history in [joined(), owner()] {
            given(history).when(join(None)).then_expect_error(R::AlreadyJoined);
        }
    }
}

mod changing {
    use super::*;

    #[test]
    fn the_role_changes_before_and_after_joining() {
        for history in [invited(), joined()] {
            given(history)
                .when(change_role(Role::Admin))
                .then_expect_events(vec![E::RoleChanged { role: Role::Admin, by: OWNER }]);
        }
    }

    #[test]
    fn the_same_role_changes_nothing() {
        for history in [invited(), joined()] {
            given(history).when(change_role(Role::Agent)).then_expect_events(vec![]);
        }
    }

    #[test]
    fn a_team_keeps_its_one_owner() {
        given(owner()).when(change_role(Role::Admin)).then_expect_error(R::OwnerStays);
        for history in [invited(), joined(), owner()] {
            given(history).when(change_role(Role::Owner)).then_expect_error(R::OneOwner);
        }
    }

    #[test]
    fn the_name_changes_once_joined() {
        given(joined()).when(rename("Anna")).then_expect_events(vec![E::Renamed { name: name("Anna") }]);
        given(joined()).when(rename("Ana")).then_expect_events(vec![]);
        given(invited()).when(rename("Anna")).then_expect_error(R::NotJoined);
    }

    #[test]
    fn the_capacity_changes_within_its_range() {
        let set = |capacity| C::SetCapacity { capacity };
        for history in [invited(), joined(), owner()] {
            for capacity in [0, 1000] {
                given(history.clone())
                    .when(set(capacity))
                    .then_expect_events(vec![E::CapacityChanged { capacity }]);
            }
            given(history).when(set(1001)).then_expect_error(R::CapacityOutOfRange { max: 1000 });
        }
    }

    #[test]
    fn the_same_capacity_changes_nothing() {
        given(joined()).when(C::SetCapacity { capacity: 3 }).then_expect_events(vec![]);
        given(with(joined(), E::CapacityChanged { capacity: 4 }))
            .when(C::SetCapacity { capacity: 4 })
            .then_expect_events(vec![]);
    }

    #[test]
    fn skills_are_sorted_and_told_once() {
        for history in [invited(), joined()] {
            given(history)
                .when(C::SetSkills { skills: tags(&["sales", "billing", "sales"]) })
                .then_expect_events(vec![E::SkillsChanged { skills: tags(&["billing", "sales"]) }]);
        }
    }

    #[test]
    fn the_same_skills_change_nothing() {
        given(joined()).when(C::SetSkills { skills: vec![] }).then_expect_events(vec![]);
        given(with(joined(), E::SkillsChanged { skills: tags(&["billing", "sales"]) }))
            .when(C::SetSkills { skills: tags(&["sales", "billing"]) })
            .then_expect_events(vec![]);
    }

    #[test]
    fn twenty_skills_are_enough() {
        given(joined())
            .when(C::SetSkills { skills: [many_tags(20), many_tags(1)].concat() })
            .then_expect_events(vec![E::SkillsChanged { skills: many_tags(20) }]);
        given(joined())
            .when(C::SetSkills { skills: many_tags(21) })
            .then_expect_error(R::TooManySkills { max: 20 });
    }
}

mod being_there {
    use super::*;

    #[test]
    fn an_agent_chooses() {
        for history in [joined(), owner()] {
            for availability in [Availability::Online, Availability::Away] {
                given(history.clone())
                    .when(choose(availability))
                    .then_expect_events(vec![available(availability, AvailabilityReason::Chosen)]);
            }
        }
    }

    #[test]
    fn the_present_choice_changes_nothing() {
        given(joined()).when(choose(Availability::Offline)).then_expect_events(vec![]);
        given(online()).when(choose(Availability::Online)).then_expect_events(vec![]);
    }

    #[test]
    fn only_who_has_joined_can_be_there() {
        for command in [choose(Availability::Online), C::Disconnect, C::Reconnect] {
            given(invited()).when(command).then_expect_error(R::NotJoined);
        }
    }

    #[test]
    fn who_is_gone_is_offline() {
        let away = with(joined(), available(Availability::Away, AvailabilityReason::Chosen));
        for history in [online(), away] {
            given(history)
                .when(C::Disconnect)
                .then_expect_events(vec![available(Availability::Offline, AvailabilityReason::Disconnected)]);
        }
    }

    #[test]
    fn who_is_offline_already_does_not_go() {
        for history in [joined(), disconnected()] {
            given(history).when(C::Disconnect).then_expect_events(vec![]);
        }
    }

    #[test]
    fn who_comes_back_is_what_it_was() {
        for availability in [Availability::Online, Availability::Away] {
            let gone = [
                available(availability, AvailabilityReason::Chosen),
                available(Availability::Offline, AvailabilityReason::Disconnected),
            ];
            let history = [joined(), gone.to_vec()].concat();
            let back = available(availability, AvailabilityReason::Reconnected);
            given(history.clone()).when(C::Reconnect).then_expect_events(vec![back.clone()]);
            given(with(history, back)).when(C::Reconnect).then_expect_events(vec![]);
        }
    }

    #[test]
    fn who_was_not_disconnected_does_not_come_back() {
        let offline = with(online(), available(Availability::Offline, AvailabilityReason::Chosen));
        for history in [joined(), online(), offline] {
            given(history).when(C::Reconnect).then_expect_events(vec![]);
        }
    }

    #[test]
    fn a_choice_while_disconnected_outlives_the_return() {
        for availability in [Availability::Online, Availability::Away, Availability::Offline] {
            let chosen = available(availability, AvailabilityReason::Chosen);
            given(disconnected()).when(choose(availability)).then_expect_events(vec![chosen.clone()]);
            given(with(disconnected(), chosen)).when(C::Reconnect).then_expect_events(vec![]);
        }
    }
}

mod leaving {
    use super::*;

    #[test]
    fn a_member_is_taken_off_and_an_invitation_withdrawn() {
        for history in [invited(), joined(), online()] {
            given(history)
                .when(deactivate(ANA, OWNER))
                .then_expect_events(vec![E::Deactivated { by: OWNER }]);
        }
    }

    #[test]
    fn twice_changes_nothing() {
        given(deactivated()).when(deactivate(ANA, OWNER)).then_expect_events(vec![]);
    }

    #[test]
    fn the_owner_stays() {
        for by in [OWNER, ANA] {
            given(owner()).when(deactivate(OWNER, by)).then_expect_error(R::OwnerStays);
        }
    }

    #[test]
    fn nobody_takes_itself_off() {
        given(joined()).when(deactivate(ANA, ANA)).then_expect_error(R::NotYourself);
    }
}

#[test]
fn an_event_that_does_not_fit_the_state_is_ignored() {
    let fold = |history: Vec<E>| fold::<Agent>(&history);
    let gone = available(Availability::Offline, AvailabilityReason::Disconnected);
    assert_eq!(fold(vec![E::Deactivated { by: OWNER }, gone.clone()]), Agent::Unknown);
    assert_eq!(fold(with(invited(), gone.clone())), fold(invited()));
    assert_eq!(fold(with(disconnected(), gone)), fold(disconnected()));
    assert_eq!(fold(with(online(), joined_as("Ana"))), fold(online()));
    assert_eq!(fold(with(online(), invited().remove(0))), fold(online()));
    assert_eq!(fold(with(deactivated(), joined_as("Ana"))), Agent::Deactivated);
    assert_eq!(fold(with(deactivated(), E::Renamed { name: name("Anna") })), Agent::Deactivated);
}
