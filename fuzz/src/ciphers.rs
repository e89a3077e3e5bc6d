//! Any text as ciphertext and as plain text.

use mfly_proto::cipher::{
    FileKey, Iv, LicenceUrlCipher, MediaCipher, MessageCipher, ProfileCipher, RequestCipher,
};
use mfly_proto::jid::UserId;
use mfly_proto::secret::LicenceKey;

/// Opening never panics, and what is sealed opens to the same.
pub fn ciphers(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return media(data);
    };
    let key = LicenceKey::new("fuzzing").expect("a valid key");
    let user = UserId::new("u1").expect("a valid id");
    let request = RequestCipher::new(&key);
    let profile = ProfileCipher::new(&user, &Iv::REQUEST);
    let _ = (request.open(text), profile.open(text), LicenceUrlCipher::new().open(text));
    assert_eq!(request.open(&request.seal(text)).as_str(), text);
    assert_eq!(profile.open(&profile.seal(text)).as_str(), text);
    let message = MessageCipher::new("id", &Iv::REQUEST);
    let _ = message.open(text);
    if let Ok(sealed) = message.seal(text) {
        assert_eq!(message.open(&sealed).expect("what was sealed opens"), text);
    }
    media(data);
}

fn media(data: &[u8]) {
    let key = FileKey::new("AbCdEfGhIjKlMnOpQrStUvWxYzabcdef").expect("a valid key");
    let cipher = MediaCipher::new(&key, &Iv::REQUEST);
    let sealed = cipher.seal_whole(data);
    assert_eq!(cipher.open_whole(&sealed).expect("what was sealed opens"), data);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = cipher.open_whole(text);
    }
}
