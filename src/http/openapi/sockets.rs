//! The JSON Schema of what goes over the websockets.

/// The JSON Schema of the websocket's frames.
#[must_use]
pub fn socket_schema() -> serde_json::Value {
    use openchat_projections::feed::{AgentFrame, ClientFrame, CustomerFrame};
    use utoipa::{PartialSchema as _, ToSchema};

    let mut schemas = Vec::new();
    let roots = [
        ("agent", "What an agent's socket is sent.", AgentFrame::schema()),
        ("customer", "What a customer's socket is sent.", CustomerFrame::schema()),
        ("client", "What a client may send.", ClientFrame::schema()),
    ];
    AgentFrame::schemas(&mut schemas);
    CustomerFrame::schemas(&mut schemas);
    ClientFrame::schemas(&mut schemas);
    let mut definitions: serde_json::Map<_, _> =
        schemas.into_iter().map(|(name, schema)| (name, serde_json::json!(schema))).collect();
    for (name, _, schema) in &roots {
        definitions.insert((*name).to_owned(), serde_json::json!(schema));
    }
    let frames = roots
        .map(|(name, about, _)| serde_json::json!({"description": about, "$ref": format!("#/$defs/{name}")}));
    let document = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Frames of OpenChat's websocket feed",
        "anyOf": frames,
        "$defs": definitions,
    });
    moved(document)
}

/// References point into `$defs`, where a schema on its own keeps what an OpenAPI document keeps in its components.
fn moved(mut value: serde_json::Value) -> serde_json::Value {
    match &mut value {
        serde_json::Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if name == "$ref"
                    && let Some(path) = member.as_str()
                {
                    *member = path.replace("#/components/schemas/", "#/$defs/").into();
                } else {
                    *member = moved(member.take());
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| *item = moved(item.take())),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
    value
}
