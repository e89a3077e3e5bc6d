//! Any bytes as a signalling packet, as a payload of long-polling, and as the messages of a login
//! by code.

use mfly_proto::cipher::RequestCipher;
use mfly_proto::qr_login::{Approve, LoginStatus, QrCode, QrResponse};
use mfly_proto::secret::LicenceKey;
use mfly_proto::signalling::engine_io::{self, decode_payload, encode_payload};
use mfly_proto::signalling::socket_io::{self, Kind};

/// Reading never panics, and what was read survives being written.
pub fn signalling(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(packets) = decode_payload(text) {
        let again = decode_payload(&encode_payload(&packets));
        // Written JSON may be longer than what was read, never different.
        if let Ok(again) = again {
            assert_eq!(again, packets);
        }
        for packet in &packets {
            if let engine_io::Packet::Message(text) = packet {
                events(text);
            }
        }
    }
    if let Ok(packet) = engine_io::Packet::decode(text) {
        assert_eq!(engine_io::Packet::decode(&packet.encode()), Ok(packet));
    }
    events(text);
    if let Ok(key) = LicenceKey::new("TestLicenceKey0123456789abcdef") {
        let _ = QrCode::open(&RequestCipher::new(&key), text);
    }
}

fn events(text: &str) {
    let Ok(packet) = socket_io::Packet::decode(text) else {
        return;
    };
    // A bare number as an error's data reads as an id: the protocol's own ambiguity.
    if !matches!(&packet.kind, Kind::Error(value) if value.is_number()) {
        let again = socket_io::Packet::decode(&packet.encode()).expect("is read again");
        assert_eq!(again.namespace, packet.namespace);
    }
    if let Kind::Event { arguments, .. } = &packet.kind
        && let Ok(key) = LicenceKey::new("TestLicenceKey0123456789abcdef")
    {
        let cipher = RequestCipher::new(&key);
        for argument in arguments {
            let _ = Approve::decode(argument);
            let _ = LoginStatus::decode(argument);
            if let Ok(response) = QrResponse::open(&cipher, argument) {
                let again = QrResponse::open(&cipher, &response.seal(&cipher));
                assert_eq!(again, Ok(response));
            }
        }
    }
}
