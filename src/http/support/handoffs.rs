//! Handoffs: a customer whom the business knows gets a link to its support page.

use actix_web::{post, web::Data};
use openchat_domain::conversation::CustomerRef;
use serde::Serialize;
use utoipa::ToSchema;

use super::customers::{self, NamedCustomer};
use crate::{
    accounts::Handoff,
    app::App,
    http::{ApiKey, Body, Problem, Reply, Write, input::input},
};

input! {
    /// Whom to hand over.
    #[schema(example = json!({"customer": {
        "externalUserId": "cus_123",
        "name": "Jane Customer",
        "email": "jane@example.com",
        "metadata": {"plan": "pro"}
    }}))]
    open struct NewHandoff {
        /// The customer who is signed in to the business's own product.
        customer: NamedCustomer,
    }
}

/// A link to the customer's support page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "success": true,
    "redirectTo": "https://support.example.com/support/5FKq0hTzN2mWc7yV8rXbL1sJ4eGuA9dPkQ6iRoH3fCz",
    "supportUrl": "https://support.example.com/support/5FKq0hTzN2mWc7yV8rXbL1sJ4eGuA9dPkQ6iRoH3fCz",
    "expiresInSeconds": 600,
    "customer": {
        "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718",
        "externalUserId": "cus_123",
        "name": "Jane Customer",
        "email": "jane@example.com",
        "phone": null,
        "metadata": {"plan": "pro"}
    }
}))]
struct HandoffAnswer {
    /// Always `true`.
    success: bool,
    /// Where to send the customer; it can be opened once.
    redirect_to: String,
    /// The same address.
    support_url: String,
    /// How long it can be opened.
    expires_in_seconds: i64,
    /// What is known of the customer now.
    customer: CustomerRef,
}

/// Make a support link for a known customer.
///
/// Registers the customer or records what has changed, and answers with a link to its own support page. The link
/// works once, for ten minutes: ask for it when the customer clicks, and redirect there.
#[utoipa::path(operation_id = "makeHandoff", tag = "Integrators", request_body = NewHandoff,
    responses(
        (status = 200, description = "The link.", body = HandoffAnswer),
        (status = 422, description = "too_much_metadata: A customer can have at most 50 metadata keys.")),
    security(("apiKey" = [])))]
#[post("/handoffs")]
pub(super) async fn make_handoff(
    key: ApiKey<Write>,
    Body(new): Body<NewHandoff>,
    app: Data<App>,
) -> Result<Reply<HandoffAnswer>, Problem> {
    let (customer, position) = customers::upsert(&app, &key.context(), new.customer).await?;
    let token = app.accounts.hand_off(key.tenant(), customer.id, key.id()).await?;
    let url = format!("{}/support/{}", app.public_url, token.reveal());
    let answer = HandoffAnswer {
        success: true,
        redirect_to: url.clone(),
        support_url: url,
        expires_in_seconds: Handoff::LIFETIME.num_seconds(),
        customer,
    };
    Ok(Reply::ok(answer).at(position))
}
