//! `openchat tail`: a live feed in the terminal, over the same websocket that the pages use, resumed after every break.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use openchat_domain::Position;
use openchat_projections::feed::close;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::sleep};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error as WsError, Message,
        client::IntoClientRequest as _,
        http::{HeaderName, HeaderValue, StatusCode, header::COOKIE, header::SEC_WEBSOCKET_PROTOCOL},
    },
};

use super::{say, words};

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(15);
/// How often the server is asked whether it is there.
const PING: Duration = Duration::from_secs(20);
/// How long the connection may be silent: two pings without an answer.
const SILENCE: Duration = Duration::from_secs(45);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why the feed ended, or did not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TailError {
    #[error("{0} is not an http address such as http://127.0.0.1:8080")]
    Server(String),
    #[error("a key or a session has letters, digits and underscores only")]
    Secret,
    #[error("the server knows neither a key nor a session like this, or it has ended: {0}")]
    NotKnown(String),
    #[error("the server can't be reached")]
    Unreachable(#[source] Box<WsError>),
    #[error("no session can be begun with the key")]
    Begin(#[from] reqwest::Error),
    #[error("the session has ended; sign in again")]
    Ended,
    #[error("this feed may not be read any more")]
    NotAllowed,
    #[error("standard output can't be written")]
    Output(#[from] std::io::Error),
}

/// Whose feed it is, and so where it is and how it is opened.
#[derive(Debug, Clone)]
enum Feed {
    /// The team's, by an agent's session.
    Team(HeaderValue),
    /// A customer's own, by its session.
    Customer(HeaderValue),
}

/// How a connection ended.
enum End {
    /// It broke, or the server wants it to come back.
    Broken,
    /// There is no point in coming back.
    Over(TailError),
}

/// Prints the feed until the session ends.
///
/// An agent's session follows the team's inbox, a customer's session its own conversations; an integration key follows
/// what a new visitor of the widget is sent.
pub(crate) async fn tail(server: &str, secret: &str, json: bool) -> Result<(), TailError> {
    let server = server.trim_end_matches('/');
    let Some(host) = server.strip_prefix("http://") else { return Err(TailError::Server(server.to_owned())) };
    let (feed, mut stream) = enter(server, host, secret).await?;
    let mut position = None;
    let mut retry = FIRST_RETRY;
    loop {
        let before = position;
        match follow(stream, &mut position, json).await? {
            End::Over(why) => return Err(why),
            End::Broken if position > before => retry = FIRST_RETRY,
            End::Broken => {}
        }
        stream = loop {
            tracing::warn!(?retry, "the connection is gone; coming back");
            sleep(retry).await;
            retry = (retry * 2).min(LAST_RETRY);
            match connect(host, &feed, position).await {
                Ok(stream) => break stream,
                Err(e) if is_unauthorized(&e) => return Err(TailError::Ended),
                Err(e) => tracing::debug!(error = %e, "not yet"),
            }
        };
    }
}

/// Finds out what the secret opens, by trying.
async fn enter(server: &str, host: &str, secret: &str) -> Result<(Feed, Stream), TailError> {
    let secret = if secret.starts_with("oc_") { begin(server, secret).await? } else { secret.to_owned() };
    let header = |text: String| HeaderValue::from_str(&text).map_err(|_| TailError::Secret);
    let team = Feed::Team(header(format!("oc_session={secret}"))?);
    let customer = Feed::Customer(header(format!("openchat, bearer.{secret}"))?);
    let mut refusal = String::new();
    for feed in [team, customer] {
        match connect(host, &feed, None).await {
            Ok(stream) => return Ok((feed, stream)),
            Err(e) if is_unauthorized(&e) => refusal = said(&e),
            Err(e) => return Err(TailError::Unreachable(Box::new(e))),
        }
    }
    Err(TailError::NotKnown(refusal))
}

/// Begins a visitor's session with the widget's key.
async fn begin(server: &str, key: &str) -> Result<String, TailError> {
    let asked = reqwest::Client::new().post(format!("{server}/api/webchat/session"));
    let answer = asked.json(&json!({ "key": key })).send().await?;
    let fine = answer.status().is_success();
    let answer: Value = answer.json().await?;
    match answer["session"]["token"].as_str() {
        Some(token) if fine => Ok(token.to_owned()),
        _ => Err(TailError::NotKnown(answer["error"].as_str().unwrap_or_default().to_owned())),
    }
}

async fn connect(host: &str, feed: &Feed, after: Option<Position>) -> Result<Stream, WsError> {
    let (path, name, value): (_, HeaderName, _) = match feed {
        Feed::Team(cookie) => ("admin/support", COOKIE, cookie),
        Feed::Customer(protocols) => ("webchat", SEC_WEBSOCKET_PROTOCOL, protocols),
    };
    let after = after.map_or_else(String::new, |position| format!("?after={position}"));
    let mut request = format!("ws://{host}/api/{path}/socket{after}").into_client_request()?;
    request.headers_mut().insert(name, value.clone());
    Ok(connect_async(request).await?.0)
}

async fn follow(mut stream: Stream, position: &mut Option<Position>, raw: bool) -> Result<End, TailError> {
    let mut ping = tokio::time::interval(PING);
    let silence = sleep(SILENCE);
    tokio::pin!(silence);
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            _ = ping.tick() => {
                // Should it not go out, the silence tells.
                let _ = stream.send(Message::text(r#"{"type":"ping"}"#)).await;
                continue;
            }
            () = &mut silence => return Ok(End::Broken),
        };
        silence.as_mut().reset(tokio::time::Instant::now() + SILENCE);
        match message {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                *position = frame["position"].as_i64().or(*position);
                if raw {
                    say(&text)?;
                } else {
                    tell(&frame)?;
                }
            }
            Some(Ok(Message::Close(why))) => {
                return Ok(match why.map(|why| u16::from(why.code)) {
                    Some(close::SESSION_ENDED) => End::Over(TailError::Ended),
                    Some(close::NOT_ALLOWED) => End::Over(TailError::NotAllowed),
                    Some(_) | None => End::Broken,
                });
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Ok(End::Broken),
        }
    }
}

/// A frame for people.
fn tell(frame: &Value) -> std::io::Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&frame["type"]);
    let place = text(&frame["conversationId"]);
    match kind.as_str() {
        "hello" => greet(frame),
        "pong" | "reconnect" => Ok(()),
        "resumed" => say(&format!("-- back, from position {}", frame["position"])),
        "typing" if frame["typing"] == json!(true) => {
            say(&format!("{:>8}  {place}  {} is typing", "", name(&frame["who"])))
        }
        "message.posted" => {
            let message = &frame["data"]["message"];
            let who = name(&message["author"]);
            say(&format!("{:>8}  {place}  {who}: {}", frame["position"], words(message)))
        }
        _ if frame["position"].is_i64() => {
            say(&format!("{:>8}  {place}  {kind} {}", frame["position"], frame["data"]))
        }
        // What is true only now and says nothing new.
        _ => Ok(()),
    }
}

/// How things stand when the feed begins.
fn greet(frame: &Value) -> std::io::Result<()> {
    let snapshot = &frame["snapshot"];
    let business = snapshot["business"]["name"].as_str().unwrap_or_default();
    say(&format!("-- {business}, as of position {}", frame["position"]))?;
    let list = snapshot["conversations"].as_array().map_or(&[][..], Vec::as_slice);
    for it in list.iter().chain(Some(&snapshot["conversation"]).filter(|own| own.is_object())) {
        let status = it["status"].as_str().unwrap_or_default();
        let assignee = it["assignee"]["name"].as_str().unwrap_or("nobody's");
        let customer = it["customer"]["name"].as_str().unwrap_or("a visitor");
        let last = it["lastMessage"]["text"].as_str().unwrap_or_default();
        let id = it["id"].as_str().unwrap_or_default();
        say(&format!("{:>8}  {id}  {status}, {assignee}  {customer}: {last}", it["position"]))?;
    }
    Ok(())
}

fn name(who: &Value) -> String {
    let kind = who["kind"].as_str().unwrap_or("somebody");
    who["name"].as_str().map_or_else(|| format!("the {kind}"), str::to_owned)
}

fn is_unauthorized(error: &WsError) -> bool {
    matches!(error, WsError::Http(answer)
        if matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))
}

/// The server's own words.
fn said(error: &WsError) -> String {
    let body = match error {
        WsError::Http(answer) => answer.body().as_deref().unwrap_or_default(),
        _ => &[],
    };
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    problem["error"].as_str().unwrap_or_default().to_owned()
}
