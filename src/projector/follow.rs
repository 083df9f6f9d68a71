//! What the projector does while another node folds: it tells the followers here how far the read models have come.

use std::{collections::HashSet, time::Duration};

use openchat_domain::BusinessId;
use openchat_projections::Db;
use tokio::time::Instant;
use tokio_postgres::types::ToSql;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    apply::READER,
    run::{CHECKPOINTS, Projector, Sources},
};
use crate::{
    nodes::LogNews,
    store::{StoreError, WorkerDb, chain},
};

/// How long the database may take to say how far the read models are.
const PATIENCE: Duration = Duration::from_secs(5);

impl Projector {
    /// Follows until this node leads.
    pub(super) async fn follow(&mut self, sources: &mut Sources, stop: &CancellationToken) {
        let mut connection = None;
        let mut next_look = Instant::now();
        while self.node.fence().is_none() {
            tokio::select! {
                // The leader folds it, and has been told.
                Some(_) = sources.announced.recv() => {}
                Some(news) = sources.heard.recv() => if let LogNews::Committed { tenant, position } = news {
                    self.tell_once(tenant, position);
                },
                () = tokio::time::sleep_until(next_look) => {
                    next_look = Instant::now() + self.pause();
                    let looked = self.look(&mut connection).await;
                    if let Err(e) = &looked {
                        tracing::warn!(error = chain(e), "how far the read models are could not be looked up");
                        connection.take().into_iter().for_each(WorkerDb::discard);
                    }
                    self.status.set_failing(looked.err().map(|e| chain(&e)));
                },
                () = self.node.changed(None) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Looks how far the read models are of those tenants for whom somebody waits here.
    pub(super) async fn look(&mut self, connection: &mut Option<WorkerDb>) -> Result<(), StoreError> {
        let watched: HashSet<BusinessId> = self.views.watched().into_iter().collect();
        // What was told to nobody is told anew when somebody comes.
        self.told.retain(|tenant, _| watched.contains(tenant));
        if watched.is_empty() {
            return Ok(());
        }
        let db = match connection {
            Some(db) => db,
            None => connection.insert(self.pools.worker().await?),
        };
        let tenants: Vec<Uuid> = watched.iter().map(|tenant| tenant.uuid()).collect();
        let params: [&(dyn ToSql + Sync); 2] = [&READER, &tenants];
        let asked = tokio::time::timeout(PATIENCE, db.query(CHECKPOINTS, &params));
        let rows = asked.await.map_err(|_| StoreError::Unavailable)??;
        for row in rows {
            self.tell_once(BusinessId::from_uuid(row.get(0)), row.get(1));
        }
        Ok(())
    }
}
