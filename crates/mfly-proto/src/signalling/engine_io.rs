//! Engine.IO protocol 3: packets, and the payloads that long-polling wraps them in.
//!
//! ```text
//! packet   type digit, then data:  0{"sid":…}  1  2  2probe  3probe  4<message>  5  6
//! payload  <length>:<packet>…      length in UTF-16 code units, as JavaScript counts
//! ```
//!
//! Over WebSocket each message is one packet. The client pings, the server answers. Source:
//! engine.io-protocol revision 3; observed: Web SDK 4.25.10.

use super::{MAX_BYTES, MAX_PACKETS, SignallingError};
use crate::lenient::json_whole;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// The data of the ping and pong that test a WebSocket before the upgrade.
pub const PROBE: &str = "probe";

/// Bytes of the longest accepted session id.
const MAX_SID: usize = 256;

/// The longest heartbeat interval or time-out that is accepted.
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A packet of Engine.IO.
#[derive(Clone, PartialEq, Eq)]
pub enum Packet {
    /// The handshake of the server.
    Open(Handshake),
    /// Closes the connection.
    Close,
    /// The client checks the connection.
    Ping(String),
    /// The server answers a ping, with its data.
    Pong(String),
    /// A packet of Socket.IO.
    Message(String),
    /// The client switches to the transport that it probed.
    Upgrade,
    /// Empty packet that ends a poll.
    Noop,
}

/// Parameters of the connection, chosen by the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The session id, a secret: it authorises requests of the client.
    pub sid: String,
    /// Transports to which the client may switch, such as `websocket`.
    pub upgrades: Vec<String>,
    /// Time between two pings of the client.
    pub ping_interval: Duration,
    /// Maximum time until the answer to a ping.
    pub ping_timeout: Duration,
}

impl Packet {
    /// Reads one packet.
    ///
    /// # Errors
    /// See [`SignallingError`].
    pub fn decode(text: &str) -> Result<Self, SignallingError> {
        if text.len() > MAX_BYTES {
            return Err(SignallingError::TooLarge);
        }
        let mut characters = text.chars();
        let kind = characters.next().ok_or(SignallingError::Truncated)?;
        let data = characters.as_str();
        Ok(match kind {
            '0' => Self::Open(Handshake::decode(data)?),
            '1' => Self::Close,
            '2' => Self::Ping(data.to_owned()),
            '3' => Self::Pong(data.to_owned()),
            '4' => Self::Message(data.to_owned()),
            '5' => Self::Upgrade,
            '6' => Self::Noop,
            'b' => return Err(SignallingError::Binary),
            _ => return Err(SignallingError::UnknownType),
        })
    }

    /// Writes the packet.
    #[must_use]
    pub fn encode(&self) -> String {
        match self {
            Self::Open(handshake) => format!("0{}", handshake.encode()),
            Self::Close => "1".to_owned(),
            Self::Ping(data) => format!("2{data}"),
            Self::Pong(data) => format!("3{data}"),
            Self::Message(data) => format!("4{data}"),
            Self::Upgrade => "5".to_owned(),
            Self::Noop => "6".to_owned(),
        }
    }
}

/// Reads the packets of a poll or a post.
///
/// # Errors
/// See [`SignallingError`]; one malformed packet makes the whole payload invalid, as in the
/// official implementation.
pub fn decode_payload(text: &str) -> Result<Vec<Packet>, SignallingError> {
    if text.len() > MAX_BYTES {
        return Err(SignallingError::TooLarge);
    }
    let mut packets = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if packets.len() == MAX_PACKETS {
            return Err(SignallingError::TooMany);
        }
        // No payload is long enough for more digits.
        let colon =
            rest.bytes().take(8).position(|byte| byte == b':').ok_or(SignallingError::Header)?;
        let (length, tail) = (&rest[..colon], &rest[colon + 1..]);
        let is_canonical = !length.is_empty()
            && length.bytes().all(|byte| byte.is_ascii_digit())
            && !length.starts_with('0');
        if !is_canonical {
            return Err(SignallingError::Header);
        }
        let length: usize = length.parse().map_err(|_| SignallingError::Header)?;
        let (packet, tail) = split_utf16(tail, length)?;
        packets.push(Packet::decode(packet)?);
        rest = tail;
    }
    if packets.is_empty() {
        return Err(SignallingError::Truncated);
    }
    Ok(packets)
}

/// Writes packets as one payload.
#[must_use]
pub fn encode_payload<'p>(packets: impl IntoIterator<Item = &'p Packet>) -> String {
    packets.into_iter().fold(String::new(), |payload, packet| {
        let packet = packet.encode();
        format!("{payload}{}:{packet}", packet.encode_utf16().count())
    })
}

/// Splits after `length` UTF-16 code units, which must not be in the middle of a character.
fn split_utf16(text: &str, length: usize) -> Result<(&str, &str), SignallingError> {
    let mut units = 0;
    for (at, character) in text.char_indices() {
        if units == length {
            return Ok(text.split_at(at));
        }
        units += character.len_utf16();
        if units > length {
            return Err(SignallingError::Header);
        }
    }
    if units == length { Ok((text, "")) } else { Err(SignallingError::Truncated) }
}

impl Handshake {
    fn decode(json: &str) -> Result<Self, SignallingError> {
        let value: Value = serde_json::from_str(json).map_err(|_| SignallingError::Data)?;
        let sid = value["sid"].as_str().ok_or(SignallingError::Data)?;
        let is_plain = (1..=MAX_SID).contains(&sid.len())
            && sid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
        let time = |name: &str| {
            let time = json_whole(&value[name]).map(Duration::from_millis);
            time.filter(|time| !time.is_zero() && *time <= MAX_TIME).ok_or(SignallingError::Data)
        };
        if !is_plain {
            return Err(SignallingError::Data);
        }
        let upgrades = match &value["upgrades"] {
            Value::Null => Vec::new(),
            Value::Array(names) => {
                names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
            }
            _ => return Err(SignallingError::Data),
        };
        Ok(Self {
            sid: sid.to_owned(),
            upgrades,
            ping_interval: time("pingInterval")?,
            ping_timeout: time("pingTimeout")?,
        })
    }

    fn encode(&self) -> String {
        json!({
            "sid": self.sid,
            "upgrades": self.upgrades,
            "pingInterval": millis(self.ping_interval),
            "pingTimeout": millis(self.ping_timeout),
        })
        .to_string()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(handshake) => handshake.fmt(f),
            Self::Close => f.write_str("Close"),
            Self::Ping(data) => write!(f, "Ping({} bytes)", data.len()),
            Self::Pong(data) => write!(f, "Pong({} bytes)", data.len()),
            Self::Message(data) => write!(f, "Message({} bytes)", data.len()),
            Self::Upgrade => f.write_str("Upgrade"),
            Self::Noop => f.write_str("Noop"),
        }
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("sid", &"<redacted>")
            .field("upgrades", &self.upgrades)
            .field("ping_interval", &self.ping_interval)
            .field("ping_timeout", &self.ping_timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;
    use proptest::prelude::*;

    fn packet() -> impl Strategy<Value = Packet> {
        prop_oneof![
            Just(Packet::Close),
            Just(Packet::Upgrade),
            Just(Packet::Noop),
            any::<String>().prop_map(Packet::Ping),
            any::<String>().prop_map(Packet::Pong),
            any::<String>().prop_map(Packet::Message),
            ("[A-Za-z0-9_-]{1,32}", 1..86_400_000u64, 1..86_400_000u64).prop_map(
                |(sid, interval, timeout)| Packet::Open(Handshake {
                    sid,
                    upgrades: vec!["websocket".to_owned()],
                    ping_interval: Duration::from_millis(interval),
                    ping_timeout: Duration::from_millis(timeout),
                })
            ),
        ]
    }

    proptest! {
        #[test]
        fn packets_come_back_from_a_payload_as_they_were(packets in prop::collection::vec(packet(), 1..20)) {
            let payload = encode_payload(&packets);
            prop_assert_eq!(decode_payload(&payload).unwrap(), packets);
        }

        #[test]
        fn no_text_makes_the_decoder_panic(text in any::<String>(), length in 0..40usize) {
            let _ = Packet::decode(&text);
            let _ = decode_payload(&text);
            let _ = decode_payload(&format!("{length}:{text}"));
        }
    }

    #[test]
    fn lengths_count_utf_16_code_units_as_javascript_does() {
        // One unit for é, two for the face.
        let packets = [Packet::Message("é😀".to_owned()), Packet::Noop];
        assert_eq!(encode_payload(&packets), "4:4é😀1:6");
        assert_eq!(decode_payload("4:4é😀1:6").unwrap(), packets);
        // Within the pair of a character there is no end.
        assert_eq!(decode_payload("3:4é😀"), Err(SignallingError::Header));
    }

    #[test]
    fn a_greeting_as_the_official_server_writes_it_is_read() {
        let text = r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}"#;
        let Packet::Open(handshake) = Packet::decode(text).unwrap() else { panic!("no greeting") };
        assert_eq!(handshake.sid, "lv_VI97HAXpY6yYWAAAC");
        assert_eq!(handshake.ping_interval, Duration::from_secs(25));
        assert!(!format!("{handshake:?}").contains("lv_VI97"));
    }

    #[test]
    fn malformed_packets_and_payloads_are_refused_each_for_its_reason() {
        for (text, expected) in rows(include_str!("../../fixtures/text/engine_io_packets.txt")) {
            assert_eq!(format!("{:?}", Packet::decode(&text).unwrap_err()), expected, "{text}");
        }
        for (text, expected) in rows(include_str!("../../fixtures/text/engine_io_payloads.txt")) {
            assert_eq!(format!("{:?}", decode_payload(&text).unwrap_err()), expected, "{text}");
        }
        let many = decode_payload(&"1:6".repeat(MAX_PACKETS + 1));
        assert_eq!(many, Err(SignallingError::TooMany));
        let long = Packet::decode(&"4".repeat(MAX_BYTES + 1));
        assert_eq!(long, Err(SignallingError::TooLarge));
    }
}
