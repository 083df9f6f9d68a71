//! Which cryptography TLS is made of, for everything in this process that asks another server over HTTPS.

/// Settles it, once, before the first client is made; later calls change nothing.
pub fn settle() {
    // An error says that it was settled before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
