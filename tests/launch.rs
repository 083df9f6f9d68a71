//! The launch checklist ticks itself off, and a key that is in a page though it may write is told as exposed.

use serde_json::{Value, json};

use crate::support::{
    eventually,
    server::{Client, Server},
};

const STEPS: [&str; 7] =
    ["keyMade", "snippetSeen", "firstHandoff", "firstConversation", "agentOnline", "firstReply", "firstCall"];

/// The steps that are done.
async fn done(owner: &Client) -> Vec<String> {
    let list = owner.get("/api/business/checklist").await.is(200);
    let steps = list.body["steps"].as_array().unwrap().clone();
    let names: Vec<&str> = steps.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, STEPS);
    steps
        .iter()
        .filter(|it| it["doneAt"].is_string())
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_is_ticked_off_as_it_happens() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let owner = &business.owner;
    assert_eq!(done(owner).await, [""; 0]);
    let backend = business.backend(&server).await;
    backend.hand_over(&server.anybody(), "c").await;
    let available = json!({"availability": "online"});
    owner.put("/api/admin/support/me/availability", available).await.is(200);
    let body = json!({"customer": {"externalUserId": "c"}, "message": {"type": "text", "text": "Hello"}});
    let id = backend.post("/api/public/support/conversations", body).await.is(201).text("/conversation/id");
    assert_eq!(done(owner).await, ["keyMade", "firstHandoff", "firstConversation", "agentOnline"]);

    // A page that carries the key of the backend is told to its owner; a widget's own key is made for that.
    let exposed = async || {
        let keys = owner.get("/api/business/keys").await.is(200).body["data"].clone();
        keys.as_array().unwrap().iter().map(|it| it["exposed"]["origin"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(exposed().await, [Value::Null]);
    let widget = business.key(json!(["support:read"])).await;
    let preflight = async |key: &str, origin: &str| {
        let page = server.anybody().with("origin", origin).with("sec-fetch-site", "cross-site");
        page.get(&format!("/api/webchat/preflight?key={key}")).await.is(200);
    };
    preflight(&widget, "https://shop.example").await;
    eventually("the page is noted", async || done(owner).await.contains(&"snippetSeen".to_owned())).await;
    let steps = owner.get("/api/business/checklist").await.body["steps"].clone();
    assert_eq!(steps[1]["detail"], "https://shop.example");
    preflight(&backend.header("x-api-key"), "https://blog.example").await;
    eventually("the exposed key is told", async || {
        exposed().await == [Value::Null, json!("https://blog.example")]
    })
    .await;

    let keys = owner.get("/api/business/keys").await.is(200);
    let rotation = format!("/api/business/keys/{}/rotate", keys.text("/data/1/id"));
    owner.post(&rotation, json!({"overlapSeconds": 3600})).await.is(200);
    server.settled(business.id).await;
    assert_eq!(exposed().await, [Value::Null, Value::Null], "nobody has seen the new secret");

    let said = json!({"message": {"type": "text", "text": "Hi"}});
    owner.post(&format!("/api/admin/support/conversations/{id}/messages"), said).await.is(201);
    server.settled(business.id).await;
    assert_eq!(done(owner).await, STEPS[..6]);

    let other = server.business("Other").await;
    assert_eq!(done(&other.owner).await, [""; 0], "another business has its own");
    let ben = business.agent(&server, "Ben").await;
    ben.get("/api/business/checklist").await.refused_with(403, "managers_only");
    server.stop().await;
}
