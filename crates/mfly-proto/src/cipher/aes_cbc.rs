//! AES-256-CBC with PKCS#7 padding over whole buffers: the only cipher of the platform.

use super::error::CipherError;
use super::iv::Iv;
use super::key::SecretKey;
use aes::Aes256;
use cbc::cipher::array::Array;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::consts::U16;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use zeroize::Zeroizing;

/// Length of a block in bytes.
pub(super) const BLOCK_BYTES: usize = 16;

/// One block of AES.
pub(super) type Block = Array<u8, U16>;
/// A running encryption: each call continues the chain.
pub(super) type Encryptor = cbc::Encryptor<Aes256>;
/// A running decryption: each call continues the chain.
pub(super) type Decryptor = cbc::Decryptor<Aes256>;

/// Starts an encryption in CBC mode.
pub(super) fn encryptor(key: &SecretKey, iv: &Iv) -> Encryptor {
    Encryptor::new(key.bytes().into(), iv.bytes().into())
}

/// Starts a decryption in CBC mode.
pub(super) fn decryptor(key: &SecretKey, iv: &Iv) -> Decryptor {
    Decryptor::new(key.bytes().into(), iv.bytes().into())
}

/// Number of padding bytes, 1 to 16, which is also the value of each of them (RFC 5652 §6.3).
#[expect(clippy::cast_possible_truncation, reason = "at most 16")]
pub(super) const fn padding(plain_len: usize) -> u8 {
    (BLOCK_BYTES - plain_len % BLOCK_BYTES) as u8
}

/// Pads and encrypts. The plain bytes are copied once and overwritten there.
pub(super) fn encrypt(key: &SecretKey, iv: &Iv, plain: &[u8]) -> Vec<u8> {
    let padding = padding(plain.len());
    let sealed_len = plain.len() + usize::from(padding);
    let mut buffer = Vec::with_capacity(sealed_len);
    buffer.extend_from_slice(plain);
    buffer.resize(sealed_len, padding);
    let (blocks, _) = Block::slice_as_chunks_mut(&mut buffer);
    encryptor(key, iv).encrypt_blocks(blocks);
    buffer
}

/// Decrypts and removes the padding.
pub(super) fn decrypt(
    key: &SecretKey,
    iv: &Iv,
    buffer: Vec<u8>,
) -> Result<Zeroizing<Vec<u8>>, CipherError> {
    let mut buffer = Zeroizing::new(buffer);
    let plain_len = decryptor(key, iv)
        .decrypt_padded::<Pkcs7>(&mut buffer)
        .map_err(|_| CipherError::WrongKey)?
        .len();
    buffer.truncate(plain_len);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decryption_reverses_encryption_at_every_length_around_a_block() {
        let key = SecretKey::derive(&["key"]).unwrap();
        for len in 0..=33 {
            let plain: Vec<u8> = (0..len).collect();
            let sealed = encrypt(&key, &Iv::REQUEST, &plain);
            assert_eq!(sealed.len(), (plain.len() / 16 + 1) * 16);
            assert_eq!(*decrypt(&key, &Iv::REQUEST, sealed).unwrap(), plain);
        }
    }

    #[test]
    fn a_length_that_is_no_multiple_of_a_block_is_refused() {
        let key = SecretKey::derive(&["key"]).unwrap();
        for len in [0, 1, 15, 17, 31] {
            let refused = decrypt(&key, &Iv::REQUEST, vec![0; len]);
            assert_eq!(refused.unwrap_err(), CipherError::WrongKey, "{len} bytes");
        }
    }
}
