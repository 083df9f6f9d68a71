//! The integration guide's promises: its snippets as they stand in a real Node, its common responses, its good habits.

use std::{path::Path, time::Duration};

use openchat::{accounts::ApiKey, clock::Clock, config::Limits};
use openchat_domain::{KeyId, business::KeyMode};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{
    self, database,
    gate::Gate,
    server::{Answer, Client, Server},
};

/// The portal's snippet in Rust, which has to compile as it stands.
#[expect(dead_code, clippy::print_stdout, reason = "it is compiled here, and run by whoever copies it")]
#[path = "../web/portal/snippets/handoff.rs"]
mod portal_snippet;

const HANDOFFS: &str = "/api/public/support/handoffs";
const CONVERSATIONS: &str = "/api/public/support/conversations";
const CALLS: &str = "/api/public/support/calls";
const CONFIG: &str = "/api/public/support/config";

/// Runs a snippet of the guide in Node; what it returned, and what the server answered it.
pub(crate) async fn run(server: &Server, key: &str, snippet: &str, more: &[&str]) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guide");
    let output = Command::new("node")
        .arg(folder.join("run.mjs"))
        .arg(snippet)
        .arg(server.url())
        .args(more)
        .env("OC_API_KEY", key)
        .output()
        .await
        .expect("Node.js runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{snippet}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn customer(name: &str) -> Value {
    json!({"customer": {"externalUserId": name, "name": name}})
}

fn conversation(text: &str) -> Value {
    json!({"customer": {"externalUserId": "cus_123"}, "message": {"type": "text", "text": text}})
}

fn everything() -> Value {
    json!(["support:read", "support:write", "calls:write"])
}

/// How many events there are.
async fn events(server: &Server) -> i64 {
    let db = support::client(&server.config).await;
    db.query_one("select count(*) from events", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_handoff_leads_to_a_page_that_opens_and_changes_nothing() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let key = business.key(json!(["support:write"])).await;

    let done = run(&server, &key, "handoff.mjs", &[]).await;
    assert_eq!(done["returned"]["status"], 303, "{done}");
    let answer = &done["answers"][0];
    assert_eq!((&answer["status"], &answer["body"]["success"]), (&json!(200), &json!(true)));
    assert_eq!(answer["body"]["expiresInSeconds"], 600);
    let redirect = answer["body"]["redirectTo"].as_str().unwrap();
    assert_eq!(done["returned"]["location"], redirect);
    assert_eq!(answer["body"]["supportUrl"], redirect);
    let known = &answer["body"]["customer"];
    assert_eq!(known["externalUserId"], "usr_42");
    assert_eq!(known["metadata"], json!({"plan": "pro", "accountUrl": "https://app.acme.com/accounts/7"}));

    let path = redirect.strip_prefix(&server.url()).unwrap();
    let token = path.strip_prefix("/support/").unwrap();
    let before = events(&server).await;
    for _ in 0..2 {
        let page = server.anybody().get(path).await.is(200);
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{page:?}");
    }
    assert_eq!(events(&server).await, before);
    // The page's own script does this, once; opening the page did not use the link up.
    let exchange = json!({"token": token});
    let session = server.anybody().post("/api/webchat/session", exchange.clone()).await.is(201);
    assert_eq!(session.body["customer"]["id"], known["id"]);
    server.anybody().post("/api/webchat/session", exchange).await.refused_with(401, "handoff_used");
    server.stop().await;
}

#[tokio::test]
async fn a_dashboards_route_hands_the_support_link_on() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let key = business.key(json!(["support:write"])).await;

    let done = run(&server, &key, "dashboard.mts", &[]).await;
    assert_eq!(done["returned"]["status"], 200, "{done}");
    assert_eq!(done["returned"]["body"], json!({"supportUrl": done["answers"][0]["body"]["redirectTo"]}));
    let link = done["returned"]["body"]["supportUrl"].as_str().unwrap();
    server.anybody().get(link.strip_prefix(&server.url()).unwrap()).await.is(200);

    // Somebody who comes again is the same customer, and gets another link.
    let again = run(&server, &key, "handoff.mjs", &[]).await;
    let body = |done: &Value, member: &str| done["answers"][0]["body"][member].clone();
    assert_eq!(body(&again, "customer")["id"], body(&done, "customer")["id"]);
    assert_ne!(body(&again, "redirectTo"), body(&done, "redirectTo"));
    server.stop().await;
}

#[tokio::test]
async fn a_conversation_is_created_with_its_message_in_it_and_reaches_the_inbox() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let key = business.key(json!(["support:write", "calls:write"])).await;

    let done = run(&server, &key, "conversation.mjs", &[]).await;
    assert_eq!(done["returned"]["status"], 201, "{done}");
    assert_eq!(done["answers"][0]["body"]["success"], true);
    let conversation = &done["returned"]["body"];
    assert_eq!(conversation["status"], "open");
    assert_eq!(conversation["customer"]["externalUserId"], "cus_123");
    assert_eq!(conversation["assignee"], Value::Null);
    let [message] = &conversation["messages"].as_array().unwrap()[..] else { panic!("{conversation}") };
    assert_eq!(message["text"], "I need help with my order.");
    assert_eq!(message["author"]["kind"], "customer");
    let id = conversation["id"].as_str().unwrap();
    let inbox = business.owner.get("/api/admin/support/inbox?view=unassigned").await.is(200);
    assert_eq!(inbox.body["data"][0]["id"], id);

    let call = run(&server, &key, "call.mjs", &[id]).await;
    assert_eq!(call["returned"]["status"], 503, "{call}");
    assert_eq!(call["answers"][0]["body"]["code"], "calls_not_configured");
    server.stop().await;
}

#[tokio::test]
async fn the_business_is_set_up_configured_and_shown_as_the_guide_tells() {
    let server = Server::start().await;
    let owner = server.person("Olivia").await;
    // The guide's own body.
    let body = json!({
        "businessName": "Acme Support",
        "domain": "https://app.acme.com"
    });
    let set_up = owner.post("/api/business/setup", body).await.is(201);
    assert_eq!(set_up.body["success"], true);
    assert_eq!(set_up.body["business"]["name"], "Acme Support");
    assert_eq!(set_up.body["business"]["domain"], "https://app.acme.com");
    assert!(set_up.text("/channel/id").starts_with("chn_"));
    assert!(set_up.body["settings"].is_object());

    // The domain is the first allowed origin of strict mode.
    let new = json!({"name": "Website", "permissions": ["support:read"], "originMode": "strict"});
    let key = owner.post("/api/business/keys", new).await.is(201);
    assert_eq!(key.body["integrationKey"]["allowedOrigins"], json!(["https://app.acme.com"]));

    let settings =
        json!({"welcomeMessage": "Hello! How can we help?", "preferences": {"defaultCapacity": 8}});
    let saved = owner.post("/api/business/admin/settings", settings).await.is(200);
    assert_eq!(saved.text("/settings/welcomeMessage"), "Hello! How can we help?");
    let read = owner.get("/api/business/admin/settings").await.is(200);
    assert_eq!(read.body, saved.body);

    let backend = server.anybody().with("x-api-key", &key.text("/key"));
    let config = backend.get(CONFIG).await.is(200);
    assert_eq!(config.body["success"], true);
    assert_eq!(config.text("/business/name"), "Acme Support");
    assert_eq!(config.text("/welcomeMessage"), "Hello! How can we help?");
    assert!(config.body["branding"].is_object() && config.body["settings"].is_object());
    assert_eq!(config.body["availability"]["agentsOnline"], 0);
    server.stop().await;
}

#[tokio::test]
async fn an_agents_typing_reaches_the_customer_and_leaves_no_trace() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let customer = business.backend(&server).await.hand_over(&server.anybody(), "jane").await;
    let hello = json!({"message": {"type": "text", "text": "Hello"}});
    let posted = customer.post("/api/webchat/messages", hello).await.is(201);
    let conversation = posted.text("/message/conversationId");
    server.settled(business.id).await;
    let mut socket = customer.chat_socket(None).await;
    socket.next("hello").await;

    let before = events(&server).await;
    let path = format!("/api/admin/support/conversations/{conversation}/typing");
    business.owner.post(&path, json!({"typing": true})).await.is(200);
    let frame = socket.next("typing").await;
    assert_eq!((&frame["conversationId"], &frame["typing"]), (&json!(conversation), &json!(true)));
    assert_eq!(events(&server).await, before);
    server.anybody().post(&path, json!({"typing": true})).await.refused_with(401, "not_signed_in");
    server.stop().await;
}

#[tokio::test]
async fn each_wrong_key_is_told_what_is_wrong_with_it() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let new = json!({"name": "Backend", "permissions": ["support:read"], "originMode": "hotspot"});
    let made = business.owner.post("/api/business/keys", new.clone()).await.is(201);
    let (key, prefix) = (made.text("/key"), made.text("/integrationKey/prefix"));
    let asking = |key: &str| server.anybody().with("x-api-key", key);
    asking(&key).get(CONFIG).await.is(200);

    let last = if key.ends_with('A') { 'B' } else { 'A' };
    let mistyped = format!("{}{last}", &key[..key.len() - 1]);
    let unknown =
        ApiKey::generate(KeyMode::Live, KeyId::from_uuid(Clock::default().uuid())).unwrap().reveal();
    let other_mode = key.replace("oc_live_", "oc_test_");
    let mut told = vec![server.anybody().get(CONFIG).await.refused_with(401, "missing_api_key")];
    for (wrong, code) in [
        (&prefix, "api_key_prefix_only"),
        (&mistyped, "api_key_mistyped"),
        (&other_mode, "api_key_wrong_mode"),
        (&"next-auth.session-token".to_owned(), "api_key_malformed"),
        (&unknown, "api_key_unknown"),
    ] {
        told.push(asking(wrong).get(CONFIG).await.refused_with(401, code));
    }

    let id = made.text("/integrationKey/id");
    let rotate = json!({"overlapSeconds": 0});
    let rotated = business.owner.post(&format!("/api/business/keys/{id}/rotate"), rotate).await.is(200);
    told.push(asking(&key).get(CONFIG).await.refused_with(401, "api_key_rotated"));
    asking(&rotated.text("/key")).get(CONFIG).await.is(200);
    business.owner.delete(&format!("/api/business/keys/{id}")).await.is(200);
    told.push(asking(&rotated.text("/key")).get(CONFIG).await.refused_with(401, "api_key_revoked"));

    // No two of them say the same, and the member that the snippets read says it too.
    let mut sentences: Vec<_> = told.iter().map(|it| it.text("/error")).collect();
    for (answer, sentence) in told.iter().zip(&sentences) {
        assert_eq!(&answer.text("/detail"), sentence);
        assert!(sentence.ends_with('.') && !sentence.contains(&key), "{sentence}");
    }
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), told.len());

    // A key that was rotated with an overlap works beside its successor.
    let made = business.owner.post("/api/business/keys", new).await.is(201);
    let id = made.text("/integrationKey/id");
    let rotated =
        business.owner.post(&format!("/api/business/keys/{id}/rotate"), json!({"overlapSeconds": 60})).await;
    for key in [made.text("/key"), rotated.is(200).text("/key")] {
        asking(&key).get(CONFIG).await.is(200);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_key_does_what_it_may_and_not_in_a_browser() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let asking =
        async |permissions: Value| server.anybody().with("x-api-key", &business.key(permissions).await);
    let (reader, writer) = (asking(json!(["support:read"])).await, asking(json!(["support:write"])).await);
    let made = writer.post(CONVERSATIONS, conversation("Hello")).await.is(201);
    let path = format!("{CONVERSATIONS}/{}", made.text("/conversation/id"));
    let before = events(&server).await;

    let missing = async |client: &Client, path: &str, body: Option<Value>, permission: &str| {
        let answer = match body {
            Some(body) => client.post(path, body).await,
            None => client.get(path).await,
        };
        let sentence = answer.refused_with(403, "permission_missing").text("/error");
        assert!(sentence.contains(permission), "{sentence}");
    };
    missing(&reader, HANDOFFS, Some(customer("jane")), "support:write").await;
    missing(&reader, CONVERSATIONS, Some(conversation("Hello")), "support:write").await;
    missing(&writer, CONFIG, None, "support:read").await;
    missing(&writer, &path, None, "support:read").await;
    let call = json!({"conversationId": made.text("/conversation/id"), "type": "video"});
    missing(&writer, CALLS, Some(call), "calls:write").await;

    for (header, value) in [("origin", "https://app.acme.com"), ("sec-fetch-site", "cross-site")] {
        let browser = writer.with(header, value);
        browser.post(HANDOFFS, customer("jane")).await.refused_with(403, "backend_only");
        browser.post(CONVERSATIONS, conversation("Hello")).await.refused_with(403, "backend_only");
    }
    assert_eq!(events(&server).await, before, "what is refused leaves nothing");
    // Node's own fetch sends this one, too.
    writer.with("sec-fetch-mode", "cors").post(HANDOFFS, customer("jane")).await.is(200);
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_told_how_long_to_wait() {
    let limits = Limits { oc_key_rate: 1, oc_key_burst: 3, ..Limits::default() };
    let server = Server::with_limits(database().await, Clock::default(), limits).await;
    let business = server.business("Acme").await;
    let (hasty, patient) = (business.backend(&server).await, business.backend(&server).await);

    let mut answers = vec![];
    while answers.last().is_none_or(|it: &Answer| it.status.is_success()) {
        assert!(answers.len() < 50, "nobody is ever told to wait");
        answers.push(hasty.get(CONFIG).await);
    }
    assert!(answers.len() > 3, "the burst is allowed");
    for answer in &answers {
        let header = |name: &str| answer.headers[name].to_str().unwrap();
        assert_eq!(header("ratelimit-policy"), "\"key\";q=3;w=3");
        assert!(header("ratelimit").starts_with("\"key\";r="), "{answer:?}");
    }
    let refused = answers.pop().unwrap().refused_with(429, "rate_limited");
    assert!(refused.headers["ratelimit"].to_str().unwrap().starts_with("\"key\";r=0;t="));
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    patient.get(CONFIG).await.is(200);
    // The promise is what is tested: after so long the next one is welcome.
    tokio::time::sleep(Duration::from_secs(wait)).await;
    hasty.get(CONFIG).await.is(200);
    server.stop().await;
}

#[tokio::test]
async fn the_same_request_under_the_same_idempotency_key_is_done_once_even_across_a_restart() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let (key, other_key) = (business.key(everything()).await, business.key(everything()).await);
    let backend = server.anybody().with("x-api-key", &key);
    let made = backend.post(CONVERSATIONS, conversation("Hello")).await.is(201);
    let messages = format!("{CONVERSATIONS}/{}/messages", made.text("/conversation/id"));
    let requests = [
        (HANDOFFS, customer("jane")),
        (CONVERSATIONS, conversation("Once")),
        (messages.as_str(), json!({"message": {"type": "text", "text": "Once more"}})),
        // A refusal that would be the same again is an answer, too.
        (CONVERSATIONS, json!({"customer": {}})),
    ];
    let mut first = vec![];
    for (n, (path, body)) in requests.iter().enumerate() {
        let keyed = backend.with("idempotency-key", &format!("order {n}"));
        let answer = keyed.post(path, body.clone()).await;
        assert!(!answer.headers.contains_key("idempotent-replayed"), "{answer:?}");
        keyed.post(path, json!({"other": "body"})).await.refused_with(422, "idempotency_key_reused");
        keyed.post(CALLS, body.clone()).await.refused_with(422, "idempotency_key_reused");
        first.push(answer);
    }
    assert_eq!(first.iter().map(|it| it.status.as_u16()).collect::<Vec<_>>(), [200, 201, 201, 422]);
    let recorded = events(&server).await;
    let config = server.config.clone();
    server.stop().await;

    let server = Server::on(config, Clock::default()).await;
    let backend = server.anybody().with("x-api-key", &key);
    for (n, ((path, body), first)) in requests.iter().zip(&first).enumerate() {
        let again = backend.with("idempotency-key", &format!("order {n}")).post(path, body.clone()).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.headers["idempotent-replayed"], "true");
        for name in ["content-type", "x-oc-position"] {
            assert_eq!(again.headers.get(name), first.headers.get(name), "{name}");
        }
    }
    assert_eq!(events(&server).await, recorded);

    // The name is the key's own; without one, the same request is meant twice; and not every text is a name.
    let other = server.anybody().with("x-api-key", &other_key).with("idempotency-key", "order 1");
    let theirs = other.post(CONVERSATIONS, conversation("Once")).await.is(201);
    assert_ne!(theirs.text("/conversation/id"), first[1].text("/conversation/id"));
    let [one, two] = [
        backend.post(CONVERSATIONS, conversation("Once")).await,
        backend.post(CONVERSATIONS, conversation("Once")).await,
    ];
    assert_ne!(one.is(201).text("/conversation/id"), two.is(201).text("/conversation/id"));
    for name in ["", &"x".repeat(256), "é"] {
        let refused = backend.with("idempotency-key", name).post(CONVERSATIONS, conversation("Once")).await;
        let refused = refused.refused_with(422, "invalid_request");
        assert!(refused.body["fields"]["Idempotency-Key"].is_string(), "{}", refused.body);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_twin_that_comes_while_the_first_is_worked_on_is_told_to_wait() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await.with("idempotency-key", "twins");
    let gate = Gate::close(support::client(&server.config).await, "ConversationOpened").await;
    let first = tokio::spawn({
        let backend = backend.clone();
        async move { backend.post(CONVERSATIONS, conversation("Hello")).await }
    });
    gate.reached().await;
    let twin =
        backend.post(CONVERSATIONS, conversation("Hello")).await.refused_with(409, "idempotency_key_in_use");
    assert_eq!(twin.headers["retry-after"], "1");
    gate.open().await;
    let first = first.await.unwrap().is(201);
    let again = backend.post(CONVERSATIONS, conversation("Hello")).await.is(201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");

    // Of many that come at once exactly one is carried out.
    let backend = backend.with("idempotency-key", "octuplets");
    let all = (0..8).map(|_| backend.post(CONVERSATIONS, conversation("At once")));
    let mut ids = vec![];
    for answer in futures_util::future::join_all(all).await {
        match answer.status.as_u16() {
            409 => drop(answer.refused_with(409, "idempotency_key_in_use")),
            _ => ids.push(answer.is(201).text("/conversation/id")),
        }
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let db = support::client(&server.config).await;
    let sql = "select count(*) from events where payload::text like '%At once%'";
    assert_eq!(db.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 1);
    server.stop().await;
}
