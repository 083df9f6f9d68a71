//! Calls as they are asked for and answered, whoever asks.

use openchat_domain::{
    CallId, ConversationId,
    conversation::{AgentRef, CallKind},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Problem;

/// A call that has begun for a customer, and what it needs to take part in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "success": true,
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.c2lnbmF0dXJl",
    "roomName": "call_019aafc33b7c7d80a1b2c3d4e5f60718",
    "serverUrl": "wss://calls.example.com",
    "agent": {"id": "agt_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "Ana"},
    "call": {
        "id": "call_019aafc33b7c7d80a1b2c3d4e5f60718",
        "conversationId": "cnv_019aafc33b7c7d80a1b2c3d4e5f60718",
        "type": "video"
    }
}))]
pub(super) struct CustomerCall {
    /// Always `true`.
    pub(super) success: bool,
    /// What opens the room on the media server, for one participant.
    pub(super) token: String,
    /// The room's name there.
    pub(super) room_name: String,
    /// The media server's address.
    pub(super) server_url: String,
    /// The agent who has the conversation and whom the call rings.
    pub(super) agent: Option<AgentRef>,
    /// The call.
    pub(super) call: BegunCall,
}

/// A call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BegunCall {
    /// Its id.
    pub(super) id: CallId,
    /// In which conversation.
    pub(super) conversation_id: ConversationId,
    /// Audio or video.
    pub(super) r#type: CallKind,
}

/// No media server is set up.
pub(super) fn not_configured() -> Problem {
    const LONG: u64 = 300;
    Problem::unavailable("calls_not_configured", "Calls are not set up on this server.").retry_after(LONG)
}
