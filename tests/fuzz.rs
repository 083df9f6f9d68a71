//! An independent fuzzer, schemathesis, against every operation of the OpenAPI document: `make fuzz`.

use std::path::Path;

use serde_json::json;
use tokio::process::Command;

use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes and needs schemathesis: make fuzz"]
async fn an_independent_fuzzer_finds_no_server_error_and_no_broken_promise() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let server = Server::start().await;
    let key =
        server.business("Keys").await.key(json!(["support:read", "support:write", "calls:write"])).await;
    let business = server.business("People").await;
    let backend = business.backend(&server).await;
    business.agent(&server, "Ben").await;
    let by_key = server.anybody().with("x-api-key", &key);
    let mut conversations = [String::new(), String::new()];
    for n in 0..5 {
        let body = json!({"customer": {"externalUserId": n}, "message": {"type": "text", "text": "Hello"}});
        for (backend, latest) in [&by_key, &backend].into_iter().zip(&mut conversations) {
            let opened = backend.post("/api/public/support/conversations", body.clone()).await.is(201);
            *latest = opened.text("/conversation/id");
        }
    }

    let mut fuzzer =
        Command::new(std::env::var_os("SCHEMATHESIS").expect("run by `make fuzz`, which installs it"));
    fuzzer
        .arg("--config-file")
        .arg(root.join("tests/fuzz/schemathesis.toml"))
        .args(["run", "--no-color"])
        .arg(format!("{}/openapi.json", server.url()))
        .args(std::env::var("FUZZ_ARGS").unwrap_or_default().split_whitespace())
        .env("SCHEMATHESIS_HOOKS", root.join("tests/fuzz/hooks.py"))
        .env("OC_KEY", &key)
        .env("OC_KEY_CONVERSATION", &conversations[0])
        .env("OC_SESSION_CONVERSATION", &conversations[1])
        .env("OC_SESSION", business.owner.cookie())
        .current_dir(crate::support::scratch("fuzz"))
        .kill_on_drop(true);
    let outcome = fuzzer.status().await.expect("schemathesis runs");
    server.anybody().get("/readyz").await.is(200);
    server.stop().await;
    assert!(outcome.success(), "schemathesis has found something");
}
