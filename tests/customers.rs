//! Customers as agents look them up: what is known of one, and all of its conversations.

use serde_json::{Value, json};

use crate::{
    live,
    routing::begin,
    support::{client, eventually, server::Server},
};

const CUSTOMERS: &str = "/api/admin/support/customers";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_a_customer_with_all_its_conversations_page_by_page() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let jane = business.agent(&server, "Jane").await;
    let mut begun = vec![];
    for _ in 0..3 {
        begun.push(begin(&backend, 7).await);
    }
    begin(&backend, 8).await;
    server.settled(business.id).await;
    let path = format!("/api/admin/support/conversations/{}", begun[0]);
    let id = jane.get(&path).await.is(200).text("/conversation/customer/id");

    let customer = jane.get(&format!("{CUSTOMERS}/{id}")).await.is(200).body["customer"].clone();
    assert_eq!((&customer["id"], &customer["externalUserId"]), (&json!(id), &json!("customer-7")));
    assert_eq!((&customer["name"], &customer["anonymous"]), (&json!("Customer 7"), &json!(false)));

    let path = format!("{CUSTOMERS}/{id}/conversations");
    let ids = |page: &Value| -> Vec<String> {
        let entries = page["data"].as_array().unwrap();
        entries.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = jane.get(&format!("{path}?limit=2")).await.is(200).body;
    let cursor = first["nextCursor"].as_str().expect("there are more");
    let second = jane.get(&format!("{path}?limit=2&cursor={cursor}")).await.is(200).body;
    begun.reverse();
    assert_eq!([ids(&first), ids(&second)].concat(), begun);
    assert_eq!(second["nextCursor"], Value::Null);

    // Another business has no such customer, and neither has this one a customer of any id.
    let other = server.business("Other").await.owner;
    for path in [format!("{CUSTOMERS}/{id}"), path] {
        other.get(&path).await.refused_with(404, "customer_not_found");
        server.anybody().get(&path).await.refused_with(401, "not_signed_in");
        let unknown = path.replace(&id, "cus_019aafc33b7c7d80a1b2c3d4e5f60718");
        jane.get(&unknown).await.refused_with(404, "customer_not_found");
    }
    jane.get(&format!("{CUSTOMERS}/7")).await.refused_with(404, "not_found");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_begins_while_its_customer_changes_begins_with_what_is_known_then() {
    let server = Server::start().await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await;
    let customer = live::customer(&server, &backend, "7").await;
    server.settled(business.id).await;

    // The first message looks who the customer is, and then whether there is a conversation: there it is held up.
    let mut db = client(&server.config).await;
    let views = db.transaction().await.unwrap();
    views.batch_execute("lock table inbox in access exclusive mode").await.unwrap();
    let body = json!({"message": {"type": "text", "text": "Hello?"}, "clientMessageId": "m-1"});
    let first = tokio::spawn(async move { customer.post("/api/webchat/messages", body).await });
    let waiting = "select count(*) from pg_locks where relation = 'inbox'::regclass and not granted";
    let held_up = async || views.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) > 0;
    eventually("the first message is held up", held_up).await;
    let renamed = json!({"customer": {"externalUserId": "7", "name": "Jane Doe"}});
    backend.post("/api/public/support/handoffs", renamed).await.is(200);
    views.commit().await.unwrap();

    let conversation = first.await.unwrap().is(201).text("/message/conversationId");
    server.settled(business.id).await;
    let path = format!("/api/admin/support/conversations/{conversation}");
    assert_eq!(business.owner.get(&path).await.is(200).text("/conversation/customer/name"), "Jane Doe");
    server.stop().await;
}
