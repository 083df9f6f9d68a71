//! What can have happened to a business.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Hours;
use crate::{ChannelId, EventType, KeyId, MessageText, Name, Origin, Shortcut, Url, UserId};

/// An event of a business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum BusinessEvent {
    /// The business began.
    SetUp {
        /// Its name.
        name: Name,
        /// Its name in addresses, unique among all businesses.
        slug: String,
        /// Its website; the first origin that a strict key allows.
        domain: Option<Origin>,
        /// Who set it up.
        owner: UserId,
        /// Its default channel.
        channel: ChannelId,
    },
    /// Settings changed; only what changed is told.
    SettingsChanged {
        /// The changes.
        changes: SettingsChanges,
    },
    /// An integration key was made.
    KeyCreated {
        /// Its id.
        key: KeyId,
        /// What it may do and where.
        terms: KeyTerms,
        /// Whether it is for live or for test traffic.
        mode: KeyMode,
        /// The part of the key that may be shown.
        prefix: String,
        /// SHA-256 of the secret, in hexadecimal digits.
        hash: String,
    },
    /// A key's name, permissions or origins changed.
    KeyChanged {
        /// Which.
        key: KeyId,
        /// Its terms from now on.
        terms: KeyTerms,
    },
    /// A key has a new secret; the old one goes on for a while.
    KeyRotated {
        /// Which.
        key: KeyId,
        /// The part of the new key that may be shown.
        prefix: String,
        /// SHA-256 of the new secret, in hexadecimal digits.
        hash: String,
        /// Until when the old secret works too.
        old_valid_until: DateTime<Utc>,
    },
    /// A canned reply was written, perhaps instead of another of that name.
    ReplySaved {
        /// What it is called by.
        shortcut: Shortcut,
        /// What it says.
        text: MessageText,
    },
    /// A canned reply was thrown away.
    ReplyDeleted {
        /// What it was called by.
        shortcut: Shortcut,
    },
    /// A key opens nothing any more.
    KeyRevoked {
        /// Which.
        key: KeyId,
    },
}

/// What an integration key may do, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyTerms {
    /// What people call it.
    pub name: Name,
    /// What it may do, sorted.
    pub permissions: Vec<Permission>,
    /// Where the widget may run with it.
    pub origin_mode: OriginMode,
    /// The origins that strict mode allows.
    pub allowed_origins: Vec<Origin>,
}

/// Something that an integration key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Permission {
    /// Read configuration and conversations; all that the widget needs.
    #[serde(rename = "support:read")]
    SupportRead,
    /// Make handoffs and conversations.
    #[serde(rename = "support:write")]
    SupportWrite,
    /// Start calls.
    #[serde(rename = "calls:write")]
    CallsWrite,
}

/// Where the widget may run with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum OriginMode {
    /// On the allowed origins only.
    Strict,
    /// Anywhere: for captive portals and routers whose names and addresses change.
    Hotspot,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum KeyMode {
    /// Real customers.
    Live,
    /// Trying things out.
    Test,
}

/// What a business can set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// What a customer reads first.
    pub welcome_message: Option<MessageText>,
    /// What a customer reads first when nobody is there.
    pub away_message: Option<MessageText>,
    /// How the customer's pages look.
    pub branding: Branding,
    /// How support runs.
    pub preferences: Preferences,
    /// When somebody is there; always, without.
    #[serde(default)]
    pub hours: Option<Hours>,
}

/// How the customer's pages look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Branding {
    /// The main colour, `#rrggbb`.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#2563eb")]
    pub color: String,
    /// The logo's address.
    pub logo_url: Option<Url>,
}

/// How support runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preferences {
    /// Whether waiting conversations are given to available agents by themselves.
    pub auto_assign: bool,
    /// How many open conversations a new agent may have at once.
    #[schema(minimum = 0, maximum = 1000)]
    pub default_capacity: u32,
    /// How long an agent's last socket may be gone before the agent counts as offline, in seconds.
    #[schema(minimum = 5, maximum = 3600)]
    pub offline_grace_seconds: u32,
    /// The language of the customer's pages; without one, the browser's.
    #[serde(default)]
    pub language: Option<Language>,
}

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Language {
    /// English.
    En,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Arabic.
    Ar,
}

/// Changes to settings. An outer `None` leaves a setting alone, an inner `None` clears it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsChanges {
    /// What a customer reads first.
    #[serde(default, with = "crate::given", skip_serializing_if = "Option::is_none")]
    pub welcome_message: Option<Option<MessageText>>,
    /// What a customer reads first when nobody is there.
    #[serde(default, with = "crate::given", skip_serializing_if = "Option::is_none")]
    pub away_message: Option<Option<MessageText>>,
    /// The main colour, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The logo's address.
    #[serde(default, with = "crate::given", skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<Option<Url>>,
    /// Whether waiting conversations are given out by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_assign: Option<bool>,
    /// A new agent's capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_capacity: Option<u32>,
    /// The grace period in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline_grace_seconds: Option<u32>,
    /// The language of the customer's pages.
    #[serde(default, with = "crate::given", skip_serializing_if = "Option::is_none")]
    pub language: Option<Option<Language>>,
    /// When somebody is there.
    #[serde(default, with = "crate::given", skip_serializing_if = "Option::is_none")]
    pub hours: Option<Option<Hours>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            welcome_message: None,
            away_message: None,
            branding: Branding { color: "#2563eb".to_owned(), logo_url: None },
            preferences: Preferences {
                auto_assign: true,
                default_capacity: 5,
                offline_grace_seconds: 30,
                language: None,
            },
            hours: None,
        }
    }
}

impl Settings {
    /// These settings with the changes laid over them.
    #[must_use]
    pub fn changed(&self, changes: &SettingsChanges) -> Self {
        let c = changes.clone();
        Self {
            welcome_message: c.welcome_message.unwrap_or_else(|| self.welcome_message.clone()),
            away_message: c.away_message.unwrap_or_else(|| self.away_message.clone()),
            branding: Branding {
                color: c.color.unwrap_or_else(|| self.branding.color.clone()),
                logo_url: c.logo_url.unwrap_or_else(|| self.branding.logo_url.clone()),
            },
            preferences: Preferences {
                auto_assign: c.auto_assign.unwrap_or(self.preferences.auto_assign),
                default_capacity: c.default_capacity.unwrap_or(self.preferences.default_capacity),
                offline_grace_seconds: c
                    .offline_grace_seconds
                    .unwrap_or(self.preferences.offline_grace_seconds),
                language: c.language.unwrap_or(self.preferences.language),
            },
            hours: c.hours.unwrap_or_else(|| self.hours.clone()),
        }
    }
}

impl EventType for BusinessEvent {
    fn event_type(&self) -> &'static str {
        match self {
            Self::SetUp { .. } => "BusinessSetUp",
            Self::SettingsChanged { .. } => "SettingsChanged",
            Self::KeyCreated { .. } => "KeyCreated",
            Self::KeyChanged { .. } => "KeyChanged",
            Self::KeyRotated { .. } => "KeyRotated",
            Self::KeyRevoked { .. } => "KeyRevoked",
            Self::ReplySaved { .. } => "ReplySaved",
            Self::ReplyDeleted { .. } => "ReplyDeleted",
        }
    }

    fn event_version(&self) -> i32 {
        1
    }
}
