//! What requests bring, read once at the edge into the domain's own types, with every fault told and not only the first.

mod extract;
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub(super) use extract::read_payload;
pub use extract::{Body, Id, OptionalBody, Query};
pub(crate) use values::choice_inputs;
pub use values::{Blankable, Limit, Patch};

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

    /// What it is when the request doesn't bring it.
    ///
    /// # Errors
    /// That it is required, unless it isn't.
    fn absent() -> Result<Self, Faults> {
        Err(Faults::of("is required"))
    }
}

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
        $crate::http::input::input!(@body [#[derive(utoipa::ToSchema)] $(#[$meta])*
            #[schema(rename_all = "camelCase")] #[serde(deny_unknown_fields)]] $vis $name true $fields);
    };
    ($(#[$meta:meta])* $vis:vis open struct $name:ident $fields:tt) => {
        $crate::http::input::input!(@body [#[derive(utoipa::ToSchema)] $(#[$meta])*
            #[schema(rename_all = "camelCase")]] $vis $name false $fields);
    };
    ($(#[$meta:meta])* $vis:vis query struct $name:ident $fields:tt) => {
        $crate::http::input::input!(@body [#[derive(utoipa::IntoParams)] $(#[$meta])*
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
    let name = name.strip_prefix("r#").unwrap_or(name);
    let mut camel = String::with_capacity(name.len());
    for (i, word) in name.split('_').enumerate() {
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
