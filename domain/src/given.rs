//! Changes to a field: whether one is given, whether it changes anything, and serde that tells an absent field
//! (`None`) from a `null` (`Some(None)`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the value, or `null`; an absent field is skipped by its attribute.
///
/// # Errors
/// The serializer's.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) fn serialize<T: Serialize, S: Serializer>(
    value: &Option<Option<T>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().and_then(Option::as_ref).serialize(serializer)
}

/// Reads a field that is there: a value, or `null`.
///
/// # Errors
/// The deserializer's.
pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// The wanted value, if one is given and it isn't what already is.
pub(crate) fn unless_same<T: PartialEq + Clone>(now: &T, wanted: Option<&T>) -> Option<T> {
    wanted.filter(|wanted| *wanted != now).cloned()
}
