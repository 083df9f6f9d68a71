//! The form of an integration key: `oc_live_` or `oc_test_`, the key's id, its secret, and a checksum.

use std::fmt;

use openchat_domain::{KeyId, business::KeyMode};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::base62;

const ID: usize = 22;
const SECRET: usize = 43;
const CHECKSUM: usize = 6;
/// How much of the id the shown prefix has; the rest of the key can't be guessed from it.
const SHOWN: usize = 8;

/// A whole integration key. `Debug` shows no more than its prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// What it is for.
    pub mode: KeyMode,
    /// Which key it is.
    pub id: KeyId,
    secret: [u8; 32],
}

/// Why a text is not an integration key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFormError {
    /// It is no more than the part that may be shown.
    #[error("This is only the key's prefix; send the whole key, which was shown once when it was made.")]
    PrefixOnly,
    /// It looks like a key, but its checksum doesn't fit.
    #[error("This key is mistyped: its checksum does not fit. Copy the whole key again.")]
    Mistyped,
    /// Its beginning was changed to that of the other mode.
    #[error(
        "This key was made for the other mode; send it with the oc_live_ or oc_test_ that it was shown with."
    )]
    WrongMode,
    /// It doesn't look like a key.
    #[error("This is not an OpenChat key; keys begin with oc_live_ or oc_test_.")]
    Malformed,
}

impl ApiKey {
    /// A new key for an id.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate(mode: KeyMode, id: KeyId) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self { mode, id, secret })
    }

    /// Reads a key from a request.
    ///
    /// # Errors
    /// [`KeyFormError`], which says what is wrong with it in the sender's terms.
    pub fn parse(text: &str) -> Result<Self, KeyFormError> {
        let (mode, digits) = [KeyMode::Live, KeyMode::Test]
            .into_iter()
            .find_map(|mode| Some((mode, text.strip_prefix(marker(mode))?)))
            .ok_or(KeyFormError::Malformed)?;
        if !base62::is_digits(digits) || digits.len() > ID + SECRET + CHECKSUM {
            return Err(KeyFormError::Malformed);
        }
        match digits.len() {
            ..=ID => return Err(KeyFormError::PrefixOnly),
            length if length < ID + SECRET + CHECKSUM => return Err(KeyFormError::Mistyped),
            _ => {}
        }
        let (body, sum) = digits.split_at(ID + SECRET);
        if checksum(mode, body) != sum {
            let fits_other = checksum(other(mode), body) == sum;
            return Err(if fits_other { KeyFormError::WrongMode } else { KeyFormError::Mistyped });
        }
        let (id, secret) = body.split_at(ID);
        let id = base62::decode(id).ok_or(KeyFormError::Mistyped)?;
        let secret = base62::decode(secret).ok_or(KeyFormError::Mistyped)?;
        Ok(Self { mode, id: KeyId::from_uuid(Uuid::from_bytes(id)), secret })
    }

    /// The whole key, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> String {
        let id = base62::encode(self.id.uuid().as_bytes(), ID);
        let body = id + &base62::encode(&self.secret, SECRET);
        format!("{}{body}{}", marker(self.mode), checksum(self.mode, &body))
    }

    /// The part that may be shown.
    #[must_use]
    pub fn prefix(&self) -> String {
        let id = base62::encode(self.id.uuid().as_bytes(), ID);
        format!("{}{}", marker(self.mode), &id[..SHOWN])
    }

    /// SHA-256 of the secret, in hexadecimal digits: what is kept.
    #[must_use]
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.secret))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.prefix())
    }
}

fn marker(mode: KeyMode) -> &'static str {
    match mode {
        KeyMode::Live => "oc_live_",
        KeyMode::Test => "oc_test_",
    }
}

const fn other(mode: KeyMode) -> KeyMode {
    match mode {
        KeyMode::Live => KeyMode::Test,
        KeyMode::Test => KeyMode::Live,
    }
}

fn checksum(mode: KeyMode, body: &str) -> String {
    let crc = crc32fast::hash(format!("{}{body}", marker(mode)).as_bytes());
    base62::encode(&crc.to_be_bytes(), CHECKSUM)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKey {
        let id = KeyId::from_uuid(Uuid::from_u128(0x019a_afc3_3b7c_7d80_a1b2_c3d4_e5f6_0718));
        ApiKey { mode: KeyMode::Live, id, secret: [7; 32] }
    }

    #[test]
    fn a_key_reads_back_what_was_shown() {
        let shown = key().reveal();
        assert_eq!(shown.len(), 8 + 22 + 43 + 6);
        assert_eq!(ApiKey::parse(&shown), Ok(key()));
        assert!(shown.starts_with(&key().prefix()));
        let test = ApiKey { mode: KeyMode::Test, ..key() };
        assert!(test.reveal().starts_with("oc_test_"));
        assert_eq!(ApiKey::parse(&test.reveal()), Ok(test));
    }

    #[test]
    fn each_mistake_is_told_apart() {
        let shown = key().reveal();
        assert_eq!(ApiKey::parse(&key().prefix()), Err(KeyFormError::PrefixOnly));
        assert_eq!(ApiKey::parse(&shown[..8]), Err(KeyFormError::PrefixOnly));
        assert_eq!(ApiKey::parse(&shown[..shown.len() - 1]), Err(KeyFormError::Mistyped));
        let swapped = format!("{}{}", shown[..40].to_owned() + "x", &shown[41..]);
        assert_eq!(ApiKey::parse(&swapped), Err(KeyFormError::Mistyped));
        let other_mode = shown.replace("oc_live_", "oc_test_");
        assert_eq!(ApiKey::parse(&other_mode), Err(KeyFormError::WrongMode));
        for wrong in ["", "sk_live_x", "oc_live_your-key", &format!("{shown}0"), "oc_live_é"] {
            assert_eq!(ApiKey::parse(wrong), Err(KeyFormError::Malformed), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_or_logged_does_not_tell_the_secret() {
        let secret = base62::encode(&[7; 32], SECRET);
        assert!(!format!("{:?}", key()).contains(&secret));
        assert!(!key().prefix().contains(&secret));
        assert_eq!(key().hash(), "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0");
    }
}
