//! The JSON forms of single values: secrets, ids, and types that the platform writes loosely.

use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::lenient::{self, json_whole, whole_signed};
use mfly_proto::listed::{Listed, SkipReason, Skipped};
use mfly_proto::secret::{LicenceKey, Password, Token};
use serde::de::{self, DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// Describes an error in a JSON text without quoting the text. Of the parser's message only the
/// names of missing fields, which this crate chose, are kept.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if let Some(rest) = message.strip_prefix("missing field `")
        && let Some((field, _)) = rest.split_once('`')
    {
        return format!("missing field `{field}`");
    }
    let kind = match error.classify() {
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => "not JSON",
        _ => "a value has the wrong type",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

fn wrong<E: de::Error>(expected: &str) -> E {
    E::custom(format_args!("expected {expected}"))
}

/// Reads a value whose `null` counts as absent.
pub(crate) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
            // Saturates. Every caller refuses the saturated value.
            Some(float as i64)
        }),
        Value::String(text) => whole_signed(text),
        _ => None,
    }
}

/// Reads a status code: a number, or a string of digits.
pub(crate) fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let value = Value::deserialize(deserializer)?;
    integer(&value).and_then(|n| u16::try_from(n).ok()).ok_or_else(|| wrong("a status code"))
}

/// An optional port: a number or a string of digits. Absent, `null` and `""` are `None`. It is
/// written as a string, as recorded.
pub(crate) mod port {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(port: &Option<u16>, s: S) -> Result<S::Ok, S::Error> {
        port.map(|port| port.to_string()).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u16>, D::Error> {
        match Value::deserialize(d)? {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            value => integer(&value)
                .and_then(|n| u16::try_from(n).ok())
                .map(Some)
                .ok_or_else(|| wrong("a port")),
        }
    }
}

/// Reads an optional number of seconds by [`json_whole`]. Anything else is `None`.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let seconds = json_whole(&Value::deserialize(deserializer)?);
    Ok(seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)))
}

/// Reads a count by [`json_whole`]. Anything else is 0, like an absent count.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(json_whole(&Value::deserialize(deserializer)?).unwrap_or_default())
}

/// Reads a text. A number or a boolean becomes its text, and `null` counts as absent.
pub(crate) fn any_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        value @ (Value::Number(_) | Value::Bool(_)) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err(wrong("a text")),
    }
}

/// Reads an optional text. `""`, which means "unchanged" on the wire, is `None`.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(any_text(deserializer)?).filter(|text| !text.is_empty()))
}

/// A list that is read entry by entry; `null` counts as absent. The text of unreadable entries is
/// kept for diagnosis.
pub(crate) mod listed {
    use super::*;

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        list: &Listed<T>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_seq(list)
    }

    pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Listed<T>, D::Error> {
        read(d, |entry| entry.to_string())
    }

    fn read<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        d: D,
        text: fn(&Value) -> String,
    ) -> Result<Listed<T>, D::Error> {
        let mut list = Listed::new();
        for entry in Option::<Vec<Value>>::deserialize(d)?.unwrap_or_default() {
            match T::deserialize(&entry) {
                Ok(entry) => list.push(entry),
                Err(_) => list.skip(Skipped::new(SkipReason::NoEntry, &text(&entry))),
            }
        }
        Ok(list)
    }

    /// A list whose entries hold secrets: the text of unreadable entries is not kept.
    pub(crate) mod secretly {
        pub(crate) use super::serialize;
        use super::*;

        pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
            d: D,
        ) -> Result<Listed<T>, D::Error> {
            read(d, |_| String::new())
        }
    }
}

/// A flag, written as 1 or 0. `true`, `"1"` and `"true"` are read as well; absent means no.
pub(crate) mod flag {
    use super::*;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
    pub(crate) fn serialize<S: Serializer>(flag: &bool, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(u8::from(*flag))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
        let value = Value::deserialize(d)?;
        Ok(match &value {
            Value::Bool(flag) => *flag,
            Value::String(text) => lenient::flag(text) == Some(true),
            value => integer(value) == Some(1),
        })
    }
}

/// A module for `#[serde(with)]` of a type that is text on the wire.
macro_rules! by_text {
    ($module:ident, $type:ty, $text:expr, $new:expr, $expected:literal) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn serialize<S: Serializer>(value: &$type, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str($text(value))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<$type, D::Error> {
                $new(String::deserialize(d)?).map_err(|_| wrong($expected))
            }
        }
    };
}
by_text!(password, Password, Password::expose, Password::new, "a password");
by_text!(licence_key, LicenceKey, LicenceKey::expose, LicenceKey::new, "a licence key");
by_text!(token, Token, Token::expose, Token::new, "a token");
by_text!(user_id, UserId, UserId::as_str, |id: String| UserId::new(&id), "a user id");
by_text!(
    user_identifier,
    UserIdentifier,
    UserIdentifier::as_str,
    |id: String| UserIdentifier::new(&id),
    "a user identifier"
);

/// An optional token. Absent, `null` and `""` are `None`.
pub(crate) mod optional_token {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(token: &Option<Token>, s: S) -> Result<S::Ok, S::Error> {
        token.as_ref().map(Token::expose).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Token>, D::Error> {
        text(d)?.map(Token::new).transpose().map_err(|_| wrong("a token"))
    }
}
