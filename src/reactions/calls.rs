//! Calls as the media server sees them: who really is in them, which ring in vain, and which are over.
//!
//! The media server's news only say that it is time to look; what is so, its answers say. News that are lost, late, out of
//! order or told twice therefore change nothing, nor does a crash: the next look finds what there is to do.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use chrono::{DateTime, Utc};
use openchat_domain::{
    BusinessId, CallId, ConversationId, Name,
    conversation::{Author, CallEndReason, Conversation, ConversationCommand},
};
use openchat_projections::inbox::{self, CallState, CallView};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::moved_on;
use crate::{
    app::App,
    calls::{Media, Present},
    store::{Context, Fence, StoreError, chain},
};

/// How often calls are looked at when there is no news of them.
const LOOK: Duration = Duration::from_secs(2);
/// How many calls one look takes.
const BATCH: i64 = 1_000;
/// How long somebody may be gone before it has left: a page that is loaded anew comes back sooner.
const GONE: Duration = Duration::from_secs(4);
/// How long somebody who was let in may take to get there.
const COMING: Duration = Duration::from_secs(30);
/// How long an empty call waits for somebody to come back.
const ABANDONED: Duration = Duration::from_secs(30);
/// How long the media server may be silent before its calls are lost.
const SILENT: Duration = Duration::from_secs(15);

/// What is remembered of a call between two looks.
#[derive(Debug, Default)]
struct Watch {
    /// Since when it is looked at. The time at which it began is by the clock of the node where it did.
    since: Option<Instant>,
    /// Whether anybody has ever been seen in the room.
    used: bool,
    /// Who of those in the call has been seen in the room.
    seen: BTreeSet<String>,
    /// Since when who is missing.
    missing: HashMap<String, Instant>,
    /// Since when nobody is there.
    empty: Option<Instant>,
}

/// What there is of the media server when a look is taken.
#[derive(Debug, Default)]
struct Watches {
    calls: HashMap<CallId, Watch>,
    /// Since when the media server doesn't answer.
    silent: Option<Instant>,
}

/// The moment of a look.
#[derive(Debug, Clone, Copy)]
struct Moment {
    instant: Instant,
    time: DateTime<Utc>,
    ring: Duration,
}

/// Looks at calls until told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    let mut watches = Watches::default();
    loop {
        if let Err(e) = look(&app, &mut watches).await {
            tracing::warn!(error = chain(&e), "calls could not be looked at; it will be tried again");
        }
        tokio::select! {
            () = app.calls.news(LOOK) => {}
            () = app.node.changed(app.node.fence()) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Looks at every call; only the leader does.
async fn look(app: &App, watches: &mut Watches) -> Result<(), StoreError> {
    let Some(fence) = app.node.fence() else {
        *watches = Watches::default();
        return Ok(());
    };
    let db = app.pools.worker().await?;
    let calls = inbox::calls_going_on(&db, BATCH).await?;
    drop(db);
    let Some(media) = app.calls.media() else {
        // There was a media server when they began, and no call begins without one.
        for (tenant, conversation, call) in calls {
            let end = ending(&call, CallEndReason::MediaLost, app.clock.now());
            carry_out(app, fence, tenant, conversation, end).await?;
        }
        return Ok(());
    };
    let ring = app.calls.ring().to_std().unwrap_or_default();
    let going_on: BTreeSet<_> = calls.iter().map(|(.., call)| call.id).collect();
    let over: Vec<_> = watches.calls.keys().filter(|call| !going_on.contains(call)).copied().collect();
    for call in over {
        watches.calls.remove(&call);
        close(app, media, call).await;
    }
    for (tenant, conversation, call) in calls {
        let moment = Moment { instant: Instant::now(), time: app.clock.now(), ring };
        let commands = match media.look(call.id, moment.time).await {
            Ok(room) => {
                watches.silent = None;
                let there = room.as_deref();
                watches.calls.entry(call.id).or_default().look(&call, there, moment)
            }
            Err(e) => {
                let since = *watches.silent.get_or_insert(moment.instant);
                let lost = moment.instant - since >= SILENT;
                tracing::warn!(error = chain(&e), lost, "the media server can't be asked about a call");
                if lost { vec![ending(&call, CallEndReason::MediaLost, moment.time)] } else { vec![] }
            }
        };
        for command in commands {
            carry_out(app, fence, tenant, conversation, command).await?;
        }
    }
    Ok(())
}

async fn carry_out(
    app: &App,
    fence: Fence,
    tenant: BusinessId,
    conversation: ConversationId,
    command: ConversationCommand,
) -> Result<(), StoreError> {
    let context = Context::system(tenant, "calls").under(fence);
    moved_on(app.aggregates.execute::<Conversation>(&context, conversation, &command).await).map(|_| ())
}

async fn close(app: &App, media: &Media, call: CallId) {
    if let Err(e) = media.close(call, app.clock.now()).await {
        tracing::warn!(error = chain(&e), %call, "a call's room could not be closed; it closes by itself");
    }
}

const fn ending(call: &CallView, reason: CallEndReason, now: DateTime<Utc>) -> ConversationCommand {
    ConversationCommand::EndCall { call_id: call.id, reason, by: None, now }
}

impl Watch {
    /// What is to be done about a call, given who is in its room; none when it has no room.
    fn look(
        &mut self,
        call: &CallView,
        room: Option<&[Present]>,
        moment: Moment,
    ) -> Vec<ConversationCommand> {
        let Moment { instant, time, ring } = moment;
        let answered = call.state == CallState::Answered;
        let Some(there) = room else {
            // A room outlives the last who leaves it for longer than we wait, so this one was lost.
            let reason = if self.used { CallEndReason::MediaLost } else { CallEndReason::Abandoned };
            return vec![ending(call, reason, time)];
        };
        let there: Vec<Author> = there.iter().filter_map(author).collect();
        let mut commands: Vec<_> = there
            .iter()
            .filter(|who| !call.joined.iter().any(|it| identity(it) == identity(who)))
            .map(|who| ConversationCommand::JoinCall { call_id: call.id, by: who.clone(), now: time })
            .collect();
        let is_there = |who: &Author| there.iter().any(|it| identity(it) == identity(who));
        for who in &call.joined {
            let name = identity(who);
            if is_there(who) {
                self.missing.remove(&name);
                continue;
            }
            let patience = if self.seen.contains(&name) { GONE } else { COMING };
            let since = *self.missing.entry(name).or_insert(instant);
            if instant - since >= patience {
                commands.push(ConversationCommand::LeaveCall { call_id: call.id, by: who.clone() });
            }
        }
        self.seen.extend(there.iter().map(identity));
        self.used |= !there.is_empty();
        // Whoever has left and comes back is given time again.
        let in_it: BTreeSet<_> = call.joined.iter().map(identity).collect();
        self.missing.retain(|name, _| in_it.contains(name));
        self.seen.retain(|name| in_it.contains(name) || there.iter().any(|it| identity(it) == *name));
        self.empty = there.is_empty().then(|| self.empty.unwrap_or(instant));
        let deserted = self.empty.is_some_and(|since| instant - since >= ABANDONED);
        let rung = instant - *self.since.get_or_insert(instant);
        let missed = !answered && rung >= ring && !commands.iter().any(is_join);
        if missed {
            commands.push(ending(call, CallEndReason::Missed, time));
        } else if deserted && (answered || self.used) {
            commands.push(ending(call, CallEndReason::Abandoned, time));
        }
        commands
    }
}

const fn is_join(command: &ConversationCommand) -> bool {
    matches!(command, ConversationCommand::JoinCall { .. })
}

/// Who somebody in a room is, by the identity that our token gave it.
fn author(present: &Present) -> Option<Author> {
    let Present { identity, name } = present;
    if let Ok(id) = identity.parse() {
        return Some(Author::Customer { id, name: Name::new(name).ok() });
    }
    Some(Author::Agent { id: identity.parse().ok()?, name: Name::new(name).ok()? })
}

fn identity(who: &Author) -> String {
    match who {
        Author::Customer { id, .. } => id.to_string(),
        Author::Agent { id, .. } => id.to_string(),
        Author::System => "system".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use openchat_domain::{AgentId, CustomerId, conversation::CallKind};
    use uuid::Uuid;

    use super::*;

    const RING: Duration = Duration::from_secs(45);

    fn jane() -> Author {
        Author::Customer { id: CustomerId::from_uuid(Uuid::from_u128(1)), name: None }
    }

    fn ana() -> Author {
        Author::Agent { id: AgentId::from_uuid(Uuid::from_u128(2)), name: Name::new("Ana").unwrap() }
    }

    fn present(who: &Author) -> Present {
        let name = if let Author::Agent { name, .. } = who { name.to_string() } else { String::new() };
        Present { identity: identity(who), name }
    }

    fn call(answered: bool) -> CallView {
        let id = CallId::from_uuid(Uuid::from_u128(3));
        let mut call = CallView::started(id, CallKind::Audio, jane(), DateTime::UNIX_EPOCH);
        if answered {
            call.answered();
            call.join(&ana());
        }
        call
    }

    /// What each look leads to: at which second, who is there.
    fn looks(call: &CallView, looks: &[(u64, Option<&[Author]>)]) -> Vec<&'static str> {
        looks_by(0, call, looks)
    }

    /// The same, by a clock that is so many seconds off.
    fn looks_by(off: i64, call: &CallView, looks: &[(u64, Option<&[Author]>)]) -> Vec<&'static str> {
        let (mut watch, begun) = (Watch::default(), Instant::now());
        let mut done = vec![];
        for (second, there) in looks {
            let moment = Moment {
                instant: begun + Duration::from_secs(*second),
                time: DateTime::UNIX_EPOCH + TimeDelta::seconds(off + i64::try_from(*second).unwrap()),
                ring: RING,
            };
            let there = there.map(|there| there.iter().map(present).collect::<Vec<_>>());
            let commands = watch.look(call, there.as_deref(), moment);
            done.extend(commands.iter().map(|command| match command {
                ConversationCommand::JoinCall { .. } => "join",
                ConversationCommand::LeaveCall { .. } => "leave",
                ConversationCommand::EndCall { reason: CallEndReason::Missed, .. } => "missed",
                ConversationCommand::EndCall { reason: CallEndReason::Abandoned, .. } => "abandoned",
                ConversationCommand::EndCall { reason: CallEndReason::MediaLost, .. } => "lost",
                _ => "?",
            }));
        }
        done
    }

    #[test]
    fn a_call_that_goes_well_is_left_alone() {
        let both = [jane(), ana()];
        assert!(looks(&call(true), &[(0, Some(&both)), (100, Some(&both))]).is_empty());
        assert!(looks(&call(false), &[(0, Some(&[])), (44, Some(&[jane()]))]).is_empty());
    }

    #[test]
    fn a_call_that_nobody_answers_in_time_is_missed() {
        let rings: &[(u64, Option<&[Author]>)] =
            &[(0, Some(&[jane()])), (44, Some(&[jane()])), (45, Some(&[jane()]))];
        assert_eq!(looks(&call(false), rings), ["missed"]);
        assert_eq!(looks(&call(false), &[(0, Some(&[jane()])), (45, Some(&[jane(), ana()]))]), ["join"]);
    }

    #[test]
    fn a_call_rings_as_long_on_a_node_whose_clock_is_off() {
        let begins: &[(u64, Option<&[Author]>)] = &[(0, Some(&[jane()])), (44, Some(&[jane()]))];
        let ends: &[(u64, Option<&[Author]>)] = &[(0, Some(&[jane()])), (45, Some(&[jane()]))];
        for off in [-7_200, 7_200] {
            assert!(looks_by(off, &call(false), begins).is_empty());
            assert_eq!(looks_by(off, &call(false), ends), ["missed"]);
        }
    }

    #[test]
    fn who_is_gone_for_a_moment_has_not_left() {
        let both = [jane(), ana()];
        let briefly: &[(u64, Option<&[Author]>)] =
            &[(0, Some(&both)), (1, Some(&[ana()])), (4, Some(&both)), (7, Some(&[ana()]))];
        assert!(looks(&call(true), briefly).is_empty());
        assert_eq!(
            looks(&call(true), &[(0, Some(&both)), (1, Some(&[ana()])), (5, Some(&[ana()]))]),
            ["leave"]
        );
        assert!(looks(&call(true), &[(0, Some(&[ana()])), (29, Some(&[ana()]))]).is_empty());
    }

    #[test]
    fn an_empty_call_is_over_after_a_while() {
        let both = [jane(), ana()];
        let left: &[(u64, Option<&[Author]>)] = &[(0, Some(&both)), (1, Some(&[])), (31, Some(&[]))];
        assert_eq!(looks(&call(true), left), ["leave", "leave", "abandoned"]);
    }

    #[test]
    fn a_call_whose_room_is_gone_is_lost() {
        assert_eq!(looks(&call(true), &[(0, Some(&[jane()])), (2, None)]), ["lost"]);
        assert_eq!(looks(&call(true), &[(0, None)]), ["abandoned"]);
    }
}
