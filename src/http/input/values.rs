//! The values that fields can have: the domain's checked texts, ids, choices, and what is left out or cleared.

use chrono::{DateTime, Utc};
use openchat_domain::{
    AgentId, CallId, ConversationId, Email, ExternalUserId, FileId, KeyId, MessageId, MessageText, Metadata,
    Name, Origin, Phone, Subject, Tag, Url,
    agent::{Availability, Role},
    business::{Day, Hours, Language, OriginMode, Permission, Span, TimeOfDay, TimeZone},
};
use openchat_projections::{Cursor, Page};
use serde_json::Value;

use super::{Faults, Fields, Input};
use crate::accounts::Password;

/// A change of something that can be cleared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Not mentioned: stays as it is.
    #[default]
    Keep,
    /// `null`: cleared.
    Clear,
    /// A new value.
    Set(T),
}

/// A text that counts as absent when it is blank, as backends send it from empty form fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blankable<T>(pub Option<T>);

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<const MIN: u32, const MAX: u32>(pub u32);

/// How many entries a page is to have, in a query; 50 unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub i64);

impl Limit {
    const MAX: i64 = Page::<()>::MAX;
}

macro_rules! text_inputs {
    ($($type:ident),*) => {$(
        impl Input for $type {
            fn read(value: Value) -> Result<Self, Faults> {
                Self::new(&String::read(value)?).map_err(|invalid| Faults::of(invalid.0))
            }
        }
    )*};
}
text_inputs!(
    Name,
    Email,
    Phone,
    MessageText,
    ExternalUserId,
    Subject,
    Tag,
    Origin,
    Url,
    Password,
    TimeOfDay,
    TimeZone
);

macro_rules! id_inputs {
    ($($type:ident),*) => {$(
        impl Input for $type {
            fn read(value: Value) -> Result<Self, Faults> {
                let text = String::read(value)?;
                let fault = || format!("must be {}_ followed by 32 hexadecimal digits", Self::PREFIX);
                text.parse().map_err(|_| Faults::of(fault()))
            }
        }
    )*};
}
id_inputs!(AgentId, CallId, ConversationId, FileId, KeyId, MessageId);

/// Makes enums that serde reads [`Input`]s, each with what to say of another value.
macro_rules! choice_inputs {
    ($($type:ty => $fault:literal),* $(,)?) => {$(
        impl $crate::http::input::Input for $type {
            fn read(value: serde_json::Value) -> Result<Self, $crate::http::input::Faults> {
                serde_json::from_value(value).map_err(|_| $crate::http::input::Faults::of($fault))
            }
        }
    )*};
}
pub(crate) use choice_inputs;
choice_inputs! {
    Role => "must be agent or admin",
    Availability => "must be online, away or offline",
    OriginMode => "must be strict or hotspot",
    Language => "must be en, es, fr or ar",
    Day => "must be mon, tue, wed, thu, fri, sat or sun",
    Permission => "must be support:read, support:write or calls:write",
}

impl Input for Hours {
    fn read(value: Value) -> Result<Self, Faults> {
        let mut fields = Fields::of(value)?;
        let (time_zone, week) = (fields.take("time_zone"), fields.take("week"));
        fields.close(true)?;
        time_zone.zip(week).map(|(time_zone, week)| Self { time_zone, week }).ok_or_else(Faults::default)
    }
}

impl Input for Span {
    fn read(value: Value) -> Result<Self, Faults> {
        let mut fields = Fields::of(value)?;
        let (day, from, to) = (fields.take("day"), fields.take("from"), fields.take("to"));
        fields.close(true)?;
        match (day, from, to) {
            (Some(day), Some(from), Some(to)) if from < to => Ok(Self { day, from, to }),
            (Some(_), Some(_), Some(_)) => Err(Faults::at("to", "must be later than from")),
            _ => Err(Faults::default()),
        }
    }
}

impl Input for String {
    fn read(value: Value) -> Result<Self, Faults> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(Faults::of("must be a text")),
        }
    }
}

impl Input for bool {
    fn read(value: Value) -> Result<Self, Faults> {
        value.as_bool().ok_or_else(|| Faults::of("must be true or false"))
    }
}

impl Input for i64 {
    fn read(value: Value) -> Result<Self, Faults> {
        integer(&value).ok_or_else(|| Faults::of("must be a whole number"))
    }

    fn read_text(text: String) -> Result<Self, Faults> {
        text.parse().map_err(|_| Faults::of("must be a whole number"))
    }
}

impl<const MIN: u32, const MAX: u32> Input for Count<MIN, MAX> {
    fn read(value: Value) -> Result<Self, Faults> {
        let number = integer(&value).and_then(|number| u32::try_from(number).ok());
        let fault = || Faults::of(format!("must be a whole number from {MIN} to {MAX}"));
        number.filter(|n| (MIN..=MAX).contains(n)).map(Self).ok_or_else(fault)
    }
}

impl Input for DateTime<Utc> {
    fn read(value: Value) -> Result<Self, Faults> {
        let time = DateTime::parse_from_rfc3339(&String::read(value)?);
        time.map(|t| t.to_utc()).map_err(|_| Faults::of("must be a time like 2026-03-01T09:30:00Z"))
    }
}

impl Input for Metadata {
    fn read(value: Value) -> Result<Self, Faults> {
        let Value::Object(values) = value else { return Err(Faults::of("must be an object")) };
        Self::new(values.into_iter().collect()).map_err(|invalid| Faults::of(invalid.0))
    }
}

impl Input for Cursor {
    fn read(value: Value) -> Result<Self, Faults> {
        String::read(value)?.parse().map_err(|e: openchat_projections::CursorError| Faults::of(e.to_string()))
    }
}

impl<T: Input> Input for Option<T> {
    fn read(value: Value) -> Result<Self, Faults> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }

    fn read_text(text: String) -> Result<Self, Faults> {
        T::read_text(text).map(Some)
    }

    fn absent() -> Result<Self, Faults> {
        Ok(None)
    }
}

impl<T: Input> Input for Patch<T> {
    fn read(value: Value) -> Result<Self, Faults> {
        if value.is_null() { Ok(Self::Clear) } else { T::read(value).map(Self::Set) }
    }

    fn absent() -> Result<Self, Faults> {
        Ok(Self::Keep)
    }
}

impl<T> Patch<T> {
    /// As the domain's changes have it: an outer `None` keeps, an inner `None` clears.
    #[must_use]
    pub fn change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

impl<T: Input> Input for Blankable<T> {
    fn read(value: Value) -> Result<Self, Faults> {
        match &value {
            Value::Null => Ok(Self(None)),
            Value::String(text) if text.trim().is_empty() => Ok(Self(None)),
            _ => T::read(value).map(|value| Self(Some(value))),
        }
    }

    fn absent() -> Result<Self, Faults> {
        Ok(Self(None))
    }
}

impl<T: utoipa::PartialSchema> Blankable<T> {
    /// The schema, for a field's `schema_with`.
    pub(in crate::http) fn schema() -> utoipa::openapi::Schema {
        use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};
        let blank = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^[ \t\r\n]*$"));
        let null = ObjectBuilder::new().schema_type(Type::Null);
        let any = AnyOfBuilder::new().item(T::schema()).item(blank).item(null);
        Schema::AnyOf(any.description(Some("Blank, `null` or left out: as it is known.")).build())
    }
}

impl<T: Input> Input for Vec<T> {
    fn read(value: Value) -> Result<Self, Faults> {
        let Value::Array(values) = value else { return Err(Faults::of("must be a list")) };
        let mut faults = Faults::default();
        let mut list = Self::with_capacity(values.len());
        for (i, value) in values.into_iter().enumerate() {
            match T::read(value) {
                Ok(value) => list.push(value),
                Err(fault) => faults.add(&i.to_string(), fault),
            }
        }
        if faults.0.is_empty() { Ok(list) } else { Err(faults) }
    }
}

impl Input for Limit {
    fn read(value: Value) -> Result<Self, Faults> {
        let number = value.as_str().and_then(|text| text.parse().ok());
        let fault = || Faults::of(format!("must be a whole number from 1 to {}", Self::MAX));
        number.filter(|n| (1..=Self::MAX).contains(n)).map(Self).ok_or_else(fault)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl utoipa::PartialSchema for Limit {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .minimum(Some(1))
            .maximum(Some(Self::MAX))
            .default(Some(50.into()))
            .into()
    }
}

impl utoipa::ToSchema for Limit {}

/// JSON knows one kind of number: 5.0 is a whole one.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= EXACT)?;
        format!("{number:.0}").parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_may_be_written_with_a_point() {
        assert_eq!(integer(&json!(5.0)), Some(5));
        assert_eq!(integer(&json!(-7)), Some(-7));
        assert_eq!(integer(&json!(5.5)), None);
        assert_eq!(integer(&json!(1e300)), None);
        assert_eq!(Count::<0, 9>::read(json!(9)), Ok(Count(9)));
        assert!(Count::<0, 9>::read(json!(10)).is_err() && Count::<0, 9>::read(json!(-1)).is_err());
    }
}
