//! The live feed over real sockets: in order, without a gap or a repetition, and closed when it must be.

mod stalled;

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    routing::begin,
    support::server::{Business, Client, Server},
};

const BASE: &str = "/api/admin/support";

/// A customer's session that a handoff opened.
pub(crate) async fn customer(server: &Server, backend: &Client, external: &str) -> Client {
    let body = json!({"customer": {"externalUserId": external, "name": "Jane Customer", "email": "jane@example.com"}});
    let handoff = backend.post("/api/public/support/handoffs", body).await.is(200);
    let token = handoff.text("/redirectTo").rsplit('/').next().unwrap().to_owned();
    let session = server.anybody().post("/api/webchat/session", json!({"token": token})).await;
    assert!(session.status.is_success(), "{}", session.body);
    let token = session.text("/session/token");
    server.anybody().with("authorization", &format!("Bearer {token}"))
}

async fn says(customer: &Client, text: &str, name: &str) -> Value {
    let body = json!({"message": {"type": "text", "text": text}, "clientMessageId": name});
    let answer = customer.post("/api/webchat/messages", body).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    answer.body["message"].clone()
}

struct Setting {
    server: Server,
    business: Business,
    backend: Client,
    jane: Client,
}

async fn setting() -> Setting {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    Setting { server, business, backend, jane }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_and_its_answer_reach_both_sides_in_the_same_order() {
    let Setting { server, business, backend, jane } = setting().await;
    let customer = customer(&server, &backend, "7").await;
    let mut inbox = jane.inbox_socket(None).await;
    let hello = inbox.next("hello").await;
    assert_eq!(hello["snapshot"]["conversations"], json!([]));
    let mut chat = customer.chat_socket(None).await;
    assert_eq!(chat.next("hello").await["snapshot"]["conversation"], Value::Null);

    let said = says(&customer, "Hello?", "m-1").await;
    let conversation = said["conversationId"].as_str().unwrap().to_owned();
    let opened = inbox.next("conversation.opened").await;
    assert_eq!(opened["conversationId"], json!(conversation));
    assert_eq!(opened["data"]["channel"], "handoff");
    assert_eq!(inbox.next("message.posted").await["data"]["message"], said);
    assert_eq!(chat.next("conversation.opened").await["data"]["queuePosition"], 1);
    assert_eq!(chat.next("message.posted").await["data"]["message"], said);

    let path = format!("{BASE}/conversations/{conversation}");
    jane.post(&format!("{path}/notes"), json!({"text": "A difficult one."})).await.is(201);
    let answer = json!({"message": {"type": "text", "text": "Hi Jane"}});
    let answered = jane.post(&format!("{path}/messages"), answer).await.is(201).body["message"].clone();
    assert_eq!(inbox.next("note.added").await["conversationId"], json!(conversation));
    let told = inbox.next("message.posted").await["data"]["message"].clone();
    assert_eq!((&told["id"], &told["text"]), (&answered["id"], &json!("Hi Jane")));
    // The customer's next frames are the agent's claim and the answer: no note.
    assert_eq!(chat.next("conversation.assigned").await["data"]["queuePosition"], Value::Null);
    let next = chat.json().await;
    assert_eq!((&next["type"], &next["data"]["message"]), (&json!("message.posted"), &told));

    // Both sides read the same, over HTTP too.
    server.settled(business.id).await;
    let theirs = customer.get("/api/webchat/messages").await.is(200).body["data"].clone();
    let ids = |page: &Value| -> Vec<Value> {
        page.as_array()
            .unwrap()
            .iter()
            .filter(|m| m["type"] == "text" && m["kind"] != "note")
            .map(|m| m["id"].clone())
            .collect()
    };
    let ours = jane.get(&format!("{path}/messages")).await.is(200).body["data"].clone();
    let messages: Vec<_> = ids(&ours).into_iter().filter(|id| ids(&theirs).contains(id)).collect();
    assert_eq!(ids(&theirs), messages);
    assert_eq!(messages.len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_gets_what_it_missed_and_nothing_twice() {
    let Setting { server, business, backend, jane } = setting().await;
    let customer = customer(&server, &backend, "7").await;
    let first = says(&customer, "one", "m-1").await;
    server.settled(business.id).await;
    let mut inbox = jane.inbox_socket(None).await;
    let mut chat = customer.chat_socket(None).await;
    inbox.next("hello").await;
    chat.next("hello").await;
    let (left_inbox, left_chat) = (inbox.position, chat.position);
    drop((inbox, chat));
    for n in 2..=5 {
        says(&customer, &n.to_string(), &format!("m-{n}")).await;
        begin(&backend, n).await;
    }
    server.settled(business.id).await;
    let mut inbox = jane.inbox_socket(Some(left_inbox)).await;
    assert_eq!(inbox.json().await["type"], "resumed");
    let mut chat = customer.chat_socket(Some(left_chat)).await;
    assert_eq!(chat.json().await["type"], "resumed");
    for n in 2..=5 {
        assert_eq!(chat.next("message.posted").await["data"]["message"]["text"], json!(n.to_string()));
        let seen = inbox.next("message.posted").await;
        assert_eq!(seen["data"]["message"]["text"], json!(n.to_string()));
        assert_eq!(seen["conversationId"], first["conversationId"]);
        assert_eq!(
            inbox.next("message.posted").await["data"]["message"]["text"],
            json!(format!("Question {n}"))
        );
    }
    // A position that nobody can have seen, or that is no position, begins with a snapshot.
    for unknown in [1_000_000, -5] {
        let mut lost = jane.inbox_socket(Some(unknown)).await;
        let hello = lost.json().await;
        assert_eq!(hello["type"], "hello", "{unknown}");
        assert_eq!(hello["snapshot"]["conversations"].as_array().unwrap().len(), 5);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_deeper_than_the_rooms_memory_comes_from_the_log() {
    let Setting { server, business, backend, jane } = setting().await;
    let mut inbox = jane.inbox_socket(None).await;
    inbox.next("hello").await;
    let left = inbox.position;
    drop(inbox);
    let conversation = begin(&backend, 1).await;
    let path = format!("/api/public/support/conversations/{conversation}/messages");
    for n in 0..1_200 {
        let body = json!({"message": {"type": "text", "text": format!("{n}")}});
        backend.post(&path, body).await.is(201);
    }
    server.settled(business.id).await;
    // Another socket's room remembers less than that.
    let mut watcher = business.owner.inbox_socket(None).await;
    watcher.next("hello").await;
    let mut inbox = jane.inbox_socket(Some(left)).await;
    assert_eq!(inbox.json().await["type"], "resumed");
    inbox.next("message.posted").await;
    for n in 0..1_200 {
        assert_eq!(inbox.next("message.posted").await["data"]["message"]["text"], json!(n.to_string()));
    }
    backend.post(&path, json!({"message": {"type": "text", "text": "live"}})).await.is(201);
    assert_eq!(inbox.next("message.posted").await["data"]["message"]["text"], "live");
    assert_eq!(watcher.next("message.posted").await["data"]["message"]["text"], "live");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_moves_up_for_those_who_wait() {
    let Setting { server, business, backend, jane } = setting().await;
    let first = customer(&server, &backend, "first").await;
    let second = customer(&server, &backend, "second").await;
    let ahead = says(&first, "I was first", "a").await;
    let behind = says(&second, "I was second", "b").await;
    server.settled(business.id).await;
    let mut chat = second.chat_socket(None).await;
    let hello = chat.next("hello").await;
    assert_eq!(hello["snapshot"]["conversation"]["queuePosition"], 2);
    let me = jane.get("/api/auth/me").await.is(200).text("/agent/id");
    let path = format!("{BASE}/conversations/{}/assign", ahead["conversationId"].as_str().unwrap());
    jane.post(&path, json!({"agentId": me})).await.is(200);
    let moved = chat.next("queue.changed").await;
    assert_eq!(
        (&moved["data"]["queuePosition"], &moved["conversationId"]),
        (&json!(1), &behind["conversationId"])
    );
    server.settled(business.id).await;
    let shown = second.get("/api/webchat/conversation").await.is(200);
    assert_eq!(shown.body["conversation"]["queuePosition"], 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_shows_ends_by_itself_and_is_never_replayed() {
    let Setting { server, business, backend, jane } = setting().await;
    let customer = customer(&server, &backend, "7").await;
    let said = says(&customer, "Hello?", "m-1").await;
    let conversation = said["conversationId"].as_str().unwrap();
    server.settled(business.id).await;
    let mut inbox = jane.inbox_socket(None).await;
    inbox.next("hello").await;
    let mut chat = customer.chat_socket(None).await;
    chat.next("hello").await;
    jane.post(&format!("{BASE}/conversations/{conversation}/typing"), json!({"typing": true})).await.is(200);
    let typing = chat.next("typing").await;
    assert_eq!((&typing["typing"], &typing["who"]["kind"]), (&json!(true), &json!("agent")));
    assert_eq!(typing.get("position"), None);
    chat.send(json!({"type": "typing", "conversationId": conversation, "typing": true})).await;
    loop {
        let typing = inbox.next("typing").await;
        if typing["who"]["kind"] == "customer" {
            assert_eq!(typing["typing"], true);
            break;
        }
    }
    // Nobody renews it: the server ends it.
    let ended = chat.next("typing").await;
    assert_eq!((&ended["typing"], &ended["who"]["kind"]), (&json!(false), &json!("agent")));
    let position = chat.position;
    drop(chat);
    let mut again = customer.chat_socket(Some(position)).await;
    assert_eq!(again.json().await["type"], "resumed");
    again.send(json!({"type": "ping"})).await;
    assert_eq!(again.json().await["type"], "pong");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_team_sees_who_has_a_conversation_open() {
    let Setting { server, business, backend, jane } = setting().await;
    let customer = customer(&server, &backend, "7").await;
    let said = says(&customer, "Hello?", "m-1").await;
    let conversation = said["conversationId"].as_str().unwrap();
    server.settled(business.id).await;
    let mut chat = customer.chat_socket(None).await;
    chat.next("hello").await;
    let mut inbox = business.owner.inbox_socket(None).await;
    inbox.next("hello").await;
    let mut hers = jane.inbox_socket(None).await;
    hers.next("hello").await;
    hers.send(json!({"type": "viewing", "conversationId": conversation})).await;
    for socket in [&mut inbox, &mut hers] {
        let seen = socket.next("viewing").await;
        assert_eq!((&seen["conversationId"], &seen["viewing"]), (&json!(conversation), &json!(true)));
        assert_eq!(seen["agent"]["name"], "Jane");
        assert_eq!(seen.get("position"), None);
    }
    // Who comes later is told as well.
    let mut late = business.owner.inbox_socket(None).await;
    assert_eq!(late.next("viewing").await["viewing"], true);
    // A customer has no say in it, and hears nothing of it.
    chat.send(json!({"type": "viewing", "conversationId": conversation})).await;
    chat.send(json!({"type": "ping"})).await;
    assert_eq!(chat.json().await["type"], "pong");
    // A window that is gone looks at nothing.
    drop(hers);
    for socket in [&mut inbox, &mut late] {
        assert_eq!(socket.next("viewing").await["viewing"], false);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_closes_with_its_session_its_agent_and_its_server() {
    let Setting { server, business, backend, jane } = setting().await;
    let mut inbox = jane.inbox_socket(None).await;
    inbox.next("hello").await;
    let started = std::time::Instant::now();
    jane.post("/api/auth/sign-out", json!({})).await.is(200);
    assert_eq!(inbox.closed().await, Some(4001));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());

    let joe = business.agent(&server, "Joe").await;
    let mut inbox = joe.inbox_socket(None).await;
    inbox.next("hello").await;
    let id = joe.get("/api/auth/me").await.is(200).text("/agent/id");
    business.owner.delete(&format!("/api/business/agents/{id}")).await.is(200);
    let code = inbox.closed().await;
    assert!(matches!(code, Some(4001 | 4003)), "{code:?}");

    // Another process ends a session by the database alone.
    let customer = customer(&server, &backend, "7").await;
    let mut chat = customer.chat_socket(None).await;
    chat.next("hello").await;
    let db = crate::support::client(&server.config).await;
    let started = std::time::Instant::now();
    db.batch_execute("update customer_sessions set revoked_at = now()").await.unwrap();
    assert_eq!(chat.closed().await, Some(4001));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    let mut inbox = business.owner.inbox_socket(None).await;
    inbox.next("hello").await;
    let (code, ()) = tokio::join!(inbox.closed(), server.stop());
    assert_eq!(code, Some(4012));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_opens_for_its_own_page_only() {
    let Setting { server, backend, jane, .. } = setting().await;
    let foreign = jane.with("origin", "https://evil.example");
    assert!(
        crate::support::socket::Socket::open(
            &format!("{}{BASE}/socket", server.url().replace("http", "ws")),
            &[("origin", "https://evil.example".to_owned())]
        )
        .await
        .is_err()
    );
    foreign.get(&format!("{BASE}/socket")).await.refused_with(426, "upgrade_required");
    server.anybody().get(&format!("{BASE}/socket")).await.refused_with(401, "not_signed_in");
    backend.get("/api/webchat/socket").await.refused_with(401, "no_session");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_comes_back_to_a_new_process_sees_no_gap_where_nothing_was_told() {
    let Setting { server, business, backend, .. } = setting().await;
    let known = server.settled(business.id).await;
    // Of this the team's feed tells nothing.
    customer(&server, &backend, "7").await;
    assert!(server.settled(business.id).await > known);
    let config = server.config.clone();
    server.stop().await;
    let server = Server::on(config, openchat::clock::Clock::default()).await;
    let owner = server.anybody().with("cookie", &business.owner.header("cookie"));
    let backend = server.anybody().with("x-api-key", &backend.header("x-api-key"));
    let mut inbox = owner.inbox_socket(Some(known)).await;
    inbox.next("resumed").await;
    // It is in the room when it is told of others.
    inbox.next("presence").await;
    begin(&backend, 1).await;
    inbox.next("conversation.opened").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whom_a_new_process_cant_catch_up_is_greeted_once_and_told_nothing_before() {
    let Setting { server, business, backend, .. } = setting().await;
    let jane = customer(&server, &backend, "7").await;
    let known = server.settled(business.id).await;
    says(&jane, "Hello", "a").await;
    server.settled(business.id).await;
    let config = server.config.clone();
    server.stop().await;
    let server = Server::on(config, openchat::clock::Clock::default()).await;
    // Its room begins later than what she knows.
    let mut chat =
        server.anybody().with("authorization", &jane.header("authorization")).chat_socket(Some(known)).await;
    assert_eq!(chat.json().await["type"], "hello");
    chat.send(json!({"type": "ping"})).await;
    assert_eq!(chat.json().await["type"], "pong");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_last_socket_is_gone_goes_offline_and_its_waiting_customers_back_to_the_queue() {
    let Setting { server, business, backend, jane } = setting().await;
    let settings = json!({"preferences": {"offlineGraceSeconds": 5}});
    business.owner.post("/api/business/admin/settings", settings).await.is(200);
    let mut watcher = business.owner.inbox_socket(None).await;
    watcher.next("hello").await;
    let mut inbox = jane.inbox_socket(None).await;
    inbox.next("hello").await;
    jane.put(&format!("{BASE}/me/availability"), json!({"availability": "online"})).await.is(200);
    let conversation = begin(&backend, 1).await;
    assert_eq!(watcher.next("conversation.assigned").await["conversationId"], json!(conversation));
    drop(inbox);
    let offline = async {
        loop {
            let delta = watcher.next("agent.availability").await;
            if delta["data"]["availability"] == "offline" {
                return delta;
            }
        }
    };
    assert_eq!(offline.await["data"]["reason"], "disconnected");
    let back = watcher.next("conversation.unassigned").await;
    assert_eq!(back["conversationId"], json!(conversation));
    assert_eq!(back["data"]["reason"]["kind"], "agentOffline");
    // She comes back as she was, and gets it again.
    let mut inbox = jane.inbox_socket(None).await;
    inbox.next("hello").await;
    let online = watcher.next("agent.availability").await;
    assert_eq!(
        (&online["data"]["availability"], &online["data"]["reason"]),
        (&json!("online"), &json!("reconnected"))
    );
    assert_eq!(watcher.next("conversation.assigned").await["conversationId"], json!(conversation));
    server.stop().await;
}
