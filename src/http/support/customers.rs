//! Customers as a backend names them: registered when they are new, changed when something has changed.

use openchat_domain::{
    CustomerId, Email, ExternalUserId, Metadata, Name, Phone, Position,
    conversation::CustomerRef,
    customer::{Customer, CustomerCommand, CustomerRefusal, ProfileChanges},
};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AdditionalProperties, AnyOfBuilder, ObjectBuilder, SchemaType, Type},
    },
};

use crate::{
    app::App,
    http::{Blankable, Faults, Input, Problem, input::input, refused, talk},
    store::Context,
};

input! {
    /// A customer as the business's own system knows it. What is left out, `null` or blank stays as it is known.
    #[schema(example = json!({
        "externalUserId": "cus_123",
        "name": "Jane Customer",
        "email": "jane@example.com",
        "phone": "+34 600 123 456",
        "metadata": {"plan": "pro", "accountUrl": "https://app.acme.com/accounts/7"}
    }))]
    pub(super) open struct NamedCustomer {
        /// Its id in the business's own system. The same id is the same customer, always.
        external_user_id: AnyUserId,
        /// Name.
        #[schema(schema_with = Blankable::<Name>::schema, required = false)]
        name: Blankable<Name>,
        /// E-mail address.
        #[schema(schema_with = Blankable::<Email>::schema, required = false)]
        email: Blankable<Email>,
        /// Telephone number.
        #[schema(schema_with = Blankable::<Phone>::schema, required = false)]
        phone: Blankable<Phone>,
        /// What else the business keeps: merged key by key, a `null` removes a key.
        #[schema(schema_with = metadata, required = false)]
        metadata: Blankable<Metadata>,
    }
}

/// An id in the business's own system, where it may be a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AnyUserId(ExternalUserId);

impl Input for AnyUserId {
    fn read(value: Value) -> Result<Self, Faults> {
        let text = match value {
            Value::Number(number) if number.is_i64() || number.is_u64() => Value::String(number.to_string()),
            // To JSON, 475.0 is the whole number 475.
            Value::Number(number) => match number.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < WHOLE)
            {
                Some(whole) => Value::String(format!("{whole:.0}")),
                None => return Err(Faults::of("must be a text or a whole number")),
            },
            Value::String(text) => Value::String(text),
            _ => return Err(Faults::of("must be a text or a whole number")),
        };
        ExternalUserId::read(text).map(Self)
    }
}

impl PartialSchema for AnyUserId {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(i64::MIN))
            .maximum(Some(u64::MAX))
            .examples([123]);
        AnyOfBuilder::new().item(ExternalUserId::schema()).item(number).into()
    }
}

impl ToSchema for AnyUserId {}

/// From here on not every whole number has a floating-point number of its own.
const WHOLE: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;

fn metadata() -> Schema {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(Metadata::MAX_VALUE_CHARS))
        .pattern(Some(r"^[^\x00]*$"));
    let other =
        ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::Boolean, Type::Null]));
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(Metadata::MAX_KEY_CHARS))
        .pattern(Some(r"^[^\x00]*$"));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .max_properties(Some(Metadata::MAX_KEYS))
        .property_names(Some(key))
        .description(Some("What else the business keeps: merged key by key, a `null` removes a key."))
        .additional_properties(Some(AdditionalProperties::RefOr(
            AnyOfBuilder::new().item(text).item(other).into(),
        )))
        .into()
}

/// Registers the customer or records what has changed; returns what is then known of it, and where that is recorded.
pub(super) async fn upsert(
    app: &App,
    context: &Context,
    named: NamedCustomer,
) -> Result<(CustomerRef, Position), Problem> {
    let external_user_id = named.external_user_id.0;
    let id = CustomerId::of_external(context.tenant, external_user_id.as_str());
    let profile = ProfileChanges {
        name: named.name.0.map(Some),
        email: named.email.0.map(Some),
        phone: named.phone.0.map(Some),
        metadata: named.metadata.0,
    };
    let command = CustomerCommand::Upsert { external_user_id, profile };
    let done = app.aggregates.execute::<Customer>(context, id, &command).await?;
    let known = talk::customer(app, context.tenant, id).await?;
    Ok((known.ok_or_else(unknown)?, done.position))
}

/// There is no such customer.
pub(super) fn unknown() -> Problem {
    refused(&CustomerRefusal::NotFound)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(value: Value) -> Option<String> {
        AnyUserId::read(value).ok().map(|id| id.0.as_str().to_owned())
    }

    #[test]
    fn an_id_may_be_a_text_or_a_whole_number() {
        assert_eq!(id(json!("cus_123")).as_deref(), Some("cus_123"));
        assert_eq!(id(json!(4711)).as_deref(), Some("4711"));
        assert_eq!(id(json!(u64::MAX)).as_deref(), Some("18446744073709551615"));
        assert_eq!(id(json!(475.0)).as_deref(), Some("475"));
        assert_eq!(id(json!(-3.0)).as_deref(), Some("-3"));
        for wrong in [
            json!(1.5),
            json!(1e300),
            json!(""),
            json!("  "),
            json!(null),
            json!(["a"]),
            json!("x".repeat(10_000)),
        ] {
            assert_eq!(id(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_null_or_blank_counts_as_left_out() {
        let read = |value| NamedCustomer::read(value).expect("fine");
        let named = read(json!({
            "externalUserId": 7, "name": null, "email": " ", "phone": "", "metadata": null, "tier": "gold"
        }));
        assert_eq!((named.name.0, named.email.0, named.phone.0), (None, None, None));
        assert_eq!(named.metadata.0, None);
        let named = read(json!({"externalUserId": 7, "name": "Jane", "metadata": {"seats": 3, "vip": true}}));
        assert_eq!(named.name.0.as_ref().map(Name::as_str), Some("Jane"));
        assert_eq!(named.metadata.0.map(|it| it.values().len()), Some(2));
    }
}
