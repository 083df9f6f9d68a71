//! What requests bring, read once at the edge into the domain's own types, with every fault told and not only the first.

mod extract;
mod values;

use std::collections::BTreeMap;

use actix_web::web;
use serde_json::Value;

pub(super) use extract::read_payload;
pub use extract::{Body, Id, OptionalBody, Query};
pub(crate) use values::choice_inputs;
pub use values::{Blankable, Count, Limit, Patch};

use super::Problem;

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

    /// Reads it from a query, where everything is a text.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn read_text(text: String) -> Result<Self, Faults> {
        Self::read(Value::String(text))
    }

    /// What it is when the request doesn't bring it.
    ///
    /// # Errors
    /// That it is required, unless it isn't.
    fn absent() -> Result<Self, Faults> {
        Err(Faults::of("is required"))
    }
}

/// An object, or a query, on its way to a struct: hands out its fields and collects what is wrong with them.
#[derive(Debug)]
pub struct Fields<V = Value> {
    rest: BTreeMap<String, V>,
    faults: Faults,
}

/// A query string that a request can bring.
pub trait QueryInput: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn read(fields: Fields<String>) -> Result<Self, Faults>;
}

/// Defines a body or query: a struct whose fields are [`Input`]s, read from an object with camelCase names.
///
/// `closed` refuses fields that it doesn't know, `open` ignores them; a `query` is always closed.
/// The same definition is the schema in the OpenAPI document.
macro_rules! input {
    ($(#[$meta:meta])* $vis:vis closed struct $name:ident $fields:tt) => {
        $crate::http::input::input!(@define [#[derive(utoipa::ToSchema)] $(#[$meta])*
            #[schema(rename_all = "camelCase")] #[serde(deny_unknown_fields)]] $vis $name $fields);
        $crate::http::input::input!(@body $name true $fields);
    };
    ($(#[$meta:meta])* $vis:vis open struct $name:ident $fields:tt) => {
        $crate::http::input::input!(@define [#[derive(utoipa::ToSchema)] $(#[$meta])*
            #[schema(rename_all = "camelCase")]] $vis $name $fields);
        $crate::http::input::input!(@body $name false $fields);
    };
    ($(#[$meta:meta])* $vis:vis query struct $name:ident $fields:tt) => {
        $crate::http::input::input!(@define [#[derive(utoipa::IntoParams)] $(#[$meta])*
            #[into_params(rename_all = "camelCase", parameter_in = Query)]] $vis $name $fields);
        impl $crate::http::input::QueryInput for $name {
            fn read(fields: $crate::http::input::Fields<String>) -> Result<Self, $crate::http::input::Faults> {
                $crate::http::input::input!(@read fields true $fields)
            }
        }
    };
    (@define [$($head:tt)*] $vis:vis $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)?
    }) => {
        #[derive(Debug)]
        $($head)*
        $vis struct $name { $($(#[$field_meta])* $vis $field: $type),* }
    };
    (@body $name:ident $closed:literal $fields:tt) => {
        impl $crate::http::input::Input for $name {
            fn read(value: serde_json::Value) -> Result<Self, $crate::http::input::Faults> {
                let fields = $crate::http::input::Fields::of(value)?;
                $crate::http::input::input!(@read fields $closed $fields)
            }
        }
    };
    (@read $from:ident $closed:literal {
        $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)?
    }) => {{
        let mut fields = $from;
        $(let $field = fields.take(stringify!($field));)*
        fields.close($closed)?;
        // Whatever is missing has left a fault, on which `close` has returned.
        match ($($field,)*) {
            ($(Some($field),)*) => Ok(Self { $($field),* }),
            _ => Err($crate::http::input::Faults::default()),
        }
    }};
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
            Value::Object(rest) => Ok(Self { rest: rest.into_iter().collect(), faults: Faults::default() }),
            _ => Err(Faults::of("must be an object")),
        }
    }

    /// Takes a field by its Rust name; none when something is wrong with it, which is then kept for later.
    pub fn take<T: Input>(&mut self, name: &str) -> Option<T> {
        self.take_with(name, T::read)
    }
}

impl Fields<String> {
    /// The fields of a query string.
    ///
    /// # Errors
    /// When it is unreadable, or one is given twice.
    pub fn of_query(query: &str) -> Result<Self, Faults> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
        let pairs = pairs.map_err(|_| Faults::of("must be a query string"))?;
        let mut rest = BTreeMap::new();
        for (name, value) in pairs.into_inner() {
            if rest.insert(name.clone(), value).is_some() {
                return Err(Faults::at(&name, "must not be given twice"));
            }
        }
        Ok(Self { rest, faults: Faults::default() })
    }

    /// Takes a field by its Rust name; none when something is wrong with it, which is then kept for later.
    pub fn take<T: Input>(&mut self, name: &str) -> Option<T> {
        self.take_with(name, T::read_text)
    }
}

impl<V> Fields<V> {
    fn take_with<T: Input>(&mut self, name: &str, read: fn(V) -> Result<T, Faults>) -> Option<T> {
        let name = camel_case(name);
        match self.rest.remove(&name).map_or_else(T::absent, read) {
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
    // A name that is also a keyword is written `r#type`.
    for (i, word) in name.trim_start_matches("r#").split('_').enumerate() {
        let (first, rest) = word.split_at(word.len().min(usize::from(i > 0)));
        camel.push_str(&first.to_ascii_uppercase());
        camel.push_str(rest);
    }
    camel
}

#[cfg(test)]
mod tests {
    use openchat_domain::{Email, Name, Tag, Url};
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
}
