//! Completes the collected document: each operation's shared errors, its headers, and the components for them.
//!
//! A handler names the errors that are its own in the response's description, a line each: `code: sentence`.

use std::collections::BTreeMap;

use openchat_domain::MediaType;
use serde_json::{Value, json};
use utoipa::openapi::{
    Content, Header, HttpMethod, OpenApi, PathItem, Ref, RefOr, Required, Response, Schema,
    header::HeaderBuilder,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
};

use super::common::{self, Common, problem};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const POSITION: &str = "X-OC-Position";
const JSON: &str = "application/json";
/// Stands in a handler for every type that a file may have.
const ANY_FILE: &str = "*/*";

/// What an operation is, as far as its shared errors depend on it.
struct Traits {
    by_key: bool,
    by_session: bool,
    by_customer: bool,
    reads: bool,
    has_path_id: bool,
    has_parameters: bool,
    /// A JSON one: what is wrong with a file is told by its route.
    has_body: bool,
    in_api: bool,
    own_account: bool,
}

/// Completes the document.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete_operation(path, &method, operation);
        }
    }
    let components = document.components.get_or_insert_default();
    for it in common::ALL {
        components.responses.insert(it.name.to_owned(), it.response().into());
    }
    for (name, header) in headers() {
        components.headers.insert(name.to_owned(), header.into());
    }
    for parameter in [idempotency_key(), position()] {
        components.parameters.insert(parameter.name.clone(), parameter.into());
    }
    exemplify_pages(&mut components.schemas);
    document
}

/// Gives every page the example of its entries.
fn exemplify_pages(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let examples: BTreeMap<String, Value> = schemas
        .iter()
        .filter_map(|(name, schema)| match schema {
            RefOr::T(Schema::Object(object)) => Some((format!("Page_{name}"), object.example.clone()?)),
            _ => None,
        })
        .collect();
    for (name, schema) in schemas {
        if let (Some(entry), RefOr::T(Schema::Object(page))) = (examples.get(name), schema) {
            page.example = Some(json!({"data": [entry], "nextCursor": null}));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, item.get.as_mut()),
        (HttpMethod::Post, item.post.as_mut()),
        (HttpMethod::Put, item.put.as_mut()),
        (HttpMethod::Patch, item.patch.as_mut()),
        (HttpMethod::Delete, item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

fn complete_operation(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let traits = Traits::of(path, method, operation);
    name_file_types(operation);
    let parameters = operation.parameters.get_or_insert_default();
    if traits.by_key && *method == HttpMethod::Post {
        parameters.push(RefOr::Ref(Ref::new(format!("#/components/parameters/{IDEMPOTENCY_KEY}"))));
    }
    if traits.waits() {
        parameters.push(RefOr::Ref(Ref::new(format!("#/components/parameters/{POSITION}"))));
    }
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response {
            complete_response(status, response, &traits);
        }
    }
    for shared in traits.errors(method) {
        match responses.get_mut(&shared.status.to_string()) {
            None => {
                responses.insert(shared.status.to_string(), shared.reference());
            }
            Some(RefOr::T(own)) => *own = with_shared(own, shared),
            Some(RefOr::Ref(_)) => {}
        }
    }
}

/// Names every type that a file may have, where a handler says that it may have any.
fn name_file_types(operation: &mut Operation) {
    let named = |file: &RefOr<Content>| {
        MediaType::all().map(|kind| (kind.to_owned(), file.clone())).collect::<Vec<_>>()
    };
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && let Some(file) = body.content.remove(ANY_FILE)
    {
        body.content.extend(named(&file));
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && let Some(file) = response.content.get(ANY_FILE).cloned()
        {
            response.content = named(&file).into_iter().collect();
        }
    }
}

/// Gives a route's own response its headers, and an error its problem document.
fn complete_response(status: &str, response: &mut Response, traits: &Traits) {
    match status.parse::<u16>() {
        Ok(status @ 400..) => {
            *response = problem(status, &response.description, &cases(&response.description));
        }
        _ => {
            let mut names = vec!["X-Request-Id"];
            if traits.in_api && !traits.reads {
                names.push(POSITION);
            }
            if traits.by_key || traits.by_customer {
                names.extend(["RateLimit", "RateLimit-Policy"]);
            }
            for name in names {
                let reference = Ref::new(format!("#/components/headers/{name}"));
                response.headers.insert(name.to_owned(), RefOr::Ref(reference));
            }
        }
    }
}

/// The codes and sentences that a description lists.
fn cases(description: &str) -> Vec<(&str, &str)> {
    let is_code = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let cases = description.lines().filter_map(|line| line.trim().split_once(": "));
    cases.filter(|(code, _)| is_code(code)).collect()
}

/// A route's own error together with a shared one of the same status.
fn with_shared(own: &Response, shared: &Common) -> Response {
    let own = own.description.clone();
    let mut all = cases(&own);
    all.push(shared.case());
    problem(shared.status, &format!("{own}\n{}", shared.description()), &all)
}

impl Traits {
    fn of(path: &str, method: &HttpMethod, operation: &Operation) -> Self {
        let security = serde_json::to_string(&operation.security).unwrap_or_default();
        let own = operation.parameters.iter().flatten();
        let in_query =
            own.filter(|it| matches!(it, RefOr::T(p) if p.parameter_in != ParameterIn::Path)).count();
        Self {
            by_key: security.contains("\"apiKey\""),
            by_session: security.contains("\"session\""),
            by_customer: security.contains("\"customer\""),
            reads: *method == HttpMethod::Get,
            has_path_id: path.contains("{id}"),
            has_parameters: in_query > 0,
            has_body: matches!(&operation.request_body, Some(RefOr::T(it)) if it.content.contains_key(JSON)),
            in_api: path.starts_with("/api/"),
            own_account: path.starts_with("/api/auth/"),
        }
    }

    /// Whether it is a read of one business's views, which can wait for a position.
    const fn waits(&self) -> bool {
        self.reads && !self.own_account && (self.by_key || self.by_session || self.by_customer)
    }

    fn errors(&self, method: &HttpMethod) -> Vec<&'static Common> {
        let idempotent = self.by_key && *method == HttpMethod::Post;
        let by_page = self.in_api && !self.by_key && !self.by_customer;
        let rules = [
            (self.has_body, &common::UNREADABLE),
            (self.by_key, &common::KEY_UNKNOWN),
            (self.by_session, &common::NOT_SIGNED_IN),
            (self.by_customer, &common::NO_CHAT),
            (self.by_key, &common::KEY_MAY_NOT),
            (self.by_session && !self.own_account, &common::PERSON_MAY_NOT),
            (by_page && self.own_account && !self.reads, &common::CROSS_SITE),
            (self.has_path_id, &common::NOT_FOUND),
            (self.waits(), &common::AHEAD),
            (idempotent, &common::TWIN),
            (self.has_body, &common::TOO_LARGE),
            (self.has_body, &common::WRONG_TYPE),
            (self.has_body || self.has_parameters || self.waits() || idempotent, &common::INVALID),
            (self.by_key || self.by_customer, &common::RATE_LIMITED),
            (self.in_api, &common::UNAVAILABLE),
        ];
        rules.into_iter().filter(|(applies, _)| *applies).map(|(_, common)| common).collect()
    }
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]([ -~]*[!-~])?$"));
    ParameterBuilder::new()
        .name(IDEMPOTENCY_KEY)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Names what is meant: the same request under the same key is carried out once and answered alike for \
             24 hours (`Idempotent-Replayed: true`). For another request it is refused (`idempotency_key_reused`).",
        ))
        .schema(Some(schema))
        .build()
}

fn position() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0))
        .maximum(Some(i64::MAX));
    ParameterBuilder::new()
        .name(POSITION)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The position that an earlier write answered: the read waits until it has seen it.",
        ))
        .schema(Some(schema))
        .build()
}

fn headers() -> BTreeMap<&'static str, Header> {
    let header = |kind: Type, description: &str| {
        let schema = ObjectBuilder::new().schema_type(kind);
        HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
    };
    BTreeMap::from([
        ("X-Request-Id", header(Type::String, "The request's id: the client's own, when it sent a fit one.")),
        (POSITION, header(Type::Integer, "The place in the business's event log that the write ended at.")),
        ("Retry-After", header(Type::Integer, "In how many seconds the next request is welcome.")),
        ("RateLimit", header(Type::String, "What is left: `\"key\";r=199;t=1`.")),
        ("RateLimit-Policy", header(Type::String, "The limit: `\"key\";q=200;w=2`.")),
    ])
}
