//! The metadata of a user: up to three named values.
//!
//! Wire form: `{"tier":"gold","level":3,"vip":true}`. Source: observed: Web SDK 4.25.10, which
//! silently drops the fourth pair; this crate refuses it.

use mfly_proto::argument::InvalidArgument;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;

/// A value of the metadata.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MetaValue {
    /// A text value.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, or one that does not fit into 64 bits. Not NaN or infinite.
    Decimal(f64),
    /// A boolean value.
    Flag(bool),
    /// Another value that a server returned, as JSON text. It cannot be sent.
    Other(String),
}

macro_rules! from {
    ($($type:ty => |$value:ident| $variant:expr;)+) => {
        $(impl From<$type> for MetaValue {
            fn from($value: $type) -> Self {
                $variant
            }
        })+
    };
}
from! {
    &str => |text| Self::Text(text.to_owned());
    String => |text| Self::Text(text);
    i64 => |number| Self::Integer(number);
    i32 => |number| Self::Integer(number.into());
    bool => |flag| Self::Flag(flag);
}

impl From<f64> for MetaValue {
    /// A number without fraction becomes an [`MetaValue::Integer`], as in the JSON that browsers
    /// write.
    fn from(number: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() <= EXACT {
            Self::Integer(number as i64)
        } else {
            Self::Decimal(number)
        }
    }
}

impl Serialize for MetaValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Decimal(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Other(json) => serde_json::from_str::<Value>(json)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for MetaValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::String(text) => Self::Text(text),
            Value::Bool(flag) => Self::Flag(flag),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Self::Integer(integer),
                (None, Some(decimal)) => Self::from(decimal),
                (None, None) => Self::Other(number.to_string()),
            },
            other => Self::Other(other.to_string()),
        })
    }
}

/// Named values in their order. Metadata to send has at most three; a server may return more.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Metadata(Vec<(String, MetaValue)>);

impl Metadata {
    /// The largest number of pairs that can be sent.
    pub const MAX_PAIRS: usize = 3;

    /// Metadata without pairs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pair, or replaces the value of `name`.
    ///
    /// # Errors
    /// When `name` is empty, the value is NaN, infinite or [`MetaValue::Other`], or the metadata
    /// has three pairs already.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        value: impl Into<MetaValue>,
    ) -> Result<(), InvalidArgument> {
        let refuse = |reason: &'static str| Err(InvalidArgument::new("metaData", reason));
        let (name, value) = (name.into(), value.into());
        if name.is_empty() {
            return refuse("a name must not be empty");
        }
        match value {
            MetaValue::Other(_) => return refuse("metaDataType should be Valid data type"),
            MetaValue::Decimal(number) if !number.is_finite() => {
                return refuse("a number must be finite");
            }
            _ => {}
        }
        match self.0.iter().position(|(existing, _)| *existing == name) {
            Some(index) => self.0[index].1 = value,
            None if self.0.len() >= Self::MAX_PAIRS => {
                return refuse("at most 3 pairs can be stored; remove one");
            }
            None => self.0.push((name, value)),
        }
        Ok(())
    }

    /// The value of `name`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&MetaValue> {
        self.0.iter().find(|(existing, _)| existing == name).map(|(_, value)| value)
    }

    /// The pairs in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MetaValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the metadata has no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses metadata that [`Metadata::insert`] would not build. Metadata from a server may hold
    /// values that cannot be sent.
    pub(crate) fn check_sendable(&self) -> Result<(), InvalidArgument> {
        let mut copy = Self::new();
        self.0.iter().try_for_each(|(name, value)| copy.insert(name.clone(), value.clone()))
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Metadata;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("named values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Metadata(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_their_order_and_their_types() {
        let json = r#"{"tier":"gold","level":3,"ratio":0.5}"#;
        let mut metadata = Metadata::new();
        metadata.insert("tier", "gold").unwrap();
        metadata.insert("level", 3.0).unwrap();
        metadata.insert("ratio", 0.5).unwrap();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), json);
        assert_eq!(serde_json::from_str::<Metadata>(json).unwrap(), metadata);
    }

    #[test]
    fn a_fourth_pair_is_refused_but_a_value_can_be_replaced() {
        let mut metadata = Metadata::new();
        for name in ["a", "b", "c"] {
            metadata.insert(name, true).unwrap();
        }
        assert_eq!(metadata.insert("d", true).unwrap_err().name, "metaData");
        metadata.insert("b", "new").unwrap();
        assert_eq!((metadata.len(), metadata.value("b")), (3, Some(&"new".into())));
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        for value in [f64::NAN, f64::INFINITY] {
            assert!(Metadata::new().insert("a", value).is_err());
        }
        assert!(Metadata::new().insert("", 1).is_err());
    }

    #[test]
    fn a_servers_odd_values_are_kept_but_cannot_be_sent() {
        let json = r#"{"a":[1],"b":null,"c":1,"d":"x"}"#;
        let metadata: Metadata = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), json);
        assert_eq!(metadata.value("b"), Some(&MetaValue::Other("null".to_owned())));
        assert!(metadata.check_sendable().is_err());
    }
}
