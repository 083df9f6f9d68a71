//! What requests bring, read once at the edge into the domain's own types, with every fault told and not only the first.

use std::collections::BTreeMap;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::CONTENT_TYPE,
    web::{self, Bytes},
};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, future::LocalBoxFuture};
use openchat_domain::{
    AgentId, CallId, ConversationId, Email, ExternalUserId, KeyId, MessageId, MessageText, Metadata, Name,
    Origin, Phone, Subject, Tag, Url,
    agent::{Availability, Role},
    business::{OriginMode, Permission},
};
use serde_json::{Map, Value};

use super::Problem;
use crate::accounts::Password;

/// What is wrong, by path: `""` is the value itself, `customer.name` a field within.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Faults(BTreeMap<String, String>);

/// A value that a request can bring.
pub trait Input: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn read(value: Value) -> Result<Self, Faults>;

    /// What it is when the request doesn't bring it.
    ///
    /// # Errors
    /// That it is required, unless it isn't.
    fn absent() -> Result<Self, Faults> {
        Err(Faults::of("is required"))
    }
}

/// A JSON body. Extracting it answers 400, 413, 415 or 422 when it isn't there as it must be.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// A JSON body that may be left out, which is the same as `{}`.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

/// The query string. Extracting it answers 422 when it isn't as it must be.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// The id in the path. Extracting it answers 404 when it isn't one: there is nothing of that name.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

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

/// An object on its way to a struct: hands out its fields and collects what is wrong with them.
#[derive(Debug)]
pub struct Fields {
    rest: Map<String, Value>,
    faults: Faults,
}

/// Defines a body or query: a struct whose fields are [`Input`]s, read from an object with camelCase names.
///
/// `closed` refuses fields that it doesn't know, `open` ignores them; a `query` is always closed.
/// The same definition is the schema in the OpenAPI document.
macro_rules! input {
    ($(#[$meta:meta])* $vis:vis closed struct $name:ident $fields:tt) => {
        $crate::http::input::input!(@body [$(#[$meta])* #[derive(utoipa::ToSchema)]
            #[schema(rename_all = "camelCase")] #[serde(deny_unknown_fields)]] $vis $name true $fields);
    };
    ($(#[$meta:meta])* $vis:vis open struct $name:ident $fields:tt) => {
        $crate::http::input::input!(@body [$(#[$meta])* #[derive(utoipa::ToSchema)]
            #[schema(rename_all = "camelCase")]] $vis $name false $fields);
    };
    ($(#[$meta:meta])* $vis:vis query struct $name:ident $fields:tt) => {
        $crate::http::input::input!(@body [$(#[$meta])* #[derive(utoipa::IntoParams)]
            #[into_params(rename_all = "camelCase", parameter_in = Query)]] $vis $name true $fields);
    };
    (@body [$($head:tt)*] $vis:vis $name:ident $closed:literal {
        $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)?
    }) => {
        #[derive(Debug)]
        $($head)*
        $vis struct $name { $($(#[$field_meta])* $vis $field: $type),* }

        impl $crate::http::input::Input for $name {
            fn read(value: serde_json::Value) -> Result<Self, $crate::http::input::Faults> {
                let mut fields = $crate::http::input::Fields::of(value)?;
                $(let $field = fields.take(stringify!($field));)*
                fields.close($closed)?;
                // Whatever is missing has left a fault, on which `close` has returned.
                match ($($field,)*) {
                    ($(Some($field),)*) => Ok(Self { $($field),* }),
                    _ => Err($crate::http::input::Faults::default()),
                }
            }
        }
    };
}
pub(crate) use input;

impl Faults {
    /// Something is wrong with the value itself.
    #[must_use]
    pub fn of(fault: impl Into<String>) -> Self {
        Self(BTreeMap::from([(String::new(), fault.into())]))
    }

    /// Something is wrong with one field.
    #[must_use]
    pub fn at(path: &str, fault: impl Into<String>) -> Self {
        Self(BTreeMap::from([(path.to_owned(), fault.into())]))
    }

    fn add(&mut self, path: &str, faults: Self) {
        for (inner, fault) in faults.0 {
            let path = if inner.is_empty() { path.to_owned() } else { format!("{path}.{inner}") };
            self.0.insert(path, fault);
        }
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::invalid(faults.0)
    }
}

impl Fields {
    /// The fields of an object.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(value: Value) -> Result<Self, Faults> {
        match value {
            Value::Object(rest) => Ok(Self { rest, faults: Faults::default() }),
            _ => Err(Faults::of("must be an object")),
        }
    }

    /// Takes a field by its Rust name; none when something is wrong with it, which is then kept for later.
    pub fn take<T: Input>(&mut self, name: &str) -> Option<T> {
        let name = camel_case(name);
        match self.rest.remove(&name).map_or_else(T::absent, T::read) {
            Ok(value) => Some(value),
            Err(faults) => {
                self.faults.add(&name, faults);
                None
            }
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// What was wrong with the fields taken, and, when `closed`, every field that nobody took.
    pub fn close(mut self, closed: bool) -> Result<(), Faults> {
        if closed {
            for name in self.rest.keys() {
                self.faults.add(name, Faults::of("is not a field of this request"));
            }
        }
        if self.faults.0.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}

fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    for (i, word) in name.split('_').enumerate() {
        let (first, rest) = word.split_at(word.len().min(usize::from(i > 0)));
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
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
text_inputs!(Name, Email, Phone, MessageText, ExternalUserId, Subject, Tag, Origin, Url, Password);

macro_rules! id_inputs {
    ($($type:ident),*) => {$(
        impl Input for $type {
            fn read(value: Value) -> Result<Self, Faults> {
                let text = String::read(value)?;
                text.parse().map_err(|_| Faults::of(concat!("must be an id like ", stringify!($type))))
            }
        }
    )*};
}
id_inputs!(AgentId, CallId, ConversationId, KeyId, MessageId);

macro_rules! choice_inputs {
    ($($type:ty => $fault:literal),* $(,)?) => {$(
        impl Input for $type {
            fn read(value: Value) -> Result<Self, Faults> {
                serde_json::from_value(value).map_err(|_| Faults::of($fault))
            }
        }
    )*};
}
pub(crate) use choice_inputs;
choice_inputs! {
    Role => "must be agent or admin",
    Availability => "must be online, away or offline",
    OriginMode => "must be strict or hotspot",
    Permission => "must be support:read, support:write or calls:write",
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
}

impl Input for u32 {
    fn read(value: Value) -> Result<Self, Faults> {
        let number = integer(&value).and_then(|number| Self::try_from(number).ok());
        number.ok_or_else(|| Faults::of("must be a whole number, not negative"))
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

impl<T: Input> Input for Option<T> {
    fn read(value: Value) -> Result<Self, Faults> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
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

/// JSON knows one kind of number: 5.0 is a whole one.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= EXACT)?;
        format!("{number:.0}").parse().ok()
    })
}

impl<T: Input + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let typed = check_type(req);
        let payload = payload.take();
        Box::pin(async move {
            typed?;
            let bytes = read_payload(payload).await?;
            Ok(Self(T::read(parse(&bytes)?)?))
        })
    }
}

impl<T: Input + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let typed = check_type(req);
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read_payload(payload).await?;
            if bytes.is_empty() {
                return Ok(Self(T::read(Value::Object(Map::new()))?));
            }
            typed?;
            Ok(Self(T::read(parse(&bytes)?)?))
        })
    }
}

impl<T: Input> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(read_query(req.query_string()).map(Self).map_err(Problem::from))
    }
}

impl<T: std::str::FromStr> FromRequest for Id<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").and_then(|id| id.parse().ok());
        std::future::ready(
            id.map(Self).ok_or_else(|| Problem::not_found("not_found", "There is no such thing.")),
        )
    }
}

/// Reads a whole body into memory, within the limit.
pub(super) async fn read_payload(mut payload: Payload) -> Result<Bytes, Problem> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => Problem::too_large(),
            _ => Problem::bad_request("unreadable_body", "The body ended before it was complete."),
        })?;
        if body.len() + chunk.len() > super::BODY_LIMIT {
            return Err(Problem::too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn check_type(req: &HttpRequest) -> Result<(), Problem> {
    let content_length = req.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse().ok());
    if content_length.is_some_and(|length: usize| length > super::BODY_LIMIT) {
        return Err(Problem::too_large());
    }
    let mime = req.mime_type().ok().flatten().filter(|_| req.headers().contains_key(CONTENT_TYPE));
    let is_json = mime.is_some_and(|m| {
        m.type_() == "application" && (m.subtype() == "json" || m.suffix().is_some_and(|s| s == "json"))
    });
    if is_json { Ok(()) } else { Err(Problem::unsupported_type()) }
}

fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|e| Problem::bad_request("unreadable_body", format!("The body is not readable JSON: {e}.")))
}

fn read_query<T: Input>(query: &str) -> Result<T, Faults> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
    let pairs = pairs.map_err(|_| Faults::of("must be a query string"))?;
    let mut values = Map::new();
    for (name, value) in pairs.into_inner() {
        if values.insert(name.clone(), Value::String(value)).is_some() {
            return Err(Faults::at(&name, "must not be given twice"));
        }
    }
    T::read(Value::Object(values))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    input! {
        /// A person.
        closed struct Person {
            /// Its name.
            full_name: Name,
            /// Its address.
            email: Email,
            /// Its logo.
            #[schema(value_type = Option<Url>)]
            logo: Patch<Url>,
            /// Its labels.
            tags: Option<Vec<Tag>>,
        }
    }

    input! {
        /// A wrapper.
        open struct Outer {
            /// Somebody.
            person: Person,
        }
    }

    fn faults<T: Input>(value: Value) -> Vec<(String, String)> {
        T::read(value).err().map(|f| f.0.into_iter().collect()).unwrap_or_default()
    }

    fn fault(path: &str, fault: &str) -> (String, String) {
        (path.to_owned(), fault.to_owned())
    }

    #[test]
    fn a_fine_body_is_read_into_the_domains_types() {
        let value = json!({"person": {"fullName": " Jane ", "email": "j@x.com", "logo": null}, "more": 1});
        let Outer { person } = Outer::read(value).expect("fine");
        assert_eq!((person.full_name.as_str(), person.logo), ("Jane", Patch::Clear));
        assert_eq!((person.tags, person.email.as_str()), (None, "j@x.com"));
    }

    #[test]
    fn every_fault_is_told_with_its_path() {
        let value = json!({"person": {"email": "jane", "logo": 7, "tags": ["a", ""], "tenantId": "x"}});
        assert_eq!(
            faults::<Outer>(value),
            [
                fault("person.email", "must be an e-mail address like jane@example.com"),
                fault("person.fullName", "is required"),
                fault("person.logo", "must be a text"),
                fault("person.tags.1", "must not be blank"),
                fault("person.tenantId", "is not a field of this request"),
            ]
        );
        assert_eq!(faults::<Outer>(json!([])), [fault("", "must be an object")]);
        assert_eq!(faults::<Outer>(json!({"person": null})), [fault("person", "must be an object")]);
    }

    #[test]
    fn whole_numbers_may_be_written_with_a_point() {
        assert_eq!(integer(&json!(5.0)), Some(5));
        assert_eq!(integer(&json!(-7)), Some(-7));
        assert_eq!(integer(&json!(5.5)), None);
        assert_eq!(integer(&json!(1e300)), None);
        assert!(u32::read(json!(-1)).is_err());
    }

    #[test]
    fn a_query_is_read_once_per_name() {
        assert!(read_query::<Person>("fullName=a+b&email=j%40x.com").is_ok());
        let twice = read_query::<Person>("email=a%40x.com&email=a%40x.com").expect_err("twice");
        assert_eq!(twice, Faults::at("email", "must not be given twice"));
        assert!(read_query::<Person>("fullName=a&email=j%40x.com&other=1").is_err());
    }
}
