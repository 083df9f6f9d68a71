//! What a customer answers, command by command: what happens, what is refused, what changes nothing.

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use serde_json::{Value, json};

use super::{CustomerCommand as C, CustomerEvent as E, CustomerRefusal as R, *};
use crate::{
    CustomerId, Metadata,
    fixtures::{customer_id, email, external_user_id, fold, metadata, name, phone, with},
};

const VISITOR: CustomerId = customer_id(1);
const KNOWN: CustomerId = customer_id(2);

fn given(history: Vec<E>) -> AggregateTestExecutor<Customer> {
    TestFramework::with(()).given(history)
}

// Histories.

fn registered() -> Vec<E> {
    vec![E::Registered { external_user_id: external_user_id("cus_123"), profile: jane() }]
}

fn arrived() -> Vec<E> {
    vec![E::VisitorArrived { profile: jane() }]
}

fn merged() -> Vec<E> {
    with(arrived(), E::Merged { into: KNOWN })
}

// Values.

fn jane() -> Profile {
    Profile {
        name: Some(name("Jane")),
        email: Some(email("jane@example.com")),
        phone: None,
        metadata: metadata(json!({"plan": "free", "seats": 3})),
    }
}

/// The whole of what the business says of Jane: the same as what is known.
fn as_is() -> ProfileChanges {
    ProfileChanges {
        name: Some(Some(name("Jane"))),
        email: Some(Some(email("jane@example.com"))),
        phone: Some(None),
        metadata: Some(metadata(json!({"plan": "free", "seats": 3}))),
    }
}

fn renamed(to: &str) -> ProfileChanges {
    ProfileChanges { name: Some(Some(name(to))), ..ProfileChanges::default() }
}

fn noted(values: Value) -> ProfileChanges {
    ProfileChanges { metadata: Some(metadata(values)), ..ProfileChanges::default() }
}

fn many_keys(prefix: &str, count: usize) -> Value {
    (0..count).map(|n| (format!("{prefix}{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into()
}

fn changed(changes: ProfileChanges) -> E {
    E::ProfileChanged { changes }
}

// Commands.

fn upsert(profile: ProfileChanges) -> C {
    C::Upsert { external_user_id: external_user_id("cus_123"), profile }
}

fn arrive(profile: ProfileChanges) -> C {
    C::Arrive { profile }
}

fn change(changes: ProfileChanges) -> C {
    C::ChangeProfile { changes }
}

fn merge(into: CustomerId) -> C {
    C::Merge { visitor: VISITOR, into }
}

mod beginning {
    use super::*;

    #[test]
    fn a_customer_is_registered_with_what_the_business_says() {
        given(vec![]).when(upsert(as_is())).then_expect_events(registered());
    }

    #[test]
    fn a_visitor_arrives_with_what_it_says() {
        given(vec![]).when(arrive(as_is())).then_expect_events(arrived());
        given(vec![])
            .when(arrive(ProfileChanges::default()))
            .then_expect_events(vec![E::VisitorArrived { profile: Profile::default() }]);
    }

    #[test]
    fn a_null_is_not_kept() {
        let said = noted(json!({"plan": "pro", "seats": null}));
        let profile = Profile { metadata: metadata(json!({"plan": "pro"})), ..Profile::default() };
        given(vec![]).when(arrive(said)).then_expect_events(vec![E::VisitorArrived { profile }]);
    }

    #[test]
    fn a_visitor_arrives_once() {
        for said in [as_is(), renamed("Another")] {
            given(arrived()).when(arrive(said)).then_expect_events(vec![]);
        }
    }

    #[test]
    fn an_id_is_one_customers() {
        let another = C::Upsert { external_user_id: external_user_id("cus_456"), profile: as_is() };
        given(registered()).when(another).then_expect_error(R::AlreadyExists);
        given(arrived()).when(upsert(as_is())).then_expect_error(R::AlreadyExists);
        given(registered()).when(arrive(as_is())).then_expect_error(R::AlreadyExists);
    }
}

mod changing {
    use super::*;

    /// Both ways to change what is known of Jane.
    fn given_jane_when(changes: &ProfileChanges, then: impl Fn(Result<Vec<E>, R>)) {
        then(given(registered()).when(upsert(changes.clone())).inspect_result());
        for history in [registered(), arrived()] {
            then(given(history).when(change(changes.clone())).inspect_result());
        }
    }

    #[test]
    fn what_already_is_changes_nothing() {
        for changes in [as_is(), ProfileChanges::default(), noted(json!({})), noted(json!({"absent": null}))]
        {
            given_jane_when(&changes, |result| assert_eq!(result, Ok(vec![])));
        }
    }

    #[test]
    fn only_what_really_changed_is_told() {
        let said = ProfileChanges { name: Some(Some(name("Janet"))), ..as_is() };
        given_jane_when(&said, |result| assert_eq!(result, Ok(vec![changed(renamed("Janet"))])));
    }

    #[test]
    fn every_field_changes() {
        let said = ProfileChanges {
            name: Some(Some(name("Janet"))),
            email: Some(Some(email("janet@example.com"))),
            phone: Some(Some(phone("+34 600 123 456"))),
            metadata: Some(metadata(json!({"plan": "pro"}))),
        };
        given_jane_when(&said, |result| assert_eq!(result, Ok(vec![changed(said.clone())])));
    }

    #[test]
    fn a_field_is_cleared_once() {
        let cleared = ProfileChanges { email: Some(None), ..ProfileChanges::default() };
        given_jane_when(&cleared, |result| assert_eq!(result, Ok(vec![changed(cleared.clone())])));
        given(with(registered(), changed(cleared.clone()))).when(change(cleared)).then_expect_events(vec![]);
    }

    #[test]
    fn metadata_change_key_by_key() {
        let said = noted(json!({"plan": "pro", "seats": 3, "vip": true, "absent": null}));
        let real = noted(json!({"plan": "pro", "vip": true}));
        given_jane_when(&said, |result| assert_eq!(result, Ok(vec![changed(real.clone())])));
        let removal = noted(json!({"seats": null}));
        given_jane_when(&removal, |result| assert_eq!(result, Ok(vec![changed(removal.clone())])));
    }

    #[test]
    fn metadata_have_a_limit_after_merging() {
        let max = Metadata::MAX_KEYS;
        let fits = noted(many_keys("key", max - 2));
        given_jane_when(&fits, |result| assert_eq!(result, Ok(vec![changed(fits.clone())])));
        let too_much = noted(many_keys("key", max - 1));
        given_jane_when(&too_much, |result| assert_eq!(result, Err(R::TooMuchMetadata { max })));
        let makes_room = with(registered(), changed(noted(json!({"plan": null}))));
        given(makes_room).when(change(too_much.clone())).then_expect_events(vec![changed(too_much)]);
    }

    #[test]
    fn is_refused_for_whom_there_is_not() {
        given(vec![]).when(change(as_is())).then_expect_error(R::NotFound);
    }
}

mod merging {
    use super::*;

    #[test]
    fn a_visitor_turns_out_to_be_a_known_customer() {
        given(arrived()).when(merge(KNOWN)).then_expect_events(vec![E::Merged { into: KNOWN }]);
    }

    #[test]
    fn twice_into_the_same_changes_nothing() {
        given(merged()).when(merge(KNOWN)).then_expect_events(vec![]);
    }

    #[test]
    fn only_a_visitor_is_merged_and_never_into_itself() {
        given(vec![]).when(merge(KNOWN)).then_expect_error(R::NotFound);
        given(registered()).when(merge(KNOWN)).then_expect_error(R::NotAnonymous);
        given(arrived()).when(merge(VISITOR)).then_expect_error(R::NotAnonymous);
    }

    #[test]
    fn after_it_everything_else_is_refused() {
        for command in [upsert(as_is()), arrive(as_is()), change(renamed("Janet")), merge(customer_id(3))] {
            given(merged()).when(command).then_expect_error(R::Merged { into: KNOWN });
        }
    }
}

#[test]
fn an_event_that_does_not_fit_the_state_is_ignored() {
    let fold = |history: Vec<E>| fold::<Customer>(&history);
    assert_eq!(fold(vec![changed(renamed("Janet")), E::Merged { into: KNOWN }]), Customer::Unknown);
    assert_eq!(fold(with(registered(), E::Merged { into: KNOWN })), fold(registered()));
    assert_eq!(fold([registered(), arrived()].concat()), fold(registered()));
    assert_eq!(fold(with(merged(), changed(renamed("Janet")))), fold(merged()));
}
