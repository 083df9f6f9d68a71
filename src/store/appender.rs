//! Group commit: the commands that arrive while others are being committed go out together in the next batch.
//!
//! A batch doesn't keep its tenant's head locked until the disk has it. It commits, which makes it visible and lets the next
//! one go on, and then waits, with all that was committed meanwhile, for one flush of the log's end; only then is it
//! announced and acknowledged. A command that is alone waits for the disk itself: that is one round trip instead of two.
//! (Early lock release and flush pipelining, from Johnson et al., "Aether: a scalable approach to logging", 2010.)
//! Whatever rests on what it has read is later in the log, so no flush can make it durable without that; an answer that
//! appends nothing asks for a flush of its own: [`Appender::settle`].

use std::{
    collections::{HashMap, HashSet, VecDeque},
    mem,
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use openchat_domain::{BusinessId, Recorded};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    append::{Append, AppendError, Appended},
    pool::{Pools, WorkerDb},
    writer::{self, Mode},
};

/// How many batches may be on their way at once; they never share a tenant.
const IN_FLIGHT: usize = 2;
/// How long one may take before others set out beside it: somebody else has one of its tenants' heads.
const LONG: Duration = Duration::from_millis(10);
/// The most commands in one statement.
const BATCH: usize = 128;
/// How many commands may wait before callers have to.
const QUEUE: usize = 4096;

/// Takes note of committed events, a tenant's at a time in position order, before they are acknowledged; waits for nothing.
pub trait Announce: Fn(Vec<Arc<Recorded>>) + Send + 'static {}
impl<F: Fn(Vec<Arc<Recorded>>) + Send + 'static> Announce for F {}

/// The way into the log; clones share one queue.
#[derive(Debug, Clone)]
pub struct Appender {
    queue: mpsc::Sender<Request>,
}

type Reply<T> = oneshot::Sender<Result<T, AppendError>>;

#[derive(Debug)]
enum Request {
    Append(Box<Pending>),
    Settle(Reply<()>),
}

/// A command that waits for its answer.
#[derive(Debug)]
struct Pending {
    append: Append,
    reply: Reply<Appended>,
}

type Written = Vec<(Pending, Result<Appended, AppendError>)>;

/// What the next flush is for.
#[derive(Debug, Default)]
struct Unsettled {
    written: Written,
    others: Vec<Reply<()>>,
}

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
        self.ask(|reply| Request::Append(Box::new(Pending { append, reply }))).await
    }

    /// Waits until all that could be read in the log before is durable, whichever node has appended it.
    ///
    /// # Errors
    /// [`AppendError::Unavailable`].
    pub async fn settle(&self) -> Result<(), AppendError> {
        self.ask(Request::Settle).await
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(request(reply)).await.map_err(|_| AppendError::Unavailable)?;
        answer.await.map_err(|_| AppendError::Unavailable)?
    }
}

async fn run(pools: Pools, announce: impl Announce, mut queue: mpsc::Receiver<Request>) {
    let mut waiting = VecDeque::new();
    let mut busy = HashSet::new();
    let mut idle: Vec<Option<WorkerDb>> = (0..IN_FLIGHT).map(|_| None).collect();
    let mut in_flight = FuturesUnordered::new();
    // When each of them set out, the earliest first.
    let mut begun: Vec<Instant> = Vec::new();
    let mut unsettled = Unsettled::default();
    let mut settler = Some(None);
    let mut settling = FuturesUnordered::new();
    let mut open = true;
    loop {
        while let Ok(request) = queue.try_recv() {
            sort(request, &mut waiting, &mut unsettled);
        }
        if !unsettled.is_empty()
            && let Some(connection) = settler.take()
        {
            settling.push(settle(&pools, connection, mem::take(&mut unsettled)));
        }
        while let Some(connection) = idle.pop() {
            // Fewer and larger batches cost less: what wouldn't fill one waits for the one that is on its way.
            let may_go = waiting.len() >= BATCH || due(&begun).is_none_or(|due| due <= Instant::now());
            let batch = if may_go { take_batch(&mut waiting, &busy) } else { Vec::new() };
            if batch.is_empty() {
                idle.push(connection);
                break;
            }
            busy.extend(batch.iter().map(|p| p.append.tenant));
            let alone = batch.len() == 1 && begun.is_empty() && settling.is_empty();
            let mode = if alone { Mode::Durable } else { Mode::Early };
            let now = Instant::now();
            begun.push(now);
            in_flight.push(write(&pools, connection, batch, mode).map(move |written| (now, written)));
        }
        let wake = due(&begun).filter(|due| !waiting.is_empty() && *due > Instant::now());
        tokio::select! {
            received = queue.recv(), if open => match received {
                Some(request) => sort(request, &mut waiting, &mut unsettled),
                None => open = false,
            },
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            Some((then, (connection, written, durable))) = in_flight.next() => {
                begun.retain(|it| *it != then);
                idle.push(connection);
                for (pending, _) in &written {
                    busy.remove(&pending.append.tenant);
                }
                if durable {
                    finish(written, &announce);
                } else {
                    unsettled.written.extend(written);
                }
            }
            Some((connection, settled, answer)) = settling.next() => {
                settler = Some(connection);
                finish(settled.written, &announce);
                for other in settled.others {
                    let _ = other.send(answer.clone());
                }
            }
            else => return,
        }
    }
}

impl Unsettled {
    fn is_empty(&self) -> bool {
        self.written.is_empty() && self.others.is_empty()
    }
}

/// When others need not wait any longer for the batches that have set out.
fn due(begun: &[Instant]) -> Option<Instant> {
    begun.first().map(|first| *first + LONG)
}

fn sort(request: Request, waiting: &mut VecDeque<Pending>, unsettled: &mut Unsettled) {
    match request {
        Request::Append(pending) => waiting.push_back(*pending),
        Request::Settle(reply) => unsettled.others.push(reply),
    }
}

/// The next commands in order, leaving those whose tenant is being written.
fn take_batch(waiting: &mut VecDeque<Pending>, busy: &HashSet<BusinessId>) -> Vec<Pending> {
    let mut batch = Vec::new();
    let mut left = VecDeque::new();
    while let Some(pending) = waiting.pop_front() {
        if busy.contains(&pending.append.tenant) {
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
    for (pending, outcome) in &written {
        if let Ok(Appended::Recorded(events)) = outcome {
            by_tenant.entry(pending.append.tenant).or_default().extend(events.iter().cloned());
        }
    }
    for events in by_tenant.into_values() {
        announce(events);
    }
    for (pending, outcome) in written {
        // A caller that is gone needs no answer.
        let _ = pending.reply.send(outcome);
    }
}

async fn write(
    pools: &Pools,
    mut connection: Option<WorkerDb>,
    pending: Vec<Pending>,
    mode: Mode,
) -> (Option<WorkerDb>, Written, bool) {
    let appends: Vec<&Append> = pending.iter().map(|p| &p.append).collect();
    let (outcomes, durable) = writer::write(pools, &mut connection, &appends, mode).await;
    drop(appends);
    (connection, pending.into_iter().zip(outcomes).collect(), durable)
}

/// Waits for the disk. When the database is gone in between, its end of the log may be lost: what was written is written
/// again, which does nothing where it is still there.
async fn settle(
    pools: &Pools,
    mut connection: Option<WorkerDb>,
    unsettled: Unsettled,
) -> (Option<WorkerDb>, Unsettled, Result<(), AppendError>) {
    let answer = writer::settle(pools, &mut connection).await;
    if answer.is_ok() || unsettled.written.is_empty() {
        return (connection, unsettled, answer);
    }
    let pending = unsettled.written.into_iter().map(|(pending, _)| pending).collect();
    let (connection, written, _) = write(pools, connection, pending, Mode::Again).await;
    (connection, Unsettled { written, ..unsettled }, answer)
}
