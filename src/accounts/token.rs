//! Opaque secrets for cookies and links: shown once, kept only as their hash.

use std::fmt;

use sha2::{Digest, Sha256};

use super::base62;

/// How many characters a token has.
const WIDTH: usize = 43;

/// A secret of 256 random bits. `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// SHA-256 of a token: what is kept, and what a lookup goes by.
///
/// Nobody can find a token for a given hash, so comparing hashes in an index tells an attacker nothing.
pub type TokenHash = [u8; 32];

impl Token {
    /// A fresh one.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self(base62::encode(&secret, WIDTH)))
    }

    /// A token that somebody sent; none when it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == WIDTH && base62::is_digits(text)).then(|| Self(text.to_owned()))
    }

    /// The secret, for the one who is to have it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_read_back() -> Result<(), getrandom::Error> {
        let (one, other) = (Token::generate()?, Token::generate()?);
        assert_ne!(one, other);
        assert_eq!(Token::parse(one.reveal()), Some(one.clone()));
        assert_eq!(Token::parse(&one.reveal()[1..]), None);
        assert_ne!(one.hash(), other.hash());
        assert!(!format!("{one:?}").contains(one.reveal()));
        Ok(())
    }
}
