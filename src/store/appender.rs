//! Group commit: the commands that arrive while others are being committed go out together in the next batch.
//!
//! A batch costs about as much as many commands, so it pays to have few and large ones. Whoever has just been answered is
//! ready to ask again at once, and is given the chance to before the next batch sets out: otherwise those who have just
//! missed a batch and those who were in it take turns, and each batch has half of them.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use openchat_domain::{BusinessId, Recorded};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
    time::{Instant, sleep_until},
};

use super::{
    append::{Append, AppendError, Appended},
    batch::{Outcome, Prepared},
    pool::{Pools, WorkerDb},
    writer,
};

/// How many batches may be on their way at once; they never share a tenant.
const IN_FLIGHT: usize = 2;
/// How long one may take before others set out beside it: somebody else has one of its tenants' heads.
const LONG: Duration = Duration::from_millis(10);
/// The most commands in one statement.
const BATCH: usize = 128;
/// How often a batch gives way to those who were answered last. They are ready as it is; it takes one turn of the
/// scheduler, or a few when they are spread over its threads.
const TURNS: usize = 8;
/// How many commands may wait before callers have to.
const QUEUE: usize = 4096;

/// Takes note of committed events, a tenant's at a time in position order, before they are acknowledged; waits for nothing.
pub trait Announce: Fn(Vec<Arc<Recorded>>) + Send + 'static {}
impl<F: Fn(Vec<Arc<Recorded>>) + Send + 'static> Announce for F {}

/// The way into the log; clones share one queue.
#[derive(Debug, Clone)]
pub struct Appender {
    queue: mpsc::Sender<Pending>,
}

/// A command that waits for its answer.
#[derive(Debug)]
struct Pending {
    command: Prepared,
    reply: oneshot::Sender<Result<Appended, AppendError>>,
}

type Written = Vec<(Pending, Result<Outcome, AppendError>)>;

impl Appender {
    /// Starts the appender's task; it ends when every clone is gone and all that waits has been written.
    #[must_use]
    pub fn start(pools: Pools, announce: impl Announce) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(run(pools, announce, waiting));
        Self { queue }
    }

    /// Appends a command's events durably.
    ///
    /// # Errors
    /// [`AppendError`].
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let command = Prepared::of(append).map_err(|e| AppendError::Refused(e.to_string().into()))?;
        let (reply, answer) = oneshot::channel();
        let pending = Pending { command, reply };
        self.queue.send(pending).await.map_err(|_| AppendError::Unavailable)?;
        answer.await.map_err(|_| AppendError::Unavailable)?
    }
}

async fn run(pools: Pools, announce: impl Announce, mut queue: mpsc::Receiver<Pending>) {
    let mut waiting = VecDeque::new();
    let mut busy = HashSet::new();
    let mut idle: Vec<Option<WorkerDb>> = (0..IN_FLIGHT).map(|_| None).collect();
    let mut in_flight = FuturesUnordered::new();
    // When each of them set out, the earliest first.
    let mut begun: Vec<Instant> = Vec::new();
    // How many were answered last, and how often those who wait have given way to them.
    let (mut answered, mut turns) = (0, 0);
    let mut open = true;
    loop {
        while let Ok(pending) = queue.try_recv() {
            waiting.push_back(pending);
        }
        if begun.is_empty() && (1..answered).contains(&waiting.len()) && turns < TURNS {
            turns += 1;
            yield_now().await;
            continue;
        }
        while let Some(connection) = idle.pop() {
            // What wouldn't fill a batch waits for the one that is on its way.
            let may_go = waiting.len() >= BATCH || due(&begun).is_none_or(|due| due <= Instant::now());
            let batch = if may_go { take_batch(&mut waiting, &busy) } else { Vec::new() };
            if batch.is_empty() {
                idle.push(connection);
                break;
            }
            turns = 0;
            busy.extend(batch.iter().map(|pending| pending.command.tenant()));
            let now = Instant::now();
            begun.push(now);
            in_flight.push(write(&pools, connection, batch).map(move |written| (now, written)));
        }
        let wake = due(&begun).filter(|due| !waiting.is_empty() && *due > Instant::now());
        tokio::select! {
            received = queue.recv(), if open => match received {
                Some(pending) => waiting.push_back(pending),
                None => open = false,
            },
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            Some((then, (connection, written))) = in_flight.next() => {
                begun.retain(|it| *it != then);
                idle.push(connection);
                for (pending, _) in &written {
                    busy.remove(&pending.command.tenant());
                }
                answered = written.len();
                finish(written, &announce);
            }
            else => return,
        }
    }
}

/// When others need not wait any longer for the batches that have set out.
fn due(begun: &[Instant]) -> Option<Instant> {
    begun.first().map(|first| *first + LONG)
}

/// The next commands in order, leaving those whose tenant is being written.
fn take_batch(waiting: &mut VecDeque<Pending>, busy: &HashSet<BusinessId>) -> Vec<Pending> {
    let mut batch = Vec::new();
    let mut left = VecDeque::new();
    while let Some(pending) = waiting.pop_front() {
        if busy.contains(&pending.command.tenant()) {
            left.push_back(pending);
        } else {
            batch.push(pending);
        }
        if batch.len() == BATCH {
            break;
        }
    }
    left.append(waiting);
    *waiting = left;
    batch
}

/// Announces what was recorded before anybody hears that it was, then answers.
fn finish(written: Written, announce: &impl Announce) {
    let mut by_tenant: HashMap<BusinessId, Vec<Arc<Recorded>>> = HashMap::new();
    let mut answers = Vec::with_capacity(written.len());
    for (Pending { command, reply }, outcome) in written {
        let tenant = command.tenant();
        let answer = outcome.map(|outcome| match outcome {
            Outcome::Recorded(last) => {
                let events = command.recorded(last);
                by_tenant.entry(tenant).or_default().extend(events.iter().cloned());
                Appended::Recorded(events)
            }
            Outcome::Conflict => Appended::Conflict,
            Outcome::Unmet => Appended::Unmet,
            Outcome::Done(first) => Appended::Done(first),
        });
        answers.push((reply, answer));
    }
    for events in by_tenant.into_values() {
        announce(events);
    }
    for (reply, answer) in answers {
        // A caller that is gone needs no answer.
        let _ = reply.send(answer);
    }
}

async fn write(
    pools: &Pools,
    mut connection: Option<WorkerDb>,
    pending: Vec<Pending>,
) -> (Option<WorkerDb>, Written) {
    let batch: Vec<&Prepared> = pending.iter().map(|it| &it.command).collect();
    let outcomes = writer::write(pools, &mut connection, &batch).await;
    (connection, pending.into_iter().zip(outcomes).collect())
}
