//! What a file is, whom it is for, and in which form it travels.

use mfly_api::Feature;
use mfly_api::endpoint::media_upload::Purpose;
use mfly_api::file_token::FileToken;
use mfly_api::http::Progress;
use mfly_proto::cipher::FileKey;
use mfly_proto::jid::{GroupJid, UserId};

use bytes::Bytes;
use std::fmt;

/// Who will see a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaTarget {
    /// One user, by id.
    User(UserId),
    /// The members of a group.
    Group(GroupJid),
}

impl MediaTarget {
    /// The receiver's id, and which of the two it is.
    pub(super) fn wire(&self) -> (&str, Purpose) {
        match self {
            Self::User(user) => (user.as_str(), Purpose::Chat),
            Self::Group(group) => (group.as_bare().local().unwrap_or_default(), Purpose::GroupChat),
        }
    }
}

/// In which form a file travels and is stored. Who downloads must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MediaForm {
    /// In parts of 5 MiB, sealed as one stream: what the official SDK sends today. Any size.
    #[default]
    Chunked,
    /// In one piece; when sealed, as base64 text. For small files.
    Whole,
}

/// A file to upload for a message.
#[derive(Clone)]
#[non_exhaustive]
pub struct MediaUpload {
    /// File name; its ending is told to the server.
    pub name: String,
    /// Media type such as `image/png`. It decides which feature of the plan is needed.
    pub content_type: String,
    /// The content of the file.
    pub bytes: Bytes,
    /// The recipients of the file.
    pub target: MediaTarget,
    /// The id of the message that it belongs to.
    pub message_id: String,
    /// In which form it travels.
    pub form: MediaForm,
    /// Told how many bytes have left, out of how many.
    pub progress: Option<Progress>,
}

impl MediaUpload {
    /// A file for a message, in the chunked form.
    pub fn new(
        target: MediaTarget,
        message_id: impl Into<String>,
        name: impl Into<String>,
        content_type: impl Into<String>,
        bytes: impl Into<Bytes>,
    ) -> Self {
        Self {
            name: name.into(),
            content_type: content_type.into(),
            bytes: bytes.into(),
            target,
            message_id: message_id.into(),
            form: MediaForm::default(),
            progress: None,
        }
    }

    /// Sends it in another form.
    #[must_use]
    pub fn form(mut self, form: MediaForm) -> Self {
        self.form = form;
        self
    }

    /// Reports how much has been sent.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// The feature that the plan must include.
    pub(super) fn feature(&self) -> Feature {
        match self.content_type.split('/').next() {
            Some("image") => Feature::ImageAttachment,
            Some("video") => Feature::VideoAttachment,
            Some("audio") => Feature::AudioAttachment,
            _ => Feature::DocumentAttachment,
        }
    }

    /// The end of the name, without the dot.
    pub(super) fn extension(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

/// Where an uploaded file is, and what its message must carry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedMedia {
    /// Names the file (official name `file_url`).
    pub file_token: FileToken,
    /// Names a small version of it, where the server made one.
    pub thumb_token: Option<FileToken>,
    /// What it was sealed with (official name `file_key`); `None` when media encryption is off.
    pub file_key: Option<FileKey>,
    /// Bytes as stored (official name `file_size`).
    pub stored_len: u64,
    /// Bytes of the file itself.
    pub plain_len: u64,
    /// In which form it is stored.
    pub form: MediaForm,
}

impl UploadedMedia {
    /// What is needed to download it.
    #[must_use]
    pub fn reference(&self) -> MediaReference {
        MediaReference {
            file_token: self.file_token.clone(),
            file_key: self.file_key.clone(),
            plain_len: Some(self.plain_len),
            form: self.form,
        }
    }
}

/// A file to download, as a message names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaReference {
    /// Names the file (official name `file_url`).
    pub file_token: FileToken,
    /// What it was sealed with (official name `file_key`); `None` for a file that is stored as it
    /// is.
    pub file_key: Option<FileKey>,
    /// Bytes of the file itself, if known. Without it the padding of a sealed file, up to 16 bytes,
    /// cannot be told from the file and stays, as in the official SDK.
    pub plain_len: Option<u64>,
    /// In which form it is stored.
    pub form: MediaForm,
}

impl MediaReference {
    /// A file in the chunked form.
    #[must_use]
    pub fn new(file_token: FileToken, file_key: Option<FileKey>) -> Self {
        Self { file_token, file_key, plain_len: None, form: MediaForm::default() }
    }

    /// With this many bytes when opened.
    #[must_use]
    pub fn plain_len(mut self, plain_len: u64) -> Self {
        self.plain_len = Some(plain_len);
        self
    }

    /// In another form.
    #[must_use]
    pub fn form(mut self, form: MediaForm) -> Self {
        self.form = form;
        self
    }
}

impl fmt::Debug for MediaUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaUpload")
            .field("name", &self.name)
            .field("content_type", &self.content_type)
            .field("bytes", &self.bytes.len())
            .field("target", &self.target)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(name: &str, content_type: &str) -> MediaUpload {
        let target = MediaTarget::User(UserId::new("bob").unwrap());
        MediaUpload::new(target, "m1", name, content_type, &b"x"[..])
    }

    #[test]
    fn the_content_type_decides_the_feature() {
        let feature = |content_type| upload("f", content_type).feature();
        assert_eq!(feature("image/png"), Feature::ImageAttachment);
        assert_eq!(feature("video/mp4"), Feature::VideoAttachment);
        assert_eq!(feature("audio/ogg"), Feature::AudioAttachment);
        assert_eq!(feature("application/pdf"), Feature::DocumentAttachment);
    }

    #[test]
    fn the_extension_is_what_follows_the_last_dot() {
        assert_eq!(upload("a.tar.gz", "x/y").extension(), "gz");
        assert_eq!(upload("README", "x/y").extension(), "");
    }

    #[test]
    fn a_group_is_named_by_its_id() {
        let target = MediaTarget::Group(GroupJid::new("g1@mix.xmpp.example.test").unwrap());
        assert_eq!(target.wire(), ("g1", Purpose::GroupChat));
    }
}
