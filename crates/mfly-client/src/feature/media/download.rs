//! Downloading a file.

use super::kind::{MediaForm, MediaReference};
use crate::error::{Error, ErrorKind, Result};
use crate::session::Session;
use bytes::Bytes;
use mfly_api::endpoint::media_download::{RangeRequest, Request};
use mfly_api::endpoint::{media_part, media_url};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::{CipherError, MediaCipher};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// A sealed file is at most this much longer.
const BLOCK_BYTES: u64 = 16;

/// The most bytes that a file may have to be downloaded into memory: 64 MiB.
const MAX_MEMORY_BYTES: u64 = 64 * 1024 * 1024;

/// The most bytes that a file may have whose length the caller does not know: 4 GiB.
const MAX_UNANNOUNCED_BYTES: u64 = 4 * 1024 * 1024 * 1024;

impl Session {
    /// Downloads a file into memory and opens it. At most 64 MiB; for larger ones
    /// [`Session::download_media_to`].
    ///
    /// # Errors
    /// [`FileNotAvailable`](ErrorKind::FileNotAvailable) when there is none,
    /// [`Media`](ErrorKind::Media) when it cannot be opened with its key or is too large; otherwise
    /// see [`ErrorKind`].
    #[doc(alias = "getMediaURL")]
    #[doc(alias = "downloadMedia")]
    pub async fn download_media(&self, media: &MediaReference) -> Result<Bytes> {
        let mut bytes = Vec::new();
        self.fetch(media, &mut bytes, MAX_MEMORY_BYTES).await?;
        Ok(bytes.into())
    }

    /// Downloads a file, opens it and writes it, piece by piece. Returns how many bytes were
    /// written. After an error part of the file may have been written. A file of more than 4 GiB
    /// must come with its [`plain_len`](MediaReference::plain_len).
    ///
    /// # Errors
    /// [`FileNotAvailable`](ErrorKind::FileNotAvailable) when there is none,
    /// [`Media`](ErrorKind::Media) when it cannot be opened with its key or written, or is not as
    /// long as announced; otherwise see [`ErrorKind`].
    #[doc(alias = "downloadMedia")]
    pub async fn download_media_to<W>(&self, media: &MediaReference, mut writer: W) -> Result<u64>
    where
        W: AsyncWrite + Unpin + Send,
    {
        let limit = media.plain_len.map_or(MAX_UNANNOUNCED_BYTES, |_| u64::MAX);
        self.fetch(media, &mut writer, limit).await
    }

    async fn fetch(
        &self,
        media: &MediaReference,
        writer: &mut (dyn AsyncWrite + Send + Unpin),
        limit: u64,
    ) -> Result<u64> {
        let cipher =
            media.file_key.as_ref().map(|key| MediaCipher::new(key, &self.context().media_iv));
        let written = match media.form {
            MediaForm::Whole => self.fetch_whole(media, cipher, writer).await?,
            MediaForm::Chunked => self.fetch_chunked(media, cipher, writer, limit).await?,
        };
        match media.plain_len {
            Some(announced) if announced != written => Err(wrong_length()),
            _ => Ok(written),
        }
    }

    async fn fetch_whole(
        &self,
        media: &MediaReference,
        cipher: Option<MediaCipher>,
        writer: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> Result<u64> {
        let asked = self.send(&Request::new(media.file_token.clone())).await;
        let stored = asked.map_err(Error::about_file)?;
        let opened = match cipher {
            Some(cipher) => Bytes::from(open_whole(&cipher, &stored)?),
            None => stored,
        };
        writer.write_all(&opened).await.map_err(unwritten)?;
        writer.flush().await.map_err(unwritten)?;
        Ok(opened.len() as u64)
    }

    async fn fetch_chunked(
        &self,
        media: &MediaReference,
        cipher: Option<MediaCipher>,
        writer: &mut (dyn AsyncWrite + Send + Unpin),
        limit: u64,
    ) -> Result<u64> {
        let asked = self.send(&media_url::Request::new(media.file_token.clone())).await;
        let url = asked.map_err(Error::about_file)?;
        let announced = media.plain_len.map(|len| len.saturating_add(BLOCK_BYTES));
        let limit = announced.map_or(limit, |announced| limit.min(announced));
        let mut extent = Extent::new(limit);
        let mut opener = cipher.map(|cipher| cipher.opener(media.plain_len));
        let mut written = 0_u64;
        loop {
            let (first, last) = extent.next_range();
            let range = RangeRequest::new(url.as_str(), first, last)?;
            let part = self.send(&range).await.map_err(Error::about_file)?;
            let is_last = extent.take(part.bytes.len() as u64, part.total)?;
            let opened = match &mut opener {
                Some(opener) => Bytes::from(opener.update(&part.bytes)),
                None => part.bytes,
            };
            writer.write_all(&opened).await.map_err(unwritten)?;
            written += opened.len() as u64;
            if is_last {
                break;
            }
        }
        if let Some(opener) = opener {
            let rest = opener.finish().map_err(unopened)?;
            writer.write_all(&rest).await.map_err(unwritten)?;
            written += rest.len() as u64;
        }
        writer.flush().await.map_err(unwritten)?;
        Ok(written)
    }
}

/// How far a download in parts has come. Whatever the store says, it ends.
struct Extent {
    read: u64,
    /// What the first part said the whole file has.
    total: Option<u64>,
    limit: u64,
}

/// Bytes in a full part.
const PART_BYTES: u64 = media_part::MAX_BYTES as u64;

impl Extent {
    const fn new(limit: u64) -> Self {
        Self { read: 0, total: None, limit }
    }

    /// The first and the last byte to ask for.
    const fn next_range(&self) -> (u64, u64) {
        (self.read, self.read.saturating_add(PART_BYTES - 1))
    }

    /// Counts a part in; says whether it was the last.
    fn take(&mut self, len: u64, total: Option<u64>) -> Result<bool> {
        if self.read > 0 && total != self.total {
            return Err(ErrorKind::UnexpectedAnswer.into());
        }
        self.total = total;
        self.read = self.read.saturating_add(len);
        if self.read.max(total.unwrap_or_default()) > self.limit {
            return Err(wrong_length());
        }
        match total {
            Some(total) if self.read >= total => Ok(true),
            Some(_) if len < PART_BYTES => Err(ErrorKind::UnexpectedAnswer.into()),
            // A short part is the last one where the store does not tell the size.
            _ => Ok(total.is_none() && len < PART_BYTES),
        }
    }
}

fn wrong_length() -> Error {
    let reason = "is not as long as announced, or too large to hold";
    Error::new(ErrorKind::Media, InvalidArgument::new("file", reason))
}

fn open_whole(cipher: &MediaCipher, stored: &[u8]) -> Result<Vec<u8>> {
    let text = std::str::from_utf8(stored).map_err(|_| unopened(CipherError::NotBase64))?;
    cipher.open_whole(text.trim_end()).map_err(unopened)
}

fn unopened(error: CipherError) -> Error {
    Error::new(ErrorKind::Media, error)
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Media, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_not_as_long_as_announced_is_an_error_in_either_form() {
        use crate::{App, MediaTarget, MediaUpload, UserIdentifier};
        let server = mfly_testserver::TestServer::start().await.unwrap();
        let app = App::builder(server.licence_key())
            .api_base_url(&server.api_base_url())
            .xmpp_address(&server.websocket_url())
            .build()
            .await
            .unwrap();
        let alice = UserIdentifier::new("alice").unwrap();
        let account = app.register(&alice).await.unwrap();
        let session = app.connect(&account.credentials).await.unwrap();
        session.set_media_encryption(false);
        for form in [MediaForm::Whole, MediaForm::Chunked] {
            let target = MediaTarget::User(session.user().clone());
            let file = MediaUpload::new(target, "m1", "a.txt", "text/plain", vec![7; 100]);
            let media = session.upload_media(file.form(form)).await.unwrap();
            for announced in [99, 101] {
                let reference = media.reference().plain_len(announced);
                let error = session.download_media(&reference).await.unwrap_err();
                assert_eq!(*error.kind(), ErrorKind::Media, "{form:?} {announced}");
            }
            let file = session.download_media(&media.reference()).await.unwrap();
            assert_eq!(file.len(), 100);
        }
    }

    #[test]
    fn a_download_ends_with_the_size_that_its_first_part_told() {
        let mut extent = Extent::new(u64::MAX);
        assert_eq!(extent.next_range(), (0, PART_BYTES - 1));
        assert!(!extent.take(PART_BYTES, Some(PART_BYTES + 1)).unwrap());
        assert_eq!(extent.next_range(), (PART_BYTES, 2 * PART_BYTES - 1));
        assert!(extent.take(1, Some(PART_BYTES + 1)).unwrap());
    }

    #[test]
    fn a_size_that_grows_or_vanishes_under_way_is_refused() {
        for later in [Some(9 * PART_BYTES), None] {
            let mut extent = Extent::new(u64::MAX);
            assert!(!extent.take(PART_BYTES, Some(2 * PART_BYTES)).unwrap());
            let error = extent.take(PART_BYTES, later).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::UnexpectedAnswer, "{later:?}");
        }
    }

    #[test]
    fn a_store_that_never_tells_the_size_is_bounded() {
        let mut extent = Extent::new(MAX_UNANNOUNCED_BYTES);
        let mut parts = 0;
        let error = loop {
            match extent.take(PART_BYTES, None) {
                Ok(is_last) => assert!(!is_last),
                Err(error) => break error,
            }
            parts += 1;
        };
        assert_eq!(*error.kind(), ErrorKind::Media);
        assert_eq!(parts, MAX_UNANNOUNCED_BYTES / PART_BYTES);
    }

    #[test]
    fn a_short_part_is_the_last_or_a_lie() {
        assert!(Extent::new(9).take(9, None).unwrap());
        assert!(Extent::new(9).take(0, Some(0)).unwrap());
        let error = Extent::new(99).take(8, Some(9)).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UnexpectedAnswer);
        let error = Extent::new(8).take(8, Some(9)).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Media);
    }
}
