//! The four messages of RFC 5802 §7, read strictly: attributes in order, none doubled, and no
//! unknown mandatory extension.
//!
//! ```text
//! C: n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL
//! S: r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096
//! C: c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=
//! S: v=rmF9pqV8S7suAoZWja4dJRkFsKQ=
//! ```

use super::limits::MAX_MESSAGE;
use super::nonce::is_nonce;
use super::prepare::prepare;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Name of the extension with the hash of the server's offer (XEP-0474).
pub(super) const OFFER: u8 = b'h';

/// The fault of a message. Each side reports it in its own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The message is not of the required form.
    Form(&'static str),
    /// A value is not base64, or not a number.
    Encoding(&'static str),
    /// A user name has a malformed escape, or SASLprep refuses it.
    Username,
    /// A mandatory extension (`m=`).
    MandatoryExtension,
}

/// The attributes of one message, in order.
struct Attributes<'a> {
    rest: Option<&'a str>,
}

impl<'a> Attributes<'a> {
    const fn new(text: &'a str) -> Self {
        Self { rest: Some(text) }
    }

    fn next(&mut self) -> Result<Option<(u8, &'a str)>, Fault> {
        let Some(rest) = self.rest else {
            return Ok(None);
        };
        let (attribute, rest) = match rest.split_once(',') {
            Some((attribute, rest)) => (attribute, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        match attribute.as_bytes() {
            [name, b'=', ..] if name.is_ascii_alphabetic() => {
                Ok(Some((*name, attribute.get(2..).unwrap_or_default())))
            }
            _ => Err(Fault::Form("an attribute is not of the form x=value")),
        }
    }

    /// The value of the next attribute, whose name must be `name`.
    fn expect(&mut self, name: u8, missing: &'static str) -> Result<&'a str, Fault> {
        match self.next()? {
            Some((found, value)) if found == name => Ok(value),
            Some((b'm', _)) => Err(Fault::MandatoryExtension),
            _ => Err(Fault::Form(missing)),
        }
    }

    /// Reads the optional extensions at the end and returns the value of `wanted`. Names that the
    /// RFC defines are refused here.
    fn extensions(mut self, wanted: u8) -> Result<Option<&'a str>, Fault> {
        let mut found = None;
        while let Some((name, value)) = self.next()? {
            refuse_known(name)?;
            if name == wanted && found.replace(value).is_some() {
                return Err(Fault::Form("an attribute is out of order or doubled"));
            }
        }
        Ok(found)
    }
}

fn refuse_known(name: u8) -> Result<(), Fault> {
    match name {
        b'm' => Err(Fault::MandatoryExtension),
        b'a' | b'c' | b'e' | b'i' | b'n' | b'p' | b'r' | b's' | b'v' => {
            Err(Fault::Form("an attribute is out of order or doubled"))
        }
        _ => Ok(()),
    }
}

fn text(message: &[u8]) -> Result<&str, Fault> {
    if message.len() > MAX_MESSAGE {
        return Err(Fault::Form("longer than 4,096 bytes"));
    }
    let text = std::str::from_utf8(message).map_err(|_| Fault::Form("not UTF-8"))?;
    if text.contains('\0') {
        return Err(Fault::Form("holds a NUL"));
    }
    Ok(text)
}

fn nonce<'a>(attributes: &mut Attributes<'a>) -> Result<&'a str, Fault> {
    let nonce = attributes.expect(b'r', "no nonce where it should be")?;
    if is_nonce(nonce) {
        Ok(nonce)
    } else {
        Err(Fault::Form("the nonce holds a character that it must not"))
    }
}

fn base64(value: &str, what: &'static str) -> Result<Vec<u8>, Fault> {
    STANDARD.decode(value).map_err(|_| Fault::Encoding(what))
}

/// The first message of the server: `r=nonce,s=salt,i=iterations[,h=offer]`.
#[derive(Debug)]
pub(super) struct ServerFirst<'a> {
    pub(super) nonce: &'a str,
    pub(super) salt: Vec<u8>,
    /// `u32::MAX` also stands for more.
    pub(super) iterations: u32,
    /// The hash of the server's offer (XEP-0474).
    pub(super) offer: Option<Vec<u8>>,
}

impl<'a> ServerFirst<'a> {
    pub(super) fn read(message: &'a [u8]) -> Result<Self, Fault> {
        let mut attributes = Attributes::new(text(message)?);
        let nonce = nonce(&mut attributes)?;
        let salt = attributes.expect(b's', "no salt where it should be")?;
        let salt = base64(salt, "the salt is not base64")?;
        let iterations = attributes.expect(b'i', "no iteration count where it should be")?;
        let is_number = matches!(iterations.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
        if !is_number {
            return Err(Fault::Encoding("the iteration count is not a number"));
        }
        let iterations = iterations.parse().unwrap_or(u32::MAX);
        let offer = attributes.extensions(OFFER)?;
        let offer = offer.map(|hash| base64(hash, "the hash of the offer is not base64"));
        Ok(Self { nonce, salt, iterations, offer: offer.transpose()? })
    }
}

/// The final message of the server: `v=signature` or `e=error`.
pub(super) enum ServerFinal<'a> {
    Signature(Vec<u8>),
    Error(&'a str),
}

impl<'a> ServerFinal<'a> {
    pub(super) fn read(message: &'a [u8]) -> Result<Self, Fault> {
        let mut attributes = Attributes::new(text(message)?);
        let read = match attributes.next()? {
            Some((b'v', value)) => Self::Signature(base64(value, "the signature is not base64")?),
            Some((b'e', value)) => Self::Error(value),
            Some((b'm', _)) => return Err(Fault::MandatoryExtension),
            _ => return Err(Fault::Form("neither a signature nor an error")),
        };
        attributes.extensions(OFFER)?;
        Ok(read)
    }
}

/// The client's channel-binding flag on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag<'a> {
    No,
    NotOffered,
    Named(&'a str),
}

/// The first message of the client: `flag,[a=authzid],n=user,r=nonce`.
#[derive(Debug)]
pub(super) struct ClientFirst<'a> {
    pub(super) flag: Flag<'a>,
    /// The flag and the authorisation identity, with both commas.
    pub(super) header: &'a str,
    pub(super) authzid: Option<String>,
    pub(super) bare: &'a str,
    pub(super) username: String,
    pub(super) nonce: &'a str,
}

impl<'a> ClientFirst<'a> {
    pub(super) fn read(message: &'a [u8]) -> Result<Self, Fault> {
        let text = text(message)?;
        let no_header = Fault::Form("no channel-binding flag where it should be");
        let (flag, rest) = text.split_once(',').ok_or(no_header)?;
        let (authzid, bare) = rest.split_once(',').ok_or(no_header)?;
        let header = text.get(..text.len() - bare.len()).unwrap_or_default();
        let flag = match flag {
            "n" => Flag::No,
            "y" => Flag::NotOffered,
            _ => match flag.strip_prefix("p=") {
                Some(name) if is_binding_name(name) => Flag::Named(name),
                _ => return Err(no_header),
            },
        };
        let authzid = match authzid.strip_prefix("a=") {
            Some(name) => Some(unescape(name)?),
            None if authzid.is_empty() => None,
            None => return Err(Fault::Form("no authorisation identity where it should be")),
        };
        let mut attributes = Attributes::new(bare);
        let username = attributes.expect(b'n', "no user name where it should be")?;
        let username = prepare("username", &unescape(username)?).map_err(|_| Fault::Username)?;
        let nonce = nonce(&mut attributes)?;
        attributes.extensions(OFFER)?;
        Ok(Self { flag, header, authzid, bare, username: username.as_str().to_owned(), nonce })
    }
}

/// Whether the text is a `cb-name` (RFC 5802 §7).
fn is_binding_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    !name.is_empty() && name.bytes().all(is_allowed)
}

/// The final message of the client: `c=binding,r=nonce,p=proof`.
#[derive(Debug)]
pub(super) struct ClientFinal<'a> {
    pub(super) binding: Vec<u8>,
    pub(super) nonce: &'a str,
    pub(super) without_proof: &'a str,
    pub(super) proof: Vec<u8>,
}

impl<'a> ClientFinal<'a> {
    pub(super) fn read(message: &'a [u8]) -> Result<Self, Fault> {
        let text = text(message)?;
        let (without_proof, proof) =
            text.rsplit_once(",p=").ok_or(Fault::Form("no proof at the end"))?;
        if proof.contains(',') {
            return Err(Fault::Form("no proof at the end"));
        }
        let mut attributes = Attributes::new(without_proof);
        let binding = attributes.expect(b'c', "no channel binding where it should be")?;
        let binding = base64(binding, "the channel binding is not base64")?;
        let nonce = nonce(&mut attributes)?;
        attributes.extensions(OFFER)?;
        Ok(Self { binding, nonce, without_proof, proof: base64(proof, "the proof is not base64")? })
    }
}

/// Appends a user name with its escapes (RFC 5802 §5.1).
pub(super) fn escape(name: &str, message: &mut String) {
    for character in name.chars() {
        match character {
            ',' => message.push_str("=2C"),
            '=' => message.push_str("=3D"),
            other => message.push(other),
        }
    }
}

fn unescape(name: &str) -> Result<String, Fault> {
    let mut pieces = name.split('=');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (character, rest) = if let Some(rest) = piece.strip_prefix("2C") {
            (',', rest)
        } else if let Some(rest) = piece.strip_prefix("3D") {
            ('=', rest)
        } else {
            return Err(Fault::Username);
        };
        text.push(character);
        text.push_str(rest);
    }
    if text.is_empty() {
        return Err(Fault::Username);
    }
    Ok(text)
}
