//! The media server's tokens: JSON Web Tokens signed with HMAC-SHA-256, the only kind that it knows.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Signs claims.
pub(super) fn sign(claims: &impl Serialize, secret: &[u8]) -> String {
    // The claims are our own structs, which always serialize.
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = mac(secret, signed.as_bytes()).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The claims of a token that was signed with the secret; whether they still hold is for the caller to see.
pub(super) fn verify<T: DeserializeOwned>(token: &str, secret: &[u8]) -> Option<T> {
    let (signed, signature) = token.rsplit_once('.')?;
    // The header is not asked how to verify: one algorithm, whatever it says.
    let (_, claims) = signed.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(secret, signed.as_bytes()).verify_slice(&signature).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// What is derived from a name with the secret, and can't be guessed without it: 128 bits in hexadecimal.
pub(super) fn derive(secret: &[u8], name: &str) -> String {
    let bytes = mac(secret, name.as_bytes()).finalize().into_bytes();
    bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn mac(secret: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length will do");
    mac.update(text);
    mac
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_token_has_the_form_that_the_standard_gives() {
        // The well-known example of jwt.io.
        let claims = "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ";
        let token = format!("{HEADER}.{claims}.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c");
        let read: Value = verify(&token, b"your-256-bit-secret").unwrap();
        assert_eq!(read["sub"], "1234567890");
    }

    #[test]
    fn only_what_was_signed_with_the_secret_is_read() {
        let token = sign(&json!({"sub": "cus_1"}), b"secret");
        assert_eq!(verify::<Value>(&token, b"secret"), Some(json!({"sub": "cus_1"})));
        assert_eq!(verify::<Value>(&token, b"another"), None);
        let (head, signature) = token.rsplit_once('.').unwrap();
        let forged = format!("{HEADER}.{}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"sub":"agt_1"}"#));
        assert_eq!(verify::<Value>(&forged, b"secret"), None);
        assert_eq!(verify::<Value>(head, b"secret"), None);
        assert_eq!(verify::<Value>("", b"secret"), None);
    }
}
