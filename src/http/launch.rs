//! The launch of a business: what has been done for the first time, so that a page can tick it off.

use actix_web::{get, web::Data};
use openchat_projections::launch::{self, StepDone};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Manager, Problem, Reply};
use crate::app::App;

/// The steps of a launch, in order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"steps": [
    {"name": "keyMade", "doneAt": "2026-03-01T09:05:00Z", "detail": null},
    {"name": "snippetSeen", "doneAt": "2026-03-01T09:20:00Z", "detail": "https://app.acme.com"},
    {"name": "firstHandoff", "doneAt": null, "detail": null},
    {"name": "firstConversation", "doneAt": "2026-03-01T09:21:00Z", "detail": null},
    {"name": "agentOnline", "doneAt": "2026-03-01T09:10:00Z", "detail": null},
    {"name": "firstReply", "doneAt": null, "detail": null},
    {"name": "firstCall", "doneAt": null, "detail": null}
]}))]
struct Checklist {
    /// Each step, done or not.
    steps: Vec<StepDone>,
}

/// Read the launch checklist.
///
/// Each step ticks itself off when it happens, whoever does it and from wherever.
#[utoipa::path(operation_id = "getChecklist", tag = "Business", security(("session" = [])),
    responses((status = 200, description = "The steps.", body = Checklist)))]
#[get("/checklist")]
pub(super) async fn get_checklist(Manager(me): Manager, app: Data<App>) -> Result<Reply<Checklist>, Problem> {
    let db = app.pools.tenant(me.tenant()).await?;
    Ok(Reply::ok(Checklist { steps: launch::checklist(&db, me.tenant()).await? }))
}
