//! Uploading a file.

use super::kind::{MediaForm, MediaUpload, UploadedMedia};
use crate::error::{Error, ErrorKind, Result};
use crate::random;
use crate::session::Session;
use bytes::Bytes;
use mfly_api::endpoint::media_start::Storage;
use mfly_api::endpoint::media_upload::{self, File};
use mfly_api::endpoint::{media_commit, media_part, media_start};
use mfly_api::file_token::FileToken;
use mfly_api::http::Progress;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::{FileKey, MediaCipher};

impl Session {
    /// Uploads a file for a message, sealed with a fresh key unless media encryption is off. The
    /// message itself is not sent.
    ///
    /// A part that fails fails the upload; dropping the future gives it up.
    ///
    /// # Errors
    /// [`PlanGated`](ErrorKind::PlanGated) when the plan does not include such files,
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for an empty file, media type or message id;
    /// otherwise see [`ErrorKind`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mfly_client::{App, MediaTarget, MediaUpload, UserId, UserIdentifier};
    /// # let server = mfly_testserver::TestServer::start().await?;
    /// # let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).xmpp_address(&server.websocket_url()).build().await?;
    /// # app.register(&UserIdentifier::new("bob")?).await?;
    /// # let alice = app.register(&UserIdentifier::new("alice")?).await?;
    /// # let session = app.connect(&alice.credentials).await?;
    /// let bob = MediaTarget::User(UserId::new("bob")?);
    /// let upload = MediaUpload::new(bob, "message-1", "note.txt", "text/plain", &b"for your eyes"[..]);
    /// let stored = session.upload_media(upload).await?;
    /// assert_eq!(session.download_media(&stored.reference()).await?, &b"for your eyes"[..]);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "sendMediaFileMessage")]
    pub async fn upload_media(&self, upload: MediaUpload) -> Result<UploadedMedia> {
        self.context().require(upload.feature())?;
        if upload.bytes.is_empty() {
            return Err(
                InvalidArgument::new("file", "file should be Valid File: it is empty").into()
            );
        }
        let file_key = if self.media_encryption() {
            Some(FileKey::from_random(random::bytes()?))
        } else {
            None
        };
        let cipher = file_key.as_ref().map(|key| MediaCipher::new(key, &self.context().media_iv));
        match upload.form {
            MediaForm::Whole => self.upload_whole(upload, file_key, cipher).await,
            MediaForm::Chunked => self.upload_chunked(upload, file_key, cipher).await,
        }
    }

    async fn upload_whole(
        &self,
        upload: MediaUpload,
        file_key: Option<FileKey>,
        cipher: Option<MediaCipher>,
    ) -> Result<UploadedMedia> {
        let plain_len = upload.bytes.len() as u64;
        let content = match cipher {
            Some(cipher) => Bytes::from(cipher.seal_whole(&upload.bytes)),
            None => upload.bytes,
        };
        let stored_len = content.len() as u64;
        let (to, purpose) = upload.target.wire();
        let file = File { name: upload.name, content_type: upload.content_type, content };
        let mut request = media_upload::Request::message(purpose, to, upload.message_id, file)?;
        if let Some(progress) = upload.progress {
            request = request.progress(progress);
        }
        let stored = self.send(&request).await?;
        Ok(UploadedMedia {
            file_token: stored.file_token,
            thumb_token: stored.file_token_thumb,
            file_key,
            stored_len,
            plain_len,
            form: MediaForm::Whole,
        })
    }

    async fn upload_chunked(
        &self,
        upload: MediaUpload,
        file_key: Option<FileKey>,
        cipher: Option<MediaCipher>,
    ) -> Result<UploadedMedia> {
        let plain_len = upload.bytes.len() as u64;
        let stored_len =
            if cipher.is_some() { MediaCipher::sealed_len(plain_len) } else { plain_len };
        let (to, purpose) = upload.target.wire();
        let part_bytes = media_part::MAX_BYTES as u64;
        let count = u32::try_from(stored_len.div_ceil(part_bytes))
            .map_err(|_| InvalidArgument::new("file", "is too large"))?;
        let started = self
            .send(&media_start::Request::new(
                upload.content_type.clone(),
                upload.extension(),
                count,
                upload.message_id.clone(),
                to,
                purpose,
            )?)
            .await?;
        if started.upload_urls.len() < count as usize {
            return Err(ErrorKind::UnexpectedAnswer.into());
        }
        let mut parts = Parts::new(upload.bytes, cipher);
        let mut etags = Vec::with_capacity(count as usize);
        let mut sent = 0;
        for url in started.upload_urls.iter().take(count as usize) {
            let part = parts.next_part();
            let len = part.len() as u64;
            let mut request = media_part::Request::new(url, part)?;
            if let Some(progress) = upload.progress.clone() {
                request = request.progress(Progress::new(move |bytes, _| {
                    progress.report(sent + bytes, stored_len);
                }));
            }
            etags.push(self.send(&request).await?.etag);
            sent += len;
        }
        let file_token = started.file_token.clone();
        // A single part is the whole file, whose upload needs no commit.
        if count > 1 && self.context().quirks.commit_first_upload {
            self.commit(started, etags).await?;
        }
        let form = MediaForm::Chunked;
        Ok(UploadedMedia { file_token, thumb_token: None, file_key, stored_len, plain_len, form })
    }

    /// Tells the store that all parts are there, in the store's own way.
    async fn commit(
        &self,
        started: media_start::Response,
        etags: Vec<Option<String>>,
    ) -> Result<()> {
        let lacking = || Error::from(ErrorKind::UnexpectedAnswer);
        match started.storage {
            Storage::Aws | Storage::Minio => {
                let etags: Option<Vec<String>> = etags.into_iter().collect();
                let upload_id = started.upload_id.ok_or_else(lacking)?;
                self.commit_parts(started.file_token, upload_id, etags.ok_or_else(lacking)?).await
            }
            Storage::Oracle => {
                let url = started.commit_url.ok_or_else(lacking)?;
                self.send(&media_commit::UrlRequest::new(url)).await
            }
            // The official SDK commits nothing to any other store.
            Storage::Other(_) | Storage::Unnamed => Ok(()),
        }
    }

    async fn commit_parts(
        &self,
        file_token: FileToken,
        upload_id: String,
        etags: Vec<String>,
    ) -> Result<()> {
        self.send(&media_commit::Request::new(file_token, upload_id, etags)?).await
    }
}

/// Cuts a file into parts, sealed on the way: no more than one part is held sealed at a time.
struct Parts {
    rest: Bytes,
    sealer: Option<mfly_proto::cipher::MediaSealer>,
    sealed: Vec<u8>,
}

impl Parts {
    fn new(bytes: Bytes, cipher: Option<MediaCipher>) -> Self {
        Self { rest: bytes, sealer: cipher.map(|cipher| cipher.sealer()), sealed: Vec::new() }
    }

    /// The next part: full, unless it is the last; empty after that.
    fn next_part(&mut self) -> Bytes {
        let take = self.rest.len().min(media_part::MAX_BYTES);
        let plain = self.rest.split_to(take);
        let Some(sealer) = &mut self.sealer else {
            return plain;
        };
        self.sealed.extend(sealer.update(&plain));
        if self.rest.is_empty()
            && let Some(sealer) = self.sealer.take()
        {
            self.sealed.extend(sealer.finish());
        }
        // A full part is a whole number of blocks, so nothing of it is held back; the last one
        // grows by less than one block and, being shorter than a full part or exactly one, stays
        // within the limit.
        Bytes::from(std::mem::take(&mut self.sealed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_proto::cipher::Iv;

    fn cut(bytes: Bytes, cipher: Option<MediaCipher>) -> Vec<Bytes> {
        let mut parts = Parts::new(bytes, cipher);
        std::iter::from_fn(|| Some(parts.next_part()).filter(|part| !part.is_empty())).collect()
    }

    #[test]
    fn parts_are_full_but_the_last_and_open_as_one_stream() {
        let cipher = MediaCipher::new(&FileKey::from_random([7; 64]), &Iv::REQUEST);
        for extra in [1, 15, 16] {
            let plain = Bytes::from(vec![5; media_part::MAX_BYTES + extra]);
            let parts = cut(plain.clone(), Some(cipher.clone()));
            let sealed_len = MediaCipher::sealed_len(plain.len() as u64);
            assert_eq!(parts.len(), 2);
            assert_eq!(parts[0].len(), media_part::MAX_BYTES);
            assert_eq!(parts.iter().map(Bytes::len).sum::<usize>() as u64, sealed_len);
            let mut opener = cipher.opener(Some(plain.len() as u64));
            let mut opened: Vec<u8> = parts.iter().flat_map(|part| opener.update(part)).collect();
            opened.extend(opener.finish().unwrap());
            assert!(opened == plain, "{extra}");
        }
    }

    #[test]
    fn a_file_of_exactly_one_part_is_one_part() {
        let cipher = MediaCipher::new(&FileKey::from_random([7; 64]), &Iv::REQUEST);
        let plain = Bytes::from(vec![5; media_part::MAX_BYTES]);
        assert_eq!(cut(plain.clone(), Some(cipher)).len(), 1);
        assert_eq!(cut(plain.clone(), None), [plain]);
    }
}
