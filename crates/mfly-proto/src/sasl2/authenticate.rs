//! The client's first message of SASL2.

use super::{Data, data_child, expect, only_child, text_child, write_data_child};
use crate::bind2::Bind;
use crate::decode::DecodeError;
use crate::ns;
use crate::xml::{Element, Writer};
use zeroize::Zeroizing;

/// Begins an authentication (XEP-0388 §2.3).
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// Name of the chosen mechanism.
    pub mechanism: String,
    /// The initial response, which may be empty.
    pub initial: Option<Zeroizing<Vec<u8>>>,
    /// The program and device that authenticate.
    pub user_agent: Option<UserAgent>,
    /// A request to bind a resource as well (XEP-0386).
    pub bind: Option<Bind>,
}

impl Authenticate {
    /// An authentication with the initial response `initial`, without other requests.
    #[must_use]
    pub fn new(mechanism: impl Into<String>, initial: Vec<u8>) -> Self {
        Self {
            mechanism: mechanism.into(),
            initial: Some(Zeroizing::new(initial)),
            user_agent: None,
            bind: None,
        }
    }

    /// Whether the element is an `<authenticate/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::SASL2, "authenticate")
    }

    /// Reads an `<authenticate/>`.
    ///
    /// # Errors
    /// When the element has another name or namespace, lacks its mechanism, holds data that are not
    /// base64, or has a child twice.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        const NAME: &str = "authenticate";
        expect(element, ns::SASL2, NAME)?;
        let mechanism = element
            .attr("mechanism")
            .filter(|mechanism| !mechanism.is_empty())
            .ok_or(DecodeError::MissingAttribute { element: NAME, attribute: "mechanism" })?;
        let user_agent = only_child(element, NAME, "user-agent")?;
        Ok(Self {
            mechanism: mechanism.into_owned(),
            initial: data_child(element, NAME, "initial-response")?,
            user_agent: user_agent.map(UserAgent::read).transpose()?,
            bind: element.children().find(|child| Bind::is(*child)).map(Bind::read).transpose()?,
        })
    }

    /// Writes the `<authenticate/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("authenticate", |w| {
            w.attr("mechanism", &self.mechanism);
            w.attr("xmlns", ns::SASL2);
            let initial: Option<&Data> = self.initial.as_ref();
            write_data_child(w, "initial-response", initial);
            if let Some(user_agent) = &self.user_agent {
                user_agent.write(w);
            }
            if let Some(bind) = &self.bind {
                bind.write(w);
            }
        });
    }
}
debug_only!(Authenticate { mechanism, bind });

/// The program that authenticates (XEP-0388 §2.3.1). Only the server sees it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// A UUID that stays the same for one installation and account: the server may end the previous
    /// session with this id, or derive resources from it. Only the server may know it.
    pub id: Option<String>,
    /// Name of the program.
    pub software: Option<String>,
    /// Name of the device, chosen by its owner.
    pub device: Option<String>,
}

impl UserAgent {
    fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        const NAME: &str = "user-agent";
        Ok(Self {
            id: element.attr("id").map(std::borrow::Cow::into_owned),
            software: text_child(element, NAME, "software")?,
            device: text_child(element, NAME, "device")?,
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element("user-agent", |w| {
            w.attr_opt("id", self.id.as_deref());
            for (name, value) in [("software", &self.software), ("device", &self.device)] {
                if let Some(value) = value {
                    w.text_element(name, value);
                }
            }
        });
    }
}

debug_only!(UserAgent { software });
