//! How single values stand in JSON: secrets, ids, and the looseness of the platform's types.

use serde::de::{self, Deserializer};
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
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A status code: a number, or a string of digits.
pub(crate) fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let value = Value::deserialize(deserializer)?;
    integer(&value)
        .and_then(|n| u16::try_from(n).ok())
        .ok_or_else(|| wrong("a status code"))
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

/// An optional whole number of seconds, as a number or a string of digits.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value => integer(&value)
            .and_then(|n| u32::try_from(n).ok())
            .map(Some)
            .ok_or_else(|| wrong("a number of seconds")),
    }
}

/// Optional text; `""` means "leave as it is" on the wire and is `None` here.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// Yes or no as 1 or 0; `true`, `"1"` and `"true"` are read too, and absent is no.
pub(crate) mod flag {
    use super::*;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature serde calls"
    )]
    pub(crate) fn serialize<S: Serializer>(flag: &bool, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(u8::from(*flag))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
        let value = Value::deserialize(d)?;
        Ok(match &value {
            Value::Bool(flag) => *flag,
            Value::String(text) if text == "true" => true,
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
        text(d)?
            .map(Token::new)
            .transpose()
            .map_err(|_| wrong("a token"))
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
identifier!(
    user_identifier,
    mfly_proto::jid::UserIdentifier,
    "a user identifier"
);
