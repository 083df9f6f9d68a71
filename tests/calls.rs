//! Calls on a real media server: who gets in, who rings, what is recorded, and what is left after every kind of crash.

mod crash;
pub(crate) mod media;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use openchat::{
    calls::{CallOptions, MediaOptions},
    projector::rebuild,
};
use openchat_projections::Projection;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    guide,
    projector::dump,
    routing::begin,
    support::{
        database, eventually,
        server::{Business, Client, Server},
    },
};
use media::{Media, Participant, claims, program};

const DESK: &str = "/api/admin/support";
const SUPPORT_CALLS: &str = "/api/public/support/calls";

/// A server with a media server of its own, which tells it its news.
async fn server(ring_seconds: i64) -> Server {
    let media = MediaOptions::Local { program: program(), folder: None };
    Server::with_calls(database().await, CallOptions { media, ring: TimeDelta::seconds(ring_seconds) }).await
}

/// A server with a media server that somebody else runs, and that tells it nothing.
async fn server_beside(media: &Media) -> Server {
    let media = MediaOptions::Server(media.server.clone());
    Server::with_calls(database().await, CallOptions { media, ring: TimeDelta::seconds(45) }).await
}

/// A customer who talks with a business, and their conversation.
struct Talk {
    business: Business,
    backend: Client,
    customer: Client,
    conversation: String,
}

impl Talk {
    async fn begin(server: &Server) -> Self {
        Self::with(&server.anybody()).await
    }

    /// The same at the server that somebody talks to.
    async fn with(anybody: &Client) -> Self {
        let business = anybody.set_up("Acme").await;
        let backend = business.own_backend(anybody).await;
        let customer = backend.hand_over(anybody, "jane").await;
        let hello = json!({"message": {"type": "text", "text": "Hello"}});
        let message = customer.post("/api/webchat/messages", hello).await.is(201);
        Self { business, backend, customer, conversation: message.text("/message/conversationId") }
    }

    /// The owner takes the conversation.
    async fn claimed(self) -> Self {
        let path = format!("{DESK}/conversations/{}/assign", self.conversation);
        self.business.owner.post(&path, json!({"agentId": self.business.owner_agent})).await.is(200);
        self
    }

    /// The customer calls.
    async fn call(&self, kind: &str) -> Value {
        self.customer.post("/api/webchat/calls", json!({"type": kind})).await.is(201).body
    }

    /// What the owner does about a call.
    async fn owner_does(&self, call: &Value, what: &str, body: Value) -> Value {
        let path = format!("{DESK}/calls/{}/{what}", call["call"]["id"].as_str().unwrap());
        self.business.owner.post(&path, body).await.is(200).body
    }

    async fn customer_does(&self, call: &Value, what: &str) -> Value {
        let path = format!("/api/webchat/calls/{}/{what}", call["call"]["id"].as_str().unwrap());
        self.customer.post(&path, json!({})).await.is(200).body
    }

    async fn shown(&self) -> Value {
        let path = format!("{DESK}/conversations/{}", self.conversation);
        self.business.owner.get(&path).await.is(200).body["conversation"].clone()
    }

    /// Waits for the call's end; why, and how long the two sides talked.
    async fn end(&self, server: &Server, call: &Value) -> (String, i64) {
        let id = call["call"]["id"].as_str().unwrap();
        eventually("the call is over", async || ended(server, id).await.is_some()).await;
        ended(server, id).await.unwrap()
    }
}

/// A call's end in the log: why, and how many seconds after the answer.
async fn ended(server: &Server, call: &str) -> Option<(String, i64)> {
    let db = crate::support::client(&server.config).await;
    let sql = "select payload->>'reason', (payload->>'durationSeconds')::bigint from events \
               where event_type = 'CallEnded' and payload->>'callId' = $1";
    db.query_opt(sql, &[&call]).await.unwrap().map(|row| (row.get(0), row.get(1)))
}

async fn events(server: &Server) -> Vec<String> {
    let db = crate::support::client(&server.config).await;
    let sql = "select event_type from events where event_type like 'Call%' order by position";
    db.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn the_guides_call_opens_a_room_for_an_independent_client() {
    let server = server(45).await;
    let talk = Talk::begin(&server).await.claimed().await;
    let key = talk.business.key(json!(["calls:write"])).await;
    let done = guide::run(&server, &key, "call.mjs", &[&talk.conversation]).await;
    assert_eq!(done["returned"]["status"], 201, "{done}");
    let call = &done["answers"][0]["body"];
    assert_eq!((&call["success"], &call["call"]["type"]), (&json!(true), &json!("video")));
    assert_eq!(call["agent"]["id"], json!(talk.business.owner_agent));

    let mut customer = Participant::come(call, &["audio", "video"]);
    let connected = customer.says("connected").await;
    assert_eq!(connected["room"], call["roomName"]);
    let pass = talk.owner_does(call, "join", json!({})).await;
    assert_eq!(pass["roomName"], call["roomName"]);
    let mut agent = Participant::come(&pass, &["audio"]);
    assert_eq!(agent.says("heard").await["who"], connected["identity"]);
    assert_eq!(customer.says("heard").await["who"], json!(talk.business.owner_agent));
    let shown = talk.shown().await;
    assert_eq!(
        (&shown["call"]["state"], shown["call"]["joined"].as_array().unwrap().len()),
        (&json!("answered"), 2)
    );

    // The media server's own news say that somebody has left, long before anybody asks.
    customer.leave().await;
    eventually("the customer has left", async || {
        talk.shown().await["call"]["joined"].as_array().is_some_and(|joined| joined.len() == 1)
    })
    .await;
    talk.owner_does(call, "end", json!({})).await;
    agent.says("disconnected").await;
    assert_eq!(talk.end(&server, call).await.0, "hungUp");
    server.stop().await;
}

#[tokio::test]
async fn a_token_opens_one_room_and_only_for_a_while() {
    let media = Media::start().await;
    let server = server_beside(&media).await;
    let talk = Talk::begin(&server).await;
    let call = talk.call("audio").await;
    let token = call["token"].as_str().unwrap();
    let claims = claims(token);
    let (begun, ends) = (server.running.app.clock.now().timestamp(), claims["exp"].as_i64().unwrap());
    assert!((590..=610).contains(&(ends - begun)), "{claims}");
    assert_eq!(claims["video"]["room"], call["roomName"]);
    let with = |token: String| json!({"serverUrl": call["serverUrl"], "token": token});

    // A token is sealed: another room's name breaks it.
    let mut elsewhere = claims.clone();
    elsewhere["video"]["room"] = "another".into();
    let forged = media.sign(&elsewhere);
    let (_, seal) = token.rsplit_once('.').unwrap();
    let (head, _) = forged.rsplit_once('.').unwrap();
    Participant::come(&with(format!("{head}.{seal}")), &[]).says("not connected").await;
    // And one that is over opens nothing, however well it is sealed.
    let mut over = claims.clone();
    over["exp"] = (begun - 120).into();
    Participant::come(&with(media.sign(&over)), &[]).says("not connected").await;
    Participant::come(&call, &[]).says("connected").await;
    server.stop().await;
}

#[tokio::test]
async fn an_audio_call_has_no_pictures_until_it_is_a_video_call_and_no_room_after_its_end() {
    let server = server(45).await;
    let talk = Talk::begin(&server).await;
    let call = talk.call("audio").await;
    let mut customer = Participant::come(&call, &["video"]);
    customer.says("connected").await;
    assert_eq!(customer.says("refused").await["what"], "video");

    talk.customer_does(&call, "escalate").await;
    let pass = talk.customer_does(&call, "join").await;
    let mut again = Participant::come(&pass, &["video"]);
    assert_eq!(again.says("published").await["what"], "video");
    talk.customer_does(&call, "end").await;
    again.says("disconnected").await;
    // The room is closed, and the token that still holds doesn't open it again.
    Participant::come(&pass, &[]).says("not connected").await;
    server.stop().await;
}

#[tokio::test]
async fn a_call_rings_at_its_agent_then_at_everybody_and_is_missed_by_all() {
    let server = server(2).await;
    let talk = Talk::begin(&server).await.claimed().await;
    let status = json!({"availability": "online"});
    talk.business.owner.put(&format!("{DESK}/me/availability"), status).await.is(200);
    let call = talk.call("audio").await;
    assert_eq!(call["agent"]["id"], json!(talk.business.owner_agent));
    talk.owner_does(&call, "decline", json!({})).await;
    assert_eq!(talk.end(&server, &call).await, ("missed".to_owned(), 0));
    let recorded = events(&server).await;
    assert_eq!(recorded, ["CallStarted", "CallRang", "CallDeclined", "CallRang", "CallEnded"]);
    let db = crate::support::client(&server.config).await;
    let sql = "select payload->'reason'->>'kind' from events where event_type = 'ConversationUnassigned'";
    assert_eq!(db.query_one(sql, &[]).await.unwrap().get::<_, String>(0), "callMissed");
    let path = format!("{DESK}/calls/{}/join", call["call"]["id"].as_str().unwrap());
    talk.business.owner.post(&path, json!({})).await.refused_with(409, "call_over");
    server.stop().await;
}

#[tokio::test]
async fn a_customer_declines_and_either_side_hangs_up() {
    let server = server(45).await;
    let talk = Talk::begin(&server).await.claimed().await;
    let path = format!("{DESK}/conversations/{}/calls", talk.conversation);
    let begin = async || talk.business.owner.post(&path, json!({"type": "audio"})).await.is(201).body;

    let call = begin().await;
    assert_eq!(call["call"]["state"], "ringing");
    talk.customer_does(&call, "decline").await;
    assert_eq!(talk.end(&server, &call).await.0, "declined");

    let call = begin().await;
    talk.customer_does(&call, "join").await;
    talk.customer_does(&call, "end").await;
    assert_eq!(talk.end(&server, &call).await.0, "hungUp");
    server.stop().await;
}

#[tokio::test]
async fn a_call_is_handed_over_without_the_customer_dropping() {
    let server = server(45).await;
    let talk = Talk::begin(&server).await.claimed().await;
    let ben = talk.business.agent(&server, "Ben").await;
    let ben_agent = ben.get("/api/auth/me").await.is(200).text("/agent/id");
    let call = talk.call("audio").await;
    let mut customer = Participant::come(&call, &["audio"]);
    let pass = talk.owner_does(&call, "join", json!({})).await;
    let mut owner = Participant::come(&pass, &["audio"]);
    owner.says("heard").await;
    assert_eq!(customer.says("heard").await["who"], json!(talk.business.owner_agent));
    talk.owner_does(&call, "invite", json!({"agentId": ben_agent})).await;
    eventually("it rings at Ben", async || talk.shown().await["call"]["rings"]["id"] == json!(ben_agent))
        .await;
    let path = format!("{DESK}/calls/{}", call["call"]["id"].as_str().unwrap());
    let pass = ben.post(&format!("{path}/join"), json!({})).await.is(200).body;
    let mut brought_in = Participant::come(&pass, &["audio"]);
    brought_in.says("heard").await;
    assert_eq!(customer.says("heard").await["who"], json!(ben_agent));
    // Going offline is no hanging up.
    talk.business
        .owner
        .put(&format!("{DESK}/me/availability"), json!({"availability": "offline"}))
        .await
        .is(200);
    talk.owner_does(&call, "end", json!({})).await;
    owner.leave().await;
    eventually("Ben and the customer are left", async || {
        talk.shown().await["call"]["joined"].as_array().is_some_and(|joined| joined.len() == 2)
    })
    .await;
    // Nobody was cut off until the one who was left hung up.
    for who in [&mut customer, &mut brought_in] {
        assert!(!who.said_so_far().contains(&"disconnected".to_owned()));
    }
    ben.post(&format!("{path}/end"), json!({})).await.is(200);
    customer.says("disconnected").await;
    assert_eq!(talk.end(&server, &call).await.0, "hungUp");
    server.stop().await;
}

#[tokio::test]
async fn another_tenants_and_another_customers_calls_do_not_exist() {
    let server = server(45).await;
    let talk = Talk::begin(&server).await;
    let call = talk.call("audio").await;
    let id = call["call"]["id"].as_str().unwrap();
    let other = server.business("Other").await;
    for what in ["join", "end", "decline", "escalate"] {
        let path = format!("{DESK}/calls/{id}/{what}");
        other.owner.post(&path, json!({})).await.refused_with(404, "call_not_found");
        let joe = talk.backend.hand_over(&server.anybody(), "joe").await;
        let path = format!("/api/webchat/calls/{id}/{what}");
        joe.post(&path, json!({})).await.refused_with(404, "call_not_found");
    }
    let backend = other.backend(&server).await;
    let body = json!({"conversationId": talk.conversation, "type": "audio"});
    backend.post(SUPPORT_CALLS, body).await.refused_with(404, "conversation_not_found");
    server.stop().await;
}

#[tokio::test]
async fn forged_and_repeated_news_change_nothing() {
    let media = Media::start().await;
    let server = server_beside(&media).await;
    let talk = Talk::begin(&server).await;
    let call = talk.call("audio").await;
    let mut customer = Participant::come(&call, &[]);
    customer.says("connected").await;
    let before = events(&server).await;
    let news = json!({"event": "room_finished", "id": "EV_1", "room": {"name": call["roomName"]}});
    let hook = "/api/livekit/webhook";
    let anybody = server.anybody();
    anybody.post(hook, news.clone()).await.refused_with(401, "not_the_media_server");
    // A participant's own token is signed with the same secret, and seals nothing.
    let participant = anybody.with("authorization", call["token"].as_str().unwrap());
    participant.post(hook, news.clone()).await.refused_with(401, "not_the_media_server");
    // Even what is truly sealed is only a reason to look.
    let sha256 = STANDARD.encode(Sha256::digest(serde_json::to_vec(&news).unwrap()));
    let ends = server.running.app.clock.now().timestamp() + 60;
    let seal = media.sign(&json!({"iss": media.server.key, "exp": ends, "sha256": sha256}));
    for _ in 0..3 {
        anybody.with("authorization", &seal).post(hook, news.clone()).await.is(200);
    }
    // Long enough for another look.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(events(&server).await, before);
    server.stop().await;
}

#[tokio::test]
async fn whoever_called_in_vain_is_first_in_the_queue_and_is_told_so_whenever_it_comes_back() {
    let server = server(1).await;
    let jane = Talk::begin(&server).await.claimed().await;
    let (owner, backend) = (&jane.business.owner, &jane.backend);
    let usual = begin(backend, 1).await;
    let urgent = begin(backend, 2).await;
    owner
        .post(&format!("{DESK}/conversations/{urgent}/priority"), json!({"priority": "urgent"}))
        .await
        .is(200);
    let joe = backend.hand_over(&server.anybody(), "joe").await;
    let hello = json!({"message": {"type": "text", "text": "Hello"}});
    let waits = joe.post("/api/webchat/messages", hello).await.is(201).text("/message/conversationId");
    let mut chat = joe.chat_socket(None).await;
    assert_eq!(chat.next("hello").await["snapshot"]["conversation"]["queuePosition"], 3);

    // One is Jane's, whose agent has it; the other one is Joe's, which is nobody's.
    let hers = jane.call("audio").await;
    assert_eq!(jane.end(&server, &hers).await.0, "missed");
    let his = joe.post("/api/webchat/calls", json!({"type": "video"})).await.is(201).body;
    let ended = chat.next("call.ended").await;
    assert_eq!((&ended["data"]["reason"], &ended["data"]["queuePosition"]), (&json!("missed"), &json!(1)));
    let settled = server.settled(jane.business.id).await;
    let queue = owner.get(&format!("{DESK}/queue")).await.is(200).body["data"].clone();
    let places: Vec<_> = queue
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["conversationId"].as_str().unwrap(), it["missedCall"].as_bool().unwrap()))
        .collect();
    let expected = [(&*waits, true), (&*jane.conversation, true), (&*urgent, false), (&*usual, false)];
    assert_eq!(places, expected);

    // A page that is loaded later shows it, as does the inbox, and the past as it was.
    let told = |conversation: &Value| {
        let call = &conversation["lastCall"];
        (call["id"].clone(), call["reason"].clone(), call["type"].clone(), conversation["call"].clone())
    };
    let missed = (his["call"]["id"].clone(), json!("missed"), json!("video"), Value::Null);
    let fresh = joe.chat_socket(None).await.next("hello").await["snapshot"]["conversation"].clone();
    assert_eq!((told(&fresh), &fresh["queuePosition"]), (missed.clone(), &json!(1)));
    assert_eq!(told(&joe.get("/api/webchat/conversation").await.is(200).body["conversation"]), missed);
    let shown =
        owner.get(&format!("{DESK}/conversations/{waits}")).await.is(200).body["conversation"].clone();
    assert_eq!(told(&shown), missed);
    let then = format!("/api/business/audit/conversations/{waits}?asOf={settled}");
    let then = owner.get(&then).await.is(200).body["conversation"].clone();
    assert_eq!((told(&then), &then["waiting"]), (missed, &shown["waiting"]));
    let before = dump(&server.config).await;
    rebuild(&server.config, Projection::ALL, server.running.app.clock.now()).await.unwrap();
    assert_eq!(dump(&server.config).await, before);

    // With room for one, the agent who comes is given the first of them.
    let agent = format!("/api/business/agents/{}", jane.business.owner_agent);
    owner.patch(&agent, json!({"capacity": 1})).await.is(200);
    owner.put(&format!("{DESK}/me/availability"), json!({"availability": "online"})).await.is(200);
    eventually("somebody is served", async || {
        let shown = owner.get(&format!("{DESK}/conversations/{waits}")).await.is(200).body;
        shown["conversation"]["assignee"]["id"] == json!(jane.business.owner_agent)
    })
    .await;
    let queue = owner.get(&format!("{DESK}/queue")).await.is(200).body["data"].clone();
    assert_eq!(queue[0]["conversationId"], json!(jane.conversation));
    server.stop().await;
}
