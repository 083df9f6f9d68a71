//! What bad input gets: a clear problem, and nothing left behind.

use std::time::Duration;

use openchat_domain::AgentId;
use reqwest::{RequestBuilder, StatusCode};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::support::{
    eventually,
    installation::Installation,
    server::{CHAT_SOCKET, Client, INBOX_SOCKET, Server},
};

const CONVERSATIONS: &str = "/api/public/support/conversations";
/// The longest text of a message, in characters.
const LONGEST: usize = 16 * 1024;

#[expect(clippy::needless_pass_by_value, reason = "so that literals can be written where it is used")]
fn conversation(customer: Value, text: Value) -> Value {
    json!({"customer": customer, "message": {"type": "text", "text": text}})
}

/// The status and the code of a problem, whose every member must be as promised.
async fn problem(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"));
    assert_eq!(headers["content-type"], "application/problem+json", "{body}");
    assert_eq!(body["success"], false);
    assert_eq!(body["status"], status.as_u16());
    assert_eq!(body["requestId"].as_str(), headers["x-request-id"].to_str().ok());
    assert!(body["error"].as_str().is_some_and(|sentence| sentence.ends_with('.')), "{body}");
    assert_eq!(status == StatusCode::UNPROCESSABLE_ENTITY, body["fields"].is_object(), "{body}");
    (status.as_u16(), body["code"].as_str().unwrap().to_owned())
}

/// How many events, aggregates and kept answers there are.
async fn left_behind(server: &Server) -> (i64, i64, i64) {
    let db = crate::support::client(&server.config).await;
    let row = db
        .query_one(
            "select (select count(*) from events), (select count(*) from customers),
                    (select count(*) from handoffs)",
            &[],
        )
        .await
        .unwrap();
    (row.get(0), row.get(1), row.get(2))
}

#[tokio::test]
async fn a_body_that_can_not_be_taken_leaves_nothing_behind() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let key = business.key(json!(["support:read", "support:write"])).await;
    let http = reqwest::Client::new();
    let post = |path: &str| http.post(format!("{}{path}", server.url())).header("x-api-key", &key);
    let sent = |body: Vec<u8>| post(CONVERSATIONS).header("content-type", "application/json").body(body);
    let before = left_behind(&server).await;

    let jane = json!({"externalUserId": "jane"});
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut broken = serde_json::to_vec(&conversation(jane.clone(), json!("?"))).unwrap();
    let at = broken.iter().position(|byte| *byte == b'?').unwrap();
    broken[at] = 0xff;
    for (body, status, code) in [
        (b"{\"customer\": ".to_vec(), 400, "unreadable_body"),
        (b"".to_vec(), 400, "unreadable_body"),
        (deep.into_bytes(), 400, "unreadable_body"),
        (broken, 400, "unreadable_body"),
        (vec![b' '; 2 * 1024 * 1024 + 1], 413, "body_too_large"),
        (b"[]".to_vec(), 422, "invalid_request"),
    ] {
        let start = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
        assert_eq!(problem(sent(body)).await, (status, code.to_owned()), "{start}");
    }
    let typed = post(CONVERSATIONS).header("content-type", "text/plain").body("{}");
    assert_eq!(problem(typed).await, (415, "unsupported_media_type".to_owned()));

    let long = "x".repeat(LONGEST + 1);
    for body in [
        conversation(jane.clone(), json!("")),
        conversation(jane.clone(), json!(" \n\t ")),
        conversation(jane.clone(), json!(long)),
        conversation(jane.clone(), json!("NUL \u{0} inside")),
        conversation(jane.clone(), json!(7)),
        conversation(json!({"externalUserId": "x".repeat(10_000)}), json!("Hello")),
        conversation(json!({"externalUserId": ""}), json!("Hello")),
        conversation(json!({}), json!("Hello")),
        conversation(json!({"externalUserId": "jane", "email": "not an address"}), json!("Hello")),
        json!({"customer": jane, "message": {"type": "video", "text": "Hello"}}),
    ] {
        let said = body.to_string();
        let answer = problem(sent(said.clone().into_bytes())).await;
        assert_eq!(answer, (422, "invalid_request".to_owned()), "{}", &said[..said.len().min(100)]);
    }
    assert_eq!(left_behind(&server).await, before, "nothing is left behind");
    let longest = conversation(json!({"externalUserId": "jane"}), json!("x".repeat(LONGEST)));
    assert!(sent(longest.to_string().into_bytes()).send().await.unwrap().status().is_success());
    server.stop().await;
}

#[tokio::test]
async fn nobody_changes_whose_something_is() {
    let server = Server::start().await;
    let (acme, other) = (server.business("Acme").await, server.business("Other").await);
    let backend = acme.backend(&server).await;
    let foreign = other.backend(&server).await;
    // An integrator's unknown members are ignored, whatever they are called.
    let mut body = conversation(json!({"externalUserId": "c", "role": "owner"}), json!("Hello"));
    body["tenantId"] = json!(other.id.to_string());
    let opened = backend.post(CONVERSATIONS, body).await.is(201);
    let id = opened.text("/conversation/id");
    let at = format!("/api/admin/support/conversations/{id}");
    assert_eq!(other.owner.get("/api/admin/support/inbox?view=all").await.body["data"], json!([]));

    // Another tenant's ids are as unknown as a made-up one.
    let nobody = "cnv_019aafc33b7c7d80a1b2c3d4e5f60718";
    let made_up = other.owner.get(&format!("/api/admin/support/conversations/{nobody}")).await;
    let known = other.owner.get(&at).await.refused_with(404, "conversation_not_found");
    assert_eq!(made_up.body["error"], known.body["error"]);
    let text = json!({"message": {"type": "text", "text": "Let me in"}});
    for path in ["messages", "resolve", "reopen", "assign", "notes"] {
        let body = match path {
            "messages" => text.clone(),
            "assign" => json!({"agentId": other.owner_agent}),
            "notes" => json!({"text": "Psst"}),
            _ => json!({}),
        };
        other.owner.post(&format!("{at}/{path}"), body).await.refused_with(404, "conversation_not_found");
    }
    foreign.get(&format!("{CONVERSATIONS}/{id}")).await.refused_with(404, "conversation_not_found");
    let into = format!("{CONVERSATIONS}/{id}/messages");
    foreign.post(&into, text).await.refused_with(404, "conversation_not_found");
    let theirs: AgentId = other.owner_agent.parse().unwrap();
    let give = json!({"agentId": theirs.to_string()});
    acme.owner.post(&format!("{at}/assign"), give).await.refused_with(404, "agent_not_found");

    // People's bodies are closed: a field that would change ownership is an error.
    for path in ["/api/business/agents", "/api/business/keys", "/api/auth/sign-up"] {
        let answer = acme.owner.post(path, json!({"tenantId": other.id.to_string()})).await.is(422);
        assert_eq!(answer.body["fields"]["tenantId"], "is not a field of this request", "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_over_stays_over() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let ben = business.agent(&server, "Ben").await;
    let bens = ben.get("/api/auth/me").await.text("/agent/id");
    let body = conversation(json!({"externalUserId": "c"}), json!("Hello"));
    let at = backend.post(CONVERSATIONS, body).await.is(201).text("/conversation/id");
    let at = format!("/api/admin/support/conversations/{at}");
    business.owner.post(&format!("{at}/resolve"), json!({})).await.is(200);

    let snooze = json!({"until": server.running.app.clock.now() + chrono::TimeDelta::hours(1)});
    let assign = json!({"agentId": business.owner_agent});
    for (path, body) in [("snooze", snooze), ("assign", assign)] {
        let refused = business.owner.post(&format!("{at}/{path}"), body).await;
        let refused = refused.refused_with(409, "conversation_resolved");
        assert_eq!(refused.body["current"]["status"], "resolved", "the state is told: {}", refused.body);
    }
    business.owner.delete(&format!("/api/business/agents/{bens}")).await.is(200);
    business.owner.post(&format!("{at}/reopen"), json!({})).await.is(200);
    let give = json!({"agentId": bens});
    business.owner.post(&format!("{at}/assign"), give).await.refused_with(409, "agent_deactivated");
    let refused = ben.get("/api/admin/support/inbox?view=all").await;
    assert!(matches!(refused.status.as_u16(), 401 | 403), "{refused:?}");

    for (token, code) in [("x".repeat(43), "handoff_unknown"), ("short".to_owned(), "handoff_unknown")] {
        let begin = server.anybody().post("/api/webchat/session", json!({"token": token})).await;
        begin.refused_with(401, code);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_socket_refuses_foreign_pages_and_a_position_that_is_none() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let chat = backend.hand_over(&server.anybody(), "c").await;
    let status = |refused: tungstenite::Result<_>| match refused.map(|_| ()) {
        Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        other => panic!("{other:?}"),
    };
    for (client, path) in [(&business.owner, INBOX_SOCKET), (&chat, CHAT_SOCKET)] {
        let foreign: Client = client.with("origin", "https://evil.example");
        assert_eq!(status(foreign.try_socket(path, None).await), 403, "{path}");
        let malformed = client.get(&format!("{path}?after=yesterday")).await;
        assert_eq!(malformed.status.as_u16(), 422, "{malformed:?}");
        // One that is unknown, or ahead, begins with a fresh snapshot.
        for after in [-1, i64::MAX] {
            let mut socket = client.try_socket(path, Some(after)).await.unwrap();
            assert_eq!(socket.json().await["type"], "hello", "{path} after {after}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_a_server_says_so_and_recovers_by_itself() {
    let mut installation = Installation::new("no-database");
    let server = installation.start().await;
    let anybody = installation.anybody();
    let business = anybody.set_up("Acme").await;
    let key = business.key(json!(["support:read", "support:write"])).await;
    let backend = anybody.with("x-api-key", &key);
    let body = |n: usize| conversation(json!({"externalUserId": n}), json!("Hello"));
    backend.post(CONVERSATIONS, body(0)).await.is(201);

    // It is there, and doesn't answer; were it gone, it would be started again at once.
    let postmaster = installation.postmaster().unwrap();
    for pid in children(postmaster.as_raw_nonzero().get()) {
        kill_process(pid, Signal::STOP).unwrap();
    }
    kill_process(postmaster, Signal::STOP).unwrap();
    let refused = tokio::time::timeout(Duration::from_secs(60), backend.post(CONVERSATIONS, body(1))).await;
    let refused = refused.expect("a bounded wait");
    assert_eq!(refused.status.as_u16(), 503, "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    assert_eq!(anybody.get("/readyz").await.status.as_u16(), 503);
    anybody.get("/healthz").await.is(200);

    kill_process(postmaster, Signal::CONT).unwrap();
    for pid in children(postmaster.as_raw_nonzero().get()) {
        kill_process(pid, Signal::CONT).unwrap();
    }
    eventually("it serves again", async || backend.post(CONVERSATIONS, body(2)).await.status.as_u16() == 201)
        .await;
    eventually("it is ready again", async || anybody.get("/readyz").await.status.as_u16() == 200).await;
    server.terminate();
    assert!(server.ended().await.success());
}

/// The processes that a process has begun.
fn children(parent: i32) -> Vec<rustix::process::Pid> {
    let list = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    list.split_whitespace().filter_map(|pid| rustix::process::Pid::from_raw(pid.parse().ok()?)).collect()
}
