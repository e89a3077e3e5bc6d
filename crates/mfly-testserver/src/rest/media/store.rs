//! Files in memory: uploads in one piece or in parts, pre-signed addresses, eviction.
//!
//! No clock and no random source: tokens and secrets are passed in. Everything is counted as it is
//! kept: bytes come in without room behind them, and give their charge back when the last part of
//! them is no longer used, be it by a client that still reads a file which made room.

use crate::core::memory::{Budget, Held};
use crate::net::reading::Reading;
use bytes::{Bytes, BytesMut};
use mfly_proto::jid::UserId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Largest file in bytes.
pub(crate) const FILE_BYTES: usize = 64 * 1024 * 1024;

/// Most files, unfinished uploads and pre-signed addresses, each.
const COUNT: usize = 4096;

/// Most parts of one upload.
pub(crate) const PARTS: usize = 1024;

/// Longest MIME type that is kept, in bytes.
pub(crate) const TYPE_BYTES: usize = 256;

/// What is kept beside the bytes of a file or a part, and beside the slots of an upload.
const ENTRY_BYTES: usize = 512;

/// A stored file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Who uploaded it.
    pub(crate) owner: UserId,
    /// MIME type as the uploader gave it.
    pub(crate) content_type: String,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

/// An upload whose parts are still coming.
#[derive(Debug)]
struct Upload {
    owner: UserId,
    token: String,
    content_type: String,
    parts: Vec<Option<Bytes>>,
    _slots: Held,
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
    /// Files that are still being read take all the room.
    NoRoom,
}

/// What is known of an upload that is not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// There is none.
    No,
    /// The one who asks began it.
    Own,
    /// Another user began it.
    Foreign,
}

/// The files of a server.
#[derive(Debug)]
pub(crate) struct MediaStore {
    budget: Arc<Budget>,
    /// Files on their way here.
    receiving: Arc<Reading>,
    files: BTreeMap<String, File>,
    /// Tokens, oldest first.
    age: VecDeque<String>,
    /// By secret.
    uploads: BTreeMap<String, Upload>,
    upload_age: VecDeque<String>,
    /// Secret of a pre-signed address -> token.
    downloads: BTreeMap<String, String>,
    download_age: VecDeque<String>,
}

impl MediaStore {
    /// An empty store of at most `limit` bytes, which half of may be on their way.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            budget: Budget::new(limit),
            receiving: Reading::new(limit / 2),
            files: BTreeMap::new(),
            age: VecDeque::new(),
            uploads: BTreeMap::new(),
            upload_age: VecDeque::new(),
            downloads: BTreeMap::new(),
            download_age: VecDeque::new(),
        }
    }

    /// Where files that are being received are counted.
    pub(crate) const fn receiving(&self) -> &Arc<Reading> {
        &self.receiving
    }

    /// Bytes that are kept, on their way, or still being read by somebody.
    pub(crate) fn bytes(&self) -> usize {
        self.budget.held() + self.receiving.held()
    }

    /// Stores a file under `token`, and drops the oldest ones when there is no room. `false` when
    /// that does not help.
    pub(crate) fn insert(&mut self, token: String, file: File) -> bool {
        let bytes = self.kept(file.bytes);
        self.share(token, File { bytes, ..file })
    }

    /// Stores a file whose bytes are a stored file's: they are counted once.
    pub(crate) fn share(&mut self, token: String, file: File) -> bool {
        self.remove(&token);
        self.age.push_back(token.clone());
        self.files.insert(token.clone(), file);
        self.make_room();
        self.files.contains_key(&token)
    }

    /// Counts bytes, which must have no room behind them.
    fn kept(&self, bytes: Bytes) -> Bytes {
        self.budget.charge(bytes.len() + ENTRY_BYTES).tie(bytes)
    }

    /// The file of `token`.
    pub(crate) fn file(&self, token: &str) -> Option<&File> {
        self.files.get(token)
    }

    /// Whether `user` began an unfinished upload of `token`.
    pub(crate) fn unfinished(&self, token: &str, user: &UserId) -> Unfinished {
        let mut uploads = self.uploads.values();
        match uploads.find(|upload| upload.token == token) {
            None => Unfinished::No,
            Some(upload) if upload.owner == *user => Unfinished::Own,
            Some(_) => Unfinished::Foreign,
        }
    }

    /// Begins an upload of `owner` in `parts` parts; their addresses carry `secret`. What came of
    /// an earlier upload of this token is forgotten.
    pub(crate) fn begin(
        &mut self,
        secret: String,
        owner: UserId,
        token: String,
        content_type: String,
        parts: usize,
    ) {
        let mut uploads = self.uploads.iter();
        let earlier = uploads.find(|(_, upload)| upload.token == token);
        if let Some(secret) = earlier.map(|(secret, _)| secret.clone()) {
            self.abandon(&secret);
        }
        if self.uploads.len() == COUNT
            && let Some(oldest) = self.upload_age.front().cloned()
        {
            self.abandon(&oldest);
        }
        let parts = vec![None; parts.min(PARTS)];
        let slots = size_of_val(parts.as_slice()) + ENTRY_BYTES;
        self.upload_age.push_back(secret.clone());
        self.uploads.insert(
            secret,
            Upload { owner, token, content_type, parts, _slots: self.budget.charge(slots) },
        );
        self.make_room();
    }

    /// Whether part `number` of an upload may come.
    pub(crate) fn awaits(&self, secret: &str, number: usize) -> bool {
        let index = number.checked_sub(1);
        let upload = self.uploads.get(secret);
        upload.is_some_and(|upload| index.is_some_and(|index| index < upload.parts.len()))
    }

    /// Takes part `number`, counted from 1. The file is there once its last part has come: the
    /// official SDK does not always commit an upload.
    pub(crate) fn part(
        &mut self,
        secret: &str,
        number: usize,
        bytes: Bytes,
    ) -> Result<(), PartRefused> {
        let kept = self.kept(bytes);
        let upload = self.uploads.get_mut(secret).ok_or(PartRefused::Unknown)?;
        let index = number.checked_sub(1).ok_or(PartRefused::Unknown)?;
        let before = upload.len();
        let slot = upload.parts.get_mut(index).ok_or(PartRefused::Unknown)?;
        let replaced = slot.as_ref().map_or(0, Bytes::len);
        if before - replaced + kept.len() > FILE_BYTES {
            return Err(PartRefused::TooLarge);
        }
        *slot = Some(kept);
        let is_stored = match upload.parts.iter().all(Option::is_some) {
            true => self.finish(secret),
            false => {
                self.make_room();
                self.uploads.contains_key(secret)
            }
        };
        is_stored.then_some(()).ok_or(PartRefused::NoRoom)
    }

    /// Whether the upload of `token` is complete.
    pub(crate) fn is_complete(&self, token: &str) -> bool {
        self.files.contains_key(token)
    }

    fn finish(&mut self, secret: &str) -> bool {
        let Some(upload) = self.abandon(secret) else {
            return false;
        };
        let mut whole = BytesMut::with_capacity(upload.len());
        for part in upload.parts.into_iter().flatten() {
            whole.extend_from_slice(&part);
        }
        let file =
            File { owner: upload.owner, content_type: upload.content_type, bytes: whole.freeze() };
        self.insert(upload.token, file)
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
        if self.files.remove(token).is_some() {
            self.age.retain(|other| other != token);
        }
    }

    fn abandon(&mut self, secret: &str) -> Option<Upload> {
        let upload = self.uploads.remove(secret)?;
        self.upload_age.retain(|other| other != secret);
        Some(upload)
    }

    /// Drops the oldest files, then the oldest uploads, until there is room.
    pub(crate) fn make_room(&mut self) {
        while self.bytes() > self.budget.limit() || self.files.len() > COUNT {
            if let Some(oldest) = self.age.front().cloned() {
                self.remove(&oldest);
            } else if let Some(oldest) = self.upload_age.front().cloned() {
                self.abandon(&oldest);
            } else {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 512 * 1024 * 1024;

    fn store() -> MediaStore {
        MediaStore::new(LIMIT)
    }

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn begin(store: &mut MediaStore, secret: &str, token: &str, parts: usize) {
        let content_type = "application/pdf".to_owned();
        let (secret, token) = (secret.to_owned(), token.to_owned());
        store.begin(secret, user("u1"), token, content_type, parts);
    }

    fn file(bytes: Bytes) -> File {
        File { owner: user("u1"), content_type: String::new(), bytes }
    }

    fn mebibytes(count: usize) -> Bytes {
        Bytes::from(vec![0; count * 1024 * 1024])
    }

    #[test]
    fn parts_make_a_file_in_whatever_order_they_come() {
        let mut store = store();
        begin(&mut store, "s", "t", 2);
        store.part("s", 2, Bytes::from_static(b"world")).unwrap();
        assert!(!store.is_complete("t"));
        store.part("s", 1, Bytes::from_static(b"hello ")).unwrap();
        let file = store.file("t").unwrap();
        assert_eq!(
            (&file.bytes[..], file.content_type.as_str()),
            (&b"hello world"[..], "application/pdf")
        );
        assert_eq!(store.bytes(), 11 + ENTRY_BYTES);
    }

    #[test]
    fn a_part_sent_again_replaces_the_first_one() {
        let mut store = store();
        begin(&mut store, "s", "t", 2);
        store.part("s", 1, Bytes::from_static(b"long text")).unwrap();
        store.part("s", 1, Bytes::from_static(b"a")).unwrap();
        store.part("s", 2, Bytes::from_static(b"b")).unwrap();
        assert_eq!(&store.file("t").unwrap().bytes[..], b"ab");
        assert_eq!(store.bytes(), 2 + ENTRY_BYTES);
    }

    #[test]
    fn parts_that_nobody_announced_are_refused() {
        let mut store = store();
        begin(&mut store, "s", "t", 1);
        for (secret, number) in [("other", 1), ("s", 0), ("s", 2)] {
            assert!(!store.awaits(secret, number));
            assert_eq!(store.part(secret, number, Bytes::new()), Err(PartRefused::Unknown));
        }
        assert!(store.awaits("s", 1));
    }

    #[test]
    fn a_file_above_the_limit_is_refused() {
        let mut store = store();
        begin(&mut store, "s", "t", 2);
        store.part("s", 1, mebibytes(60)).unwrap();
        assert_eq!(store.part("s", 2, mebibytes(5)), Err(PartRefused::TooLarge));
        assert_eq!(store.part("s", 2, mebibytes(4)), Ok(()));
    }

    #[test]
    fn the_oldest_file_makes_room() {
        let mut store = store();
        for number in 0..8 {
            store.insert(format!("t{number}"), file(mebibytes(64)));
        }
        assert!(store.file("t0").is_none());
        assert!(store.file("t1").is_some());
        assert!(store.bytes() <= LIMIT);
    }

    #[test]
    fn files_on_their_way_take_room_from_those_that_are_there() {
        let mut store = store();
        for number in 0..7 {
            store.insert(format!("t{number}"), file(mebibytes(64)));
        }
        let share = store.receiving().share();
        share.add(100 * 1024 * 1024);
        store.make_room();
        assert!(store.file("t0").is_none() && store.file("t1").is_some());
        assert!(store.bytes() <= LIMIT);
    }

    #[test]
    fn a_file_that_is_still_read_after_it_made_room_is_counted_and_keeps_others_out() {
        let mut store = MediaStore::new(100_000);
        store.insert("t".into(), file(Bytes::from(vec![0; 90_000])));
        let read = store.file("t").unwrap().bytes.slice(..1);
        assert!(!store.insert("u".into(), file(Bytes::from(vec![0; 90_000]))));
        assert!(store.file("t").is_none());
        assert_eq!(store.bytes(), 90_000 + ENTRY_BYTES);
        drop(read);
        assert!(store.insert("u".into(), file(Bytes::from(vec![0; 90_000]))));
    }

    #[test]
    fn a_forwarded_file_is_counted_once() {
        let mut store = store();
        store.insert("t".into(), file(mebibytes(1)));
        let before = store.bytes();
        let again = store.file("t").unwrap().clone();
        store.share("u".into(), again);
        assert_eq!(store.bytes(), before);
    }

    #[test]
    fn abandoned_uploads_do_not_pile_up_and_count_with_their_slots() {
        let mut store = store();
        for number in 0..5000 {
            let secret = format!("s{number}");
            begin(&mut store, &secret, &format!("t{number}"), 2);
            store.part(&secret, 1, Bytes::from_static(b"x")).unwrap();
        }
        assert_eq!(store.uploads.len(), COUNT);
        let slots = 2 * size_of::<Option<Bytes>>();
        assert_eq!(store.bytes(), COUNT * (slots + 1 + 2 * ENTRY_BYTES));
    }

    #[test]
    fn an_upload_that_begins_anew_forgets_its_earlier_parts() {
        let mut store = store();
        begin(&mut store, "s", "t", 2);
        store.part("s", 1, mebibytes(1)).unwrap();
        begin(&mut store, "s2", "t", 1);
        assert!(!store.awaits("s", 2) && store.awaits("s2", 1));
        assert!(store.bytes() < 1024 * 1024);
    }

    #[test]
    fn an_unfinished_upload_belongs_to_its_user() {
        let mut store = store();
        begin(&mut store, "s", "t", 1);
        assert_eq!(store.unfinished("t", &user("u1")), Unfinished::Own);
        assert_eq!(store.unfinished("t", &user("u2")), Unfinished::Foreign);
        assert_eq!(store.unfinished("other", &user("u1")), Unfinished::No);
    }

    #[test]
    fn a_signed_address_leads_to_its_file_only() {
        let mut store = store();
        store.insert("t".into(), file(Bytes::from_static(b"x")));
        store.sign_download("d".into(), "t");
        assert!(store.signed_file("d").is_some());
        assert!(store.signed_file("t").is_none());
    }
}
