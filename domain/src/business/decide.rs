//! What a business answers to a command: a function per command, from the state to events or a refusal.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Business, BusinessCommand, BusinessEvent, BusinessRefusal, Hours, Key, KeyMode, KeyTerms, OriginMode,
    Running, Settings, SettingsChanges,
};
use crate::{KeyId, MessageText, Origin, Shortcut, given::unless_same};

type Decision = Result<Vec<BusinessEvent>, BusinessRefusal>;

const MAX_CAPACITY: u32 = 1000;
const GRACE_SECONDS: std::ops::RangeInclusive<u32> = 5..=3600;
const MAX_KEYS: usize = 100;
const MAX_REPLIES: usize = 500;
const MAX_ORIGINS: usize = 50;
const LONGEST_OVERLAP: TimeDelta = TimeDelta::days(30);

pub(super) fn decide(state: &Business, command: &BusinessCommand) -> Decision {
    use BusinessCommand as C;
    let running = || match state {
        Business::NotSetUp => Err(BusinessRefusal::NotFound),
        Business::Running(it) => Ok(it.as_ref()),
    };
    match command {
        C::SetUp { name, slug, domain, owner, channel } => match state {
            Business::NotSetUp => Ok(vec![BusinessEvent::SetUp {
                name: name.clone(),
                slug: slug.clone(),
                domain: domain.clone(),
                owner: *owner,
                channel: *channel,
            }]),
            Business::Running(_) => Err(BusinessRefusal::AlreadySetUp),
        },
        C::ChangeSettings { changes } => change_settings(running()?, changes),
        C::CreateKey { key, terms, mode, prefix, hash } => {
            create_key(running()?, *key, terms, *mode, prefix, hash)
        }
        C::ChangeKey { key, terms } => change_key(running()?, *key, terms),
        C::RotateKey { key, prefix, hash, old_valid_until, now } => {
            rotate_key(running()?, *key, prefix, hash, *old_valid_until, *now)
        }
        C::RevokeKey { key } => revoke_key(running()?, *key),
        C::SaveReply { shortcut, text } => save_reply(running()?, shortcut, text),
        C::DeleteReply { shortcut } => Ok(delete_reply(running()?, shortcut)),
    }
}

fn change_settings(it: &Running, wanted: &SettingsChanges) -> Decision {
    check_settings(wanted)?;
    let changes = real_changes(&it.settings, wanted);
    if changes == SettingsChanges::default() {
        return Ok(vec![]);
    }
    Ok(vec![BusinessEvent::SettingsChanged { changes }])
}

fn check_settings(wanted: &SettingsChanges) -> Result<(), BusinessRefusal> {
    if wanted.color.as_ref().is_some_and(|color| !is_color(color)) {
        return Err(BusinessRefusal::Color);
    }
    if wanted.hours.iter().flatten().any(|hours| !hours.are_fine()) {
        return Err(BusinessRefusal::Hours { max: Hours::MAX_SPANS });
    }
    if wanted.default_capacity.is_some_and(|capacity| capacity > MAX_CAPACITY) {
        return Err(BusinessRefusal::CapacityOutOfRange { max: MAX_CAPACITY });
    }
    if wanted.offline_grace_seconds.is_some_and(|seconds| !GRACE_SECONDS.contains(&seconds)) {
        return Err(BusinessRefusal::GraceOutOfRange);
    }
    Ok(())
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn real_changes(settings: &Settings, wanted: &SettingsChanges) -> SettingsChanges {
    let Settings { welcome_message, away_message, branding, preferences, hours } = settings;
    let wanted_hours = wanted.hours.clone().map(|hours| hours.map(Hours::sorted));
    SettingsChanges {
        welcome_message: unless_same(welcome_message, wanted.welcome_message.as_ref()),
        away_message: unless_same(away_message, wanted.away_message.as_ref()),
        color: unless_same(&branding.color, wanted.color.as_ref()),
        logo_url: unless_same(&branding.logo_url, wanted.logo_url.as_ref()),
        auto_assign: unless_same(&preferences.auto_assign, wanted.auto_assign.as_ref()),
        default_capacity: unless_same(&preferences.default_capacity, wanted.default_capacity.as_ref()),
        offline_grace_seconds: unless_same(
            &preferences.offline_grace_seconds,
            wanted.offline_grace_seconds.as_ref(),
        ),
        language: unless_same(&preferences.language, wanted.language.as_ref()),
        hours: unless_same(hours, wanted_hours.as_ref()),
    }
}

fn create_key(
    it: &Running,
    key: KeyId,
    terms: &KeyTerms,
    mode: KeyMode,
    prefix: &str,
    hash: &str,
) -> Decision {
    if it.keys.contains_key(&key) {
        return Err(BusinessRefusal::KeyExists);
    }
    let terms = settled_terms(it.domain.as_ref(), terms)?;
    if it.keys.values().filter(|key| **key != Key::Revoked).count() >= MAX_KEYS {
        return Err(BusinessRefusal::TooManyKeys { max: MAX_KEYS });
    }
    let (prefix, hash) = (prefix.to_owned(), hash.to_owned());
    Ok(vec![BusinessEvent::KeyCreated { key, terms, mode, prefix, hash }])
}

fn change_key(it: &Running, key: KeyId, terms: &KeyTerms) -> Decision {
    let (before, _) = valid_key(it, key)?;
    let terms = settled_terms(it.domain.as_ref(), terms)?;
    if terms == *before {
        return Ok(vec![]);
    }
    Ok(vec![BusinessEvent::KeyChanged { key, terms }])
}

fn rotate_key(
    it: &Running,
    key: KeyId,
    prefix: &str,
    hash: &str,
    old_valid_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Decision {
    let (_, before) = valid_key(it, key)?;
    let overlap = old_valid_until - now;
    if overlap < TimeDelta::zero() || overlap > LONGEST_OVERLAP {
        return Err(BusinessRefusal::OverlapOutOfRange);
    }
    if hash == before {
        return Ok(vec![]);
    }
    let (prefix, hash) = (prefix.to_owned(), hash.to_owned());
    Ok(vec![BusinessEvent::KeyRotated { key, prefix, hash, old_valid_until }])
}

fn revoke_key(it: &Running, key: KeyId) -> Decision {
    match it.keys.get(&key) {
        None => Err(BusinessRefusal::KeyNotFound),
        Some(Key::Valid { .. }) => Ok(vec![BusinessEvent::KeyRevoked { key }]),
        Some(Key::Revoked) => Ok(vec![]),
    }
}

fn save_reply(it: &Running, shortcut: &Shortcut, text: &MessageText) -> Decision {
    match it.replies.get(shortcut) {
        Some(before) if before == text => return Ok(vec![]),
        None if it.replies.len() >= MAX_REPLIES => {
            return Err(BusinessRefusal::TooManyReplies { max: MAX_REPLIES });
        }
        Some(_) | None => {}
    }
    Ok(vec![BusinessEvent::ReplySaved { shortcut: shortcut.clone(), text: text.clone() }])
}

fn delete_reply(it: &Running, shortcut: &Shortcut) -> Vec<BusinessEvent> {
    let there = it.replies.contains_key(shortcut);
    there.then(|| BusinessEvent::ReplyDeleted { shortcut: shortcut.clone() }).into_iter().collect()
}

/// The terms and the hash of a key that still opens something.
fn valid_key(it: &Running, key: KeyId) -> Result<(&KeyTerms, &str), BusinessRefusal> {
    match it.keys.get(&key) {
        None => Err(BusinessRefusal::KeyNotFound),
        Some(Key::Valid { terms, hash }) => Ok((terms, hash)),
        Some(Key::Revoked) => Err(BusinessRefusal::KeyRevoked),
    }
}

/// The terms as they are recorded: sorted, each once, and strict only where it is known where.
fn settled_terms(domain: Option<&Origin>, wanted: &KeyTerms) -> Result<KeyTerms, BusinessRefusal> {
    let mut allowed_origins = sorted(&wanted.allowed_origins);
    if wanted.origin_mode == OriginMode::Strict && allowed_origins.is_empty() {
        allowed_origins.extend(domain.cloned());
        if allowed_origins.is_empty() {
            return Err(BusinessRefusal::NoOrigin);
        }
    }
    if allowed_origins.len() > MAX_ORIGINS {
        return Err(BusinessRefusal::TooManyOrigins { max: MAX_ORIGINS });
    }
    let permissions = sorted(&wanted.permissions);
    if permissions.is_empty() {
        return Err(BusinessRefusal::NoPermission);
    }
    Ok(KeyTerms { name: wanted.name.clone(), permissions, origin_mode: wanted.origin_mode, allowed_origins })
}

fn sorted<T: Ord + Clone>(given: &[T]) -> Vec<T> {
    given.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}
