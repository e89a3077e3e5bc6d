//! `Hi(password, salt, iterations)`: one block of PBKDF2 (RFC 5802 §2.2, RFC 8018 §5.2).
//!
//! This is the expensive step of SCRAM. Every round but the first is the HMAC of a text as long as
//! the hash function's output: two compressions of one block each, from the two states that result
//! from the key. Only the text in the block changes between rounds. This is twice as fast as
//! calling HMAC, which buffers and pads in every round.

use super::hash::{Output, ScramHash};
use zeroize::Zeroizing;

pub(super) fn hi(hash: ScramHash, password: &[u8], salt: &[u8], iterations: u32) -> Output {
    let mut salt = salt.to_vec();
    salt.extend_from_slice(&1_u32.to_be_bytes());
    let first = hash.hmac(password, &salt);
    match hash {
        ScramHash::Sha1 => sha1(password, &first, iterations),
        ScramHash::Sha256 => sha256(password, &first, iterations),
        ScramHash::Sha512 => sha512(password, &first, iterations),
    }
}

macro_rules! rounds {
    ($name:ident, $hash:ident, $word:ty, $block:literal, $compress:path, $initial:expr) => {
        fn $name(password: &[u8], first: &Output, iterations: u32) -> Output {
            const WORD: usize = size_of::<$word>();
            let compress = |state: &mut [$word; _], block: &[u8; $block]| {
                $compress(state, std::slice::from_ref(block));
            };
            // RFC 2104: a key longer than a block is hashed, a shorter one padded with zeros.
            let mut key = Zeroizing::new([0; $block]);
            if password.len() > $block {
                let short = ScramHash::$hash.digest(password);
                key[..short.as_bytes().len()].copy_from_slice(short.as_bytes());
            } else {
                key[..password.len()].copy_from_slice(password);
            }
            let keyed = |pad: u8| {
                let mut state = Zeroizing::new($initial);
                compress(&mut state, &Zeroizing::new(key.map(|byte| byte ^ pad)));
                state
            };
            let (inner, outer) = (keyed(0x36), keyed(0x5c));

            // The text and its padding: one bit, and the length of key and text in bits.
            let mut block = Zeroizing::new([0; $block]);
            let output_len = first.as_bytes().len();
            let bits = 8 * ($block as u64 + output_len as u64);
            block[..output_len].copy_from_slice(first.as_bytes());
            block[output_len] = 0x80;
            block[$block - 8..].copy_from_slice(&bits.to_be_bytes());

            let mut state = inner.clone();
            let mut sum = inner.clone();
            for (word, bytes) in sum.iter_mut().zip(block.chunks_exact(WORD)) {
                *word = bytes.iter().fold(0, |word, byte| word << 8 | <$word>::from(*byte));
            }
            for _ in 1..iterations {
                for start in [&inner, &outer] {
                    state.copy_from_slice(&**start);
                    compress(&mut state, &block);
                    for (bytes, word) in block.chunks_exact_mut(WORD).zip(state.iter()) {
                        bytes.copy_from_slice(&word.to_be_bytes());
                    }
                }
                for (sum, word) in sum.iter_mut().zip(state.iter()) {
                    *sum ^= word;
                }
            }
            for (bytes, word) in block.chunks_exact_mut(WORD).zip(sum.iter()) {
                bytes.copy_from_slice(&word.to_be_bytes());
            }
            Output::new(&block[..output_len])
        }
    };
}

rounds!(
    sha1,
    Sha1,
    u32,
    64,
    sha1::block_api::compress,
    [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
);
rounds!(
    sha256,
    Sha256,
    u32,
    64,
    sha2::block_api::compress256,
    [
        0x6a09_e667_u32,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19
    ]
);
rounds!(
    sha512,
    Sha512,
    u64,
    128,
    sha2::block_api::compress512,
    [
        0x6a09_e667_f3bc_c908_u64,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ]
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 8018 §5.2, word for word.
    fn by_the_book(hash: ScramHash, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
        let mut round = hash.hmac(password, &[salt, &[0, 0, 0, 1]].concat());
        let mut sum = round.as_bytes().to_vec();
        for _ in 1..iterations {
            round = hash.hmac(password, round.as_bytes());
            for (sum, byte) in sum.iter_mut().zip(round.as_bytes()) {
                *sum ^= byte;
            }
        }
        sum
    }

    proptest! {
        #[test]
        fn the_rounds_give_what_the_rfc_says_for_every_length_of_password_and_salt(
            password in prop::collection::vec(any::<u8>(), 0..300),
            salt in prop::collection::vec(any::<u8>(), 0..300),
            iterations in 1_u32..6,
        ) {
            for hash in ScramHash::ALL {
                let expected = by_the_book(hash, &password, &salt, iterations);
                let found = hi(hash, &password, &salt, iterations);
                prop_assert_eq!(found.as_bytes(), expected);
            }
        }
    }

    #[test]
    fn a_password_as_long_as_a_block_is_a_key_as_it_stands_and_a_longer_one_is_hashed() {
        for hash in ScramHash::ALL {
            for length in [63, 64, 65, 127, 128, 129] {
                let password = vec![b'x'; length];
                let expected = by_the_book(hash, &password, b"salt", 3);
                assert_eq!(hi(hash, &password, b"salt", 3).as_bytes(), expected);
            }
        }
    }
}
