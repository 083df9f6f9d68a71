//! Rate limits: per key, per customer session, per account; never per address, because captive portals share one.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use openchat_domain::{KeyId, SessionId};

use super::Problem;
use crate::config::Limits;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// Who may ask how often.
pub(super) struct Limiters {
    /// Integration keys.
    pub(super) keys: Limiter<KeyId>,
    /// Customers' sessions.
    pub(super) customers: Limiter<SessionId>,
    /// Sign-in attempts, by the account's address in lower case.
    pub(super) sign_ins: Limiter<String>,
}

/// One limit for many askers of a kind.
pub(super) struct Limiter<K: Hash + Eq + Clone> {
    policy: &'static str,
    sentence: &'static str,
    quota: Quota,
    limiter: RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>,
}

/// What is left of a quota, for the response's headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    policy: &'static str,
    quota: u32,
    window: u64,
    remaining: u32,
    reset: u64,
}

impl Limiters {
    pub(super) fn new(limits: &Limits) -> Self {
        let second = Duration::from_secs(1);
        Self {
            keys: Limiter::new(
                "key",
                "This key asks too often; slow down.",
                every(second, limits.oc_key_rate, limits.oc_key_burst),
            ),
            customers: Limiter::new(
                "session",
                "Too many requests; wait a moment.",
                every(second, limits.oc_customer_rate, limits.oc_customer_burst),
            ),
            sign_ins: Limiter::new(
                "account",
                "Too many attempts to sign in to this account; wait a moment.",
                every(Duration::from_secs(60), limits.oc_sign_in_rate, limits.oc_sign_in_rate),
            ),
        }
    }

    /// Forgets everybody whose quota is whole again.
    pub(super) fn forget_idle(&self) {
        self.keys.limiter.retain_recent();
        self.customers.limiter.retain_recent();
        self.sign_ins.limiter.retain_recent();
    }
}

fn every(period: Duration, rate: u32, burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let one = period / rate.max(1);
    Quota::with_period(one).unwrap_or_else(|| Quota::per_second(burst)).allow_burst(burst)
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(policy: &'static str, sentence: &'static str, quota: Quota) -> Self {
        let limiter = RateLimiter::dashmap(quota).with_middleware();
        Self { policy, sentence, quota, limiter }
    }

    /// Counts one request.
    pub(super) fn check(&self, asker: &K) -> (Allowance, Result<(), Problem>) {
        match self.limiter.check_key(asker) {
            Ok(state) => (self.allowance(state.remaining_burst_capacity()), Ok(())),
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                let problem = Problem::too_many(self.sentence, seconds(wait).max(1));
                (self.allowance(0), Err(problem))
            }
        }
    }

    fn allowance(&self, remaining: u32) -> Allowance {
        let quota = self.quota.burst_size().get();
        let one = self.quota.replenish_interval();
        Allowance {
            policy: self.policy,
            quota,
            window: seconds(one * quota).max(1),
            remaining,
            reset: seconds(one * quota.saturating_sub(remaining)),
        }
    }
}

impl Allowance {
    /// Tells the client, in the form of the IETF's draft.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        let Self { policy, quota, window, remaining, reset } = self;
        for (name, value) in [
            (POLICY, format!("\"{policy}\";q={quota};w={window}")),
            (STATE, format!("\"{policy}\";r={remaining};t={reset}")),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u128) -> KeyId {
        KeyId::from_uuid(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn each_asker_has_its_own_quota() {
        // One a day: nothing is replenished while the test runs.
        let limiter = Limiter::new("key", "Slow down.", every(Duration::from_secs(86_400), 1, 2));
        assert!(limiter.check(&key(1)).1.is_ok());
        assert!(limiter.check(&key(1)).1.is_ok());
        let (allowance, checked) = limiter.check(&key(1));
        assert_eq!(checked.map_err(|p| p.code()), Err("rate_limited"));
        assert_eq!((allowance.quota, allowance.remaining), (2, 0));
        assert!(limiter.check(&key(2)).1.is_ok());
    }

    #[test]
    fn the_headers_have_the_drafts_form() {
        let limiter = Limiter::new("key", "", every(Duration::from_secs(1), 100, 200));
        let (allowance, _) = limiter.check(&key(1));
        let mut headers = HeaderMap::new();
        allowance.tell(&mut headers);
        assert_eq!(headers.get(POLICY).and_then(|v| v.to_str().ok()), Some("\"key\";q=200;w=2"));
        assert_eq!(headers.get(STATE).and_then(|v| v.to_str().ok()), Some("\"key\";r=199;t=1"));
    }
}
