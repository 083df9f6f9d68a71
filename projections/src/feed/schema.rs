//! Schemas of changes: objects of which any member may be absent, and some may be null to clear a value.

use openchat_domain::{Email, MessageText, Metadata, Name, Phone, Url};
use utoipa::{
    PartialSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, Type},
    },
};

/// `ProfileChanges`.
pub(super) fn profile_changes() -> Schema {
    profile().property("metadata", Metadata::schema()).into()
}

/// `ProfileChanges` as a customer is told of them: without metadata.
pub(super) fn own_profile_changes() -> Schema {
    profile().into()
}

/// `SettingsChanges`.
pub(super) fn settings_changes() -> Schema {
    public_settings()
        .property("autoAssign", bool::schema())
        .property("defaultCapacity", u32::schema())
        .property("offlineGraceSeconds", u32::schema())
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
}

fn clearable<T: PartialSchema>() -> RefOr<Schema> {
    OneOfBuilder::new().item(ObjectBuilder::new().schema_type(Type::Null)).item(T::schema()).into()
}
