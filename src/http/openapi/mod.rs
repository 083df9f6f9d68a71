//! The OpenAPI document: collected from the handlers, completed with what every route of a kind has in common.

mod common;
mod complete;
mod sockets;

use std::sync::{Arc, LazyLock};

use actix_web::{HttpResponse, dev::ResourceDef, get, http::header::LOCATION, web};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        PathItem,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

pub use sockets::socket_schema;

use super::{Problem, ProblemBody, by_session, pages};

/// The document without its paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "OpenChat",
        description = "Customer support that other businesses plug into their own product.\n\n\
            Ids are typed and sort by age; times are RFC 3339 in UTC. Every error is a problem document with a \
            stable `code`. Lists are paged by `cursor`. Every write's answer has `X-OC-Position`, its place in the \
            business's own event log; a read that carries it waits until it has seen that write.",
    ),
    components(schemas(ProblemBody<'static>)),
    modifiers(&Security),
    tags(
        (name = "Integrators", description = "For backends and widgets, by integration key."),
        (name = "Business", description = "For owners and admins: account, settings, keys, team, audit."),
        (name = "Agents", description = "For the team: the inbox, by session."),
        (name = "Webchat", description = "For customers, by the session of their chat."),
        (name = "Operations", description = "For whoever runs the server."),
    )
)]
struct Base;

struct Security;

/// Paths that are pages, and therefore not in the document, with their methods.
const PAGES: [(&str, &str); 3] = [("/openapi.json", "GET"), ("/docs", "GET"), ("/docs/{file:.*}", "GET")];

/// The methods that each path has.
static ROUTES: LazyLock<Vec<(ResourceDef, String)>> = LazyLock::new(|| {
    let paths = openapi().paths.paths;
    let api = paths.iter().map(|(path, item)| (ResourceDef::new(path.as_str()), allow(item)));
    let pages = PAGES
        .into_iter()
        .chain(pages::PAGES)
        .map(|(path, methods)| (ResourceDef::new(path), methods.to_owned()));
    api.chain(pages).collect()
});

/// The document, as it is served.
static JSON: LazyLock<String> = LazyLock::new(|| openapi().to_pretty_json().unwrap_or_default());

impl Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let api_key = ApiKeyValue::with_description("X-API-Key", "An integration key, from a backend.");
        let cookie = ApiKeyValue::with_description(by_session::COOKIE, "A signed-in person's session.");
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A customer's session in the webchat."))
            .build();
        components.add_security_scheme("apiKey", SecurityScheme::ApiKey(ApiKey::Header(api_key)));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("customer", SecurityScheme::Http(bearer));
    }
}

/// The whole document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let app = actix_web::App::new().into_utoipa_app().openapi(Base::openapi());
    let collected = app.configure(|config: &mut ServiceConfig<'_>| super::routes(config));
    complete::complete(collected.split_for_parts().1)
}

/// Serves the document and, to read and try it, Swagger UI.
pub(super) fn docs(config: &mut web::ServiceConfig) {
    config.service(serve_document).service(to_docs).service(swagger_ui);
}

#[get("/openapi.json")]
async fn serve_document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(JSON.as_str())
}

#[get("/docs")]
async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

#[get("/docs/{file:.*}")]
async fn swagger_ui(file: web::Path<String>) -> Result<HttpResponse, Problem> {
    let config = Arc::new(utoipa_swagger_ui::Config::new(["/openapi.json"]).persist_authorization(true));
    match utoipa_swagger_ui::serve(&file, config) {
        Ok(Some(file)) => {
            let mut response = HttpResponse::Ok();
            if file.gzpipped {
                response.insert_header(("Content-Encoding", "gzip"));
            }
            Ok(response.content_type(file.content_type).body(file.bytes.into_owned()))
        }
        Ok(None) => Err(Problem::not_found("not_found", "There is nothing at this address.")),
        Err(error) => Err(Problem::internal(error.as_ref())),
    }
}

/// The methods that a path has, as the header `Allow` tells them; none when there is no such path.
pub(super) fn methods(path: &str) -> Option<String> {
    ROUTES.iter().find(|(route, _)| route.is_match(path)).map(|(_, methods)| methods.clone())
}

fn allow(item: &PathItem) -> String {
    let methods = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    let names: Vec<_> = methods.iter().filter(|(_, op)| op.is_some()).map(|(name, _)| *name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn operations() -> Vec<(String, Value)> {
        let document: Value = serde_json::from_str(&JSON).expect("JSON");
        let paths = document["paths"].as_object().expect("paths").clone();
        let flat = paths.into_iter().flat_map(|(path, item)| {
            let item = item.as_object().cloned().unwrap_or_default();
            item.into_iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        });
        flat.collect()
    }

    /// The schema as committed; `openchat socket-schema > openapi/socket.schema.json` writes it anew.
    #[test]
    fn the_committed_socket_schema_is_what_the_server_speaks() {
        let committed = include_str!("../../../openapi/socket.schema.json");
        let now = serde_json::to_string_pretty(&super::socket_schema()).expect("the schema is JSON");
        assert!(
            committed.trim_end() == now.trim_end(),
            "run: openchat socket-schema > openapi/socket.schema.json"
        );
    }

    /// The document as committed; `openchat openapi > openapi/openapi.json` writes it anew.
    #[test]
    fn the_committed_document_is_todays() {
        let committed = include_str!("../../../openapi/openapi.json");
        assert!(committed.trim_end() == JSON.trim_end(), "run: openchat openapi > openapi/openapi.json");
    }

    #[test]
    fn every_operation_is_named_and_tagged_once() {
        let tags = ["Integrators", "Business", "Agents", "Webchat", "Operations"];
        let mut names = BTreeSet::new();
        for (route, operation) in operations() {
            let name =
                operation["operationId"].as_str().unwrap_or_else(|| panic!("{route} has no operationId"));
            assert!(names.insert(name.to_owned()), "{name} twice");
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            assert!(tags.contains(&tag), "{route} is tagged {tag}");
            assert!(operation["summary"].is_string(), "{route} has no summary");
        }
    }

    #[test]
    fn every_body_and_every_error_has_an_example() {
        let document: Value = serde_json::from_str(&JSON).expect("JSON");
        let resolve = |value: &Value| match value["$ref"].as_str() {
            Some(reference) => {
                document.pointer(reference.trim_start_matches('#')).cloned().unwrap_or_default()
            }
            None => value.clone(),
        };
        let exemplified = |content: &Value| {
            content.as_object().is_some_and(|types| {
                types.values().all(|body| {
                    let schema = resolve(&body["schema"]);
                    [body, &schema].iter().any(|it| !it["example"].is_null() || !it["examples"].is_null())
                        || schema["type"] == "string"
                })
            })
        };
        let mut without = Vec::new();
        for (route, operation) in operations() {
            if operation.get("requestBody").is_some_and(|body| !exemplified(&body["content"])) {
                without.push(format!("{route}'s body"));
            }
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let empty = status == "204" || status == "101";
                if !empty && !exemplified(&resolve(response)["content"]) {
                    without.push(format!("{route} {status}"));
                }
            }
        }
        assert_eq!(without, Vec::<String>::new());
    }

    #[test]
    fn a_path_knows_its_methods() {
        assert_eq!(methods("/healthz").as_deref(), Some("GET"));
        assert_eq!(methods("/docs/index.html").as_deref(), Some("GET"));
        assert_eq!(methods("/nowhere"), None);
    }
}
