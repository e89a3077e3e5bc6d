//! The XML namespaces of the wire, each with the document that defines it.
//!
//! The MirrorFly names have no public document; they were observed with Web SDK 4.25.10.

/// RFC 6120 §4.8.2: content of a client stream.
pub const CLIENT: &str = "jabber:client";
/// RFC 6120 §4.8.1: stream elements (`stream:features`, `stream:error`).
pub const STREAM: &str = "http://etherx.jabber.org/streams";
/// RFC 7395 §3.3: framing over WebSocket.
pub const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";
/// RFC 6120 §4.9.3: stream error conditions.
pub const STREAM_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// RFC 6120 §8.3.3: stanza error conditions.
pub const STANZA_ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// RFC 6120 §5: STARTTLS.
pub const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
/// RFC 6120 §6: SASL.
pub const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// RFC 6120 §7: resource binding.
pub const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// RFC 3921 §3: session establishment, obsolete and still offered by ejabberd.
pub const SESSION: &str = "urn:ietf:params:xml:ns:xmpp-session";
/// RFC 6121 §2: roster.
pub const ROSTER: &str = "jabber:iq:roster";
/// RFC 6121 §2.6: the stream feature that offers roster versions.
pub const ROSTER_VERSIONING: &str = "urn:xmpp:features:rosterver";
/// XEP-0012: last activity.
pub const LAST: &str = "jabber:iq:last";
/// XEP-0030: what an entity is and can do.
pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// XEP-0054: vCard, the profile of a user.
pub const VCARD: &str = "vcard-temp";
/// XEP-0191: blocking command.
pub const BLOCKING: &str = "urn:xmpp:blocking";
/// XEP-0198: stream management.
pub const STREAM_MANAGEMENT: &str = "urn:xmpp:sm:3";
/// XEP-0199: ping of a server or session.
pub const PING: &str = "urn:xmpp:ping";
/// XEP-0202: entity time.
pub const TIME: &str = "urn:xmpp:time";
/// XEP-0280: message carbons.
pub const CARBONS: &str = "urn:xmpp:carbons:2";
/// XEP-0297: stanza forwarding.
pub const FORWARD: &str = "urn:xmpp:forward:0";
/// XEP-0352: client state indication.
pub const CLIENT_STATE: &str = "urn:xmpp:csi:0";
/// XEP-0386: Bind 2.
pub const BIND2: &str = "urn:xmpp:bind:0";
/// XEP-0388: extensible SASL profile.
pub const SASL2: &str = "urn:xmpp:sasl:2";
/// XEP-0440: the channel bindings that a server supports.
pub const SASL_CHANNEL_BINDING: &str = "urn:xmpp:sasl-cb:0";
/// XEP-0478: limits of a stream.
pub const STREAM_LIMITS: &str = "urn:xmpp:stream-limits:0";
/// XML 1.0 namespaces §3: bound to the prefix `xml`.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Observed: user activities (block lists of others, settings, chat lists).
pub const USER_ACTIVITIES: &str = "jabber:iq:user_activities";
/// Observed: receipts and account notices inside messages.
pub const RECEIPTS: &str = "urn:xmpp:receipts";
