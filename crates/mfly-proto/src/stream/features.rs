//! Stream features (RFC 6120 §4.3.2): the next steps that a server offers.
//!
//! ```xml
//! <stream:features xmlns:stream="http://etherx.jabber.org/streams">
//!   <starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls>
//!   <mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>SCRAM-SHA-1</mechanism></mechanisms>
//!   <sasl-channel-binding xmlns="urn:xmpp:sasl-cb:0"><channel-binding type="tls-exporter"/></sasl-channel-binding>
//!   <authentication xmlns="urn:xmpp:sasl:2"><mechanism>SCRAM-SHA-1</mechanism><inline>
//!     <bind xmlns="urn:xmpp:bind:0"><inline><feature var="urn:xmpp:carbons:2"/></inline></bind>
//!     <sm xmlns="urn:xmpp:sm:3"/></inline></authentication>
//!   <limits xmlns="urn:xmpp:stream-limits:0"><max-bytes>262144</max-bytes><idle-seconds>1800</idle-seconds></limits>
//!   …
//! </stream:features>
//! ```
//! Source: RFC 6120 §5, §6, §7; RFC 6121 §2.6; XEP-0198, XEP-0352, XEP-0386, XEP-0388, XEP-0440,
//! XEP-0478.

use crate::decode::DecodeError;
use crate::lenient::whole_signed;
use crate::ns;
use crate::xml::{Element, Writer};

/// The features that a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// STARTTLS, if offered.
    pub start_tls: Option<StartTlsOffer>,
    /// SASL mechanisms, in the server's order.
    pub mechanisms: Vec<String>,
    /// Registered names of the channel bindings that the server supports; empty also when it does
    /// not announce them.
    pub sasl_channel_bindings: Vec<String>,
    /// SASL2, if offered.
    pub sasl2: Option<Sasl2Offer>,
    /// Whether resource binding is offered.
    pub bind: bool,
    /// Whether session establishment is offered.
    pub session: bool,
    /// Whether session establishment may be skipped.
    pub session_optional: bool,
    /// Whether stream management, version 3, is offered.
    pub stream_management: bool,
    /// Whether rosters can be requested by version.
    pub roster_versioning: bool,
    /// Whether client state indication is offered.
    pub client_state: bool,
    /// Limits of the server for this stream, if announced.
    pub limits: Option<StreamLimits>,
}

/// The offer of STARTTLS (RFC 6120 §5.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StartTlsOffer {
    /// Whether TLS must be started before any other step.
    pub required: bool,
}

/// The offer of SASL2 (XEP-0388 §2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sasl2Offer {
    /// Mechanisms, in the server's order.
    pub mechanisms: Vec<String>,
    /// Whether a resource can be bound in the same step (XEP-0386).
    pub bind2: bool,
    /// Namespaces of the features that can be enabled with the binding, in the server's order
    /// (XEP-0386 §3.1).
    pub bind2_features: Vec<String>,
    /// Whether a stream can be resumed in the same step (XEP-0198 §9).
    pub stream_management: bool,
}

/// Limits of a server for a stream (XEP-0478).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamLimits {
    /// Maximum bytes of one top-level element.
    pub max_bytes: Option<u64>,
    /// Seconds without traffic after which the server ends the stream.
    pub idle_seconds: Option<u64>,
}

impl Features {
    /// Whether the element is a features element.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::STREAM, "features")
    }

    /// Reads the features; unknown ones are ignored.
    ///
    /// # Errors
    /// When the element has another name or namespace.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        if !Self::is(element) {
            return Err(DecodeError::UnexpectedElement { expected: "stream:features" });
        }
        let mut features = Self::default();
        for child in element.children() {
            match (child.ns(), child.name()) {
                (ns::TLS, "starttls") => {
                    features.start_tls = Some(StartTlsOffer {
                        required: child.child(ns::TLS, "required").is_some(),
                    });
                }
                (ns::SASL, "mechanisms") => features.mechanisms = mechanisms(child),
                (ns::SASL_CHANNEL_BINDING, "sasl-channel-binding") => {
                    features.sasl_channel_bindings = attributes(child, "channel-binding", "type");
                }
                (ns::SASL2, "authentication") => features.sasl2 = Some(Sasl2Offer::read(child)),
                (ns::BIND, "bind") => features.bind = true,
                (ns::SESSION, "session") => {
                    features.session = true;
                    features.session_optional = child.child_named("optional").is_some();
                }
                (ns::STREAM_MANAGEMENT, "sm") => features.stream_management = true,
                (ns::ROSTER_VERSIONING, "ver") => features.roster_versioning = true,
                (ns::CLIENT_STATE, "csi") => features.client_state = true,
                (ns::STREAM_LIMITS, "limits") => features.limits = Some(StreamLimits::read(child)),
                _ => {}
            }
        }
        Ok(features)
    }

    /// Writes the features with the declaration of their prefix, as WebSocket messages require.
    pub fn write(&self, buffer: &mut Vec<u8>) {
        Writer::new(buffer).element("stream:features", |w| {
            w.attr("xmlns:stream", ns::STREAM);
            if let Some(offer) = self.start_tls {
                w.element("starttls", |w| {
                    w.attr("xmlns", ns::TLS);
                    if offer.required {
                        w.element("required", |_| {});
                    }
                });
            }
            if !self.mechanisms.is_empty() {
                w.element("mechanisms", |w| {
                    w.attr("xmlns", ns::SASL);
                    write_mechanisms(&self.mechanisms, w);
                });
            }
            if !self.sasl_channel_bindings.is_empty() {
                w.element("sasl-channel-binding", |w| {
                    w.attr("xmlns", ns::SASL_CHANNEL_BINDING);
                    for binding in &self.sasl_channel_bindings {
                        w.element("channel-binding", |w| w.attr("type", binding));
                    }
                });
            }
            if let Some(offer) = &self.sasl2 {
                offer.write(w);
            }
            if self.bind {
                w.element("bind", |w| w.attr("xmlns", ns::BIND));
            }
            if self.session {
                w.element("session", |w| {
                    w.attr("xmlns", ns::SESSION);
                    if self.session_optional {
                        w.element("optional", |_| {});
                    }
                });
            }
            let flags = [
                (self.stream_management, "sm", ns::STREAM_MANAGEMENT),
                (self.roster_versioning, "ver", ns::ROSTER_VERSIONING),
                (self.client_state, "csi", ns::CLIENT_STATE),
            ];
            for (_, name, ns) in flags.into_iter().filter(|(offered, ..)| *offered) {
                w.element(name, |w| w.attr("xmlns", ns));
            }
            if let Some(limits) = self.limits {
                limits.write(w);
            }
        });
    }
}

impl Sasl2Offer {
    fn read(element: Element<'_>) -> Self {
        let inline = element.child(ns::SASL2, "inline");
        let inlined = |ns, name| inline.and_then(|inline| inline.child(ns, name));
        let bind2 = inlined(ns::BIND2, "bind");
        Self {
            mechanisms: mechanisms(element),
            bind2: bind2.is_some(),
            bind2_features: bind2
                .and_then(|bind| bind.child(ns::BIND2, "inline"))
                .map(|inline| attributes(inline, "feature", "var"))
                .unwrap_or_default(),
            stream_management: inlined(ns::STREAM_MANAGEMENT, "sm").is_some(),
        }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element("authentication", |w| {
            w.attr("xmlns", ns::SASL2);
            write_mechanisms(&self.mechanisms, w);
            if !self.bind2 && !self.stream_management {
                return;
            }
            w.element("inline", |w| {
                if self.bind2 {
                    w.element("bind", |w| {
                        w.attr("xmlns", ns::BIND2);
                        if !self.bind2_features.is_empty() {
                            w.element("inline", |w| {
                                for feature in &self.bind2_features {
                                    w.element("feature", |w| w.attr("var", feature));
                                }
                            });
                        }
                    });
                }
                if self.stream_management {
                    w.element("sm", |w| w.attr("xmlns", ns::STREAM_MANAGEMENT));
                }
            });
        });
    }
}

impl StreamLimits {
    fn read(element: Element<'_>) -> Self {
        let number = |name| {
            let child = element.child(ns::STREAM_LIMITS, name)?;
            u64::try_from(whole_signed(&child.text())?).ok()
        };
        Self { max_bytes: number("max-bytes"), idle_seconds: number("idle-seconds") }
    }

    fn write(self, writer: &mut Writer<'_>) {
        writer.element("limits", |w| {
            w.attr("xmlns", ns::STREAM_LIMITS);
            let limits = [("max-bytes", self.max_bytes), ("idle-seconds", self.idle_seconds)];
            for (name, limit) in limits {
                if let Some(limit) = limit {
                    w.text_element(name, &limit.to_string());
                }
            }
        });
    }
}

fn mechanisms(element: Element<'_>) -> Vec<String> {
    element
        .children()
        .filter(|mechanism| mechanism.name() == "mechanism")
        .map(|mechanism| mechanism.text().trim().to_owned())
        .collect()
}

fn write_mechanisms(mechanisms: &[String], writer: &mut Writer<'_>) {
    for mechanism in mechanisms {
        writer.text_element("mechanism", mechanism);
    }
}

/// The attribute of each child of this name that has it.
fn attributes(element: Element<'_>, child: &str, attribute: &str) -> Vec<String> {
    element
        .children()
        .filter(|found| found.name() == child)
        .filter_map(|found| found.attr(attribute).map(std::borrow::Cow::into_owned))
        .collect()
}
