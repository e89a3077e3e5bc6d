//! Files in memory: uploads in one piece or in parts, pre-signed addresses, eviction.
//!
//! No clock and no random source: tokens and secrets are passed in.

mod range;

pub(crate) use range::Range;

use bytes::{Bytes, BytesMut};
use std::collections::{BTreeMap, VecDeque};

/// Largest file in bytes.
pub(crate) const FILE_BYTES: usize = 64 * 1024 * 1024;

/// Most bytes kept in all; the oldest files make room for new ones.
const TOTAL_BYTES: usize = 512 * 1024 * 1024;

/// Most files, unfinished uploads and pre-signed addresses, each.
const COUNT: usize = 4096;

/// Most parts of one upload.
pub(crate) const PARTS: usize = 1024;

/// A stored file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// MIME type as the uploader gave it.
    pub(crate) content_type: String,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

/// An upload whose parts are still coming.
#[derive(Debug)]
struct Upload {
    token: String,
    content_type: String,
    parts: Vec<Option<Bytes>>,
}

impl Upload {
    fn len(&self) -> usize {
        self.parts.iter().flatten().map(Bytes::len).sum()
    }
}

/// Why a part was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartRefused {
    /// No upload has this secret, or it has no such part.
    Unknown,
    /// The file would be larger than [`FILE_BYTES`].
    TooLarge,
}

/// The files of a server.
#[derive(Debug, Default)]
pub(crate) struct MediaStore {
    files: BTreeMap<String, File>,
    /// Tokens, oldest first.
    age: VecDeque<String>,
    bytes: usize,
    /// By secret.
    uploads: BTreeMap<String, Upload>,
    upload_age: VecDeque<String>,
    /// Secret of a pre-signed address -> token.
    downloads: BTreeMap<String, String>,
    download_age: VecDeque<String>,
}

impl MediaStore {
    /// Stores a file under `token`, and drops the oldest ones when there is no room.
    pub(crate) fn insert(&mut self, token: String, content_type: String, bytes: Bytes) {
        self.remove(&token);
        self.bytes += bytes.len();
        self.age.push_back(token.clone());
        self.files.insert(
            token,
            File {
                content_type,
                bytes,
            },
        );
        self.make_room();
    }

    /// The file of `token`.
    pub(crate) fn file(&self, token: &str) -> Option<&File> {
        self.files.get(token)
    }

    /// Begins an upload in `parts` parts; their addresses carry `secret`.
    pub(crate) fn begin(
        &mut self,
        secret: String,
        token: String,
        content_type: String,
        parts: usize,
    ) {
        if self.uploads.len() == COUNT
            && let Some(oldest) = self.upload_age.pop_front()
            && let Some(upload) = self.uploads.remove(&oldest)
        {
            self.bytes -= upload.len();
        }
        let parts = vec![None; parts.min(PARTS)];
        self.upload_age.push_back(secret.clone());
        self.uploads.insert(
            secret,
            Upload {
                token,
                content_type,
                parts,
            },
        );
    }

    /// Takes part `number`, counted from 1. The file is there once its last part has come: the
    /// official SDK does not always commit an upload.
    pub(crate) fn part(
        &mut self,
        secret: &str,
        number: usize,
        bytes: Bytes,
    ) -> Result<(), PartRefused> {
        let upload = self.uploads.get_mut(secret).ok_or(PartRefused::Unknown)?;
        let index = number.checked_sub(1).ok_or(PartRefused::Unknown)?;
        let before = upload.len();
        let slot = upload.parts.get_mut(index).ok_or(PartRefused::Unknown)?;
        let replaced = slot.as_ref().map_or(0, Bytes::len);
        if before - replaced + bytes.len() > FILE_BYTES {
            return Err(PartRefused::TooLarge);
        }
        self.bytes = self.bytes - replaced + bytes.len();
        *slot = Some(bytes);
        if upload.parts.iter().all(Option::is_some) {
            self.finish(secret);
        }
        self.make_room();
        Ok(())
    }

    /// Whether the upload of `token` is complete.
    pub(crate) fn is_complete(&self, token: &str) -> bool {
        self.files.contains_key(token)
    }

    fn finish(&mut self, secret: &str) {
        let Some(upload) = self.uploads.remove(secret) else {
            return;
        };
        self.upload_age.retain(|other| other != secret);
        let mut whole = BytesMut::with_capacity(upload.len());
        upload
            .parts
            .iter()
            .flatten()
            .for_each(|part| whole.extend_from_slice(part));
        self.bytes -= whole.len();
        self.insert(upload.token, upload.content_type, whole.freeze());
    }

    /// Makes `secret` good for reading the file of `token`.
    pub(crate) fn sign_download(&mut self, secret: String, token: &str) {
        if self.downloads.len() == COUNT
            && let Some(oldest) = self.download_age.pop_front()
        {
            self.downloads.remove(&oldest);
        }
        self.download_age.push_back(secret.clone());
        self.downloads.insert(secret, token.to_owned());
    }

    /// The file that `secret` was made good for.
    pub(crate) fn signed_file(&self, secret: &str) -> Option<&File> {
        self.file(self.downloads.get(secret)?)
    }

    fn remove(&mut self, token: &str) {
        if let Some(file) = self.files.remove(token) {
            self.bytes -= file.bytes.len();
            self.age.retain(|other| other != token);
        }
    }

    fn make_room(&mut self) {
        while self.bytes > TOTAL_BYTES || self.files.len() > COUNT {
            if let Some(oldest) = self.age.front().cloned() {
                self.remove(&oldest);
            } else if let Some(oldest) = self.upload_age.pop_front() {
                let upload = self.uploads.remove(&oldest);
                self.bytes -= upload.map_or(0, |upload| upload.len());
            } else {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mebibytes(count: usize) -> Bytes {
        Bytes::from(vec![0; count * 1024 * 1024])
    }

    #[test]
    fn parts_make_a_file_in_whatever_order_they_come() {
        let mut store = MediaStore::default();
        store.begin("s".into(), "t".into(), "application/pdf".into(), 2);
        store.part("s", 2, Bytes::from_static(b"world")).unwrap();
        assert!(!store.is_complete("t"));
        store.part("s", 1, Bytes::from_static(b"hello ")).unwrap();
        let file = store.file("t").unwrap();
        assert_eq!(
            (&file.bytes[..], file.content_type.as_str()),
            (&b"hello world"[..], "application/pdf")
        );
        assert_eq!(store.bytes, 11);
    }

    #[test]
    fn a_part_sent_again_replaces_the_first_one() {
        let mut store = MediaStore::default();
        store.begin("s".into(), "t".into(), String::new(), 2);
        store
            .part("s", 1, Bytes::from_static(b"long text"))
            .unwrap();
        store.part("s", 1, Bytes::from_static(b"a")).unwrap();
        store.part("s", 2, Bytes::from_static(b"b")).unwrap();
        assert_eq!(&store.file("t").unwrap().bytes[..], b"ab");
        assert_eq!(store.bytes, 2);
    }

    #[test]
    fn parts_that_nobody_announced_are_refused() {
        let mut store = MediaStore::default();
        store.begin("s".into(), "t".into(), String::new(), 1);
        for (secret, number) in [("other", 1), ("s", 0), ("s", 2)] {
            assert_eq!(
                store.part(secret, number, Bytes::new()),
                Err(PartRefused::Unknown)
            );
        }
    }

    #[test]
    fn a_file_above_the_limit_is_refused() {
        let mut store = MediaStore::default();
        store.begin("s".into(), "t".into(), String::new(), 2);
        store.part("s", 1, mebibytes(60)).unwrap();
        assert_eq!(store.part("s", 2, mebibytes(5)), Err(PartRefused::TooLarge));
        assert_eq!(store.part("s", 2, mebibytes(4)), Ok(()));
    }

    #[test]
    fn the_oldest_file_makes_room() {
        let mut store = MediaStore::default();
        // Clones share their memory.
        let file = mebibytes(64);
        for number in 0..9 {
            store.insert(format!("t{number}"), String::new(), file.clone());
        }
        assert!(store.file("t0").is_none());
        assert!(store.file("t1").is_some());
        assert_eq!(store.bytes, TOTAL_BYTES);
    }

    #[test]
    fn abandoned_uploads_do_not_pile_up() {
        let mut store = MediaStore::default();
        for number in 0..5000 {
            store.begin(format!("s{number}"), "t".into(), String::new(), 2);
            store
                .part(&format!("s{number}"), 1, Bytes::from_static(b"x"))
                .unwrap();
        }
        assert_eq!((store.uploads.len(), store.bytes), (COUNT, COUNT));
    }

    #[test]
    fn a_signed_address_leads_to_its_file_only() {
        let mut store = MediaStore::default();
        store.insert("t".into(), String::new(), Bytes::from_static(b"x"));
        store.sign_download("d".into(), "t");
        assert!(store.signed_file("d").is_some());
        assert!(store.signed_file("t").is_none());
    }
}
