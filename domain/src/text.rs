//! Values from outside, checked once at the edge: names, addresses, texts, tags, origins, metadata.
//!
//! Reading one from the log never checks again: what was recorded stays readable when a limit changes.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a value can't be accepted, in one sentence without the field's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, max $max:literal, pattern $pattern:literal, example $example:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters accepted.
            pub const MAX_CHARS: usize = $max;

            /// Accepts the text, without white space around it.
            ///
            /// # Errors
            /// [`Invalid`] when it is blank, too long, or not of this form.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                let text = text.trim();
                if text.is_empty() {
                    return Err(Invalid("must not be blank".to_owned()));
                }
                if text.chars().count() > $max {
                    return Err(Invalid(concat!("must have at most ", $max, " characters").to_owned()));
                }
                let check: fn(&str) -> Result<String, Invalid> = $check;
                check(text).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .min_length(Some(1))
                    .max_length(Some($max))
                    .pattern(Some($pattern))
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

text!(/// What a message or a note says.
    MessageText, max 16384, pattern r"^[^\x00]*[^\s\x00][^\x00]*$", example "I need help with my order.", no_nul);
text!(/// A person's, a business's or a key's name: one line.
    Name, max 200, pattern r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", example "Jane Customer", one_line);
text!(/// An e-mail address.
    Email, max 254, pattern r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$", example "jane@example.com", email);
text!(/// A telephone number as people write it.
    Phone, max 50, pattern r"^[0-9+()./ -]*[0-9][0-9+()./ -]*$", example "+34 600 123 456", phone);
text!(/// The customer's id in the business's own system.
    ExternalUserId, max 255, pattern r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", example "cus_123", one_line);
text!(/// What a conversation is about, in a line.
    Subject, max 300, pattern r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", example "Order 4711", one_line);
text!(/// A label on a conversation, or a skill of an agent.
    Tag, max 50, pattern r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", example "billing", one_line);
text!(/// What a canned reply is called by: lower-case letters, digits and hyphens.
    Shortcut, max 32, pattern r"^[a-z0-9][a-z0-9-]{0,31}$", example "refund", shortcut);
text!(/// A web origin: `https://` (or `http://`), a host, perhaps a port; no path.
    Origin, max 255, pattern r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[1-9][0-9]{0,3})?$", example "https://app.acme.com", origin);
text!(/// The address of something on the web.
    Url, max 2000, pattern r"^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/[A-Za-z0-9._~/%-]*)?$", example "https://acme.com/logo.svg", https_url);

/// What a business keeps about a customer: up to 50 short scalar values under short keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object, example = json!({"plan": "pro", "accountUrl": "https://app.acme.com/accounts/7"}))]
pub struct Metadata(BTreeMap<String, Value>);

impl Metadata {
    /// The most keys.
    pub const MAX_KEYS: usize = 50;
    /// The most characters in a key.
    pub const MAX_KEY_CHARS: usize = 100;
    /// The most characters in a text value.
    pub const MAX_VALUE_CHARS: usize = 1000;

    /// Accepts the values; a `null` says that the key is to be removed.
    ///
    /// # Errors
    /// [`Invalid`] when there are too many, or one is too long, nested, or unprintable.
    pub fn new(values: BTreeMap<String, Value>) -> Result<Self, Invalid> {
        if values.len() > Self::MAX_KEYS {
            return Err(Invalid(format!("must have at most {} keys", Self::MAX_KEYS)));
        }
        for (key, value) in &values {
            if key.is_empty() || key.chars().count() > Self::MAX_KEY_CHARS || key.contains('\0') {
                return Err(Invalid(format!("keys must have 1 to {} characters", Self::MAX_KEY_CHARS)));
            }
            match value {
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
                Value::String(s) if s.chars().count() <= Self::MAX_VALUE_CHARS && !s.contains('\0') => {}
                Value::String(_) => {
                    return Err(Invalid(format!(
                        "the value of '{key}' must have at most {} characters",
                        Self::MAX_VALUE_CHARS
                    )));
                }
                Value::Array(_) | Value::Object(_) => {
                    return Err(Invalid(format!(
                        "the value of '{key}' must be a text, a number, true, false or null"
                    )));
                }
            }
        }
        Ok(Self(values))
    }

    /// The values by key.
    #[must_use]
    pub const fn values(&self) -> &BTreeMap<String, Value> {
        &self.0
    }

    /// This with the changes laid over it: a value replaces, a `null` removes, the rest stays.
    #[must_use]
    pub fn merged(&self, changes: &Self) -> Self {
        let mut values = self.0.clone();
        values.extend(changes.0.clone());
        values.retain(|_, v| !v.is_null());
        Self(values)
    }

    /// Of the changes those that change something here; none when all of it already is so.
    #[must_use]
    pub fn real_changes(&self, changes: &Self) -> Option<Self> {
        let is_real = |(key, wanted): &(&String, &Value)| self.0.get(*key).unwrap_or(&Value::Null) != *wanted;
        let real: BTreeMap<_, _> =
            changes.0.iter().filter(is_real).map(|(key, value)| (key.clone(), value.clone())).collect();
        (!real.is_empty()).then_some(Self(real))
    }
}

fn no_nul(text: &str) -> Result<String, Invalid> {
    if text.contains('\0') {
        return Err(Invalid("must not contain the character U+0000".to_owned()));
    }
    Ok(text.to_owned())
}

fn one_line(text: &str) -> Result<String, Invalid> {
    if text.chars().any(|c| c.is_ascii_control()) {
        return Err(Invalid("must be one line without control characters".to_owned()));
    }
    Ok(text.to_owned())
}

fn shortcut(text: &str) -> Result<String, Invalid> {
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if text.starts_with('-') || !text.bytes().all(fine) {
        return Err(Invalid("must have lower-case letters, digits and hyphens only, like refund".to_owned()));
    }
    Ok(text.to_owned())
}

fn email(text: &str) -> Result<String, Invalid> {
    let fine = |part: &str, extra: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    match text.split_once('@') {
        Some((local, domain))
            if fine(local, ".!#$%&'*+/=?^_{|}~-") && domain.split('.').all(|label| fine(label, "-")) =>
        {
            Ok(text.to_owned())
        }
        _ => Err(Invalid("must be an e-mail address like jane@example.com".to_owned())),
    }
}

fn phone(text: &str) -> Result<String, Invalid> {
    let fine = text.chars().all(|c| c.is_ascii_digit() || "+()./ -".contains(c))
        && text.chars().any(|c| c.is_ascii_digit());
    if !fine {
        return Err(Invalid("must be a telephone number like +34 600 123 456".to_owned()));
    }
    Ok(text.to_owned())
}

fn host_is_fine(host: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    edge(host.as_bytes().first())
        && edge(host.as_bytes().last())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
}

fn origin(text: &str) -> Result<String, Invalid> {
    let wrong = || Invalid("must be an origin like https://app.acme.com, without a path".to_owned());
    let lower = text.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, authority) = lower.split_once("://").ok_or_else(wrong)?;
    let (host, port) = authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p)));
    let default_port = match scheme {
        "https" => "443",
        "http" => "80",
        _ => return Err(wrong()),
    };
    let port_is_fine = |p: &str| !p.starts_with('0') && p.parse::<u16>().is_ok();
    if !host_is_fine(host) || port.is_some_and(|p| !port_is_fine(p)) {
        return Err(wrong());
    }
    // A browser leaves the scheme's own port out of the Origin header, so it must not count here either.
    Ok(match port {
        Some(p) if p != default_port => format!("{scheme}://{host}:{p}"),
        _ => format!("{scheme}://{host}"),
    })
}

fn https_url(text: &str) -> Result<String, Invalid> {
    let rest = text.strip_prefix("https://");
    let (host, path) = rest.map_or(("", ""), |r| r.find('/').map_or((r, ""), |i| r.split_at(i)));
    let path_is_fine = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~/%-".contains(&b));
    if !host_is_fine(host) || !path_is_fine {
        return Err(Invalid("must be an address like https://acme.com/logo.svg".to_owned()));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_trimmed_bounded_and_printable() {
        assert_eq!(Name::new("  Jane ").map(|n| n.0), Ok("Jane".to_owned()));
        assert!(Name::new(" \t ").is_err());
        assert!(Name::new("a\nb").is_err());
        assert!(Name::new(&"é".repeat(200)).is_ok());
        assert!(Name::new(&"é".repeat(201)).is_err());
        assert!(MessageText::new("two\nlines").is_ok());
        assert!(MessageText::new("nul\0").is_err());
    }

    #[test]
    fn addresses_have_their_form() {
        assert!(Email::new("jane+x@mail.example.com").is_ok());
        for wrong in ["jane", "@x.com", "jane@", "jane@x..com", "jane@@x.com", "ja ne@x.com"] {
            assert!(Email::new(wrong).is_err(), "{wrong}");
        }
        assert!(Phone::new("+34 (600) 123-456").is_ok());
        assert!(Phone::new("none").is_err());
        assert!(Url::new("https://acme.com/a/logo.svg").is_ok());
        for wrong in ["http://acme.com", "javascript:alert(1)", "https://", "https://a b.com"] {
            assert!(Url::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_written_as_a_browser_writes_it() {
        let written = |s: &str| Origin::new(s).map(|o| o.0);
        assert_eq!(written("HTTPS://App.Acme.com/"), Ok("https://app.acme.com".to_owned()));
        assert_eq!(written("https://app.acme.com:443"), Ok("https://app.acme.com".to_owned()));
        assert_eq!(written("http://10.0.0.1:8080"), Ok("http://10.0.0.1:8080".to_owned()));
        for wrong in
            ["app.acme.com", "https://acme.com/path", "ftp://acme.com", "https://acme.com:0", "https://"]
        {
            assert!(Origin::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fraction_comes_back_from_the_log_as_it_was() {
        let value = json!(2.045_721_036_661_048_4e-308);
        assert_eq!(serde_json::from_str::<Value>(&value.to_string()).expect("JSON"), value);
    }

    #[test]
    fn metadata_merges_key_by_key_and_null_removes() {
        let of = |v: Value| Metadata::new(serde_json::from_value(v).expect("an object"));
        let old = of(json!({"plan": "free", "seats": 3})).expect("fine");
        let changes = of(json!({"plan": "pro", "seats": null, "vip": true})).expect("fine");
        assert_eq!(
            serde_json::to_value(old.merged(&changes)).expect("JSON"),
            json!({"plan": "pro", "vip": true})
        );
        assert!(of(json!({"nested": {}})).is_err());
        assert!(of(json!({"long": "x".repeat(1001)})).is_err());
    }
}
