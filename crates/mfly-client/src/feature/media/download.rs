//! Downloading a file.

use super::kind::{MediaForm, MediaReference};
use crate::error::{Error, ErrorKind, Result};
use crate::handle::Session;
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

impl Session {
    /// Downloads a file into memory and opens it. At most 64 MiB; for larger ones
    /// [`Session::download_media_to`].
    ///
    /// # Errors
    /// [`Media`](ErrorKind::Media) when it cannot be opened with its key or is too large; otherwise see [`ErrorKind`].
    #[doc(alias = "getMediaURL")]
    #[doc(alias = "downloadMedia")]
    pub async fn download_media(&self, media: &MediaReference) -> Result<Bytes> {
        let mut bytes = Vec::new();
        self.fetch(media, &mut bytes, MAX_MEMORY_BYTES).await?;
        Ok(bytes.into())
    }

    /// Downloads a file, opens it and writes it, piece by piece. Returns how many bytes were written. After an error
    /// part of the file may have been written.
    ///
    /// # Errors
    /// [`Media`](ErrorKind::Media) when it cannot be opened with its key or written; otherwise see [`ErrorKind`].
    #[doc(alias = "downloadMedia")]
    pub async fn download_media_to<W>(&self, media: &MediaReference, mut writer: W) -> Result<u64>
    where
        W: AsyncWrite + Unpin + Send,
    {
        self.fetch(media, &mut writer, u64::MAX).await
    }

    async fn fetch(
        &self,
        media: &MediaReference,
        writer: &mut (dyn AsyncWrite + Send + Unpin),
        limit: u64,
    ) -> Result<u64> {
        let cipher = media
            .file_key
            .as_ref()
            .map(|key| MediaCipher::new(key, &self.context().media_iv));
        match media.form {
            MediaForm::Whole => self.fetch_whole(media, cipher, writer).await,
            MediaForm::Chunked => self.fetch_chunked(media, cipher, writer, limit).await,
        }
    }

    async fn fetch_whole(
        &self,
        media: &MediaReference,
        cipher: Option<MediaCipher>,
        writer: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> Result<u64> {
        let stored = self.send(&Request::new(media.file_token.clone())).await?;
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
        let url = self
            .send(&media_url::Request::new(media.file_token.clone()))
            .await?;
        let announced = media.plain_len.map(|len| len.saturating_add(BLOCK_BYTES));
        let limit = announced.map_or(limit, |announced| limit.min(announced));
        let mut opener = cipher.map(|cipher| cipher.opener(media.plain_len));
        let part_bytes = media_part::MAX_BYTES as u64;
        let (mut read, mut written) = (0_u64, 0_u64);
        loop {
            let range = RangeRequest::new(url.as_str(), read, read.saturating_add(part_bytes - 1))?;
            let part = self.send(&range).await?;
            let len = part.bytes.len() as u64;
            read += len;
            if part.total.unwrap_or(read) > limit || read > limit {
                let reason = "is larger than announced, or too large to hold in memory";
                return Err(Error::new(
                    ErrorKind::Media,
                    InvalidArgument::new("file", reason),
                ));
            }
            let opened = match &mut opener {
                Some(opener) => Bytes::from(opener.update(&part.bytes)),
                None => part.bytes,
            };
            writer.write_all(&opened).await.map_err(unwritten)?;
            written += opened.len() as u64;
            // A short part is the last one, also where the store does not tell the size.
            match part.total {
                Some(total) if read >= total => break,
                Some(_) if len < part_bytes => return Err(ErrorKind::UnexpectedAnswer.into()),
                None if len < part_bytes => break,
                _ => {}
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
