//! The cipher of media files.
//!
//! There are two forms (observed: Web SDK 4.25.10). *Whole*: base64 text, always padded (PKCS#7),
//! for small files that are downloaded as text. *Chunked*: binary, one CBC chain over the whole
//! file, padded only if the file's length is not a multiple of 16. The official SDK sends pieces of
//! [`MediaCipher::CHUNK_BYTES`] and continues the chain in the next piece.
//!
//! The chunked form does not show whether its last block is padded: a file of 16 bytes that ends in
//! `01` and a file of 15 bytes can have the same sealed form. Only the plain length decides, but a
//! message carries the sealed length (`file_size`). A [`MediaOpener`] that does not know the plain
//! length therefore keeps the last block with up to 15 bytes of padding; inferred: the official SDK
//! does so as well.

use super::aes_cbc::{self, BLOCK_BYTES, Block, Decryptor, Encryptor};
use super::encoding;
use super::error::CipherError;
use super::file_key::FileKey;
use super::iv::Iv;
use super::key::SecretKey;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt};
use zeroize::Zeroizing;

/// Seals and opens one file. Key: the file key. IV: that of messages.
#[derive(Clone, Debug)]
pub struct MediaCipher {
    key: SecretKey,
    iv: Iv,
}

impl MediaCipher {
    /// Bytes of one piece of the official SDK's uploads and downloads.
    pub const CHUNK_BYTES: usize = 5_242_880;

    /// The cipher of one file.
    #[must_use]
    pub fn new(key: &FileKey, iv: &Iv) -> Self {
        Self { key: SecretKey::of(&[key.expose()]), iv: iv.clone() }
    }

    /// Length in bytes of the chunked form of a file of `plain_len` bytes.
    #[must_use]
    pub const fn sealed_len(plain_len: u64) -> u64 {
        match plain_len.checked_next_multiple_of(BLOCK_BYTES as u64) {
            Some(sealed_len) => sealed_len,
            None => u64::MAX,
        }
    }

    /// Seals a file in the whole form: base64, always padded.
    #[must_use]
    pub fn seal_whole(&self, plain: &[u8]) -> String {
        encoding::encode(&aes_cbc::encrypt(&self.key, &self.iv, plain))
    }

    /// Opens a file in the whole form.
    ///
    /// # Errors
    /// When it is empty, is not base64, or was not sealed with this key and IV.
    pub fn open_whole(&self, sealed: &str) -> Result<Vec<u8>, CipherError> {
        if sealed.is_empty() {
            return Err(CipherError::EmptyText);
        }
        let sealed = encoding::decode(sealed).ok_or(CipherError::NotBase64)?;
        let mut opened = aes_cbc::decrypt(&self.key, &self.iv, sealed)?;
        Ok(std::mem::take(&mut *opened))
    }

    /// Starts to seal a file in the chunked form.
    #[must_use]
    pub fn sealer(&self) -> MediaSealer {
        MediaSealer { chain: aes_cbc::encryptor(&self.key, &self.iv), held: no_bytes() }
    }

    /// Starts to open a file in the chunked form, of `plain_len` bytes if that is known.
    #[must_use]
    pub fn opener(&self, plain_len: Option<u64>) -> MediaOpener {
        MediaOpener {
            chain: aes_cbc::decryptor(&self.key, &self.iv),
            held: no_bytes(),
            sealed: 0,
            plain_len,
        }
    }
}

/// Seals a file piece by piece; the pieces may have any size.
///
/// ```
/// use mfly_proto::cipher::{FileKey, Iv, MediaCipher};
///
/// let cipher = MediaCipher::new(&FileKey::new("AbCdEfGhIjKlMnOpQrStUvWxYzabcdef")?, &Iv::REQUEST);
/// let mut sealer = cipher.sealer();
/// let mut sealed = sealer.update(b"a picture, ");
/// sealed.extend(sealer.update(b"in two pieces"));
/// sealed.extend(sealer.finish());
///
/// let mut opener = cipher.opener(Some(24));
/// let mut opened = opener.update(&sealed);
/// opened.extend(opener.finish()?);
/// assert_eq!(opened, b"a picture, in two pieces");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MediaSealer {
    chain: Encryptor,
    /// Plain bytes that do not make a block yet: at most 15.
    held: Zeroizing<Vec<u8>>,
}

impl MediaSealer {
    /// Takes the next piece of the file and returns the blocks that are complete.
    #[must_use]
    pub fn update(&mut self, plain: &[u8]) -> Vec<u8> {
        let len = self.held.len() + plain.len();
        let mut ready = take(&mut self.held, plain, len - len % BLOCK_BYTES);
        let (blocks, _) = Block::slice_as_chunks_mut(&mut ready);
        self.chain.encrypt_blocks(blocks);
        ready
    }

    /// Ends the file and returns its last block, padded; empty when the file ended with a block.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let padding = aes_cbc::padding(self.held.len());
        self.update(&[padding; BLOCK_BYTES][..usize::from(padding)])
    }
}
debug_only!(MediaSealer {});

/// Opens a file piece by piece; the pieces may have any size.
///
/// There is no authentication, so altered bytes are not noticed. Lengths are checked, and the
/// padding if the plain length requires it.
pub struct MediaOpener {
    chain: Decryptor,
    /// Sealed bytes kept back: the last block is opened by [`finish`](Self::finish). At most 16.
    held: Zeroizing<Vec<u8>>,
    /// Number of sealed bytes so far.
    sealed: u64,
    plain_len: Option<u64>,
}

impl MediaOpener {
    /// Takes the next piece and returns all blocks but the last.
    #[must_use]
    pub fn update(&mut self, sealed: &[u8]) -> Vec<u8> {
        self.sealed = self.sealed.saturating_add(sealed.len() as u64);
        let len = self.held.len() + sealed.len();
        let mut ready =
            take(&mut self.held, sealed, len.saturating_sub(1) / BLOCK_BYTES * BLOCK_BYTES);
        let (blocks, _) = Block::slice_as_chunks_mut(&mut ready);
        self.chain.decrypt_blocks(blocks);
        ready
    }

    /// Ends the file and returns the bytes of its last block.
    ///
    /// The padding is removed when the plain length is known and no multiple of 16.
    ///
    /// # Errors
    /// When too few or too many bytes arrived, or the padding does not match the plain length.
    pub fn finish(mut self) -> Result<Vec<u8>, CipherError> {
        let expected = self.plain_len.map(MediaCipher::sealed_len);
        let is_whole = self.held.len().is_multiple_of(BLOCK_BYTES);
        if !is_whole || expected.is_some_and(|expected| expected != self.sealed) {
            return Err(CipherError::Length { sealed: self.sealed });
        }
        let mut last = std::mem::take(&mut *self.held);
        let (blocks, _) = Block::slice_as_chunks_mut(&mut last);
        self.chain.decrypt_blocks(blocks);
        if let Some(plain_len) = self.plain_len {
            // At most 15, as a block is not more than 16 bytes longer than what it holds.
            let padding = usize::try_from(self.sealed - plain_len).unwrap_or(BLOCK_BYTES);
            let content = last.len().saturating_sub(padding);
            if last[content..].iter().any(|&byte| usize::from(byte) != padding) {
                return Err(CipherError::WrongKey);
            }
            last.truncate(content);
        }
        Ok(last)
    }
}
debug_only!(MediaOpener { sealed, plain_len });

fn no_bytes() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(BLOCK_BYTES))
}

/// The first `ready` bytes of `held` and `input` together; the others are held.
fn take(held: &mut Vec<u8>, input: &[u8], ready: usize) -> Vec<u8> {
    // `ready` is zero, or at least one block and so no less than what is held.
    let Some(from_input) = ready.checked_sub(held.len()).filter(|_| ready > 0) else {
        held.extend_from_slice(input);
        return Vec::new();
    };
    let (now, later) = input.split_at(from_input);
    let mut taken = Vec::with_capacity(ready);
    taken.append(held);
    taken.extend_from_slice(now);
    held.extend_from_slice(later);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher() -> MediaCipher {
        MediaCipher::new(&FileKey::from_random([7; 64]), &Iv::REQUEST)
    }

    fn seal(plain: &[u8]) -> Vec<u8> {
        let mut sealer = cipher().sealer();
        let mut sealed = sealer.update(plain);
        sealed.extend(sealer.finish());
        sealed
    }

    fn open(sealed: &[u8], plain_len: Option<u64>) -> Result<Vec<u8>, CipherError> {
        let mut opener = cipher().opener(plain_len);
        let mut opened = opener.update(sealed);
        opened.extend(opener.finish()?);
        Ok(opened)
    }

    #[test]
    fn the_sealed_length_is_the_next_multiple_of_a_block() {
        for len in 0..=48 {
            let sealed = seal(&vec![1; usize::try_from(len).unwrap()]);
            assert_eq!(sealed.len() as u64, MediaCipher::sealed_len(len));
        }
        assert_eq!(MediaCipher::sealed_len(u64::MAX), u64::MAX);
    }

    #[test]
    fn with_an_unknown_length_the_padding_stays_because_it_may_be_content() {
        let fifteen = [9; 15];
        let mut sixteen = [9; 16];
        sixteen[15] = 1;
        assert_eq!(seal(&fifteen), seal(&sixteen));
        assert_eq!(open(&seal(&fifteen), None).unwrap(), sixteen);
        assert_eq!(open(&seal(&fifteen), Some(15)).unwrap(), fifteen);
        assert_eq!(open(&seal(&sixteen), Some(16)).unwrap(), sixteen);
    }

    #[test]
    fn a_file_that_is_cut_or_too_long_is_refused() {
        let sealed = seal(&[5; 40]);
        for (bytes, plain_len) in
            [(&sealed[..47], None), (&sealed[..32], Some(40)), (&sealed[..], Some(32))]
        {
            let refused = CipherError::Length { sealed: bytes.len() as u64 };
            assert_eq!(open(bytes, plain_len), Err(refused));
        }
        assert_eq!(open(&[], Some(1)), Err(CipherError::Length { sealed: 0 }));
    }

    #[test]
    fn padding_that_the_plain_length_does_not_call_for_is_refused() {
        let sealed = seal(&[5; 40]);
        assert_eq!(open(&sealed, Some(41)), Err(CipherError::WrongKey));
        assert_eq!(open(&sealed, Some(39)), Err(CipherError::WrongKey));
        let mut altered = sealed.clone();
        // In CBC, altering a block alters the same byte of the next one.
        altered[31] ^= 1;
        assert_eq!(open(&altered, Some(40)), Err(CipherError::WrongKey));
    }

    #[test]
    fn an_empty_file_is_empty_in_the_chunked_form_and_one_block_in_the_whole_form() {
        assert_eq!(seal(&[]), Vec::<u8>::new());
        assert_eq!(open(&[], None), Ok(Vec::new()));
        assert_eq!(open(&[], Some(0)), Ok(Vec::new()));
        let whole = cipher().seal_whole(&[]);
        assert_eq!(whole.len(), 24);
        assert_eq!(cipher().open_whole(&whole), Ok(Vec::new()));
        assert_eq!(cipher().open_whole(""), Err(CipherError::EmptyText));
    }

    #[test]
    fn a_whole_file_that_does_not_open_is_refused() {
        assert_eq!(cipher().open_whole("*"), Err(CipherError::NotBase64));
        assert_eq!(cipher().open_whole("AAAA"), Err(CipherError::WrongKey));
    }

    #[test]
    fn debug_output_shows_lengths_only() {
        let shown = format!("{:?} {:?}", cipher().sealer(), cipher().opener(Some(3)));
        assert_eq!(shown, "MediaSealer { .. } MediaOpener { sealed: 0, plain_len: Some(3), .. }");
        assert!(format!("{:?}", cipher()).contains("SecretKey(<redacted>)"));
    }
}
