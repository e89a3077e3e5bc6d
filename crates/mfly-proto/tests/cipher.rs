//! The payload ciphers against recorded answers, and their round trips.

#![expect(clippy::unwrap_used, reason = "helpers of tests: what cannot be read fails the test")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_proto::cipher::{
    CipherError, ConfigCipher, Decrypted, FileKey, Iv, LicenceUrlCipher, MediaCipher,
    MessageCipher, ProfileCipher, RequestCipher, StorageCipher,
};
use mfly_proto::jid::UserId;
use mfly_proto::secret::LicenceKey;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;
use std::collections::BTreeMap;

const KNOWN_ANSWERS: &str = include_str!("../fixtures/cipher/known_answers.json");

/// One recorded answer.
struct Vector {
    case: String,
    key: String,
    iv: String,
    plaintext: String,
    ciphertext: String,
    /// For messages of failed assertions.
    label: String,
}

fn fixture() -> Value {
    serde_json::from_str(KNOWN_ANSWERS).unwrap()
}

fn vectors() -> Vec<Vector> {
    let fixture = fixture();
    let vectors = fixture["vectors"].as_array().unwrap().iter().enumerate();
    vectors
        .map(|(index, vector)| {
            let field = |name: &str| vector[name].as_str().unwrap().to_owned();
            Vector {
                case: field("case"),
                key: field("key"),
                iv: field("iv"),
                plaintext: field("plaintext"),
                ciphertext: field("ciphertext"),
                label: format!("vector {index}, {}: {}", field("case"), field("note")),
            }
        })
        .collect()
}

/// Seals to the recorded text and opens to the clear one; the empty text is never sealed.
fn check(vector: &Vector, sealed: &str, opened: Decrypted) {
    assert_eq!(sealed, vector.ciphertext, "{}", vector.label);
    assert_eq!(opened.is_passthrough(), vector.plaintext.is_empty(), "{}", vector.label);
    assert_eq!(opened.into_string(), vector.plaintext, "{}", vector.label);
}

fn check_unopened(vector: &Vector, opened: Decrypted) {
    assert!(opened.is_passthrough(), "{}", vector.label);
    assert_eq!(opened.into_string(), vector.ciphertext, "{}", vector.label);
}

/// The user name or licence key that was repeated three times.
fn third(vector: &Vector) -> &str {
    let third = &vector.key[..vector.key.len() / 3];
    assert_eq!(third.repeat(3), vector.key, "{}", vector.label);
    assert_eq!(vector.iv, fixture()["constants"]["requestIv"], "{}", vector.label);
    third
}

fn request_cipher(vector: &Vector) -> RequestCipher {
    RequestCipher::new(&LicenceKey::new(third(vector)).unwrap())
}

fn profile_cipher(vector: &Vector) -> ProfileCipher {
    ProfileCipher::new(&UserId::new(&vector.key).unwrap(), &Iv::new(&vector.iv).unwrap())
}

fn media_cipher(vector: &Vector) -> MediaCipher {
    MediaCipher::new(&FileKey::new(&vector.key).unwrap(), &Iv::new(&vector.iv).unwrap())
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    assert_eq!(hexadecimal.len() % 2, 0);
    let pairs = (0..hexadecimal.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect()
}

fn seal_in_pieces<'a>(cipher: &MediaCipher, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut sealer = cipher.sealer();
    let mut sealed: Vec<u8> = pieces.into_iter().flat_map(|piece| sealer.update(piece)).collect();
    sealed.extend(sealer.finish());
    sealed
}

fn open_in_pieces<'a>(
    cipher: &MediaCipher,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    plain_len: Option<u64>,
) -> Result<Vec<u8>, CipherError> {
    let mut opener = cipher.opener(plain_len);
    let mut opened: Vec<u8> = pieces.into_iter().flat_map(|piece| opener.update(piece)).collect();
    opened.extend(opener.finish()?);
    Ok(opened)
}

fn check_chunked(vector: &Vector) {
    let cipher = media_cipher(vector);
    let (plain, sealed) = (bytes(&vector.plaintext), bytes(&vector.ciphertext));
    assert_eq!(MediaCipher::sealed_len(plain.len() as u64), sealed.len() as u64);
    for size in [1, 15, 16, 17, 1000] {
        let label = format!("{}, pieces of {size}", vector.label);
        assert_eq!(seal_in_pieces(&cipher, plain.chunks(size)), sealed, "{label}");
        let opened = open_in_pieces(&cipher, sealed.chunks(size), Some(plain.len() as u64));
        assert_eq!(opened.as_ref(), Ok(&plain), "{label}");
    }
}

#[test]
fn every_recorded_answer_is_reproduced_in_both_directions() {
    let mut counts = BTreeMap::new();
    for vector in vectors() {
        match vector.case.as_str() {
            "request_payload" => {
                let request = request_cipher(&vector);
                let config = ConfigCipher::new(third(&vector));
                let (plain, sealed) = (&vector.plaintext, &vector.ciphertext);
                check(&vector, &request.seal(plain), request.open(sealed));
                check(&vector, &config.seal(plain), config.open(sealed));
            }
            "request_payload_decrypt_failure" => {
                check_unopened(&vector, request_cipher(&vector).open(&vector.ciphertext));
            }
            "profile_field" => {
                let cipher = profile_cipher(&vector);
                let opened = cipher.open(&vector.ciphertext);
                check(&vector, &cipher.seal(&vector.plaintext), opened);
            }
            "profile_field_decrypt_failure" => {
                check_unopened(&vector, profile_cipher(&vector).open(&vector.ciphertext));
            }
            "message_body" => {
                let cipher = MessageCipher::new(&vector.key, &Iv::new(&vector.iv).unwrap());
                let sealed = cipher.seal(&vector.plaintext);
                assert_eq!(sealed.as_ref(), Ok(&vector.ciphertext), "{}", vector.label);
                let opened = cipher.open(&vector.ciphertext);
                assert_eq!(opened.as_ref(), Ok(&vector.plaintext), "{}", vector.label);
            }
            "licence_url" => {
                assert_eq!(vector.key, fixture()["constants"]["licenceUrlKey"]);
                let cipher = LicenceUrlCipher::new();
                let opened = cipher.open(&vector.ciphertext);
                check(&vector, &cipher.seal(&vector.plaintext), opened);
            }
            "storage_key_name" => {
                let name = StorageCipher::new().name(&vector.plaintext);
                assert_eq!(name, vector.ciphertext, "{}", vector.label);
            }
            "storage_value" => {
                let storage = StorageCipher::new();
                let opened = storage.open_value(&vector.key, &vector.ciphertext);
                check(&vector, &storage.value(&vector.key, &vector.plaintext), opened);
            }
            "media_multipart" => {
                let (cipher, plain) = (media_cipher(&vector), bytes(&vector.plaintext));
                assert_eq!(cipher.seal_whole(&plain), vector.ciphertext, "{}", vector.label);
                let opened = cipher.open_whole(&vector.ciphertext);
                assert_eq!(opened, Ok(plain), "{}", vector.label);
            }
            "media_chunk" | "media_chunk_chain" => check_chunked(&vector),
            other => panic!("no check for the case {other}"),
        }
        *counts.entry(vector.case).or_insert(0) += 1;
    }
    let expected = [
        ("licence_url", 12),
        ("media_chunk", 5),
        ("media_chunk_chain", 1),
        ("media_multipart", 6),
        ("message_body", 10),
        ("profile_field", 18),
        ("profile_field_decrypt_failure", 2),
        ("request_payload", 16),
        ("request_payload_decrypt_failure", 4),
        ("storage_key_name", 3),
        ("storage_value", 3),
    ];
    assert_eq!(counts.values().sum::<i32>(), 80);
    assert_eq!(counts, expected.map(|(case, count)| (case.to_owned(), count)).into());
}

#[test]
fn a_message_fails_where_the_other_ciphers_hand_their_input_back() {
    let cipher = MessageCipher::new("9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", &Iv::REQUEST);
    assert_eq!(cipher.seal(""), Err(CipherError::EmptyText));
    assert_eq!(cipher.open(""), Err(CipherError::EmptyText));
    assert_eq!(cipher.open("clear text"), Err(CipherError::NotBase64));
    let other = MessageCipher::new("another-id", &Iv::REQUEST).seal("hello").unwrap();
    assert_eq!(cipher.open(&other), Err(CipherError::WrongKey));
    assert_eq!(MessageCipher::new("", &Iv::REQUEST).seal("hello"), Err(CipherError::EmptyKey));
}

#[test]
fn a_profile_sealed_for_one_user_does_not_open_for_another() {
    let cipher = |user: &str| ProfileCipher::new(&UserId::new(user).unwrap(), &Iv::REQUEST);
    let sealed = cipher("alice01").seal("Alice");
    assert_eq!(cipher("alice01").open(&sealed), Decrypted::Plain("Alice".to_owned()));
    assert_eq!(cipher("bob").open(&sealed), Decrypted::Passthrough(sealed));
}

#[test]
fn a_stored_value_or_look_up_that_is_not_sealed_comes_back_unchanged() {
    for text in ["", "clear", "100%", "AAAA", "%E9"] {
        let clear = Decrypted::Passthrough(text.to_owned());
        assert_eq!(StorageCipher::new().open_value("apiBaseUrl", text), clear);
        assert_eq!(StorageCipher::new().open_value("", text), clear);
        assert_eq!(LicenceUrlCipher::new().open(text), clear);
    }
}

#[test]
fn no_debug_output_of_a_cipher_shows_its_key() {
    let licence_key = LicenceKey::new("LicenceKeyInClear").unwrap();
    let iv = Iv::new("IvInClear").unwrap();
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        RequestCipher::new(&licence_key),
        ConfigCipher::new("UserInClear"),
        ProfileCipher::new(&UserId::new("user_in_clear").unwrap(), &iv),
        MessageCipher::new("IdInClear", &iv),
        MediaCipher::new(&FileKey::new(&"Clear".repeat(7)[..32]).unwrap(), &iv),
    );
    assert_eq!(shown.matches("SecretKey(<redacted>)").count(), 5);
    assert!(!shown.to_ascii_lowercase().contains("clear"), "{shown}");
}

fn seeded() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(4_25_10),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Any text, control characters and unassigned ones included.
fn any_text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..48).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn any_text_comes_back_from_every_text_cipher(text in any_text(), id in "[a-z0-9]{1,20}") {
        prop_assume!(!text.is_empty());
        let plain = Decrypted::Plain(text.clone());
        let request = RequestCipher::new(&LicenceKey::new(id.as_str()).unwrap());
        prop_assert_eq!(request.open(&request.seal(&text)), plain.clone());
        let config = ConfigCipher::new(&id);
        prop_assert_eq!(config.open(&config.seal(&text)), plain.clone());
        let profile = ProfileCipher::new(&UserId::new(&id).unwrap(), &Iv::new(&id).unwrap());
        prop_assert_eq!(profile.open(&profile.seal(&text)), plain.clone());
        let message = MessageCipher::new(&id, &Iv::REQUEST);
        prop_assert_eq!(message.open(&message.seal(&text).unwrap()), Ok(text.clone()));
        let url = LicenceUrlCipher::new();
        prop_assert_eq!(url.open(&url.seal(&text)), plain.clone());
        let storage = StorageCipher::new();
        prop_assert_eq!(storage.open_value(&id, &storage.value(&id, &text)), plain);
    }

    #[test]
    fn a_file_is_sealed_and_opened_alike_however_it_is_cut(
        plain in prop::collection::vec(any::<u8>(), 0..100),
        key in prop::array::uniform32(any::<u8>()),
    ) {
        let mut random = [0; 64];
        random[..32].copy_from_slice(&key);
        let cipher = MediaCipher::new(&FileKey::from_random(random), &Iv::REQUEST);
        let sealed = seal_in_pieces(&cipher, [plain.as_slice()]);
        let opened = cipher.open_whole(&cipher.seal_whole(&plain));
        prop_assert_eq!(opened.as_ref(), Ok(&plain));
        for at in 0..=plain.len() {
            let (first, second) = plain.split_at(at);
            prop_assert_eq!(&seal_in_pieces(&cipher, [first, second]), &sealed);
        }
        for at in 0..=sealed.len() {
            let (first, second) = sealed.split_at(at);
            let opened = open_in_pieces(&cipher, [first, second], Some(plain.len() as u64));
            prop_assert_eq!(opened.as_ref(), Ok(&plain));
            let unknown = open_in_pieces(&cipher, [first, second], None).unwrap();
            prop_assert_eq!(unknown.len(), sealed.len());
            prop_assert_eq!(&unknown[..plain.len()], plain.as_slice());
        }
    }

    #[test]
    fn opening_any_text_hands_it_back_or_fails_and_never_panics(text in any_text()) {
        // Text of this kind is not ciphertext: a chance hit would need a valid padding.
        let unchanged = Decrypted::Passthrough(text.clone());
        prop_assert_eq!(ConfigCipher::new("alice").open(&text), unchanged.clone());
        prop_assert_eq!(LicenceUrlCipher::new().open(&text), unchanged.clone());
        prop_assert_eq!(StorageCipher::new().open_value("apiBaseUrl", &text), unchanged);
        prop_assert!(MessageCipher::new("id", &Iv::REQUEST).open(&text).is_err());
    }

    #[test]
    fn opening_any_base64_gives_text_or_the_input_and_never_panics(
        blocks in prop::collection::vec(any::<[u8; 16]>(), 0..4),
        rest in prop::collection::vec(any::<u8>(), 0..2),
    ) {
        let text = STANDARD.encode([blocks.concat(), rest].concat());
        for opened in [
            ConfigCipher::new("alice").open(&text),
            LicenceUrlCipher::new().open(&text),
            StorageCipher::new().open_value("apiBaseUrl", &text),
        ] {
            // About one in 256 has a valid padding by chance and is then shorter than its input.
            match opened {
                Decrypted::Passthrough(same) => prop_assert_eq!(same, text.as_str()),
                Decrypted::Plain(plain) => prop_assert!(plain.len() < text.len()),
            }
        }
    }

    #[test]
    fn opening_any_bytes_gives_no_more_than_came_in(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        plain_len in prop::option::of(any::<u64>()),
    ) {
        let cipher = MediaCipher::new(&FileKey::from_random([3; 64]), &Iv::REQUEST);
        match open_in_pieces(&cipher, bytes.chunks(7), plain_len) {
            Ok(opened) => {
                let expected = plain_len.unwrap_or(bytes.len() as u64);
                prop_assert_eq!(opened.len() as u64, expected);
                prop_assert_eq!(bytes.len() as u64, MediaCipher::sealed_len(expected));
            }
            Err(CipherError::Length { sealed }) => prop_assert_eq!(sealed, bytes.len() as u64),
            Err(error) => prop_assert_eq!(error, CipherError::WrongKey),
        }
    }
}
