//! What a business answers, command by command: what happens, what is refused, what changes nothing.

use cqrs_es::test::{AggregateTestExecutor, TestFramework};

use super::{BusinessCommand as C, BusinessEvent as E, BusinessRefusal as R, *};
use crate::{
    Origin,
    fixtures::{at, channel_id, fold, key_id, message_text, name, origin, shortcut, url, user_id, with},
};

const DAY: i64 = 24 * 60 * 60;

fn given(history: Vec<E>) -> AggregateTestExecutor<Business> {
    TestFramework::with(()).given(history)
}

// Histories.

fn without_domain() -> Vec<E> {
    vec![set_up(None)]
}

fn running() -> Vec<E> {
    vec![set_up(Some(origin("https://acme.com")))]
}

fn with_key() -> Vec<E> {
    with(running(), created(1, strict(&["https://app.acme.com"])))
}

fn with_revoked_key() -> Vec<E> {
    with(with_key(), E::KeyRevoked { key: key_id(1) })
}

// Events.

fn set_up(domain: Option<Origin>) -> E {
    E::SetUp {
        name: name("Acme"),
        slug: "acme".to_owned(),
        domain,
        owner: user_id(1),
        channel: channel_id(1),
    }
}

fn settings_changed(changes: SettingsChanges) -> E {
    E::SettingsChanged { changes }
}

fn created(n: u128, terms: KeyTerms) -> E {
    E::KeyCreated {
        key: key_id(n),
        terms,
        mode: KeyMode::Live,
        prefix: "oc_live_a".to_owned(),
        hash: hash(n),
    }
}

fn rotated(overlap: i64) -> E {
    E::KeyRotated {
        key: key_id(1),
        prefix: "oc_live_b".to_owned(),
        hash: hash(99),
        old_valid_until: at(overlap),
    }
}

// Values.

fn hash(n: u128) -> String {
    format!("{n:064x}")
}

fn terms(origin_mode: OriginMode, origins: &[&str]) -> KeyTerms {
    KeyTerms {
        name: name("Website"),
        permissions: vec![Permission::SupportRead],
        origin_mode,
        allowed_origins: origins.iter().map(|text| origin(text)).collect(),
    }
}

fn strict(origins: &[&str]) -> KeyTerms {
    terms(OriginMode::Strict, origins)
}

fn hotspot(origins: &[&str]) -> KeyTerms {
    terms(OriginMode::Hotspot, origins)
}

fn with_origins(count: usize) -> KeyTerms {
    let allowed_origins = (0..count).map(|n| origin(&format!("https://app-{n:03}.acme.com"))).collect();
    KeyTerms { allowed_origins, ..strict(&[]) }
}

// Commands.

fn change(changes: SettingsChanges) -> C {
    C::ChangeSettings { changes }
}

fn create(n: u128, terms: KeyTerms) -> C {
    C::CreateKey { key: key_id(n), terms, mode: KeyMode::Live, prefix: "oc_live_a".to_owned(), hash: hash(n) }
}

fn change_key(terms: KeyTerms) -> C {
    C::ChangeKey { key: key_id(1), terms }
}

fn rotate(overlap: i64) -> C {
    C::RotateKey {
        key: key_id(1),
        prefix: "oc_live_b".to_owned(),
        hash: hash(99),
        old_valid_until: at(overlap),
        now: at(0),
    }
}

fn revoke() -> C {
    C::RevokeKey { key: key_id(1) }
}

mod setting_up {
    use super::*;

    fn command() -> C {
        C::SetUp {
            name: name("Acme"),
            slug: "acme".to_owned(),
            domain: Some(origin("https://acme.com")),
            owner: user_id(1),
            channel: channel_id(1),
        }
    }

    #[test]
    fn begins_the_business() {
        given(vec![]).when(command()).then_expect_events(running());
    }

    #[test]
    fn happens_once() {
        given(running()).when(command()).then_expect_error(R::AlreadySetUp);
    }

    #[test]
    fn comes_before_everything_else() {
        for command in [
            change(SettingsChanges::default()),
            create(1, hotspot(&[])),
            change_key(hotspot(&[])),
            rotate(0),
            revoke(),
        ] {
            given(vec![]).when(command).then_expect_error(R::NotFound);
        }
    }
}

mod settings {
    use super::*;

    fn defaults() -> SettingsChanges {
        SettingsChanges {
            welcome_message: Some(None),
            away_message: Some(None),
            color: Some("#2563eb".to_owned()),
            logo_url: Some(None),
            auto_assign: Some(true),
            default_capacity: Some(5),
            offline_grace_seconds: Some(30),
            language: Some(None),
            hours: Some(None),
        }
    }

    fn others() -> SettingsChanges {
        SettingsChanges {
            welcome_message: Some(Some(message_text("Hello"))),
            away_message: Some(Some(message_text("Back soon"))),
            color: Some("#00FF7f".to_owned()),
            logo_url: Some(Some(url("https://acme.com/logo.svg"))),
            auto_assign: Some(false),
            default_capacity: Some(1000),
            offline_grace_seconds: Some(3600),
            language: Some(Some(Language::Fr)),
            hours: Some(Some(hours(&[("mon", "09:00", "17:30"), ("tue", "10:00", "24:00")]))),
        }
    }

    #[test]
    fn all_of_them_change_and_change_back() {
        given(running()).when(change(others())).then_expect_events(vec![settings_changed(others())]);
        given(with(running(), settings_changed(others())))
            .when(change(defaults()))
            .then_expect_events(vec![settings_changed(defaults())]);
    }

    #[test]
    fn only_what_really_changed_is_told() {
        let wanted = SettingsChanges { auto_assign: Some(false), ..defaults() };
        let real = SettingsChanges { auto_assign: Some(false), ..SettingsChanges::default() };
        given(running()).when(change(wanted)).then_expect_events(vec![settings_changed(real)]);
    }

    #[test]
    fn what_already_is_changes_nothing() {
        given(running()).when(change(SettingsChanges::default())).then_expect_events(vec![]);
        given(running()).when(change(defaults())).then_expect_events(vec![]);
        given(with(running(), settings_changed(others()))).when(change(others())).then_expect_events(vec![]);
    }

    #[test]
    fn a_colour_has_six_hexadecimal_digits() {
        for color in ["", "2563eb", "#2563e", "#2563ebb", "#2563eg", "#ééé", "red"] {
            let changes = SettingsChanges { color: Some(color.to_owned()), ..others() };
            given(running()).when(change(changes)).then_expect_error(R::Color);
        }
    }

    fn hours(spans: &[(&str, &str, &str)]) -> Hours {
        let week: Vec<_> = spans
            .iter()
            .map(|(day, from, to)| serde_json::json!({"day": day, "from": from, "to": to}))
            .collect();
        serde_json::from_value(serde_json::json!({"timeZone": "Europe/Madrid", "week": week})).expect("hours")
    }

    #[test]
    fn hours_end_after_they_begin_and_are_told_in_the_order_of_the_week() {
        let set = |hours| SettingsChanges { hours: Some(Some(hours)), ..SettingsChanges::default() };
        let (monday, sunday) = (("mon", "09:00", "10:00"), ("sun", "09:00", "10:00"));
        given(running())
            .when(change(set(hours(&[sunday, monday, sunday]))))
            .then_expect_events(vec![settings_changed(set(hours(&[monday, sunday])))]);
        let wrong = hours(&[("mon", "10:00", "10:00")]);
        given(running()).when(change(set(wrong))).then_expect_error(R::Hours { max: 70 });
    }

    #[test]
    fn capacity_and_grace_have_their_ranges() {
        let capacity = |n| SettingsChanges { default_capacity: Some(n), ..SettingsChanges::default() };
        let grace = |n| SettingsChanges { offline_grace_seconds: Some(n), ..SettingsChanges::default() };
        for fine in [capacity(0), capacity(1000), grace(5), grace(3600)] {
            given(running()).when(change(fine.clone())).then_expect_events(vec![settings_changed(fine)]);
        }
        given(running()).when(change(capacity(1001))).then_expect_error(R::CapacityOutOfRange { max: 1000 });
        for wrong in [0, 4, 3601] {
            given(running()).when(change(grace(wrong))).then_expect_error(R::GraceOutOfRange);
        }
    }
}

mod replies {
    use super::*;

    fn save(name: &str, text: &str) -> C {
        C::SaveReply { shortcut: shortcut(name), text: message_text(text) }
    }

    fn saved(name: &str, text: &str) -> E {
        E::ReplySaved { shortcut: shortcut(name), text: message_text(text) }
    }

    fn deleted(name: &str) -> E {
        E::ReplyDeleted { shortcut: shortcut(name) }
    }

    #[test]
    fn are_saved_replaced_and_thrown_away() {
        let one = with(running(), saved("refund", "Yes"));
        given(running()).when(save("refund", "Yes")).then_expect_events(vec![saved("refund", "Yes")]);
        given(one.clone()).when(save("refund", "Yes")).then_expect_events(vec![]);
        given(one.clone()).when(save("refund", "No")).then_expect_events(vec![saved("refund", "No")]);
        let delete = || C::DeleteReply { shortcut: shortcut("refund") };
        given(one.clone()).when(delete()).then_expect_events(vec![deleted("refund")]);
        given(with(one, deleted("refund"))).when(delete()).then_expect_events(vec![]);
        given(vec![]).when(save("refund", "Yes")).then_expect_error(R::NotFound);
    }

    #[test]
    fn are_not_too_many() {
        let full = (0..500).fold(running(), |all, n| with(all, saved(&format!("r{n}"), "Hello")));
        given(full.clone()).when(save("one-more", "Hello")).then_expect_error(R::TooManyReplies { max: 500 });
        given(full).when(save("r7", "Bye")).then_expect_events(vec![saved("r7", "Bye")]);
    }
}

mod keys {
    use super::*;

    #[test]
    fn are_made() {
        for terms in [strict(&["https://app.acme.com"]), hotspot(&[]), hotspot(&["https://app.acme.com"])] {
            given(running()).when(create(1, terms.clone())).then_expect_events(vec![created(1, terms)]);
        }
    }

    #[test]
    fn are_for_live_or_for_test_traffic() {
        let (key, terms, mode) = (key_id(1), hotspot(&[]), KeyMode::Test);
        let (prefix, hash) = ("oc_test_a".to_owned(), hash(1));
        given(running())
            .when(C::CreateKey {
                key,
                terms: terms.clone(),
                mode,
                prefix: prefix.clone(),
                hash: hash.clone(),
            })
            .then_expect_events(vec![E::KeyCreated { key, terms, mode, prefix, hash }]);
    }

    #[test]
    fn have_ids_of_their_own() {
        for history in [with_key(), with_revoked_key()] {
            given(history).when(create(1, hotspot(&[]))).then_expect_error(R::KeyExists);
        }
    }

    #[test]
    fn change_their_terms() {
        given(with_key())
            .when(change_key(hotspot(&[])))
            .then_expect_events(vec![E::KeyChanged { key: key_id(1), terms: hotspot(&[]) }]);
    }

    #[test]
    fn keep_the_same_terms_silently() {
        given(with_key()).when(change_key(strict(&["https://app.acme.com"]))).then_expect_events(vec![]);
        given(with(with_key(), E::KeyChanged { key: key_id(1), terms: hotspot(&[]) }))
            .when(change_key(hotspot(&[])))
            .then_expect_events(vec![]);
    }

    #[test]
    fn get_a_new_secret_while_the_old_goes_on() {
        for overlap in [0, 30 * DAY] {
            given(with_key()).when(rotate(overlap)).then_expect_events(vec![rotated(overlap)]);
        }
        for overlap in [-1, 30 * DAY + 1] {
            given(with_key()).when(rotate(overlap)).then_expect_error(R::OverlapOutOfRange);
        }
    }

    #[test]
    fn are_not_rotated_to_the_secret_that_they_have() {
        given(with(with_key(), rotated(0))).when(rotate(DAY)).then_expect_events(vec![]);
    }

    #[test]
    fn are_revoked_once_and_for_good() {
        given(with_key()).when(revoke()).then_expect_events(vec![E::KeyRevoked { key: key_id(1) }]);
        given(with_revoked_key()).when(revoke()).then_expect_events(vec![]);
        for command in [rotate(0), change_key(hotspot(&[]))] {
            given(with_revoked_key()).when(command).then_expect_error(R::KeyRevoked);
        }
    }

    #[test]
    fn must_exist() {
        for command in [rotate(0), change_key(hotspot(&[])), revoke()] {
            given(running()).when(command).then_expect_error(R::KeyNotFound);
        }
    }

    #[test]
    fn are_a_hundred_at_most_without_the_revoked() {
        let history = (1..=100).fold(running(), |history, n| with(history, created(n, hotspot(&[]))));
        given(history.clone()).when(create(101, hotspot(&[]))).then_expect_error(R::TooManyKeys { max: 100 });
        given(with(history, E::KeyRevoked { key: key_id(1) }))
            .when(create(101, hotspot(&[])))
            .then_expect_events(vec![created(101, hotspot(&[]))]);
    }
}

mod terms {
    use super::*;

    /// Both ways to give a key its terms.
    fn settled(business: Vec<E>, wanted: &KeyTerms) -> Result<KeyTerms, R> {
        let made = given(business.clone()).when(create(2, wanted.clone())).inspect_result();
        let before = KeyTerms { name: name("Before"), ..hotspot(&[]) };
        let changed =
            given(with(business, created(1, before))).when(change_key(wanted.clone())).inspect_result();
        match (made, changed) {
            (Ok(made), Ok(changed)) => {
                let [E::KeyCreated { terms, .. }] = &made[..] else { panic!("no key was made: {made:?}") };
                assert_eq!(changed, [E::KeyChanged { key: key_id(1), terms: terms.clone() }]);
                Ok(terms.clone())
            }
            (made, changed) => {
                assert_eq!(made, changed);
                Err(made.expect_err("both are refused"))
            }
        }
    }

    #[test]
    fn are_sorted_and_told_once() {
        use Permission::{CallsWrite, SupportRead, SupportWrite};
        let wanted = KeyTerms {
            permissions: vec![CallsWrite, SupportWrite, SupportRead, CallsWrite],
            ..strict(&["https://b.acme.com", "https://a.acme.com", "https://b.acme.com"])
        };
        let sorted = KeyTerms {
            permissions: vec![SupportRead, SupportWrite, CallsWrite],
            ..strict(&["https://a.acme.com", "https://b.acme.com"])
        };
        assert_eq!(settled(running(), &wanted), Ok(sorted));
    }

    #[test]
    fn allow_something() {
        let nothing = KeyTerms { permissions: vec![], ..hotspot(&[]) };
        assert_eq!(settled(running(), &nothing), Err(R::NoPermission));
    }

    #[test]
    fn are_strict_on_the_businesss_domain_unless_told_where() {
        assert_eq!(settled(running(), &strict(&[])), Ok(strict(&["https://acme.com"])));
        let elsewhere = strict(&["https://app.acme.com"]);
        assert_eq!(settled(running(), &elsewhere), Ok(elsewhere));
        assert_eq!(settled(without_domain(), &strict(&[])), Err(R::NoOrigin));
        assert_eq!(settled(without_domain(), &hotspot(&[])), Ok(hotspot(&[])));
    }

    #[test]
    fn name_fifty_origins_at_most() {
        assert_eq!(settled(running(), &with_origins(50)), Ok(with_origins(50)));
        assert_eq!(settled(running(), &with_origins(51)), Err(R::TooManyOrigins { max: 50 }));
    }
}

#[test]
fn an_event_that_does_not_fit_the_state_is_ignored() {
    let fold = |history: Vec<E>| fold::<Business>(&history);
    assert_eq!(fold(vec![E::KeyRevoked { key: key_id(1) }]), Business::NotSetUp);
    assert_eq!(fold(with(running(), E::KeyRevoked { key: key_id(1) })), fold(running()));
    assert_eq!(fold(with(with_key(), set_up(None))), fold(with_key()));
    for event in [rotated(0), created(1, hotspot(&[])), E::KeyChanged { key: key_id(1), terms: hotspot(&[]) }]
    {
        assert_eq!(fold(with(with_revoked_key(), event)), fold(with_revoked_key()));
    }
}
