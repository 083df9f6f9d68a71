//! A customer by itself: what is known of it, and every conversation that it has had.

use actix_web::{get, web::Data};
use openchat_domain::{CustomerId, customer::CustomerRefusal};
use openchat_projections::{
    Page,
    customers::{self, CustomerView},
    inbox::{self, ConversationView},
};

use super::{
    answers::{CustomerAnswer, example_page},
    input::PageQuery,
};
use crate::{
    app::App,
    http::{Id, Member, Problem, Query, Reply, refused},
};

/// Get a customer.
///
/// A visitor who turned out to be a known customer is told of with `mergedInto`.
#[utoipa::path(operation_id = "getCustomer", tag = "Agents", params(("id" = CustomerId, Path)),
    responses((status = 200, description = "The customer.", body = CustomerAnswer)),
    security(("session" = [])))]
#[get("/customers/{id}")]
pub(super) async fn get_customer(
    me: Member,
    Id(id): Id<CustomerId>,
    app: Data<App>,
) -> Result<Reply<CustomerAnswer>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    let customer = customers::get(&db, me.tenant(), id).await?.ok_or_else(not_found)?;
    Ok(Reply::ok(CustomerAnswer::new(customer)))
}

/// List a customer's conversations.
///
/// Whatever their state, the latest activity first.
#[utoipa::path(operation_id = "listCustomerConversations", tag = "Agents",
    params(("id" = CustomerId, Path), PageQuery),
    responses((status = 200, description = "A page of conversations.", body = Page<ConversationView>,
        example = json!(example_page::<ConversationView>()))),
    security(("session" = [])))]
#[get("/customers/{id}/conversations")]
pub(super) async fn list_conversations(
    me: Member,
    Id(id): Id<CustomerId>,
    Query(query): Query<PageQuery>,
    app: Data<App>,
) -> Result<Reply<Page<ConversationView>>, Problem> {
    let limit = query.limit.unwrap_or_default().0;
    let db = app.pools.tenant(me.tenant()).await?;
    let (customer, page) = tokio::try_join!(
        customers::get(&db, me.tenant(), id),
        inbox::page_of_customer(&db, me.tenant(), id, query.cursor, limit),
    )?;
    customer.map(|_: CustomerView| Reply::ok(page)).ok_or_else(not_found)
}

fn not_found() -> Problem {
    refused(&CustomerRefusal::NotFound)
}
