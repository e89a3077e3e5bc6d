//! Files in memory: whole and multipart uploads, pre-signed URLs, eviction of the oldest.
//!
//! No clock and no random source: the caller passes tokens and secrets. Bytes are counted once they
//! arrive, without spare capacity, until the last reference to them is dropped. A file that was
//! evicted while a client reads it is counted until the client has read it.

use crate::core::memory::{Budget, Held};
use crate::net::reading::Reading;
use bytes::{Bytes, BytesMut};
use mfly_proto::jid::UserId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Largest file in bytes.
pub(crate) const FILE_BYTES: usize = 64 * 1024 * 1024;

/// Largest number of files, of unfinished uploads, and of pre-signed URLs.
const COUNT: usize = 4096;

/// Largest number of parts of one upload.
pub(crate) const PARTS: usize = 1024;

/// Longest MIME type that is kept, in bytes.
pub(crate) const TYPE_BYTES: usize = 256;

/// Memory of a file or a part beside its bytes, and of an upload beside the slots of its parts.
const ENTRY_BYTES: usize = 512;

#[derive(Clone, Debug)]
pub(crate) struct File {
    /// The user who uploaded it.
    pub(crate) owner: UserId,
    /// The MIME type that the uploader named.
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

/// A multipart upload that is not finished.
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

/// The reason to refuse a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartError {
    /// No upload has this secret, or it has no such part.
    Unknown,
    /// The file would be larger than [`FILE_BYTES`].
    TooLarge,
    /// Files that clients still read take all the memory.
    NoRoom,
}

/// Whether there is an unfinished upload, as one user sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    No,
    /// The user began it.
    Own,
    /// Another user began it.
    Foreign,
}

/// Values by key, which also keeps the order in which the keys were added.
#[derive(Debug)]
struct ByAge<V> {
    values: BTreeMap<String, V>,
    /// The keys, oldest first.
    keys: VecDeque<String>,
}

impl<V> ByAge<V> {
    const fn new() -> Self {
        Self { values: BTreeMap::new(), keys: VecDeque::new() }
    }

    fn insert(&mut self, key: String, value: V) {
        self.remove(&key);
        self.keys.push_back(key.clone());
        self.values.insert(key, value);
    }

    fn remove(&mut self, key: &str) -> Option<V> {
        let value = self.values.remove(key)?;
        self.keys.retain(|other| other != key);
        Some(value)
    }

    fn remove_oldest(&mut self) -> Option<V> {
        self.values.remove(&self.keys.pop_front()?)
    }

    /// Makes room for one more value.
    fn make_room(&mut self) {
        if self.values.len() == COUNT {
            self.remove_oldest();
        }
    }
}

#[derive(Debug)]
pub(crate) struct MediaStore {
    budget: Arc<Budget>,
    /// Counts the bytes of files that are being received.
    receiving: Arc<Reading>,
    /// The files by their tokens.
    files: ByAge<File>,
    /// The unfinished uploads by their secrets.
    uploads: ByAge<Upload>,
    /// The tokens of pre-signed URLs, by secret.
    downloads: ByAge<String>,
}

impl MediaStore {
    /// An empty store of at most `limit` bytes. Files that are being received may take half of
    /// them.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            budget: Budget::new(limit),
            receiving: Reading::new(limit / 2),
            files: ByAge::new(),
            uploads: ByAge::new(),
            downloads: ByAge::new(),
        }
    }

    /// All files with their tokens, oldest first.
    pub(crate) fn files(&self) -> Vec<(String, File)> {
        let files = self.files.keys.iter();
        files.filter_map(|token| Some((token.clone(), self.file(token)?.clone()))).collect()
    }

    /// Replaces all files, given oldest first, and forgets uploads and pre-signed URLs.
    pub(crate) fn replace(&mut self, files: Vec<(String, File)>) {
        self.files = ByAge::new();
        self.uploads = ByAge::new();
        self.downloads = ByAge::new();
        for (token, file) in files {
            self.insert(token, file);
        }
    }

    /// Counts the bytes of files that are being received.
    pub(crate) const fn receiving(&self) -> &Arc<Reading> {
        &self.receiving
    }

    /// Bytes of files that are kept, being received, or still read by clients.
    pub(crate) fn bytes(&self) -> usize {
        self.budget.held() + self.receiving.held()
    }

    /// Stores a file under `token`, and evicts the oldest files if necessary. `false` if there is
    /// no room even then.
    pub(crate) fn insert(&mut self, token: String, file: File) -> bool {
        let bytes = self.counted(file.bytes);
        self.share(token, File { bytes, ..file })
    }

    /// Stores a file whose bytes are those of a stored file, and are counted already.
    pub(crate) fn share(&mut self, token: String, file: File) -> bool {
        self.files.insert(token.clone(), file);
        self.make_room();
        self.is_complete(&token)
    }

    /// Counts bytes, which must have no spare capacity.
    fn counted(&self, bytes: Bytes) -> Bytes {
        self.budget.charge(bytes.len() + ENTRY_BYTES).tie(bytes)
    }

    pub(crate) fn file(&self, token: &str) -> Option<&File> {
        self.files.values.get(token)
    }

    /// Whether `user` began an unfinished upload of `token`.
    pub(crate) fn unfinished(&self, token: &str, user: &UserId) -> Unfinished {
        match self.uploads.values.values().find(|upload| upload.token == token) {
            None => Unfinished::No,
            Some(upload) if upload.owner == *user => Unfinished::Own,
            Some(_) => Unfinished::Foreign,
        }
    }

    /// Begins an upload in `parts` parts, whose URLs have `secret`. An earlier unfinished upload of
    /// this token is dropped.
    pub(crate) fn begin(
        &mut self,
        secret: String,
        owner: UserId,
        token: String,
        content_type: String,
        parts: usize,
    ) {
        let mut uploads = self.uploads.values.iter();
        let earlier = uploads.find(|(_, upload)| upload.token == token);
        if let Some(earlier) = earlier.map(|(secret, _)| secret.clone()) {
            self.uploads.remove(&earlier);
        }
        self.uploads.make_room();
        let parts = vec![None; parts.min(PARTS)];
        let _slots = self.budget.charge(size_of_val(parts.as_slice()) + ENTRY_BYTES);
        self.uploads.insert(secret, Upload { owner, token, content_type, parts, _slots });
        self.make_room();
    }

    /// Whether an upload has part `number`, counted from 1.
    pub(crate) fn awaits(&self, secret: &str, number: usize) -> bool {
        let parts = self.uploads.values.get(secret).map_or(0, |upload| upload.parts.len());
        (1..=parts).contains(&number)
    }

    /// Stores part `number`, counted from 1. The last part completes the file without a commit,
    /// because the official SDK does not always commit an upload.
    pub(crate) fn part(
        &mut self,
        secret: &str,
        number: usize,
        bytes: Bytes,
    ) -> Result<(), PartError> {
        let counted = self.counted(bytes);
        let upload = self.uploads.values.get_mut(secret).ok_or(PartError::Unknown)?;
        let index = number.checked_sub(1).ok_or(PartError::Unknown)?;
        let before = upload.len();
        let slot = upload.parts.get_mut(index).ok_or(PartError::Unknown)?;
        let replaced = slot.as_ref().map_or(0, Bytes::len);
        if before - replaced + counted.len() > FILE_BYTES {
            return Err(PartError::TooLarge);
        }
        *slot = Some(counted);
        let is_stored = if upload.parts.iter().all(Option::is_some) {
            self.finish(secret)
        } else {
            self.make_room();
            self.uploads.values.contains_key(secret)
        };
        is_stored.then_some(()).ok_or(PartError::NoRoom)
    }

    /// Whether there is a complete file of `token`.
    pub(crate) fn is_complete(&self, token: &str) -> bool {
        self.files.values.contains_key(token)
    }

    fn finish(&mut self, secret: &str) -> bool {
        let Some(upload) = self.uploads.remove(secret) else {
            return false;
        };
        let mut whole = BytesMut::with_capacity(upload.len());
        for part in upload.parts.into_iter().flatten() {
            whole.extend_from_slice(&part);
        }
        let (owner, content_type) = (upload.owner, upload.content_type);
        self.insert(upload.token, File { owner, content_type, bytes: whole.freeze() })
    }

    /// Makes a pre-signed URL with `secret` for the file of `token`.
    pub(crate) fn sign_download(&mut self, secret: String, token: &str) {
        self.downloads.make_room();
        self.downloads.insert(secret, token.to_owned());
    }

    /// Returns the file of the pre-signed URL with `secret`.
    pub(crate) fn signed_file(&self, secret: &str) -> Option<&File> {
        self.file(self.downloads.values.get(secret)?)
    }

    /// Evicts the oldest files, then the oldest uploads, until the rest fits.
    pub(crate) fn make_room(&mut self) {
        while self.bytes() > self.budget.limit() || self.files.values.len() > COUNT {
            if self.files.remove_oldest().is_none() && self.uploads.remove_oldest().is_none() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 512 * 1024 * 1024;
    const MEBIBYTE: usize = 1024 * 1024;

    fn store() -> MediaStore {
        MediaStore::new(LIMIT)
    }

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn begin(store: &mut MediaStore, secret: &str, token: &str, parts: usize) {
        store.begin(secret.into(), user("u1"), token.into(), "application/pdf".into(), parts);
    }

    fn insert(store: &mut MediaStore, token: &str, bytes: usize) -> bool {
        let bytes = vec![0; bytes].into();
        store.insert(token.into(), File { owner: user("u1"), content_type: String::new(), bytes })
    }

    #[test]
    fn parts_make_a_file_in_every_order_and_a_later_one_replaces_an_earlier_one() {
        let mut store = store();
        begin(&mut store, "s", "t", 2);
        for (number, part) in [(2, "world"), (2, "all"), (1, "hello ")] {
            assert!(!store.is_complete("t"));
            store.part("s", number, Bytes::from_static(part.as_bytes())).unwrap();
        }
        let file = store.file("t").unwrap();
        assert_eq!((&file.bytes[..], &*file.content_type), (&b"hello all"[..], "application/pdf"));
        assert_eq!(store.bytes(), 9 + ENTRY_BYTES);
    }

    #[test]
    fn parts_of_unknown_uploads_are_refused() {
        let mut store = store();
        begin(&mut store, "s", "t", 1);
        for (secret, number) in [("other", 1), ("s", 0), ("s", 2)] {
            assert!(!store.awaits(secret, number));
            assert_eq!(store.part(secret, number, Bytes::new()), Err(PartError::Unknown));
        }
        assert!(store.awaits("s", 1));
    }

    #[test]
    fn a_file_above_the_limit_is_refused() {
        let mut store = store();
        begin(&mut store, "s", "t", 2);
        for (number, mebibytes, expected) in
            [(1, 60, Ok(())), (2, 5, Err(PartError::TooLarge)), (2, 4, Ok(()))]
        {
            let part = vec![0; mebibytes * MEBIBYTE].into();
            assert_eq!(store.part("s", number, part), expected, "{mebibytes}");
        }
    }

    #[test]
    fn the_oldest_file_makes_room_for_new_files_and_for_files_that_are_being_received() {
        for (files, received) in [(8, 0), (7, 100 * MEBIBYTE)] {
            let mut store = store();
            for number in 0..files {
                insert(&mut store, &format!("t{number}"), 64 * MEBIBYTE);
            }
            let share = store.receiving().share();
            share.add(received);
            store.make_room();
            assert!(store.file("t0").is_none() && store.file("t1").is_some(), "{files}");
            assert!(store.bytes() <= LIMIT);
        }
    }

    #[test]
    fn an_evicted_file_that_is_still_read_is_counted_and_keeps_others_out() {
        let mut store = MediaStore::new(100_000);
        insert(&mut store, "t", 90_000);
        let read = store.file("t").unwrap().bytes.slice(..1);
        assert!(!insert(&mut store, "u", 90_000));
        assert!(store.file("t").is_none());
        assert_eq!(store.bytes(), 90_000 + ENTRY_BYTES);
        drop(read);
        assert!(insert(&mut store, "u", 90_000));
    }

    #[test]
    fn a_forwarded_file_is_counted_once() {
        let mut store = store();
        insert(&mut store, "t", MEBIBYTE);
        let before = store.bytes();
        let again = store.file("t").unwrap().clone();
        store.share("u".into(), again);
        assert_eq!(store.bytes(), before);
    }

    #[test]
    fn unfinished_uploads_are_bounded_and_count_with_their_slots() {
        let mut store = store();
        for number in 0..5000 {
            let secret = format!("s{number}");
            begin(&mut store, &secret, &format!("t{number}"), 2);
            store.part(&secret, 1, Bytes::from_static(b"x")).unwrap();
        }
        assert_eq!(store.uploads.values.len(), COUNT);
        let slots = 2 * size_of::<Option<Bytes>>();
        assert_eq!(store.bytes(), COUNT * (slots + 1 + 2 * ENTRY_BYTES));
    }

    #[test]
    fn an_upload_belongs_to_its_user_and_drops_the_parts_of_an_earlier_one() {
        let mut store = store();
        begin(&mut store, "s", "t", 2);
        for (token, name, expected) in [
            ("t", "u1", Unfinished::Own),
            ("t", "u2", Unfinished::Foreign),
            ("other", "u1", Unfinished::No),
        ] {
            assert_eq!(store.unfinished(token, &user(name)), expected);
        }
        store.part("s", 1, vec![0; MEBIBYTE].into()).unwrap();
        begin(&mut store, "s2", "t", 1);
        assert!(!store.awaits("s", 2) && store.awaits("s2", 1));
        assert!(store.bytes() < MEBIBYTE);
    }

    #[test]
    fn a_pre_signed_url_leads_to_its_file_only() {
        let mut store = store();
        insert(&mut store, "t", 1);
        store.sign_download("d".into(), "t");
        assert!(store.signed_file("d").is_some());
        assert!(store.signed_file("t").is_none());
    }
}
