//! Upcasters: bring the payload of an older event version to the form of today, one version at a time.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Turns a payload of the named type from version `from` into version `from + 1`.
struct Upcaster {
    event_type: &'static str,
    from: i32,
    step: fn(Value) -> Value,
}

/// Every change of form that the log has seen; an entry is never removed, because the log never is.
const UPCASTERS: &[Upcaster] = &[];

/// Reads a payload after every step from the stored version to today's; without one, straight from its text.
pub(crate) fn upcast<E: DeserializeOwned>(
    event_type: &str,
    version: i32,
    payload: &str,
) -> serde_json::Result<E> {
    upcast_with(UPCASTERS, event_type, version, payload)
}

fn upcast_with<E: DeserializeOwned>(
    steps: &[Upcaster],
    event_type: &str,
    version: i32,
    payload: &str,
) -> serde_json::Result<E> {
    let step_from = |version| steps.iter().find(move |u| u.event_type == event_type && u.from == version);
    if step_from(version).is_none() {
        return serde_json::from_str(payload);
    }
    let mut value = serde_json::from_str(payload)?;
    let mut version = version;
    while let Some(up) = step_from(version) {
        value = (up.step)(value);
        version += 1;
    }
    serde_json::from_value(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_old_payload_climbs_every_version_in_order() {
        let steps = [
            Upcaster { event_type: "A", from: 2, step: |p| json!({"three": p["two"]}) },
            Upcaster { event_type: "A", from: 1, step: |p| json!({"two": p["one"]}) },
            Upcaster { event_type: "B", from: 1, step: |_| json!(null) },
        ];
        let up =
            |version, payload: &str| upcast_with::<Value>(&steps, "A", version, payload).expect("valid JSON");
        assert_eq!(up(1, r#"{"one":7}"#), json!({"three": 7}));
        assert_eq!(up(2, r#"{"two":7}"#), json!({"three": 7}));
        assert_eq!(up(3, r#"{"three":7}"#), json!({"three": 7}));
    }
}
