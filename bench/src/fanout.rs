//! A message on many sockets of one tenant: OpenChat beside a nats-server's websocket, each in a process of its own.

pub(crate) mod server;
mod socket;

use std::{
    io::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{
    StreamExt as _, TryStreamExt as _,
    future::try_join_all,
    stream::{self, FuturesUnordered},
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep_until, timeout},
};

use crate::{
    BenchError,
    measure::{Contender, Sample, Series, interleaved, percentile},
    report::Scenario,
    scenarios::{Pace, WORDS, insert, settle},
    stage::Stage,
};
pub(crate) use server::serve;
use server::{Publisher, Server, Side};
use socket::{Scratch, Socket};

/// How many messages a second are published when it isn't as many as go.
const RATE: f64 = 200.0;
/// On how many connections: so many messages are under way at most.
const PUBLISHERS: usize = 64;
/// How many tasks read the sockets.
const READERS: usize = 2;
/// How many sockets are being opened at a time.
const OPENING: usize = 16;
/// How long the last deliveries are waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a message is, in bytes.
const LENGTH: usize = 150;
/// What a message's moment stands between.
const MARK: u8 = b'~';
const DIGITS: usize = 19;

/// What one fresh server has shown.
struct Shown {
    /// The server's memory in KiB, before the sockets and with them while nothing happens.
    memory: (f64, f64),
    steady: Heard,
    closed: Heard,
}

/// What one way to publish has given.
struct Heard {
    sample: Sample,
    delivered_percent: f64,
}

/// The figures of one side with so many sockets.
struct Figures {
    steady: Series,
    closed: Series,
}

/// 200 messages a second, and then as many as are delivered, to so many sockets.
pub(crate) async fn fanout(
    stage: &Stage,
    pace: Pace,
    numbers: &[usize],
) -> Result<Vec<Scenario>, BenchError> {
    stage.empty_database("fanout").await?;
    let sides = sides(stage, "fanout").await?;
    let (mut steady, mut closed) = (Vec::new(), Vec::new());
    for &sockets in numbers {
        let mut figures: Vec<Figures> = sides.iter().map(|side| Figures::new(side, sockets)).collect();
        for round in 0..pace.rounds {
            for n in 0..sides.len() {
                let n = (n + round) % sides.len();
                figures[n].note(measure(&sides[n], sockets, pace.seconds).await?, sockets);
            }
        }
        for it in figures {
            steady.push(it.steady);
            closed.push(it.closed);
        }
    }
    Ok(vec![
        Scenario { name: "fanout", unit: "deliveries of 200 messages a second", series: steady },
        Scenario { name: "fanout, closed loop", unit: "deliveries", series: closed },
    ])
}

impl Figures {
    fn new(side: &Side, sockets: usize) -> Self {
        Self { steady: Series::new(side.name(), sockets), closed: Series::new(side.name(), sockets) }
    }

    fn note(&mut self, shown: Shown, sockets: usize) {
        for (series, heard) in [(&mut self.steady, shown.steady), (&mut self.closed, shown.closed)] {
            series.rounds.push(heard.sample);
            series.note("delivered %", heard.delivered_percent);
        }
        let (before, with) = shown.memory;
        self.steady.note("MiB", with / 1024.0);
        if sockets > 1 {
            // What was free within the server's memory before comes off this, which tells among few sockets.
            #[expect(clippy::cast_precision_loss, reason = "some thousands")]
            self.steady.note("KiB a socket", (with - before) / sockets as f64);
        }
    }
}

/// A nats-server, if there is one, and OpenChat on this database.
async fn sides(stage: &Stage, database: &str) -> Result<Vec<Side>, BenchError> {
    let mut sides = Vec::new();
    match Side::nats(stage.dir())? {
        Some(nats) => sides.push(nats),
        None => writeln!(std::io::stdout(), "nats-server is left out: `make nats` builds it")?,
    }
    sides.push(Side::open_chat(stage.url(database)).await?);
    Ok(sides)
}

/// Publishes in both ways on a fresh server and stops it.
async fn measure(side: &Side, sockets: usize, seconds: f64) -> Result<Shown, BenchError> {
    let mut hall = Hall::open(side, sockets, PUBLISHERS).await?;
    let duration = Duration::from_secs_f64(seconds);
    let closed = hall.one_after_the_other(duration).await?;
    let steady = hall.at_a_rate(duration).await?;
    let memory = hall.memory;
    hall.server.stop().await?;
    Ok(Shown { memory, steady, closed })
}

/// From a message's request to its delta on each of so many sockets, one message after the other, beside a commit of the same
/// database.
pub(crate) async fn feed(stage: &Stage, pace: Pace) -> Result<Scenario, BenchError> {
    let config = stage.empty_database("feed").await?;
    let sides = sides(stage, "feed").await?;
    let mut series = Vec::new();
    for sockets in [1, 200] {
        let mut contenders = vec![insert(&config).await?];
        for side in &sides {
            let hall = Arc::new(tokio::sync::Mutex::new(Hall::open(side, sockets, 1).await?));
            contenders.push(Contender::of_rounds(side.name(), move |_, duration| {
                let hall = Arc::clone(&hall);
                async move { Ok(hall.lock().await.one_after_the_other(duration).await?.sample) }
            }));
        }
        settle(&config, &contenders).await?;
        let of_one = interleaved(&contenders, &[1], pace.rounds, pace.seconds).await?;
        series.extend(of_one.into_iter().map(|it| Series { concurrency: sockets, ..it }));
    }
    Ok(Scenario { name: "feed", unit: "deltas seen, one message after the other", series })
}

/// A fresh server, those who publish there, and those who hear it.
struct Hall {
    server: Server,
    /// The server's memory in KiB, before the sockets and with them while nothing happens.
    memory: (f64, f64),
    audience: Arc<Audience>,
    _readers: JoinSet<()>,
    publishers: Vec<Publisher>,
}

impl Hall {
    async fn open(side: &Side, sockets: usize, publishers: usize) -> Result<Self, BenchError> {
        let server = side.start().await?;
        // What a server makes for its first client isn't a socket's.
        drop(side.subscribe(&server).await?);
        side.publisher(&server).await?.publish(&text(0)).await?;
        let before = server.resident()?;
        let opening = stream::iter(0..sockets).map(|_| side.subscribe(&server)).buffer_unordered(OPENING);
        let open: Vec<Socket> = opening.try_collect().await?;
        let memory = (before, server.resident()?);
        let audience = Arc::new(Audience::new(sockets));
        let readers = audience.follow(open);
        let publishers = try_join_all((0..publishers).map(|_| side.publisher(&server))).await?;
        Ok(Self { server, memory, audience, _readers: readers, publishers })
    }

    /// Each publisher's next message when everybody has one more.
    async fn one_after_the_other(&mut self, duration: Duration) -> Result<Heard, BenchError> {
        let Self { audience, publishers, .. } = self;
        let all = publishers.iter_mut().map(|it| publish_after_delivery(it, audience, duration));
        audience.hear_all(try_join_all(all)).await
    }

    /// [`RATE`] messages a second, by the publishers in turn.
    async fn at_a_rate(&mut self, duration: Duration) -> Result<Heard, BenchError> {
        let Self { audience, publishers, .. } = self;
        let numbered = publishers.iter_mut().enumerate();
        let all = numbered.map(|(n, it)| publish_when_due(it, audience, n, duration));
        audience.hear_all(try_join_all(all)).await
    }
}

/// One publisher's part of a closed loop: the next message when everybody has one more.
async fn publish_after_delivery(
    publisher: &mut Publisher,
    audience: &Audience,
    duration: Duration,
) -> Result<(), BenchError> {
    let begun = Instant::now();
    while begun.elapsed() < duration {
        audience.publish(publisher, Instant::now()).await?;
        if let Ok(one) = audience.seen.acquire().await {
            one.forget();
        }
    }
    Ok(())
}

/// One publisher's part of what is published at [`RATE`].
async fn publish_when_due(
    publisher: &mut Publisher,
    audience: &Audience,
    number: usize,
    duration: Duration,
) -> Result<(), BenchError> {
    let begun = Instant::now();
    let dues = (number..).step_by(PUBLISHERS).map(|n| {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        Duration::from_secs_f64(n as f64 / RATE)
    });
    for due in dues.take_while(|due| *due < duration) {
        let due = begun + due;
        let early = Instant::now() < due;
        sleep_until(due.into()).await;
        // One that had to wait for the answer to another counts from when it was due.
        audience.publish(publisher, if early { Instant::now() } else { due }).await?;
    }
    Ok(())
}

/// The sockets, and what has reached them of what is being published.
struct Audience {
    sockets: usize,
    began: Instant,
    /// What was published before this doesn't count any more, in nanoseconds since it began.
    from: AtomicU64,
    published: AtomicUsize,
    delivered: AtomicUsize,
    /// A permit for every message that has reached all.
    seen: Semaphore,
    /// How long deliveries took, in nanoseconds, for each task that reads.
    took: [Mutex<Vec<u64>>; READERS],
}

impl Audience {
    fn new(sockets: usize) -> Self {
        Self {
            sockets,
            began: Instant::now(),
            from: AtomicU64::new(0),
            published: AtomicUsize::new(0),
            delivered: AtomicUsize::new(0),
            seen: Semaphore::new(0),
            took: Default::default(),
        }
    }

    /// Has the sockets read by a few tasks, until the returned set is dropped.
    fn follow(self: &Arc<Self>, sockets: Vec<Socket>) -> JoinSet<()> {
        let mut shares: [Vec<Socket>; READERS] = Default::default();
        for (n, socket) in sockets.into_iter().enumerate() {
            shares[n % READERS].push(socket);
        }
        let mut readers = JoinSet::new();
        for (n, share) in shares.into_iter().enumerate() {
            let audience = Arc::clone(self);
            readers.spawn(async move {
                let (scratch, audience) = (Scratch::new(), &audience);
                let each = |frame: &[u8]| audience.hear(n, frame);
                let all: FuturesUnordered<_> =
                    share.into_iter().map(|socket| socket.follow(&scratch, each)).collect();
                all.collect::<()>().await;
            });
        }
        readers
    }

    async fn publish(&self, publisher: &mut Publisher, at: Instant) -> Result<(), BenchError> {
        self.published.fetch_add(1, Ordering::Relaxed);
        publisher.publish(&text(nanoseconds(at - self.began))).await
    }

    /// Counts the messages in a frame; one that is told twice in it is one.
    fn hear(&self, reader: usize, frame: &[u8]) {
        let now = nanoseconds(self.began.elapsed());
        let (mut rest, mut last, mut count) = (frame, 0, 0);
        while let Some(at) = rest.iter().position(|it| *it == MARK) {
            rest = &rest[at + 1..];
            let Some(moment) = moment(rest) else { continue };
            if moment != last && moment >= self.from.load(Ordering::Relaxed) {
                self.took[reader]
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(now.saturating_sub(moment));
                count += 1;
            }
            (rest, last) = (&rest[DIGITS + 1..], moment);
        }
        if count > 0 {
            let before = self.delivered.fetch_add(count, Ordering::Relaxed);
            self.seen.add_permits((before + count) / self.sockets - before / self.sockets);
        }
    }

    /// What is heard of all that is published, until everybody has everything or patience ends.
    async fn hear_all(
        &self,
        publishing: impl Future<Output = Result<Vec<()>, BenchError>>,
    ) -> Result<Heard, BenchError> {
        self.from.store(nanoseconds(self.began.elapsed()), Ordering::Relaxed);
        self.published.store(0, Ordering::Relaxed);
        self.delivered.store(0, Ordering::Relaxed);
        self.seen.forget_permits(usize::MAX);
        let begun = Instant::now();
        let everything = async {
            publishing.await?;
            while self.delivered.load(Ordering::Relaxed)
                < self.published.load(Ordering::Relaxed) * self.sockets
            {
                if let Ok(one) = self.seen.acquire().await {
                    one.forget();
                }
            }
            Ok::<_, BenchError>(())
        };
        timeout(PATIENCE, everything).await.unwrap_or(Ok(()))?;
        let elapsed = begun.elapsed().as_secs_f64();
        let mut took = Vec::new();
        for some in &self.took {
            let some = std::mem::take(&mut *some.lock().unwrap_or_else(PoisonError::into_inner));
            took.extend(some.into_iter().map(Duration::from_nanos));
        }
        took.sort_unstable();
        let expected = self.published.load(Ordering::Relaxed) * self.sockets;
        #[expect(clippy::cast_precision_loss, reason = "some millions")]
        let (delivered, expected) = (took.len() as f64, expected as f64);
        let (p50, p99) = (percentile(&took, 50), percentile(&took, 99));
        let sample = Sample { per_second: delivered / elapsed, p50, p99 };
        Ok(Heard { sample, delivered_percent: 100.0 * delivered / expected })
    }
}

/// A message that says when it was published.
fn text(moment: u64) -> String {
    let mark = char::from(MARK);
    let mut text = format!("{mark}{moment:0DIGITS$}{mark} {WORDS} ");
    text.extend(WORDS.chars().take(LENGTH - text.len()));
    text
}

/// What stands behind a mark, if it is a moment.
fn moment(bytes: &[u8]) -> Option<u64> {
    let (digits, rest) = bytes.split_at_checked(DIGITS)?;
    (rest.first() == Some(&MARK)).then_some(())?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
