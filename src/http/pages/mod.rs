//! The pages: made by the web build, embedded here, each under a strict policy of its own.
//!
//! Opening a page changes nothing: what it does, its script does through the API. A page that can't be what was asked
//! for (no such key, not on that website, an unknown link) says why, also in a frame, where a browser would otherwise
//! say only that we refused to connect.

mod files;
mod language;
mod policy;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError as _,
    http::{
        StatusCode,
        header::{CONTENT_SECURITY_POLICY, HOST, HeaderName, REFERER},
    },
    route, routes,
    web::{Data, Path, Query, ServiceConfig},
};
use openchat_domain::{
    BusinessId, KeyId,
    business::{Language, OriginMode, Permission},
};
use openchat_projections::{
    keys::{self, KeyRecord},
    settings,
};
use serde::Deserialize;

use self::{
    files::Kept,
    policy::{Framed, policy},
};
use super::{Problem, by_key};
use crate::{accounts::Token, app::App};

/// The pages' paths, with their methods.
pub(super) const PAGES: [(&str, &str); 13] = [
    ("/", READ),
    ("/sign-in", READ),
    ("/sign-up", READ),
    ("/invite/{token}", READ),
    ("/setup", READ),
    ("/inbox", READ),
    ("/inbox/{conversation}", READ),
    ("/portal", READ),
    ("/portal/{section}", READ),
    ("/webchat", READ),
    ("/support/{token}", READ),
    ("/widget.js", READ),
    ("/assets/{file}", READ),
];
const READ: &str = "GET, HEAD";

/// Whether a page is opened by itself or in a frame, as browsers tell it over safe connections.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// What is served when the binary was built without its pages.
const NOT_BUILT: &str = include_str!("not-built.html");

/// What the widget's frame is opened with.
#[derive(Debug, Deserialize)]
struct Frame {
    key: Option<String>,
    /// The language that the website asks for.
    lang: Option<String>,
}

/// Serves the pages and what they load.
pub(super) fn pages(config: &mut ServiceConfig) {
    config
        .service(home)
        .service(sign_in)
        .service(sign_up)
        .service(invite)
        .service(setup)
        .service(inbox)
        .service(portal)
        .service(webchat)
        .service(support)
        .service(widget)
        .service(asset);
}

/// A page of our own, which nobody frames: its paths, and the file that all of them open.
macro_rules! own_page {
    ($name:ident, $file:literal, $path:literal $(, $more:literal)*) => {
        #[routes]
        #[get($path)]
        #[head($path)]
        $(#[get($more)] #[head($more)])*
        async fn $name(req: HttpRequest, app: Data<App>) -> HttpResponse {
            show(&req, &app, $file, &Framed::Never)
        }
    };
}
own_page!(home, "index.html", "/");
own_page!(sign_in, "sign-in.html", "/sign-in");
own_page!(sign_up, "sign-up.html", "/sign-up");
own_page!(invite, "invite.html", "/invite/{token}");
own_page!(setup, "setup.html", "/setup");
own_page!(inbox, "inbox.html", "/inbox", "/inbox/{conversation}");
own_page!(portal, "portal.html", "/portal", "/portal/{section}");

/// The widget's frame, on the websites where its key may be used. One can write in it before its script is there, so
/// that it comes in the reader's language.
#[route("/webchat", method = "GET", method = "HEAD")]
async fn webchat(req: HttpRequest, frame: Query<Frame>, app: Data<App>) -> HttpResponse {
    match frame_of_key(&req, &app, &frame).await {
        Ok((framed, language)) => show(&req, &app, language::webchat(language), &framed),
        Err(problem) => explain(&app, &problem),
    }
}

/// The page that a handoff's link opens, on the websites of the business; its script, not its opening, uses the link.
#[route("/support/{token}", method = "GET", method = "HEAD")]
async fn support(req: HttpRequest, token: Path<String>, app: Data<App>) -> HttpResponse {
    match framed_by_link(&app, &token).await {
        Ok(framed) => show(&req, &app, "support.html", &framed),
        Err(problem) => explain(&app, &problem),
    }
}

/// The loader that installs the widget in a website's page.
#[route("/widget.js", method = "GET", method = "HEAD")]
async fn widget(req: HttpRequest) -> Result<HttpResponse, Problem> {
    files::file(&req, "widget.js", Kept::Shortly).ok_or_else(nothing_here)
}

/// What pages load.
#[route("/assets/{file}", method = "GET", method = "HEAD")]
async fn asset(req: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    files::file(&req, &format!("assets/{file}"), Kept::Forever).ok_or_else(nothing_here)
}

async fn frame_of_key(req: &HttpRequest, app: &App, frame: &Frame) -> Result<(Framed, Language), Problem> {
    let key = frame.key.as_deref().filter(|key| !key.is_empty()).ok_or_else(by_key::key_not_in_script)?;
    let key = by_key::present(app, key).await?;
    by_key::may(&key.terms, Permission::SupportRead)?;
    let framed = framed_by_key(req, &key)?;
    let asked = frame.lang.as_deref().and_then(language::spoken);
    let language = match asked {
        Some(language) => Some(language),
        None => of_business(app, key.tenant).await?,
    };
    Ok((framed, language.unwrap_or_else(|| language::preferred(req))))
}

/// The language that the business has chosen for its customers, if it has.
async fn of_business(app: &App, tenant: BusinessId) -> Result<Option<Language>, Problem> {
    let db = app.pools.tenant(tenant).await?;
    Ok(settings::get(&db, tenant).await?.and_then(|it| it.settings.preferences.language))
}

fn framed_by_key(req: &HttpRequest, key: &KeyRecord) -> Result<Framed, Problem> {
    let framed = match key.terms.origin_mode {
        OriginMode::Strict => Framed::By(key.terms.allowed_origins.clone()),
        OriginMode::Hotspot => Framed::Anywhere,
    };
    if framing_page(req).is_none_or(|page| framed.allows(page)) {
        return Ok(framed);
    }
    Err(by_key::origin_not_allowed())
}

/// The origin of the page that is about to frame this one, where the browser tells it and it isn't one of ours.
/// The policy holds in any case.
fn framing_page(req: &HttpRequest) -> Option<&str> {
    let text = |name: HeaderName| req.headers().get(name).and_then(|it| it.to_str().ok());
    let referer = text(REFERER).filter(|_| text(SEC_FETCH_DEST) != Some("document"))?;
    let (scheme, rest) = referer.split_once("://")?;
    let host = rest.split('/').next().filter(|host| Some(*host) != text(HOST))?;
    referer.get(..scheme.len() + "://".len() + host.len())
}

async fn framed_by_link(app: &App, token: &str) -> Result<Framed, Problem> {
    let made_by = match Token::parse(token) {
        Some(token) => app.accounts.link_made_by(&token).await?,
        None => None,
    };
    let (tenant, key) = made_by.ok_or_else(|| {
        let sentence =
            "This support link is unknown here. Go back to where it came from and open support again.";
        Problem::not_found("handoff_unknown", sentence)
    })?;
    framed_by_business(app, tenant, key).await
}

/// On the websites that any of the business's keys may be used on; anywhere, when that holds for the key at hand.
async fn framed_by_business(app: &App, tenant: BusinessId, at_hand: KeyId) -> Result<Framed, Problem> {
    let db = app.pools.tenant(tenant).await?;
    let mut keys = keys::list(&db, tenant).await?;
    keys.retain(|key| key.revoked_at.is_none());
    if keys.iter().any(|key| key.id == at_hand && key.origin_mode == OriginMode::Hotspot) {
        return Ok(Framed::Anywhere);
    }
    let domain = settings::get(&db, tenant).await?.and_then(|it| it.business.domain);
    let mut origins: Vec<_> = keys.into_iter().flat_map(|key| key.allowed_origins).chain(domain).collect();
    origins.sort();
    origins.dedup();
    Ok(Framed::By(origins))
}

fn show(req: &HttpRequest, app: &App, page: &str, framed: &Framed) -> HttpResponse {
    files::page(req, page, policy_of(app, framed)).unwrap_or_else(not_built)
}

fn policy_of(app: &App, framed: &Framed) -> String {
    policy(&app.public_url, app.calls.media().map(|media| media.url()), framed)
}

/// A page of our own that has a widget of ours in it.
pub(super) fn show_with_key(app: &App, page: &str, key: &str) -> HttpResponse {
    let Some(page) = files::text(page) else { return not_built() };
    html(StatusCode::OK)
        .insert_header((CONTENT_SECURITY_POLICY, policy_of(app, &Framed::Never)))
        .body(page.replace("{{key}}", key))
}

/// A page that says why it isn't another. It shows nothing of anybody's, so it may be framed by everybody.
fn explain(app: &App, problem: &Problem) -> HttpResponse {
    let Some(page) = files::text("problem.html") else { return not_built() };
    let sentence = problem.to_string().replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    html(problem.status_code())
        .insert_header((CONTENT_SECURITY_POLICY, policy_of(app, &Framed::Anywhere)))
        .body(page.replace("{{code}}", problem.code()).replace("{{sentence}}", &sentence))
}

fn not_built() -> HttpResponse {
    html(StatusCode::SERVICE_UNAVAILABLE)
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors *"))
        .body(NOT_BUILT)
}

fn html(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponseBuilder::new(status);
    response.content_type("text/html; charset=utf-8");
    response
}

fn nothing_here() -> Problem {
    Problem::not_found("not_found", "There is nothing at this address.")
}

#[cfg(test)]
mod tests {
    use actix_web::{
        App as Service,
        body::to_bytes,
        dev::ResourceDef,
        test::{TestRequest, call_service, init_service},
    };

    use super::*;

    #[test]
    fn a_framing_page_is_known_by_its_origin() {
        let framing = |headers: &[(&str, &str)]| {
            let req = headers.iter().fold(TestRequest::default(), |req, header| req.insert_header(*header));
            framing_page(&req.to_http_request()).map(str::to_owned)
        };
        let shop = ("referer", "https://shop.example/cart?a=https://evil.com/");
        assert_eq!(framing(&[shop]).as_deref(), Some("https://shop.example"));
        assert_eq!(framing(&[("referer", "http://10.0.0.1")]).as_deref(), Some("http://10.0.0.1"));
        assert_eq!(framing(&[shop, ("sec-fetch-dest", "iframe")]).as_deref(), Some("https://shop.example"));
        assert_eq!(framing(&[shop, ("sec-fetch-dest", "document")]), None);
        assert_eq!(framing(&[("referer", "http://10.0.0.1/x"), ("host", "10.0.0.1")]), None);
        assert_eq!(framing(&[]), None);
    }

    #[actix_web::test]
    async fn what_does_not_exist_is_a_problem() {
        let service = init_service(Service::new().configure(pages)).await;
        for path in ["/assets/nowhere.js", "/assets/..%2f..%2fpackage.json"] {
            let answer = call_service(&service, TestRequest::get().uri(path).to_request()).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn every_page_is_known_by_its_path_and_methods() {
        let known = |path: &str| PAGES.iter().any(|(page, _)| ResourceDef::new(*page).is_match(path));
        for path in ["/sign-up", "/invite/abc", "/inbox/cnv_1", "/portal", "/portal/keys"] {
            assert!(known(path), "{path}");
        }
        assert!(!known("/portal/keys/more") && !known("/invite"));
    }

    #[actix_web::test]
    async fn a_binary_without_pages_says_so() {
        let answer = not_built();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let page = to_bytes(answer.into_body()).await.expect("a body");
        assert!(String::from_utf8_lossy(&page).contains("make run"));
    }
}
