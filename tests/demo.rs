//! The sample business: a real log, and a shop that leads into it from both sides.

use openchat::{clock::Clock, demo};

use crate::support::{
    self, database,
    server::{Client, Server},
};
use serde_json::json;

#[tokio::test]
async fn a_newcomer_is_customer_and_agent_in_two_clicks() {
    let config = database().await;
    let demo = demo::seed(&config, Clock::default().now()).await.unwrap();
    let server = Server::with_demo(config, demo.clone()).await;
    server.settled(demo.tenant).await;
    let db = support::client(&server.config).await;
    let row = db
        .query_one(
            "select count(*), max(position), bool_and(recorded_at >= earlier) from (
                 select position, recorded_at, lag(recorded_at, 1, '-infinity') over (order by position) as earlier
                 from events where tenant_id = $1) it",
            &[&demo.tenant.uuid()],
        )
        .await
        .unwrap();
    let (events, head, in_order): (i64, i64, bool) = (row.get(0), row.get(1), row.get(2));
    assert_eq!(events, head, "the log is dense");
    assert!(in_order, "time only goes on");

    let browser = Client::patient(server.url());
    let agent = browser.get("/demo/agent").await.is(303);
    assert_eq!(agent.headers["location"], "/inbox");
    let agent = browser.with_cookie(&agent);
    // What waits is given to the owner at once, who is there and has room.
    for (view, least) in [("mine", 2), ("all", 10), ("resolved", 25)] {
        let page = agent.get(&format!("/api/admin/support/inbox?view={view}&limit=100")).await.is(200);
        let found = page.body["data"].as_array().unwrap().len();
        assert!(found >= least, "{view}: {found}");
    }
    let support = browser.post("/demo/support", json!({})).await.is(303);
    let link = support.headers["location"].to_str().unwrap();
    let token = link.strip_prefix("/support/").unwrap();
    let session = browser.post("/api/webchat/session", json!({"token": token})).await.is(201);
    assert_eq!(session.text("/customer/name"), "Jane Cooper");
    browser.get(&format!("/api/webchat/preflight?key={}", demo.key)).await.is(200);
    server.stop().await;
}

#[tokio::test]
async fn without_the_demo_there_is_no_way_in() {
    let server = Server::start().await;
    for path in ["/demo", "/demo/agent"] {
        server.anybody().get(path).await.refused_with(404, "not_found");
    }
    server.anybody().post("/demo/support", json!({})).await.refused_with(404, "not_found");
    server.stop().await;
}
