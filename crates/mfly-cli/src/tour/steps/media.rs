//! Files of messages: sealed and unsealed, in parts and whole.

use crate::exit::Failure;
use crate::progress::size;
use crate::tour::cast::Cast;
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, shown, success};
use mfly_client::{MediaForm, MediaTarget, MediaUpload, UploadedMedia};
use serde_json::json;

/// A file of more than one part of 5 MiB, whose length is no multiple of the cipher's block.
const LARGE: usize = 5 * 1024 * 1024 + 12_345;

/// A small file, whose length is no multiple of the block either.
const SMALL: usize = 10_001;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    for is_sealed in [true, false] {
        recorder.step("setMediaEncryption", set_encryption(cast, is_sealed)).await?;
        for (form, length) in [(MediaForm::Chunked, LARGE), (MediaForm::Whole, SMALL)] {
            let file = content(length);
            let stored = recorder.step("uploadMedia", upload(cast, form, &file)).await?;
            recorder.step("downloadMedia", download(cast, stored, &file)).await?;
        }
    }
    Ok(())
}

async fn set_encryption(cast: &Cast, is_sealed: bool) -> Step {
    let session = cast.alice.session()?;
    session.set_media_encryption(is_sealed);
    ensure(session.media_encryption() == is_sealed, "the new setting", session.media_encryption())?;
    done(if is_sealed { "files are sealed" } else { "files are not sealed" }, success())
}

async fn upload(cast: &Cast, form: MediaForm, file: &[u8]) -> Step<UploadedMedia> {
    let session = cast.alice.session()?;
    let target = MediaTarget::User(cast.bob.credentials()?.user.clone());
    let upload =
        MediaUpload::new(target, "m1", "tour.bin", "application/octet-stream", file.to_vec());
    let stored = session.upload_media(upload.form(form)).await?;
    ensure(stored.file_key.is_some() == session.media_encryption(), "a key if sealed", &stored)?;
    let result = json!({
        "file_url": stored.file_token.as_str(),
        "file_size": stored.stored_len,
        "isSealed": stored.file_key.is_some(),
    });
    let how = if form == MediaForm::Whole { "in one piece" } else { "in parts of 5 MiB" };
    let what = format!("{} {how}", size(file.len() as u64));
    Ok((stored, shown(what, result)))
}

async fn download(cast: &Cast, stored: Option<UploadedMedia>, file: &[u8]) -> Step {
    let stored = stored.ok_or(Trouble::Missing("the file"))?;
    let received = cast.bob.session()?.download_media(&stored.reference()).await?;
    ensure(received == file, "the file that was uploaded", received.len())?;
    let what = format!("bob receives the same {}", size(received.len() as u64));
    done(what, json!({"size": received.len()}))
}

/// Bytes that do not repeat with the cipher's block or the part.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}
