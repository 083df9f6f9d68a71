//! What nobody can use any more is thrown away, and nothing else.

use chrono::TimeDelta;
use openchat::clock::Clock;
use serde_json::json;

use crate::support::{self, database, server::Server};

#[tokio::test]
async fn what_has_run_out_is_swept_away_and_what_lives_stays() {
    let clock = Clock::at(Clock::default().now());
    let server = Server::on(database().await, clock.clone()).await;
    let business = server.business("Acme").await;
    let backend = business.backend(&server).await.with("idempotency-key", "once");
    backend.hand_over(&server.anybody(), "c").await;
    let invite = json!({"email": "ben@example.com", "name": "Ben", "role": "agent"});
    business.owner.post("/api/business/agents", invite).await.is(201);

    let rows = async || {
        let db = support::client(&server.config).await;
        let mut counts = vec![];
        for table in ["sessions", "customer_sessions", "handoffs", "invites", "idempotency_keys"] {
            let row = db.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap();
            counts.push(row.get::<_, i64>(0));
        }
        counts
    };
    let accounts = &server.running.app.accounts;
    assert_eq!(accounts.sweep().await.unwrap(), 0);
    assert_eq!(rows().await, [1, 1, 1, 1, 1]);
    // A link that is old is kept for a day, so that who opens it is told so.
    clock.advance(TimeDelta::hours(23));
    accounts.sweep().await.unwrap();
    assert_eq!(rows().await, [1, 1, 1, 1, 1]);
    clock.advance(TimeDelta::hours(3));
    accounts.sweep().await.unwrap();
    assert_eq!(rows().await, [1, 0, 0, 1, 0]);
    clock.advance(TimeDelta::days(366));
    assert_eq!(accounts.sweep().await.unwrap(), 2);
    assert_eq!(rows().await, [0, 0, 0, 0, 0]);
    server.stop().await;
}
