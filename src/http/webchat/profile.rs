//! A visitor says who it is.

use actix_web::{post, web::Data};
use openchat_domain::{
    Email, Name, Phone,
    customer::{self, CustomerCommand, ProfileChanges},
};
use openchat_projections::feed::OwnProfile;
use serde::Serialize;
use utoipa::ToSchema;

use super::customers::{known, own_profile};
use crate::{
    app::App,
    http::{Blankable, Body, Customer, Problem, Reply, input::input},
};

input! {
    /// What the visitor says of itself. What is left out, `null` or blank stays as it is known.
    #[schema(example = json!({"name": "Jane", "email": "jane@example.com"}))]
    closed struct NewProfile {
        /// Name.
        #[schema(schema_with = Blankable::<Name>::schema, required = false)]
        name: Blankable<Name>,
        /// E-mail address.
        #[schema(schema_with = Blankable::<Email>::schema, required = false)]
        email: Blankable<Email>,
        /// Telephone number.
        #[schema(schema_with = Blankable::<Phone>::schema, required = false)]
        phone: Blankable<Phone>,
    }
}

/// The customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"customer": {
    "id": "cus_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Jane", "email": "jane@example.com", "phone": null
}}))]
pub(super) struct ProfileAnswer {
    /// What is known of it now.
    customer: OwnProfile,
}

/// Say who you are.
///
/// For visitors: what the business itself says of a customer can't be changed here.
#[utoipa::path(operation_id = "changeOwnProfile", tag = "Webchat", request_body = NewProfile,
    responses(
        (status = 200, description = "What is known now.", body = ProfileAnswer),
        (status = 403, description = "profile_managed: Your name and addresses come from the business; change them there.")),
    security(("customer" = [])))]
#[post("/profile")]
pub(super) async fn change_profile(
    me: Customer,
    Body(new): Body<NewProfile>,
    app: Data<App>,
) -> Result<Reply<ProfileAnswer>, Problem> {
    if known(&app, &me).await?.external_user_id.is_some() {
        return Err(Problem::forbidden(
            "profile_managed",
            "Your name and addresses come from the business; change them there.",
        ));
    }
    let changes = ProfileChanges {
        name: new.name.0.map(Some),
        email: new.email.0.map(Some),
        phone: new.phone.0.map(Some),
        metadata: None,
    };
    let command = CustomerCommand::ChangeProfile { changes };
    let done = app.aggregates.execute::<customer::Customer>(&me.context(), me.id(), &command).await?;
    let customer = own_profile(known(&app, &me).await?);
    Ok(Reply::ok(ProfileAnswer { customer }).at(done.position))
}
