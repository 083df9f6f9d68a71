//! What can be asked of a business.

use chrono::{DateTime, Utc};

use super::event::{KeyMode, KeyTerms, SettingsChanges};
use crate::{ChannelId, KeyId, MessageText, Name, Origin, Shortcut, UserId};

/// A command to a business.
#[derive(Debug, Clone, PartialEq)]
pub enum BusinessCommand {
    /// Begin.
    SetUp {
        /// Its name.
        name: Name,
        /// Its name in addresses, already reserved for it.
        slug: String,
        /// Its website.
        domain: Option<Origin>,
        /// Who sets it up.
        owner: UserId,
        /// Its default channel.
        channel: ChannelId,
    },
    /// Change settings; changes that change nothing are dropped.
    ChangeSettings {
        /// The changes.
        changes: SettingsChanges,
    },
    /// Make an integration key.
    CreateKey {
        /// Its id.
        key: KeyId,
        /// What it may do and where. Strict mode without origins takes the business's domain.
        terms: KeyTerms,
        /// Live or test.
        mode: KeyMode,
        /// The part that may be shown.
        prefix: String,
        /// SHA-256 of the secret, in hexadecimal digits.
        hash: String,
    },
    /// Change a key's terms.
    ChangeKey {
        /// Which.
        key: KeyId,
        /// Its terms from now on.
        terms: KeyTerms,
    },
    /// Give a key a new secret.
    RotateKey {
        /// Which.
        key: KeyId,
        /// The part that may be shown.
        prefix: String,
        /// SHA-256 of the new secret, in hexadecimal digits.
        hash: String,
        /// Until when the old secret works too; `now` at the earliest, 30 days later at most.
        old_valid_until: DateTime<Utc>,
        /// The time of the command.
        now: DateTime<Utc>,
    },
    /// Keep a canned reply, instead of another of that name.
    SaveReply {
        /// What it is called by.
        shortcut: Shortcut,
        /// What it says; variables stay as they are.
        text: MessageText,
    },
    /// Throw a canned reply away, if there is one of that name.
    DeleteReply {
        /// What it is called by.
        shortcut: Shortcut,
    },
    /// End a key.
    RevokeKey {
        /// Which.
        key: KeyId,
    },
}
