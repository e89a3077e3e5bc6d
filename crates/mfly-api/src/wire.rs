//! How single values stand in JSON: secrets, ids, and the looseness of the platform's types.

use mfly_proto::lenient::{self, json_whole, whole_signed};
use mfly_proto::listed::{Listed, SkipReason, Skipped};
use serde::de::{self, DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// Says what is wrong with a JSON text without repeating any of it: only the names of missing
/// fields, which are ours, are kept from the parser's message.
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

/// `null` is the same as absent.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
            // Saturates, and what saturates is refused by every reader of this.
            Some(float as i64)
        }),
        Value::String(text) => whole_signed(text),
        _ => None,
    }
}

/// A status code: a number, or a string of digits.
pub(crate) fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let value = Value::deserialize(deserializer)?;
    integer(&value).and_then(|n| u16::try_from(n).ok()).ok_or_else(|| wrong("a status code"))
}

/// An optional port: a number, or a string of digits; absent, `null` and `""` are `None`.
/// Written as a string, as recorded.
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

/// An optional number of seconds, as [`json_whole`] reads it; what is no number is `None`.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let seconds = json_whole(&Value::deserialize(deserializer)?);
    Ok(seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)))
}

/// A number of things, as [`json_whole`] reads it; what is no number is 0, as an absent one.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(json_whole(&Value::deserialize(deserializer)?).unwrap_or_default())
}

/// A text. A number or `true` stands for itself as text, and `null` is the same as absent.
pub(crate) fn any_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        value @ (Value::Number(_) | Value::Bool(_)) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err(wrong("a text")),
    }
}

/// Optional text; `""` means "leave as it is" on the wire and is `None` here.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(any_text(deserializer)?).filter(|text| !text.is_empty()))
}

/// A list, read entry by entry; `null` is the same as absent. Of what is left out, some text is
/// kept.
pub(crate) mod listed {
    use super::*;

    pub(crate) fn serialize<T: Serialize, S: Serializer>(
        list: &Listed<T>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_seq(list)
    }

    pub(crate) fn deserialize<'de, T, D>(d: D) -> Result<Listed<T>, D::Error>
    where
        T: DeserializeOwned,
        D: Deserializer<'de>,
    {
        read(d, |entry| entry.to_string())
    }

    fn read<'de, T, D>(d: D, text: fn(&Value) -> String) -> Result<Listed<T>, D::Error>
    where
        T: DeserializeOwned,
        D: Deserializer<'de>,
    {
        let mut list = Listed::new();
        for entry in Option::<Vec<Value>>::deserialize(d)?.unwrap_or_default() {
            match T::deserialize(&entry) {
                Ok(entry) => list.push(entry),
                Err(_) => list.skip(Skipped::new(SkipReason::NoEntry, &text(&entry))),
            }
        }
        Ok(list)
    }

    /// The same for entries that hold secrets: of what is left out, no text is kept.
    pub(crate) mod secretly {
        pub(crate) use super::serialize;
        use super::*;

        pub(crate) fn deserialize<'de, T, D>(d: D) -> Result<Listed<T>, D::Error>
        where
            T: DeserializeOwned,
            D: Deserializer<'de>,
        {
            read(d, |_| String::new())
        }
    }
}

/// Yes or no as 1 or 0; `true`, `"1"` and `"true"` are read too, and absent is no.
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

macro_rules! secret {
    ($module:ident, $secret:ty, $expected:literal) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn serialize<S: Serializer>(
                secret: &$secret,
                s: S,
            ) -> Result<S::Ok, S::Error> {
                s.serialize_str(secret.expose())
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                d: D,
            ) -> Result<$secret, D::Error> {
                <$secret>::new(String::deserialize(d)?).map_err(|_| wrong($expected))
            }
        }
    };
}
secret!(password, mfly_proto::secret::Password, "a password");
secret!(licence_key, mfly_proto::secret::LicenceKey, "a licence key");
secret!(token, mfly_proto::secret::Token, "a token");

/// An optional token; absent, `null` and `""` are `None`.
pub(crate) mod optional_token {
    use super::*;
    use mfly_proto::secret::Token;

    pub(crate) fn serialize<S: Serializer>(token: &Option<Token>, s: S) -> Result<S::Ok, S::Error> {
        token.as_ref().map(Token::expose).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Token>, D::Error> {
        text(d)?.map(Token::new).transpose().map_err(|_| wrong("a token"))
    }
}

/// Identifiers that have one text form.
macro_rules! identifier {
    ($module:ident, $identifier:ty, $expected:literal) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn serialize<S: Serializer>(
                id: &$identifier,
                s: S,
            ) -> Result<S::Ok, S::Error> {
                s.serialize_str(id.as_str())
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                d: D,
            ) -> Result<$identifier, D::Error> {
                <$identifier>::new(&String::deserialize(d)?).map_err(|_| wrong($expected))
            }
        }
    };
}
identifier!(user_id, mfly_proto::jid::UserId, "a user id");
identifier!(user_identifier, mfly_proto::jid::UserIdentifier, "a user identifier");
