//! Files in commands: base64 text in, base64 text out.

use crate::failure::{Failure, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_client::{
    FileKey, FileToken, MediaForm, MediaReference, MediaTarget, MediaUpload, ProfileImage, Session,
    UserId,
};
use serde_json::{Value, json};

/// Uploads a file for a message.
pub(crate) async fn upload(session: &Session, command: &Value) -> Result<Value, Failure> {
    let to = MediaTarget::User(UserId::new(text(command, "user"))?);
    let (id, name) = (text(command, "messageId"), text(command, "name"));
    let upload = MediaUpload::new(to, id, name, text(command, "type"), bytes(command)?);
    let stored = session.upload_media(upload.form(form(command))).await?;
    Ok(json!({
        "fileToken": stored.file_token.as_str(),
        "fileKey": stored.file_key.as_ref().map(FileKey::expose),
        "storedLength": stored.stored_len,
    }))
}

/// Downloads a file, and returns its bytes in base64.
pub(crate) async fn download(session: &Session, command: &Value) -> Result<Value, Failure> {
    let token = FileToken::new(text(command, "fileToken"))?;
    let key = match text(command, "fileKey") {
        "" => None,
        key => Some(FileKey::new(key)?),
    };
    let mut media = MediaReference::new(token, key).form(form(command));
    if let Some(length) = command["length"].as_u64() {
        media = media.plain_len(length);
    }
    let bytes = session.download_media(&media).await?;
    Ok(Value::String(STANDARD.encode(bytes)))
}

/// Reads the profile image of a command.
pub(crate) fn image(command: &Value) -> Result<ProfileImage, Failure> {
    Ok(ProfileImage::File {
        name: text(command, "name").to_owned(),
        content_type: text(command, "type").to_owned(),
        bytes: bytes(command)?.into(),
    })
}

fn bytes(command: &Value) -> Result<Vec<u8>, Failure> {
    Ok(STANDARD.decode(text(command, "base64"))?)
}

fn form(command: &Value) -> MediaForm {
    if command["whole"] == true { MediaForm::Whole } else { MediaForm::Chunked }
}
