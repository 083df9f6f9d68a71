//! TLS towards other servers: a database and a media server are spoken to in it, and whoever can't prove its name is refused.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    sync::Arc,
};

use openchat::postgres::{PostgresOptions, PrivatePostgres};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    net::{TcpListener, TcpStream},
    process::Command,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    calls::media::Media,
    support::{client, installation::Installation, options, scratch},
};

/// One of the files with the certificates of `localhost` and of the authority that nobody but a test trusts.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// A Postgres that takes connections over TCP, with or without TLS.
async fn postgres() -> PrivatePostgres {
    // The path is too long for a socket, so it listens on loopback.
    let dir = scratch(&"long".repeat(30));
    PrivatePostgres::start(&dir, options()).await.unwrap().stop().await.unwrap();
    let cluster = dir.join("postgres/cluster");
    let owner = fs::metadata(&cluster).unwrap();
    for name in ["server.pem", "server.key"] {
        let copy = cluster.join(name);
        fs::copy(file(name), &copy).unwrap();
        chown(&copy, Some(owner.uid()), Some(owner.gid())).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let settings = [("ssl", "on"), ("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    PrivatePostgres::start(&dir, PostgresOptions { settings, ..options() }).await.unwrap()
}

/// What a subcommand printed, and whether it ended well.
async fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[tokio::test]
async fn a_database_elsewhere_is_spoken_to_in_tls_and_has_to_prove_its_name() {
    let postgres = postgres().await;
    let url = |host: &str, settings: &str| postgres.url().replace("127.0.0.1", host) + settings;
    let trusted = format!("&sslrootcert={}", file("ca.pem").display());
    let full = url("localhost", "?sslmode=verify-full") + &trusted;
    let mut installation = Installation::new("tls").with("DATABASE_URL", &full);
    let migrate =
        async |address: String| run(installation.subcommand("migrate").env("DATABASE_URL", address)).await;
    for (address, why) in [
        (url("localhost", "?sslmode=require"), "UnknownIssuer"),
        (url("127.0.0.1", "?sslmode=require") + &trusted, "not valid for name"),
        (
            url("localhost", "?sslmode=require&sslrootcert=/nowhere"),
            "no certificates can be read from /nowhere",
        ),
    ] {
        let (well, said) = migrate(address).await;
        assert!(!well && said.contains(why), "{why}: {said}");
    }
    let (well, said) =
        run(installation.subcommand("doctor").env("DATABASE_URL", url("localhost", "?sslmode=require")))
            .await;
    assert!(!well && said.contains("PROBLEM  database") && said.contains("UnknownIssuer"), "{said}");
    let (well, said) = migrate(url("localhost", "")).await;
    assert!(well, "without TLS where none is asked for: {said}");

    let process = installation.start().await;
    let db = client(&postgres.connection()).await;
    let sql = "select count(*), count(*) filter (where ssl) from pg_stat_ssl join pg_stat_activity using (pid) \
               where application_name = 'openchat' and backend_type = 'client backend' and client_addr is not null \
                   and pid <> pg_backend_pid()";
    installation.anybody().set_up("Acme").await;
    let row = db.query_one(sql, &[]).await.unwrap();
    let (all, encrypted): (i64, i64) = (row.get(0), row.get(1));
    assert!(encrypted > 0 && all - encrypted <= 1, "{encrypted} of {all}; the supervisor's own is plain");
    process.terminate();
    assert!(process.ended().await.success());
    postgres.stop().await.unwrap();
}

/// A door to a media server that speaks TLS; its port.
async fn tls_door(media: &Media) -> u16 {
    let chain = CertificateDer::pem_file_iter(file("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    openchat::tls::settle();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let (acceptor, inside) = (TlsAcceptor::from(Arc::new(config)), media.server.url.replace("ws://", ""));
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = door.accept().await {
            let (acceptor, inside) = (acceptor.clone(), inside.clone());
            tokio::spawn(async move {
                let Ok(mut outer) = acceptor.accept(stream).await else { return };
                let mut inner = TcpStream::connect(inside).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn a_media_server_behind_tls_is_asked_there_and_has_to_prove_its_name() {
    let media = Media::start().await;
    let port = tls_door(&media).await;
    let doctor = async |host: &str, roots: Option<PathBuf>| {
        let mut command = Installation::new("tls-calls").subcommand("doctor");
        command
            .env("LIVEKIT_URL", format!("wss://{host}:{port}"))
            .env("LIVEKIT_API_KEY", &media.server.key)
            .env("LIVEKIT_API_SECRET", &media.server.secret)
            .envs(roots.map(|file| ("SSL_CERT_FILE", file)));
        run(&mut command).await.1
    };
    let unknown = doctor("localhost", None).await;
    assert!(unknown.contains("PROBLEM  calls") && unknown.contains("UnknownIssuer"), "{unknown}");
    // Whom the system trusts is told by a file on Linux only.
    if cfg!(target_os = "linux") {
        let known = doctor("localhost", Some(file("ca.pem"))).await;
        assert!(known.contains("answers and knows the key"), "{known}");
        let another = doctor("127.0.0.1", Some(file("ca.pem"))).await;
        assert!(another.contains("PROBLEM  calls") && another.contains("not valid for name"), "{another}");
    }
}
