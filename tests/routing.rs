//! Routing: who gets what, why, and what no race may do to it.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use openchat_domain::{BusinessId, DomainEvent, Recorded, conversation::ConversationEvent};
use openchat_projections::log;
use serde_json::json;

use crate::support::{
    self,
    server::{Business, Client, Server},
};

const SOON: Duration = Duration::from_secs(10);
const BASE: &str = "/api/admin/support";

/// The whole log of a business.
pub(crate) async fn events(server: &Server, business: &Business) -> Vec<Recorded> {
    events_of(&server.config, business.id).await
}

/// The same, by its database.
pub(crate) async fn events_of(config: &tokio_postgres::Config, tenant: BusinessId) -> Vec<Recorded> {
    let db = support::client(config).await;
    let rows = db
        .query(
            "select tenant_id, position, aggregate_type, aggregate_id, sequence, event_type, event_version,
             payload::text as payload, metadata, recorded_at from events where tenant_id = $1 order by position",
            &[&tenant.uuid()],
        )
        .await
        .unwrap();
    rows.iter().map(|row| log::recorded(row).unwrap().0).collect()
}

pub(crate) async fn begin(backend: &Client, n: usize) -> String {
    let body = json!({
        "customer": {"externalUserId": format!("customer-{n}"), "name": format!("Customer {n}")},
        "message": {"type": "text", "text": format!("Question {n}")},
    });
    backend.post("/api/public/support/conversations", body).await.is(201).text("/conversation/id")
}

async fn goes(agent: &Client, availability: &str) {
    agent.put(&format!("{BASE}/me/availability"), json!({"availability": availability})).await.is(200);
}

async fn agent_id(agent: &Client) -> String {
    agent.get("/api/auth/me").await.is(200).text("/agent/id")
}

/// Waits until the conversation is somebody's.
async fn assignee(reader: &Client, conversation: &str) -> String {
    let assigned = async {
        loop {
            let answer = reader.get(&format!("{BASE}/conversations/{conversation}")).await.is(200);
            if let Some(id) = answer.body.pointer("/conversation/assignee/id").and_then(|id| id.as_str()) {
                return id.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), assigned).await.expect("somebody gets it")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_waits_until_somebody_is_there_and_the_log_says_why_it_went_to_whom() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    let first = begin(&backend, 1).await;
    let second = begin(&backend, 2).await;
    server.settled(business.id).await;
    let queue = jane.get(&format!("{BASE}/queue")).await.is(200);
    let waiting: Vec<_> =
        queue.body["data"].as_array().unwrap().iter().map(|it| it["conversationId"].clone()).collect();
    assert_eq!(waiting, [json!(first), json!(second)]);
    goes(&jane, "online").await;
    let jane_id = agent_id(&jane).await;
    assert_eq!(assignee(&jane, &first).await, jane_id);
    assert_eq!(assignee(&jane, &second).await, jane_id);
    let log = events(&server, &business).await;
    let reasons: Vec<_> = log
        .iter()
        .filter_map(|e| match &e.event {
            DomainEvent::Conversation(_, ConversationEvent::Assigned { reason, .. }) => {
                Some(serde_json::to_value(reason).unwrap())
            }
            _ => None,
        })
        .collect();
    assert_eq!(reasons.len(), 2);
    assert_eq!(reasons[0]["kind"], "routed");
    assert_eq!(reasons[0]["candidates"][0]["agent"], json!(jane_id));
    assert_eq!(
        (&reasons[0]["candidates"][0]["load"], &reasons[1]["candidates"][0]["load"]),
        (&json!(0), &json!(1))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_agents_who_reach_for_the_same_conversation_one_has_it() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    let joe = business.agent(&server, "Joe").await;
    let (jane_id, joe_id) = (agent_id(&jane).await, agent_id(&joe).await);
    for n in 0..10 {
        let conversation = begin(&backend, n).await;
        let path = format!("{BASE}/conversations/{conversation}/assign");
        let (a, b) = tokio::join!(
            jane.post(&path, json!({"agentId": jane_id})),
            joe.post(&path, json!({"agentId": joe_id})),
        );
        let (winner, loser) = if a.status.is_success() { (jane_id.clone(), b) } else { (joe_id.clone(), a) };
        let loser = loser.refused_with(409, "already_assigned");
        assert_eq!(loser.body.pointer("/current/assignee/id"), Some(&json!(winner)), "{}", loser.body);
        assert_eq!(assignee(&jane, &conversation).await, winner);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_conversations_and_five_agents_stay_within_capacity_and_nobody_starves() {
    const CONVERSATIONS: usize = 200;
    const CAPACITY: usize = 3;
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let mut agents = Vec::new();
    for n in 0..5 {
        let agent = business.agent(&server, &format!("Agent {n}")).await;
        let id = agent_id(&agent).await;
        let path = format!("/api/business/agents/{id}");
        business.owner.patch(&path, json!({"capacity": CAPACITY})).await.is(200);
        goes(&agent, "online").await;
        agents.push((id, agent));
    }
    let opening = async {
        for chunk in (0..CONVERSATIONS).collect::<Vec<_>>().chunks(10) {
            join_all(chunk.iter().map(|n| begin(&backend, *n))).await;
        }
    };
    // Each agent settles what it has, goes away now and then, and comes back.
    let done = &AtomicUsize::new(0);
    let (server_ref, business_ref) = (&server, &business);
    let working = join_all(agents.iter().map(|(_, agent)| async move {
        let mut settled = 0;
        for round in 0.. {
            let mine = agent.get(&format!("{BASE}/inbox?view=mine")).await.is(200);
            for conversation in mine.body["data"].as_array().unwrap() {
                let id = conversation["id"].as_str().unwrap();
                let path = format!("{BASE}/conversations/{id}/resolve");
                let resolved = agent.post(&path, json!({})).await.is(200);
                // The next look must not show it again.
                server_ref.running.app.views.wait(business_ref.id, resolved.position(), SOON).await.unwrap();
                settled += 1;
                done.fetch_add(1, Ordering::Relaxed);
            }
            if round % 7 == 3 {
                goes(agent, "away").await;
                goes(agent, "online").await;
            }
            if done.load(Ordering::Relaxed) == CONVERSATIONS {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        settled
    }));
    let (_, settled) =
        tokio::time::timeout(Duration::from_secs(120), async { tokio::join!(opening, working) })
            .await
            .expect("nobody starves");
    assert!(settled.iter().all(|n| *n > 0), "{settled:?}");

    let mut holder: HashMap<String, String> = HashMap::new();
    let mut load: HashMap<String, HashSet<String>> = HashMap::new();
    let mut resolved = HashSet::new();
    for recorded in events(&server, &business).await {
        let DomainEvent::Conversation(id, event) = &recorded.event else { continue };
        match event {
            ConversationEvent::Assigned { assignee, .. } => {
                let before = holder.insert(id.to_string(), assignee.id.to_string());
                assert_eq!(before, None, "{id} was given away twice");
                let theirs = load.entry(assignee.id.to_string()).or_default();
                theirs.insert(id.to_string());
                assert!(theirs.len() <= CAPACITY, "{} has {}", assignee.name, theirs.len());
            }
            ConversationEvent::Resolved { .. } => {
                let agent = holder.remove(&id.to_string()).expect("it was somebody's");
                load.entry(agent).or_default().remove(&id.to_string());
                resolved.insert(*id);
            }
            _ => {}
        }
    }
    assert_eq!(resolved.len(), CONVERSATIONS);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_helps_itself_while_routing_chooses_is_never_given_more_than_it_has_room_for() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    let id = agent_id(&jane).await;
    business.owner.patch(&format!("/api/business/agents/{id}"), json!({"capacity": 4})).await.is(200);
    goes(&jane, "online").await;
    for round in 0..10 {
        let ids = join_all((0..6).map(|n| begin(&backend, round * 6 + n))).await;
        // She takes one by hand while routing fills her up.
        let claim =
            jane.post(&format!("{BASE}/conversations/{}/assign", ids[5]), json!({"agentId": id})).await;
        assert!(claim.status.is_success(), "{}", claim.body);
        server.settled(business.id).await;
        for id in ids {
            jane.post(&format!("{BASE}/conversations/{id}/resolve"), json!({})).await.is(200);
        }
        server.settled(business.id).await;
    }
    let mut open = HashSet::new();
    for recorded in events(&server, &business).await {
        let DomainEvent::Conversation(id, event) = &recorded.event else { continue };
        match event {
            ConversationEvent::Assigned { reason, .. } => {
                let routed = serde_json::to_value(reason).unwrap()["kind"] == "routed";
                assert!(!routed || open.len() < 4, "routed the {}th", open.len() + 1);
                open.insert(*id);
            }
            ConversationEvent::Resolved { .. } => {
                open.remove(id);
            }
            _ => {}
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_of_a_deactivated_agent_goes_to_somebody_else() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    let jane_id = agent_id(&jane).await;
    goes(&jane, "online").await;
    let conversation = begin(&backend, 1).await;
    assert_eq!(assignee(&business.owner, &conversation).await, jane_id);
    business.owner.delete(&format!("/api/business/agents/{jane_id}")).await;
    goes(&business.owner, "online").await;
    let moved = async {
        while assignee(&business.owner, &conversation).await != business.owner_agent {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), moved).await.expect("it goes to the owner");
    jane.get("/api/auth/me").await.is(401);
    server.stop().await;
}

async fn says(backend: &Client, conversation: &str) {
    let message = json!({"message": {"type": "text", "text": "And now?"}});
    backend
        .post(&format!("/api/public/support/conversations/{conversation}/messages"), message)
        .await
        .is(201);
}

/// A business whose owner is there and has a conversation, and the business's backend.
async fn at_work(server: &Server) -> (Business, Client, String) {
    let business = server.business("Acme").await;
    let backend = business.backend(server).await;
    goes(&business.owner, "online").await;
    let conversation = begin(&backend, 1).await;
    assignee(&business.owner, &conversation).await;
    says(&backend, &conversation).await;
    (business, backend, conversation)
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nobody_is_gone_from_its_work_a_customers_message_makes_nobody_look_for_any() {
    let server = Server::start().await;
    let (business, backend, conversation) = at_work(&server).await;
    server.settled(business.id).await;
    // What has been due until now is done; from here on whoever looks is stuck, and seen.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut db = support::client(&server.config).await;
    let tx = db.transaction().await.unwrap();
    tx.batch_execute("lock table routing_agents in access exclusive mode").await.unwrap();
    for _ in 0..5 {
        says(&backend, &conversation).await;
    }
    server.settled(business.id).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let stuck = "select count(*) from pg_locks where relation = 'routing_agents'::regclass and not granted";
    assert_eq!(tx.query_one(stuck, &[]).await.unwrap().get::<_, i64>(0), 0);
    drop(tx);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_has_answered_before_it_went_is_given_back_when_its_customer_goes_on() {
    let server = Server::start().await;
    let (business, backend, conversation) = at_work(&server).await;
    let answer = json!({"message": {"type": "text", "text": "Soon."}});
    business.owner.post(&format!("{BASE}/conversations/{conversation}/messages"), answer).await.is(201);
    server.settled(business.id).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    goes(&business.owner, "offline").await;
    server.settled(business.id).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let given_back = |log: &[Recorded]| {
        log.iter()
            .any(|it| matches!(&it.event, DomainEvent::Conversation(_, ConversationEvent::Unassigned { .. })))
    };
    assert!(!given_back(&events(&server, &business).await), "nobody waits for an answer");
    says(&backend, &conversation).await;
    support::eventually("it waits again", async || given_back(&events(&server, &business).await)).await;
    server.stop().await;
}
