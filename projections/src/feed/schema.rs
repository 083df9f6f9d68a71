//! The schemas of the feed's frames.

use std::collections::BTreeMap;

use openchat_domain::{
    Email, MessageText, Metadata, Name, Phone, Url,
    business::{Hours, Language},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, Type},
    },
};

use super::{AgentFrame, AgentSnapshot, ClientFrame, CustomerFrame, CustomerSnapshot};

/// Every schema of the feed by its name: `AgentFrame`, `CustomerFrame`, `ClientFrame`, the two snapshots, and
/// what they refer to (as `#/components/schemas/…`).
#[must_use]
pub fn schemas() -> BTreeMap<String, RefOr<Schema>> {
    fn add<T: ToSchema>(name: &str, all: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(all);
        all.push((name.to_owned(), T::schema()));
    }
    let mut all = Vec::new();
    add::<AgentFrame>("AgentFrame", &mut all);
    add::<CustomerFrame>("CustomerFrame", &mut all);
    add::<ClientFrame>("ClientFrame", &mut all);
    add::<AgentSnapshot>("AgentSnapshot", &mut all);
    add::<CustomerSnapshot>("CustomerSnapshot", &mut all);
    all.into_iter().collect()
}

/// `ProfileChanges`: any member may be absent, and a null clears it.
pub(super) fn profile_changes() -> Schema {
    profile().property("metadata", Metadata::schema()).into()
}

/// `ProfileChanges` as a customer is told of them: without metadata.
pub(super) fn own_profile_changes() -> Schema {
    profile().into()
}

/// `SettingsChanges`: any member may be absent, and a null clears it.
pub(super) fn settings_changes() -> Schema {
    public_settings()
        .property("autoAssign", bool::schema())
        .property("defaultCapacity", u32::schema())
        .property("offlineGraceSeconds", u32::schema())
        .property("hours", clearable::<Hours>())
        .into()
}

/// `SettingsChanges` as a customer is told of them: without preferences.
pub(super) fn public_settings_changes() -> Schema {
    public_settings().into()
}

fn profile() -> ObjectBuilder {
    ObjectBuilder::new()
        .property("name", clearable::<Name>())
        .property("email", clearable::<Email>())
        .property("phone", clearable::<Phone>())
}

fn public_settings() -> ObjectBuilder {
    ObjectBuilder::new()
        .property("welcomeMessage", clearable::<MessageText>())
        .property("awayMessage", clearable::<MessageText>())
        .property("color", String::schema())
        .property("logoUrl", clearable::<Url>())
        .property("language", clearable::<Language>())
}

fn clearable<T: PartialSchema>() -> RefOr<Schema> {
    OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Null)).item(T::schema()).into()
}
