//! A gate in the event log: appends of one type of event stop in the middle of their statement until it is opened.

use tokio_postgres::Client;

use super::{eventually, queued};

const LOCK: i64 = 0x67_6174_6500;

/// A closed gate. Who waits at it goes on when it is opened, or when its connection is.
pub(crate) struct Gate {
    db: Client,
}

impl Gate {
    /// Closes the gate for events of a type; `db` is the owner's.
    pub(crate) async fn close(db: Client, event_type: &str) -> Self {
        db.batch_execute(&format!(
            "create or replace function test_gate() returns trigger language plpgsql as $$
             begin perform pg_advisory_xact_lock_shared({LOCK}); return new; end $$;
             create or replace trigger test_gate before insert on events for each row
             when (new.event_type = '{event_type}') execute function test_gate();
             select pg_advisory_lock({LOCK})"
        ))
        .await
        .unwrap();
        Self { db }
    }

    /// Waits until somebody waits at the gate.
    pub(crate) async fn reached(&self) {
        eventually("an append stands at the gate", async || !self.waiting().await.is_empty()).await;
    }

    /// Waits until so many statements wait for the gate or for each other.
    pub(crate) async fn queued(&self, wanted: i64) {
        queued(&self.db, wanted).await;
    }

    /// Ends those who wait at the gate: what they were about to append is not appended.
    pub(crate) async fn turn_away(&self) {
        for pid in self.waiting().await {
            self.db.execute("select pg_terminate_backend($1)", &[&pid]).await.unwrap();
        }
        eventually("nobody stands at the gate", async || self.waiting().await.is_empty()).await;
    }

    pub(crate) async fn open(self) {
        self.db
            .batch_execute("select pg_advisory_unlock_all(); drop trigger test_gate on events")
            .await
            .unwrap();
    }

    async fn waiting(&self) -> Vec<i32> {
        let sql = "select pid from pg_locks where locktype = 'advisory' and not granted";
        self.db.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}
