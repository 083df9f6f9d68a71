//! How far the read models have come, for those who wait until they have seen a position.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use openchat_domain::{BusinessId, Position};
use tokio::sync::watch;

/// The read models' position in each tenant's log, as this process has seen it; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Views(Arc<Mutex<HashMap<BusinessId, watch::Sender<Position>>>>);

/// The read models had not seen a position in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the read models are at position {seen} and did not reach {wanted} in time")]
pub struct Behind {
    /// The position waited for.
    pub wanted: Position,
    /// The position reached.
    pub seen: Position,
}

impl Views {
    /// The position that the read models have seen, 0 when this process knows of none.
    #[must_use]
    pub fn position(&self, tenant: BusinessId) -> Position {
        self.tenants().get(&tenant).map_or(0, |seen| *seen.borrow())
    }

    /// Tells everybody who waits that the read models have committed up to a position.
    pub fn advance(&self, tenant: BusinessId, position: Position) {
        self.tenants().entry(tenant).or_default().send_if_modified(|seen| {
            let further = position > *seen;
            *seen = position.max(*seen);
            further
        });
    }

    /// Waits until the read models have seen a position.
    ///
    /// # Errors
    /// [`Behind`] when they haven't in time.
    pub async fn wait(&self, tenant: BusinessId, wanted: Position, at_most: Duration) -> Result<(), Behind> {
        let mut seen = self.watch(tenant);
        let reached = tokio::time::timeout(at_most, seen.wait_for(|seen| *seen >= wanted)).await.is_ok();
        if reached { Ok(()) } else { Err(Behind { wanted, seen: self.position(tenant) }) }
    }

    /// Counts as somebody who waits for a tenant's read models for as long as the answer lives.
    #[must_use]
    pub fn watch(&self, tenant: BusinessId) -> watch::Receiver<Position> {
        self.tenants().entry(tenant).or_default().subscribe()
    }

    /// The tenants whose read models somebody waits for.
    #[must_use]
    pub fn watched(&self) -> Vec<BusinessId> {
        self.tenants()
            .iter()
            .filter(|(_, seen)| seen.receiver_count() > 0)
            .map(|(tenant, _)| *tenant)
            .collect()
    }

    fn tenants(&self) -> MutexGuard<'_, HashMap<BusinessId, watch::Sender<Position>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_reader_waits_for_its_tenants_position_only() {
        let views = Views::default();
        let (mine, other) = (
            BusinessId::from_uuid(uuid::Uuid::from_u128(1)),
            BusinessId::from_uuid(uuid::Uuid::from_u128(2)),
        );
        views.advance(mine, 3);
        views.advance(mine, 2);
        views.advance(other, 9);
        assert_eq!(views.wait(mine, 3, SOON).await, Ok(()));
        assert_eq!(views.wait(mine, 4, SOON).await, Err(Behind { wanted: 4, seen: 3 }));
        let waiting = views.clone();
        let waiter = tokio::spawn(async move { waiting.wait(mine, 4, Duration::from_secs(5)).await });
        tokio::task::yield_now().await;
        views.advance(mine, 5);
        assert_eq!(waiter.await.expect("the waiter ends"), Ok(()));
    }
}
