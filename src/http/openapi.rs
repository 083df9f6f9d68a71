//! The OpenAPI document: collected from the handlers, completed with what every route of a kind has in common.

use std::sync::LazyLock;

use actix_web::dev::ResourceDef;
use utoipa::{OpenApi, openapi::PathItem};
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

/// The document without its paths.
#[derive(OpenApi)]
#[openapi(info(
    title = "OpenChat",
    description = "Customer support that other businesses plug into their own product."
))]
struct Base;

/// The methods that each path has.
static ROUTES: LazyLock<Vec<(ResourceDef, String)>> = LazyLock::new(|| {
    let paths = openapi().paths.paths;
    paths.iter().map(|(path, item)| (ResourceDef::new(path.as_str()), allow(item))).collect()
});

/// The whole document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let app = actix_web::App::new().into_utoipa_app().openapi(Base::openapi());
    let collected = app.configure(|config: &mut ServiceConfig<'_>| super::routes(config));
    collected.split_for_parts().1
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
