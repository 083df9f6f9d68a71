//! Passwords: hashed with argon2id away from the threads that serve requests, a few at a time.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use openchat_domain::Invalid;
use tokio::sync::Semaphore;

/// A hash of nothing anybody knows, so that an unknown account takes as long as a wrong password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$b3BlbmNoYXRub2JvZHkwMA$9Vh9Q2m3Xo2v1bYV6k0dJm1o8u0rK3mJY0bQzL7Zk0E";

/// A password as typed. `Debug` doesn't show it.
#[derive(Clone)]
pub struct Password(String);

/// Hashes and checks; clones share the limit.
#[derive(Debug, Clone)]
pub struct Passwords(Arc<Semaphore>);

impl Password {
    /// The fewest characters.
    pub const MIN_CHARS: usize = 10;
    /// The most characters.
    pub const MAX_CHARS: usize = 200;

    /// Accepts any text of a sensible length, as it is.
    ///
    /// # Errors
    /// [`Invalid`] when it is too short or too long.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let length = text.chars().count();
        if (Self::MIN_CHARS..=Self::MAX_CHARS).contains(&length) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid(format!("must have {} to {} characters", Self::MIN_CHARS, Self::MAX_CHARS)))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl utoipa::PartialSchema for Password {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::schema::SchemaFormat::KnownFormat(
                utoipa::openapi::schema::KnownFormat::Password,
            )))
            .min_length(Some(Self::MIN_CHARS))
            .max_length(Some(Self::MAX_CHARS))
            .examples(["correct horse battery staple"])
            .into()
    }
}

impl utoipa::ToSchema for Password {}

impl Default for Passwords {
    fn default() -> Self {
        // Each takes 19 MiB and some 20 ms of a core; more at once would only starve everything else.
        Self(Arc::new(Semaphore::new(2)))
    }
}

impl Passwords {
    /// The hash to keep.
    ///
    /// # Errors
    /// When the hash can't be made: no randomness or no memory.
    pub async fn hash(&self, password: Password) -> Result<String, argon2::password_hash::Error> {
        self.run(move || {
            let hash = Argon2::default().hash_password(password.0.as_bytes())?;
            Ok(hash.to_string())
        })
        .await
        .unwrap_or(Err(argon2::password_hash::Error::Internal))
    }

    /// Whether it is the account's password; without an account it never is, after the same time.
    pub async fn verify(&self, password: Password, hash: Option<String>) -> bool {
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            Argon2::default().verify_password(password.0.as_bytes(), hash.as_str()).is_ok() && known
        })
        .await
        .unwrap_or(false)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let done = tokio::task::spawn_blocking(move || {
            // Held in here, so that a caller who goes away doesn't let the next one in too early.
            let _permit = permit;
            work()
        });
        done.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use argon2::{Params, password_hash::phc::PasswordHash};

    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text).expect("long enough")
    }

    #[tokio::test]
    async fn only_the_right_password_opens() {
        let passwords = Passwords::default();
        let hash = passwords.hash(password("correct horse")).await.expect("a hash");
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify(password("correct horse"), Some(hash.clone())).await);
        assert!(!passwords.verify(password("battery staple"), Some(hash)).await);
        assert!(!passwords.verify(password("battery staple"), None).await);
    }

    #[test]
    fn an_unknown_account_takes_the_work_of_a_wrong_password() {
        let nobody = PasswordHash::new(NOBODY).expect("readable, or it would be refused without any work");
        let params = Params::try_from(&nobody).expect("argon2's parameters");
        assert_eq!((params.m_cost(), params.t_cost()), (Params::DEFAULT_M_COST, Params::DEFAULT_T_COST));
        assert_eq!(nobody.hash.expect("a hash to compare with").len(), Params::DEFAULT_OUTPUT_LEN);
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(Password::new("éééééééééé").is_ok());
        assert!(Password::new("short").is_err());
        assert!(Password::new(&"x".repeat(201)).is_err());
    }
}
