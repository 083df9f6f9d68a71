//! Files over HTTP, for agents' and customers' routes alike: taken as they come, given as they lie, sent in a message.

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse,
    body::SizedStream,
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, Charset, ContentDisposition,
            DispositionParam, DispositionType, ExtendedValue,
        },
    },
    web::Payload,
};
use futures_util::StreamExt as _;
use openchat_domain::{
    BusinessId, CommandId, ConversationId, File, FileId, FileName, MediaType, MessageText,
    conversation::MessageBody,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
    },
};

use super::{
    Blankable, Faults, Input, Problem,
    input::{choice_inputs, input},
};
use crate::{
    app::App,
    files::{FileError, FileRefusal, SentFile, Upload, Uploader},
    store::chain,
};

input! {
    /// A file to upload.
    pub(super) query struct UploadQuery {
        /// What it is called; of a path, the last part counts.
        #[param(example = "invoice.pdf")]
        name: String,
    }
}

input! {
    /// Words to post.
    #[schema(example = json!({"type": "text", "text": "I need help with my order."}))]
    pub(super) closed struct TextContent {
        /// What it is.
        r#type: TextType,
        /// The words.
        text: MessageText,
    }
}

input! {
    /// An uploaded file to post. It can be sent once, by who has uploaded it, within a day.
    #[schema(example = json!({
        "type": "file", "fileId": "fil_019aafc33b7c7d80a1b2c3d4e5f60718", "text": "This is the invoice."
    }))]
    pub(super) closed struct FileContent {
        /// What it is.
        r#type: FileType,
        /// The file, as the upload answered it.
        file_id: FileId,
        /// Words that go with it.
        #[schema(schema_with = Blankable::<MessageText>::schema, required = false)]
        text: Blankable<MessageText>,
    }
}

/// What a message to post holds.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
pub(super) enum MessageContent {
    /// Words.
    Text(TextContent),
    /// A file, perhaps with words.
    File(FileContent),
}

/// Words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum TextType {
    /// Words.
    Text,
}

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum FileType {
    /// A file.
    File,
}

choice_inputs! {
    TextType => "must be text",
    FileType => "must be file",
}

impl Input for MessageContent {
    fn read(value: Value) -> Result<Self, Faults> {
        match value.get("type").and_then(Value::as_str) {
            Some("file") => FileContent::read(value).map(Self::File),
            Some("text") | None => TextContent::read(value).map(Self::Text),
            Some(_) => Err(Faults::at("type", "must be text or file")),
        }
    }
}

/// A file that was taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"success": true, "file": {
    "id": "fil_019aafc33b7c7d80a1b2c3d4e5f60718", "name": "invoice.pdf", "mediaType": "application/pdf", "size": 48213
}}))]
pub(super) struct UploadedFile {
    /// Always `true`.
    success: bool,
    /// The file, to be named in a message within a day.
    file: File,
}

/// A file's bytes, as they are.
pub(super) struct FileBytes;

impl PartialSchema for FileBytes {
    fn schema() -> RefOr<Schema> {
        let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(binary)).into()
    }
}

impl ToSchema for FileBytes {}

impl MessageContent {
    /// The command that posts it: named by the client's own name for the message or, without one, by the file, so that
    /// the same file is posted once however often it is asked for.
    pub(super) fn command(
        &self,
        tenant: BusinessId,
        sender: &[&str],
        name: Option<&str>,
    ) -> Option<CommandId> {
        let named = |kind: &str, name: &str| {
            let parts: Vec<&str> = sender.iter().copied().chain([kind, name]).collect();
            CommandId::derive(tenant, &parts)
        };
        match (self, name) {
            (_, Some(name)) => Some(named("message", name)),
            (Self::File(it), None) => Some(named("file", &it.file_id.to_string())),
            (Self::Text(_), None) => None,
        }
    }

    /// Asserts that the file, if it is one, could be sent under this command.
    pub(super) async fn look(
        &self,
        app: &App,
        tenant: BusinessId,
        sender: &Uploader,
        command: Option<CommandId>,
    ) -> Result<(), Problem> {
        match (self, command) {
            (Self::File(it), Some(command)) => {
                Ok(app.files.look(tenant, sender, it.file_id, command).await?)
            }
            (Self::File(_) | Self::Text(_), _) => Ok(()),
        }
    }

    /// What the message holds; a file is kept for it from here on.
    pub(super) async fn body(
        self,
        app: &App,
        tenant: BusinessId,
        sender: &Uploader,
        conversation: ConversationId,
        command: Option<CommandId>,
    ) -> Result<MessageBody, Problem> {
        match self {
            Self::Text(TextContent { r#type: TextType::Text, text }) => Ok(MessageBody::Text { text }),
            Self::File(FileContent { r#type: FileType::File, file_id, text }) => {
                let command = command.ok_or(FileError::Refused(FileRefusal::NotFound))?;
                let file = app.files.claim(tenant, sender, file_id, conversation, command).await?;
                Ok(MessageBody::File { file, text: text.0 })
            }
        }
    }
}

/// Takes a file as it comes in; what is too large is not read to its end.
pub(super) async fn take(
    app: &App,
    tenant: BusinessId,
    uploader: &Uploader,
    name: &str,
    req: &HttpRequest,
    mut payload: Payload,
) -> Result<UploadedFile, Problem> {
    let media_type =
        MediaType::new(req.content_type()).ok_or(FileError::Refused(FileRefusal::TypeNotAllowed))?;
    let length = req.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > File::MAX_BYTES) {
        return Err(FileError::Refused(FileRefusal::TooLarge).into());
    }
    let mut upload = app.files.begin(tenant, uploader, FileName::new(name), media_type).await?;
    match receive(&mut upload, &mut payload).await {
        Ok(file) => Ok(UploadedFile { success: true, file }),
        Err(problem) => {
            upload.give_up().await;
            Err(problem)
        }
    }
}

async fn receive(upload: &mut Upload, payload: &mut Payload) -> Result<File, Problem> {
    while let Some(bytes) = payload.next().await {
        let broken = |_| Problem::bad_request("unreadable_body", "The body ended before it was complete.");
        upload.write(bytes.map_err(broken)?).await?;
    }
    Ok(upload.finish().await?)
}

/// Gives a file to somebody who may read the conversation that it was sent in.
pub(super) async fn give(app: &App, tenant: BusinessId, sent: &SentFile) -> Result<HttpResponse, Problem> {
    let SentFile { file, .. } = sent;
    let bytes = app.files.bytes(tenant, file.id).await.map_err(FileError::from)?;
    Ok(HttpResponse::Ok()
        .content_type(file.media_type.as_str())
        .insert_header(disposition(&file.name))
        // A file never changes, and what it holds must not run as a page of ours, whatever it is.
        .insert_header((CACHE_CONTROL, "private, max-age=31536000, immutable"))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .body(SizedStream::new(file.size, bytes)))
}

/// There is no such file, for this asker.
pub(super) fn not_found() -> Problem {
    FileError::Refused(FileRefusal::NotFound).into()
}

/// To be saved, under its name: in ASCII for old clients, and as it is for all others (RFC 6266).
fn disposition(name: &FileName) -> ContentDisposition {
    let plain = |c: char| if c.is_ascii() && !"\"\\%".contains(c) { c } else { '_' };
    let exact = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: name.as_str().as_bytes().to_vec(),
    };
    let fallback = name.as_str().chars().map(plain).collect();
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(fallback), DispositionParam::FilenameExt(exact)],
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Refused(refusal) => {
                let (status, code) = told(refusal);
                Self::new(status, code, refusal.to_string())
            }
            FileError::Store(error) => error.into(),
            FileError::Object(_) => {
                tracing::warn!(error = %chain(&error), "the files can't be reached");
                Self::unavailable("files_unavailable", "OpenChat can't reach its files right now; try again.")
            }
        }
    }
}

const fn told(refusal: FileRefusal) -> (StatusCode, &'static str) {
    match refusal {
        FileRefusal::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "file_too_large"),
        FileRefusal::TypeNotAllowed | FileRefusal::NotOfItsType => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "file_type_not_allowed")
        }
        FileRefusal::Empty => (StatusCode::UNPROCESSABLE_ENTITY, "file_empty"),
        FileRefusal::TooManyUnsent => (StatusCode::CONFLICT, "too_many_unsent_files"),
        FileRefusal::NotFound => (StatusCode::NOT_FOUND, "file_not_found"),
        FileRefusal::AlreadySent => (StatusCode::CONFLICT, "file_already_sent"),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::TryIntoHeaderValue as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn content_is_words_or_a_file() {
        let id = "fil_019aafc33b7c7d80a1b2c3d4e5f60718";
        let read = |value: Value| MessageContent::read(value);
        assert!(matches!(read(json!({"type": "text", "text": "Hi"})), Ok(MessageContent::Text(_))));
        for words in [json!(null), json!(" "), json!("Look")] {
            let file = read(json!({"type": "file", "fileId": id, "text": words}));
            assert!(matches!(file, Ok(MessageContent::File(_))), "{words}");
        }
        let fault = |value: Value| read(value).err();
        assert_eq!(fault(json!({"type": "file", "text": "a"})), Some(Faults::at("fileId", "is required")));
        assert_eq!(fault(json!({"type": "gif"})), Some(Faults::at("type", "must be text or file")));
        let both = json!({"type": "text", "text": "a", "fileId": id});
        assert_eq!(fault(both), Some(Faults::at("fileId", "is not a field of this request")));
    }

    #[test]
    fn a_file_is_saved_under_its_name() {
        let header = |name: &str| disposition(&FileName::new(name)).try_into_value().expect("a header");
        assert_eq!(
            header("Größe \"1\".png"),
            "attachment; filename=\"Gr__e _1_.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.png"
        );
    }
}
