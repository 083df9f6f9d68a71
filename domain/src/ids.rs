//! Typed, sortable ids: a prefix that says what it names, and a UUID.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// Why a string is not an id of the expected type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id like {prefix}_ followed by 32 hexadecimal digits")]
pub struct IdError {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        ///
        /// Written as the prefix, an underscore and the UUID's 32 lower-case hexadecimal digits; ids made later sort later.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The id's prefix, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID: a v7 from whoever has clock and randomness, or a v5 derived from a name.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                parse(s, concat!($prefix, "_"))
                    .map(Self)
                    .ok_or(IdError { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, concat!("an id like ", $prefix, "_ and 32 hexadecimal digits"))
                    }
                    fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
                        v.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$")))
                    .examples([concat!($prefix, "_019aafc33b7c7d80a1b2c3d4e5f60718")])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

fn parse(s: &str, prefix: &str) -> Option<Uuid> {
    let hex = s.strip_prefix(prefix)?;
    let canonical = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    canonical.then(|| Uuid::try_parse(hex).ok())?
}

id!(/// A business, which is a tenant.
    BusinessId, "biz");
id!(/// A person who can sign in.
    UserId, "usr");
id!(/// A person's place in one business's support team.
    AgentId, "agt");
id!(/// A customer of a business, known or anonymous.
    CustomerId, "cus");
id!(/// A conversation.
    ConversationId, "cnv");
id!(/// A message or a note.
    MessageId, "msg");
id!(/// An integration key.
    KeyId, "key");
id!(/// An audio or video call.
    CallId, "call");
id!(/// A file that somebody has sent, or is about to.
    FileId, "fil");
id!(/// An event in the log.
    EventId, "evt");
id!(/// A webhook endpoint.
    WebhookId, "whk");
id!(/// A business's default support channel.
    ChannelId, "chn");
id!(/// A signed-in session (its public name, never its secret).
    SessionId, "ses");

/// Names one intent of one client: a command that is sent again under the same id happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(Uuid);

impl CommandId {
    /// Wraps a fresh UUID, for a command that nobody will repeat.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Derives the id from what makes the intent the same: equal parts, equal id (UUIDv5).
    #[must_use]
    pub fn derive(tenant: BusinessId, parts: &[&str]) -> Self {
        // The unit separator can't occur in an id or a header, so parts can't run into each other.
        Self(Uuid::new_v5(&tenant.uuid(), parts.join("\u{1f}").as_bytes()))
    }

    /// The UUID inside.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl CustomerId {
    /// The id under which a business's customer is registered: the same for the same `externalUserId`, always.
    #[must_use]
    pub fn of_external(tenant: BusinessId, external_user_id: &str) -> Self {
        Self(Uuid::new_v5(&tenant.uuid(), format!("customer\u{1f}{external_user_id}").as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_writes_and_nothing_else() {
        let id = ConversationId::from_uuid(Uuid::from_u128(0x0123_4567_89ab_cdef));
        let text = id.to_string();
        assert_eq!(text, "cnv_00000000000000000123456789abcdef");
        assert_eq!(text.parse(), Ok(id));
        for wrong in [
            "",
            "cnv_",
            "msg_00000000000000000123456789abcdef",
            "cnv_00000000000000000123456789ABCDEF",
            "cnv_00000000-0000-0000-0123-456789abcdef",
            "cnv_00000000000000000123456789abcdeff",
        ] {
            assert_eq!(wrong.parse::<ConversationId>(), Err(IdError { prefix: "cnv" }), "{wrong}");
        }
    }

    #[test]
    fn a_derived_id_depends_on_the_tenant_and_on_every_part() {
        let tenant = |n| BusinessId::from_uuid(Uuid::from_u128(n));
        let id = CommandId::derive(tenant(1), &["a", "b"]);
        assert_eq!(id, CommandId::derive(tenant(1), &["a", "b"]));
        assert_ne!(id, CommandId::derive(tenant(2), &["a", "b"]));
        assert_ne!(id, CommandId::derive(tenant(1), &["ab"]));
        assert_ne!(id, CommandId::derive(tenant(1), &["b", "a"]));
    }
}
