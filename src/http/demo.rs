//! The sample shop, served only by `serve --demo`: a page with the widget, its Support button, and a way in for the agent.

use std::sync::Arc;

use actix_web::{
    HttpResponse, ResponseError as _, get,
    http::header::{CONTENT_SECURITY_POLICY, LOCATION},
    post,
    web::{Data, ServiceConfig},
};

use super::{Problem, by_session::cookie, pages};
use crate::{app::App, demo::Demo};

/// The shop's routes, where there is a shop.
pub(super) fn shop(app: &App) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let open = app.demo.is_some();
    move |config| {
        if open {
            config.service(front).service(support).service(agent);
        }
    }
}

/// The shop's page, with the widget in it.
#[get("/demo")]
async fn front(app: Data<App>) -> HttpResponse {
    match &app.demo {
        Some(demo) => pages::show_with_key(&app, "demo.html", &demo.key),
        None => nothing_here().error_response(),
    }
}

/// What the shop's backend does when its customer clicks on Support.
#[post("/demo/support")]
async fn support(app: Data<App>) -> Result<HttpResponse, Problem> {
    let demo = demo(&app)?;
    let token = app.accounts.hand_off(demo.tenant, demo.shopper, demo.key_id).await?;
    Ok(see_other(&format!("/support/{}", token.reveal())).finish())
}

/// Signs the visitor in as the sample business's owner.
#[get("/demo/agent")]
async fn agent(app: Data<App>) -> Result<HttpResponse, Problem> {
    let token = app.accounts.begin_session(demo(&app)?.owner).await?;
    Ok(see_other("/inbox").cookie(cookie(&app, token.reveal())).finish())
}

fn demo(app: &App) -> Result<Arc<Demo>, Problem> {
    app.demo.clone().ok_or_else(nothing_here)
}

fn see_other(to: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, to)).insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'"));
    response
}

fn nothing_here() -> Problem {
    Problem::not_found("not_found", "There is nothing at this address.")
}
