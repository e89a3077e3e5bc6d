//! Queued frames for streams, whose equal parts are kept once.
//!
//! Pushes for many receivers differ in an address near their beginning. Each frame that is sent is
//! compared with the one before it, and keeps only what is its own.

use crate::core::memory::Held;
use bytes::Bytes;
use mfly_proto::framing::Frame;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock, Weak};

/// Nothing is won by sharing less than this, in bytes.
const SHARED_BYTES: usize = 1024;

/// The equal end of several frames.
struct Whole {
    text: Bytes,
    /// Its charge to the budget, once it is queued.
    charge: OnceLock<Held>,
}

/// How much is compared at a time, in bytes.
const BLOCK: usize = 256;

/// A frame on its way to one stream.
#[derive(Clone)]
pub(crate) struct Parcel {
    /// The bytes of this frame alone.
    own: Bytes,
    /// The shared end, from this byte on.
    rest: Option<(Arc<Whole>, usize)>,
}

/// The frame that was sent last, while a parcel still holds it.
#[derive(Default)]
pub(crate) struct Sharing(Weak<Whole>);

impl Sharing {
    /// Adds a frame, and keeps only the bytes in which it differs from the last one.
    pub(crate) fn parcel(&mut self, frame: Frame) -> Parcel {
        let text = frame.into_bytes();
        if text.len() < SHARED_BYTES {
            return Parcel { own: text, rest: None };
        }
        if let Some(whole) = self.0.upgrade() {
            let common = common_end(&whole.text, &text);
            if common >= SHARED_BYTES {
                return Parcel {
                    own: Bytes::copy_from_slice(&text[..text.len() - common]),
                    rest: Some((Arc::clone(&whole), whole.text.len() - common)),
                };
            }
        }
        let whole = Arc::new(Whole { text, charge: OnceLock::new() });
        self.0 = Arc::downgrade(&whole);
        Parcel { own: Bytes::new(), rest: Some((whole, 0)) }
    }
}

/// How many bytes two texts have in common at their ends, both cut between characters.
fn common_end(one: &[u8], other: &[u8]) -> usize {
    // Texts are compared by blocks first, which is many times faster than by bytes.
    let blocks = one.rchunks_exact(BLOCK).zip(other.rchunks_exact(BLOCK));
    let alike = BLOCK * blocks.take_while(|(one, other)| one == other).count();
    let (head, tail) = (&one[..one.len() - alike], &other[..other.len() - alike]);
    let bytes = head.iter().rev().zip(tail.iter().rev());
    let mut common = alike + bytes.take_while(|(one, other)| one == other).count();
    // Bytes within a UTF-8 character begin with the bits 10.
    while common > 0 && one[one.len() - common] & 0xC0 == 0x80 {
        common -= 1;
    }
    common
}

impl Parcel {
    /// Length of the frame in bytes.
    pub(crate) fn len(&self) -> usize {
        self.own.len() + self.shared().len()
    }

    /// Bytes that this frame alone takes.
    pub(crate) fn own_len(&self) -> usize {
        self.own.len()
    }

    /// The frame's two parts, one after the other.
    pub(crate) fn parts(&self) -> [Bytes; 2] {
        let rest = self.rest.as_ref();
        let rest = rest.map_or_else(Bytes::new, |(whole, from)| whole.text.slice(*from..));
        [self.own.clone(), rest]
    }

    /// Charges the shared bytes to the budget once.
    pub(crate) fn charge(&self, charge: impl FnOnce(usize) -> Held) {
        if let Some((whole, _)) = &self.rest {
            whole.charge.get_or_init(|| charge(whole.text.len()));
        }
    }

    /// The frame in one piece.
    pub(crate) fn into_frame(self) -> Frame {
        let text = match &self.rest {
            None => self.own,
            Some((whole, from)) if self.own.is_empty() => whole.text.slice(*from..),
            Some(_) => [&self.own, self.shared()].concat().into(),
        };
        // Both parts come from a frame, cut between characters.
        Frame::from_utf8(text).unwrap_or_else(|_| Frame::from(""))
    }

    /// The frame's beginning: `length` bytes and a few, or all of it.
    pub(crate) fn beginning(&self, length: usize) -> Cow<'_, str> {
        let missing = length.saturating_sub(self.own.len());
        let shared = self.shared();
        let shared = shared.get(..missing).unwrap_or(shared);
        if shared.is_empty() {
            String::from_utf8_lossy(&self.own)
        } else if self.own.is_empty() {
            String::from_utf8_lossy(shared)
        } else {
            let text = [&self.own, shared].concat();
            Cow::Owned(String::from_utf8_lossy(&text).into_owned())
        }
    }

    fn shared(&self) -> &[u8] {
        let rest = self.rest.as_ref();
        rest.map_or(&[], |(whole, from)| &whole.text[*from..])
    }
}

impl From<String> for Parcel {
    fn from(text: String) -> Self {
        Frame::from(text).into()
    }
}

impl From<Frame> for Parcel {
    fn from(frame: Frame) -> Self {
        Self { own: frame.into_bytes(), rest: None }
    }
}

impl std::fmt::Debug for Parcel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Frames carry passwords and private profiles.
        write!(f, "Parcel({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::memory::Budget;

    fn text(to: &str) -> String {
        format!("<presence to='{to}'>{}</presence>", "ä".repeat(5000))
    }

    #[test]
    fn frames_that_differ_in_their_address_share_everything_behind_it() {
        let mut sharing = Sharing::default();
        let budget = Budget::new(0);
        let names = ["ann@host/a", "bob@host/a", "bö@host/b"];
        let parcels = names.map(|to| sharing.parcel(text(to).into()));
        for (parcel, to) in parcels.iter().zip(names) {
            parcel.charge(|bytes| budget.charge(bytes));
            assert!(parcel.own_len() < 40, "{parcel:?}");
            assert_eq!(parcel.len(), text(to).len());
            assert_eq!(parcel.parts().concat(), text(to).as_bytes());
            assert_eq!(parcel.clone().into_frame().as_str(), text(to));
            assert!(text(to).starts_with(parcel.beginning(30).trim_end_matches('\u{fffd}')));
        }
        assert_eq!(budget.held(), text(names[0]).len());
        drop(parcels);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn a_shared_end_begins_between_characters() {
        assert_eq!(common_end("xä".as_bytes(), "yä".as_bytes()), 2);
        // The second byte of both is the same, the first one is not.
        assert_eq!(common_end("ä!".as_bytes(), "Ĥ!".as_bytes()), 1);
    }

    #[test]
    fn small_frames_and_different_ones_share_nothing() {
        let mut sharing = Sharing::default();
        let small = [(); 2].map(|()| sharing.parcel(Frame::from("<presence/>")));
        assert!(small.iter().all(|parcel| parcel.own_len() == 11));
        let one = sharing.parcel("a".repeat(5000).into());
        let other = sharing.parcel("b".repeat(5000).into());
        assert_eq!(one.into_frame().as_str(), "a".repeat(5000));
        assert_eq!(other.into_frame().as_str(), "b".repeat(5000));
    }
}
