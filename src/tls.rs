//! TLS towards other servers: which cryptography it is made of, whom it trusts, and when the database is spoken to in it.

use std::{path::Path, sync::OnceLock};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Whom to trust as a database; settled once, like the cryptography.
static DATABASES: OnceLock<MakeRustlsConnect> = OnceLock::new();

/// Why no certificate could be checked.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file holds no certificates.
    #[error("no certificates can be read from {0}")]
    File(String, #[source] rustls::pki_types::pem::Error),
    /// The certificates are of no use.
    #[error("there is no certificate that could be trusted")]
    Roots(#[from] rustls::Error),
}

/// Settles the cryptography, once, before the first client is made; later calls change nothing.
pub fn settle() {
    // An error says that it was settled before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Settles whom to trust as a database that is spoken to in TLS: the roots in a file or, without one, those that the system
/// trusts.
///
/// # Errors
/// [`TrustError`].
pub fn trust(roots: Option<&Path>) -> Result<(), TrustError> {
    settle();
    let config = match roots {
        Some(file) => {
            let unreadable = |e| TrustError::File(file.display().to_string(), e);
            let mut trusted = RootCertStore::empty();
            for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
                trusted.add(certificate.map_err(unreadable)?)?;
            }
            if trusted.is_empty() {
                return Err(unreadable(rustls::pki_types::pem::Error::NoItemsFound));
            }
            ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth()
        }
        None => ClientConfig::with_platform_verifier()?,
    };
    let _ = DATABASES.set(MakeRustlsConnect::new(config));
    Ok(())
}

/// How to connect to a database: in TLS if its address requires that, and otherwise without.
#[must_use]
pub fn database(config: &Config) -> (Config, MakeRustlsConnect) {
    let mut config = config.clone();
    if config.get_ssl_mode() != SslMode::Require {
        config.ssl_mode(SslMode::Disable);
    }
    let trusted = DATABASES.get().cloned().unwrap_or_else(|| {
        settle();
        let nobody = RootCertStore::empty();
        MakeRustlsConnect::new(ClientConfig::builder().with_root_certificates(nobody).with_no_client_auth())
    });
    (config, trusted)
}
