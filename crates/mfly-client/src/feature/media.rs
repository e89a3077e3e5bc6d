//! Files of messages: uploaded, sealed, and fetched again.
//!
//! Chunked: `POST /media/upload`, a `PUT` for each part of 5 MiB, `POST /media/upload/commit`; back
//! by ranges from a signed URL. Whole: `POST /media/` and `GET /media/<token>`. Wire forms:
//! [`mfly_api::endpoint::media_start`], [`media_part`](mfly_api::endpoint::media_part),
//! [`media_commit`](mfly_api::endpoint::media_commit),
//! [`media_upload`](mfly_api::endpoint::media_upload),
//! [`media_url`](mfly_api::endpoint::media_url),
//! [`media_download`](mfly_api::endpoint::media_download). Official names: `setMediaEncryption`,
//! `sendMediaFileMessage`, `getMediaURL`, `downloadMedia`.

mod download;
mod kind;
mod upload;

pub use kind::{MediaForm, MediaReference, MediaTarget, MediaUpload, UploadedMedia};

use crate::session::Session;
use std::sync::atomic::Ordering;

impl Session {
    /// Whether files uploaded from now on are sealed. At first it is as
    /// [`AppBuilder::media_encryption`](crate::AppBuilder::media_encryption) says: on, unless set.
    /// Profile images never are.
    #[doc(alias = "setMediaEncryption")]
    pub fn set_media_encryption(&self, on: bool) {
        self.shared().media_encryption.store(on, Ordering::Relaxed);
    }

    /// Whether files are sealed when they are uploaded.
    #[must_use]
    pub fn media_encryption(&self) -> bool {
        self.shared().media_encryption.load(Ordering::Relaxed)
    }
}
