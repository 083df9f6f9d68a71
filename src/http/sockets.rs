//! Where the live feed is opened: one route for agents, one for customers.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{HeaderName, SEC_WEBSOCKET_PROTOCOL},
    web::{Data, Payload},
};

use super::{Customer, Member, Problem, Query, by_session::is_cross_site, input::input};
use crate::{
    app::App,
    live::{self, Subscriber, Who},
};

/// The header by which a browser asks for a websocket.
const UPGRADE: HeaderName = HeaderName::from_static("upgrade");

input! {
    /// Where a socket goes on.
    query struct Resume {
        /// The position that the client has seen; without it, or when it is too old, the feed begins with a snapshot.
        after: Option<i64>,
    }
}

/// Follow the team's live feed.
///
/// A websocket. The first frame is `hello` with a snapshot, or `resumed`; then comes every delta since, in order.
/// The frames' JSON Schema is `openapi/socket.schema.json`. It closes with 4001 when the session ends, 4003 when the
/// agent leaves the team, 4008 when the client reads too slowly and 4012 when the server restarts.
#[utoipa::path(operation_id = "followInbox", tag = "Agents", params(Resume),
    responses((status = 101, description = "The websocket is open."),
              (status = 426, description = "upgrade_required: This address is for websockets.")),
    security(("session" = [])))]
#[get("/socket")]
pub(super) async fn agent_socket(
    me: Member,
    query: Query<Resume>,
    request: HttpRequest,
    body: Payload,
    app: Data<App>,
) -> Result<HttpResponse, Problem> {
    let subscriber = Subscriber {
        tenant: me.tenant(),
        session: me.session().id,
        who: Who::Agent(me.agent_ref()),
        after: query.0.after,
    };
    open(&app, &request, body, subscriber)
}

/// Follow the customer's own live feed.
///
/// A websocket like the team's, with nothing in it but the customer's own conversations. Where a browser can't send
/// the session's cookie, the token travels as the subprotocol `bearer.<token>`, after `openchat`.
#[utoipa::path(operation_id = "followConversation", tag = "Webchat", params(Resume),
    responses((status = 101, description = "The websocket is open."),
              (status = 426, description = "upgrade_required: This address is for websockets.")),
    security(("customer" = [])))]
#[get("/socket")]
pub(super) async fn customer_socket(
    me: Customer,
    query: Query<Resume>,
    request: HttpRequest,
    body: Payload,
    app: Data<App>,
) -> Result<HttpResponse, Problem> {
    let subscriber = Subscriber {
        tenant: me.tenant(),
        session: me.0.id,
        who: Who::Customer(me.id()),
        after: query.0.after,
    };
    open(&app, &request, body, subscriber)
}

fn open(
    app: &App,
    request: &HttpRequest,
    body: Payload,
    subscriber: Subscriber,
) -> Result<HttpResponse, Problem> {
    if !request.headers().get(UPGRADE).is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return Err(Problem::upgrade_required("This address is for websockets."));
    }
    // A handshake is a GET, but the socket it opens can do things and reads everything.
    if is_cross_site(request.headers(), &app.public_url) {
        return Err(Problem::forbidden(
            "cross_site",
            "The socket can't be opened from another website's page.",
        ));
    }
    let mut response = live::open(app.clone(), request, body, subscriber)
        .map_err(|_| Problem::bad_request("bad_handshake", "This is not a valid websocket handshake."))?;
    let offered = request.headers().get(SEC_WEBSOCKET_PROTOCOL).and_then(|it| it.to_str().ok());
    if offered.is_some_and(|it| it.split(',').any(|name| name.trim() == SUBPROTOCOL)) {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL_VALUE);
    }
    Ok(response)
}

const SUBPROTOCOL: &str = "openchat";
const SUBPROTOCOL_VALUE: actix_web::http::header::HeaderValue =
    actix_web::http::header::HeaderValue::from_static(SUBPROTOCOL);
