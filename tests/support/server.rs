//! A server in this process on a database of its own, and people, backends and customers who talk to it over HTTP.

use std::time::Duration;

use openchat::{
    app::{self, Options, Running},
    calls::CallOptions,
    clock::Clock,
    config::Limits,
    demo::Demo,
    files::FilePlace,
    store::PoolSizes,
};
use openchat_domain::{BusinessId, Position};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tokio_postgres::Config;
use tokio_tungstenite::tungstenite;

use super::{database, socket::Socket};

/// Where the team's live feed is.
pub(crate) const INBOX_SOCKET: &str = "/api/admin/support/socket";
/// Where a customer's live feed is.
pub(crate) const CHAT_SOCKET: &str = "/api/webchat/socket";
/// Tests are faster than people.
const GENEROUS: Limits = Limits {
    oc_key_rate: 10_000,
    oc_key_burst: 10_000,
    oc_customer_rate: 10_000,
    oc_customer_burst: 10_000,
    oc_sign_in_rate: 1_000,
};

/// A server that stops with the test.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) config: Config,
}

/// Somebody who sends requests: a person with a cookie, a backend with a key, a customer with a token.
#[derive(Clone)]
pub(crate) struct Client {
    base: String,
    http: reqwest::Client,
    headers: Vec<(&'static str, String)>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// A business with its owner, who is its first agent.
pub(crate) struct Business {
    pub(crate) id: BusinessId,
    pub(crate) owner: Client,
    pub(crate) owner_agent: String,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::on(database().await, Clock::default()).await
    }

    pub(crate) async fn on(config: Config, clock: Clock) -> Self {
        Self::with_limits(config, clock, GENEROUS).await
    }

    pub(crate) async fn with_limits(config: Config, clock: Clock, limits: Limits) -> Self {
        Self::with_options(config, clock, limits, CallOptions::off(), None).await
    }

    /// One with the sample business that is in its database.
    pub(crate) async fn with_demo(config: Config, demo: Demo) -> Self {
        Self::with_options(config, Clock::default(), GENEROUS, CallOptions::off(), Some(demo)).await
    }

    /// One on which customers and agents can call each other.
    pub(crate) async fn with_calls(config: Config, calls: CallOptions) -> Self {
        Self::with_options(config, Clock::default(), GENEROUS, calls, None).await
    }

    async fn with_options(
        config: Config,
        clock: Clock,
        limits: Limits,
        calls: CallOptions,
        demo: Option<Demo>,
    ) -> Self {
        let options = Options {
            database: config.clone(),
            pool_sizes: PoolSizes { requests: 8, workers: 8 },
            listen: "127.0.0.1:0".to_owned(),
            public_url: None,
            nats: None,
            files: FilePlace::memory(),
            calls,
            limits,
            clock,
            demo,
        };
        let running = app::start(options).await.unwrap();
        Self { running, config }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// Nobody in particular.
    pub(crate) fn anybody(&self) -> Client {
        Client::at(self.url())
    }

    /// A person who has just signed up.
    pub(crate) async fn person(&self, name: &str) -> Client {
        self.anybody().sign_up(name).await
    }

    /// A business that has just been set up.
    pub(crate) async fn business(&self, name: &str) -> Business {
        self.anybody().set_up(name).await
    }

    /// The position of the log's end, once the read models have seen it.
    pub(crate) async fn settled(&self, tenant: BusinessId) -> Position {
        let db = super::client(&self.config).await;
        let head = db
            .query_one("select position from log_heads where tenant_id = $1", &[&tenant.uuid()])
            .await
            .unwrap()
            .get(0);
        self.running.app.views.wait(tenant, head, Duration::from_secs(10)).await.unwrap();
        head
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}

impl Business {
    /// Another member of the team, who has accepted the invitation.
    pub(crate) async fn agent(&self, server: &Server, name: &str) -> Client {
        self.team_mate(&server.anybody(), name).await
    }

    pub(crate) async fn team_mate(&self, anybody: &Client, name: &str) -> Client {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let body = json!({"email": email, "name": name, "role": "agent"});
        let invited = self.owner.post("/api/business/agents", body).await.is(201);
        let url = invited.body["inviteUrl"].as_str().unwrap();
        let token = url.rsplit(['/', '=']).next().unwrap();
        let body = json!({"token": token, "password": "correct horse battery"});
        let accepted = anybody.post("/api/auth/accept-invite", body).await;
        assert!(accepted.status.is_success(), "{accepted:?}");
        anybody.with_cookie(&accepted)
    }

    /// A backend with a fresh key that may do everything.
    pub(crate) async fn backend(&self, server: &Server) -> Client {
        self.own_backend(&server.anybody()).await
    }

    pub(crate) async fn own_backend(&self, anybody: &Client) -> Client {
        let all = json!(["support:read", "support:write", "calls:write"]);
        anybody.with("x-api-key", &self.key(all).await)
    }

    /// A fresh key.
    pub(crate) async fn key(&self, permissions: Value) -> String {
        let body = json!({"name": "Backend", "permissions": permissions, "originMode": "hotspot", "allowedOrigins": []});
        let made = self.owner.post("/api/business/keys", body).await.is(201);
        made.body["key"].as_str().unwrap().to_owned()
    }
}

impl Client {
    /// Nobody in particular, who talks to the server at an address.
    pub(crate) fn at(base: String) -> Self {
        openchat::tls::settle();
        Self { base, http: reqwest::Client::new(), headers: vec![] }
    }

    /// Nobody in particular, who makes a new connection for each request.
    pub(crate) fn without_memory(base: String) -> Self {
        openchat::tls::settle();
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self { base, http, headers: vec![] }
    }

    /// Nobody in particular, who reads where a page leads before going there.
    pub(crate) fn patient(base: String) -> Self {
        openchat::tls::settle();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base, http, headers: vec![] }
    }

    /// Where the server is, as a URL without a path.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A person who has just signed up.
    pub(crate) async fn sign_up(&self, name: &str) -> Self {
        let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let body = json!({"name": name, "email": email, "password": "correct horse battery"});
        self.with_cookie(&self.post("/api/auth/sign-up", body).await.is(201))
    }

    /// A business that has just been set up by a new person.
    pub(crate) async fn set_up(&self, name: &str) -> Business {
        let owner = self.sign_up(&format!("{name} Owner")).await;
        let body = json!({"businessName": name, "domain": "https://app.acme.com"});
        let set_up = owner.post("/api/business/setup", body).await.is(201);
        let me = owner.get("/api/auth/me").await.is(200);
        Business {
            id: set_up.body["business"]["id"].as_str().unwrap().parse().unwrap(),
            owner,
            owner_agent: me.body["agent"]["id"].as_str().unwrap().to_owned(),
        }
    }

    /// The customer whom a backend hands over, in its chat session.
    pub(crate) async fn hand_over(&self, anybody: &Self, external_user_id: &str) -> Self {
        let body = json!({"customer": {"externalUserId": external_user_id, "name": external_user_id}});
        let handoff = self.post("/api/public/support/handoffs", body).await.is(200);
        let url = handoff.text("/redirectTo");
        let token = url.rsplit('/').next().unwrap();
        let session = anybody.post("/api/webchat/session", json!({"token": token})).await.is(201);
        anybody.with("authorization", &format!("Bearer {}", session.text("/session/token")))
    }

    pub(crate) fn with(&self, header: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(name, _)| *name != header);
        client.headers.push((header, value.to_owned()));
        client
    }

    pub(crate) fn with_cookie(&self, answer: &Answer) -> Self {
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        self.with("cookie", cookie.split(';').next().unwrap())
    }

    /// The value of one of its headers.
    pub(crate) fn header(&self, wanted: &str) -> String {
        let found = self.headers.iter().find(|(name, _)| *name == wanted);
        found.expect("it sends the header").1.clone()
    }

    /// The value of its session's cookie.
    pub(crate) fn cookie(&self) -> &str {
        let (_, cookie) = self.headers.iter().find(|(name, _)| *name == "cookie").expect("it has signed in");
        cookie.split_once('=').expect("a name and a value").1
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    /// The answer, or none when the server is gone.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.timeout(Duration::from_secs(30)).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, headers, body })
    }

    /// Sends bytes as they are.
    pub(crate) async fn upload(&self, path: &str, kind: &str, bytes: Vec<u8>) -> Answer {
        let mut request = self.http.post(format!("{}{path}", self.base)).header("content-type", kind);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.body(bytes).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: response.json().await.unwrap() }
    }

    /// Gets bytes as they are, with the headers that they come with.
    pub(crate) async fn download(&self, path: &str) -> (HeaderMap, Vec<u8>) {
        let mut request = self.http.get(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        (response.headers().clone(), response.bytes().await.unwrap().to_vec())
    }

    /// The team's live feed, from its beginning or from behind a position.
    pub(crate) async fn inbox_socket(&self, after: Option<Position>) -> Socket {
        self.try_socket(INBOX_SOCKET, after).await.unwrap()
    }

    /// The customer's live feed.
    pub(crate) async fn chat_socket(&self, after: Option<Position>) -> Socket {
        self.try_socket(CHAT_SOCKET, after).await.unwrap()
    }

    /// A live feed, or none when the server is gone.
    pub(crate) async fn try_socket(
        &self,
        path: &str,
        after: Option<Position>,
    ) -> tungstenite::Result<Socket> {
        let after = after.map(|p| format!("?after={p}")).unwrap_or_default();
        let url = format!("{}{path}{after}", self.base.replace("http://", "ws://"));
        Socket::open(&url, &self.headers).await
    }
}

impl Answer {
    /// Asserts the status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// Asserts a problem with this status and code.
    #[track_caller]
    pub(crate) fn refused_with(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["success"], false);
        assert_eq!(self.body["requestId"].as_str(), self.headers["x-request-id"].to_str().ok());
        self
    }

    pub(crate) fn position(&self) -> Position {
        self.headers["x-oc-position"].to_str().unwrap().parse().unwrap()
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer} in {}", self.body))
            .to_owned()
    }
}
