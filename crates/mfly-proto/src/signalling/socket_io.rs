//! Socket.IO protocol 4: the packets in Engine.IO messages.
//!
//! ```text
//! <type>[/namespace,][id][JSON]     0 connect  1 disconnect  2 event  3 ack  4 error
//! 2["id","Xb3kd9"]    2/chat,7["name",{…}]    3/chat,7[{…}]
//! ```
//!
//! Source: socket.io-protocol revision 4; observed: Web SDK 4.25.10. Binary events (types 5 and 6)
//! are refused.

use super::{MAX_BYTES, SignallingError};
use serde_json::Value;
use std::fmt;

/// The default namespace.
pub const ROOT: &str = "/";

/// Bytes of the longest namespace.
const MAX_NAMESPACE: usize = 256;

/// Maximum number of arguments of an event or an acknowledgement.
const MAX_ARGUMENTS: usize = 16;

/// A packet of Socket.IO.
#[derive(Clone, PartialEq)]
pub struct Packet {
    /// The namespace, `/` for the root.
    pub namespace: String,
    /// The type of the packet, with its data.
    pub kind: Kind,
}

/// The type of a packet, with its data.
#[derive(Clone, PartialEq)]
pub enum Kind {
    /// The server opened the namespace, or the client asks for it.
    Connect,
    /// The sender leaves the namespace.
    Disconnect,
    /// An event with arguments.
    Event {
        /// Name of the event.
        name: String,
        /// Arguments of the event.
        arguments: Vec<Value>,
        /// Id for the acknowledgement, if one is requested.
        id: Option<u64>,
    },
    /// The acknowledgement of an event.
    Ack {
        /// Id of the event.
        id: u64,
        /// Arguments of the acknowledgement.
        arguments: Vec<Value>,
    },
    /// The server refused the namespace.
    Error(Value),
}

impl Packet {
    /// A packet of the root namespace.
    #[must_use]
    pub fn root(kind: Kind) -> Self {
        Self { namespace: ROOT.to_owned(), kind }
    }

    /// An event of the root namespace without acknowledgement.
    #[must_use]
    pub fn event(name: &str, arguments: Vec<Value>) -> Self {
        Self::root(Kind::Event { name: name.to_owned(), arguments, id: None })
    }

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
        let (namespace, rest) = namespace(characters.as_str())?;
        let (id, data) = id(rest)?;
        let kind = match (kind, id) {
            ('0', None) if data.is_empty() => Kind::Connect,
            ('1', None) if data.is_empty() => Kind::Disconnect,
            ('2', id) => {
                let mut arguments = list(data)?.into_iter();
                let Some(Value::String(name)) = arguments.next() else {
                    return Err(SignallingError::Data);
                };
                Kind::Event { name, arguments: arguments.collect(), id }
            }
            ('3', Some(id)) => Kind::Ack { id, arguments: list(data)? },
            ('4', None) => Kind::Error(parse(data)?),
            ('0' | '1', _) => return Err(SignallingError::Data),
            ('3' | '4', _) => return Err(SignallingError::Header),
            ('5' | '6', _) => return Err(SignallingError::Binary),
            _ => return Err(SignallingError::UnknownType),
        };
        Ok(Self { namespace: namespace.to_owned(), kind })
    }

    /// Writes the packet.
    #[must_use]
    pub fn encode(&self) -> String {
        let (kind, id, data) = match &self.kind {
            Kind::Connect => ('0', None, String::new()),
            Kind::Disconnect => ('1', None, String::new()),
            Kind::Event { name, arguments, id } => {
                let mut list = vec![Value::from(name.as_str())];
                list.extend_from_slice(arguments);
                ('2', *id, Value::from(list).to_string())
            }
            Kind::Ack { id, arguments } => {
                ('3', Some(*id), Value::from(arguments.clone()).to_string())
            }
            Kind::Error(value) => ('4', None, value.to_string()),
        };
        let mut text = String::from(kind);
        if self.namespace != ROOT {
            text.push_str(&self.namespace);
            // Without data the reference implementation leaves the comma out; both forms are read.
            text.push(',');
        }
        if let Some(id) = id {
            text.push_str(&id.to_string());
        }
        text.push_str(&data);
        text
    }
}

/// Splits off the namespace; a query after it is dropped.
fn namespace(text: &str) -> Result<(&str, &str), SignallingError> {
    if !text.starts_with('/') {
        return Ok((ROOT, text));
    }
    let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
    let namespace = namespace.split('?').next().unwrap_or(namespace);
    if namespace.len() > MAX_NAMESPACE || namespace.chars().any(char::is_control) {
        return Err(SignallingError::Header);
    }
    Ok((namespace, rest))
}

/// Splits off the number.
fn id(text: &str) -> Result<(Option<u64>, &str), SignallingError> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    let id = digits.parse().map_err(|_| SignallingError::Header)?;
    Ok((Some(id), rest))
}

fn parse(json: &str) -> Result<Value, SignallingError> {
    serde_json::from_str(json).map_err(|_| SignallingError::Data)
}

fn list(json: &str) -> Result<Vec<Value>, SignallingError> {
    match parse(json)? {
        Value::Array(list) if list.len() <= MAX_ARGUMENTS => Ok(list),
        _ => Err(SignallingError::Data),
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in {}", self.kind, self.namespace)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("Connect"),
            Self::Disconnect => f.write_str("Disconnect"),
            Self::Event { name, arguments, .. } => {
                write!(f, "Event({name:?}, {} arguments)", arguments.len())
            }
            Self::Ack { id, .. } => write!(f, "Ack({id})"),
            Self::Error(_) => f.write_str("Error"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;
    use proptest::prelude::*;
    use serde_json::json;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), any::<String>(), 0..3)
                .prop_map(|map| json!(map)),
        ]
    }

    fn packet() -> impl Strategy<Value = Packet> {
        let arguments = || prop::collection::vec(value(), 0..4);
        let kind = prop_oneof![
            Just(Kind::Connect),
            Just(Kind::Disconnect),
            (any::<String>(), arguments(), any::<Option<u64>>())
                .prop_map(|(name, arguments, id)| Kind::Event { name, arguments, id }),
            (any::<u64>(), arguments()).prop_map(|(id, arguments)| Kind::Ack { id, arguments }),
            value().prop_map(Kind::Error),
        ];
        // The data of an error may be a bare number, which reads as an id: the protocol's own
        // ambiguity.
        let kind =
            kind.prop_filter("ambiguous", |kind| !matches!(kind, Kind::Error(Value::Number(_))));
        ("(/[a-z0-9]{0,8})", kind).prop_map(|(namespace, kind)| Packet { namespace, kind })
    }

    proptest! {
        #[test]
        fn a_packet_comes_back_as_it_was(packet in packet()) {
            prop_assert_eq!(Packet::decode(&packet.encode()).unwrap(), packet);
        }

        #[test]
        fn no_text_makes_the_decoder_panic(text in any::<String>(), kind in 0..9u8) {
            let _ = Packet::decode(&text);
            let _ = Packet::decode(&format!("{kind}{text}"));
        }
    }

    #[test]
    fn packets_have_the_official_form() {
        let event = Packet::event("id", vec![json!("Xb3kd9")]);
        assert_eq!(event.encode(), r#"2["id","Xb3kd9"]"#);
        let asked = Packet::decode(r#"2/chat,7["name",{"a":1}]"#).unwrap();
        assert_eq!(asked.namespace, "/chat");
        let expected =
            Kind::Event { name: "name".to_owned(), arguments: vec![json!({"a": 1})], id: Some(7) };
        assert_eq!(asked.kind, expected);
        assert_eq!(Packet::decode("0").unwrap().kind, Kind::Connect);
        assert_eq!(Packet::decode("0/admin?a=b,").unwrap().namespace, "/admin");
        assert_eq!(Packet::decode("1/admin").unwrap().kind, Kind::Disconnect);
    }

    #[test]
    fn malformed_packets_are_refused_each_for_its_reason() {
        for (text, expected) in rows(include_str!("../../fixtures/text/socket_io_packets.txt")) {
            assert_eq!(format!("{:?}", Packet::decode(&text).unwrap_err()), expected, "{text}");
        }
        let nested = format!("2[\"a\",{}", "[".repeat(10_000));
        assert_eq!(Packet::decode(&nested), Err(SignallingError::Data));
    }

    #[test]
    fn debug_output_shows_no_arguments() {
        let event = Packet::event("response", vec![json!({"id": "hunter2"})]);
        assert!(!format!("{event:?}").contains("hunter2"));
    }
}
