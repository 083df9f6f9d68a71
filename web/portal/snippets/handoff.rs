// cargo add reqwest --features json && cargo add tokio --features macros,rt-multi-thread && cargo add serde_json
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let handoff: Value = reqwest::Client::new()
        .post("https://openchat.example/api/public/support/handoffs")
        .header("X-API-Key", std::env::var("OPENCHAT_API_KEY")?)
        .json(&json!({
            "customer": {"externalUserId": "cus_123", "name": "Jane Customer", "email": "jane@example.com"}
        }))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    println!("{}", handoff["redirectTo"]);
    Ok(())
}
