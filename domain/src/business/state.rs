//! The state of a business: only what decisions need.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BusinessCommand, BusinessEvent, BusinessRefusal, KeyTerms, Settings, decide::decide};
use crate::{BusinessId, Decider, KeyId, MessageText, Origin, Shortcut};

/// A business.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Business {
    /// Nothing has happened yet.
    #[default]
    NotSetUp,
    /// It runs.
    Running(Box<Running>),
}

/// A business that was set up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// Its website.
    pub domain: Option<Origin>,
    /// Its settings.
    pub settings: Settings,
    /// All keys that there ever were.
    pub keys: BTreeMap<KeyId, Key>,
    /// Its canned replies.
    #[serde(default)]
    pub replies: BTreeMap<Shortcut, MessageText>,
}

/// An integration key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// It opens what its terms say.
    Valid {
        /// What it may do and where.
        terms: KeyTerms,
        /// SHA-256 of its newest secret, in hexadecimal digits.
        hash: String,
    },
    /// It opens nothing any more.
    Revoked,
}

impl Decider for Business {
    const TYPE: &'static str = "business";
    const SNAPSHOT_VERSION: i32 = 1;
    type Id = BusinessId;
    type Command = BusinessCommand;
    type Event = BusinessEvent;
    type Refusal = BusinessRefusal;

    fn decide(&self, command: &BusinessCommand) -> Result<Vec<BusinessEvent>, BusinessRefusal> {
        decide(self, command)
    }

    fn evolve(&mut self, event: &BusinessEvent) {
        match self {
            Self::NotSetUp => {
                if let BusinessEvent::SetUp { domain, .. } = event {
                    *self = Self::Running(Box::new(Running { domain: domain.clone(), ..Running::default() }));
                }
            }
            Self::Running(it) => it.evolve(event),
        }
    }
}

impl Running {
    fn evolve(&mut self, event: &BusinessEvent) {
        use BusinessEvent as E;
        match event {
            E::SetUp { .. } => {}
            E::SettingsChanged { changes } => self.settings = self.settings.changed(changes),
            E::KeyCreated { key, terms, hash, .. } => {
                self.keys
                    .entry(*key)
                    .or_insert_with(|| Key::Valid { terms: terms.clone(), hash: hash.clone() });
            }
            E::KeyChanged { key, terms: changed } => {
                if let Some(Key::Valid { terms, .. }) = self.keys.get_mut(key) {
                    *terms = changed.clone();
                }
            }
            E::KeyRotated { key, hash: rotated, .. } => {
                if let Some(Key::Valid { hash, .. }) = self.keys.get_mut(key) {
                    *hash = rotated.clone();
                }
            }
            E::ReplySaved { shortcut, text } => {
                self.replies.insert(shortcut.clone(), text.clone());
            }
            E::ReplyDeleted { shortcut } => {
                self.replies.remove(shortcut);
            }
            E::KeyRevoked { key } => {
                self.keys.entry(*key).and_modify(|key| *key = Key::Revoked);
            }
        }
    }
}
