//! The three ways in which an authentication ends (XEP-0388 §2.6).

use super::{data_child, expect, only_child, text_child, write_data_child};
use crate::bind2::Bound;
use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::ns;
use crate::sasl;
use crate::xml::{Element, Writer};
use zeroize::Zeroizing;

/// The client is authenticated. Features follow, and no stream is opened anew.
#[derive(Clone, PartialEq, Eq)]
pub struct Success {
    /// What the mechanism has to say at the end; it may be empty.
    pub data: Option<Zeroizing<Vec<u8>>>,
    /// Who the client is now: a full address if a resource was bound, a bare one otherwise.
    pub identity: Jid,
    /// A resource was bound.
    pub bound: Option<Bound>,
}

impl Success {
    /// Whether the element is a `<success/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::SASL2, "success")
    }

    /// Reads a `<success/>`.
    ///
    /// # Errors
    /// When the element is another one, names no address or one that is none, does not hold base64,
    /// has a child twice, or says that a resource was bound and names an address without one.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        const NAME: &str = "success";
        const IDENTITY: &str = "authorization-identifier";
        expect(element, ns::SASL2, NAME)?;
        let invalid = DecodeError::InvalidValue { element: NAME, field: IDENTITY };
        let identity = only_child(element, NAME, IDENTITY)?
            .ok_or(DecodeError::MissingChild { element: NAME, child: IDENTITY })?;
        let identity = Jid::new(&identity.text()).map_err(|_| invalid.clone())?;
        let bound = element.children().find(|child| Bound::is(*child));
        if bound.is_some() && identity.resource().is_none() {
            return Err(invalid);
        }
        Ok(Self {
            data: data_child(element, NAME, "additional-data")?,
            identity,
            bound: bound.map(Bound::read).transpose()?,
        })
    }

    /// Writes the `<success/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("success", |w| {
            w.attr("xmlns", ns::SASL2);
            write_data_child(w, "additional-data", self.data.as_ref());
            w.text_element("authorization-identifier", self.identity.as_str());
            if let Some(bound) = self.bound {
                bound.write(w);
            }
        });
    }
}
debug_only!(Success { identity, bound });

/// The client is not authenticated; the conditions are those of RFC 6120 §6.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(pub sasl::Failure);

impl Failure {
    /// Whether the element is a `<failure/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::SASL2, "failure")
    }

    /// Reads a `<failure/>`. A condition that is missing or not understood is `not-authorized`.
    ///
    /// # Errors
    /// When the element is another one, or has two texts.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        expect(element, ns::SASL2, "failure")?;
        let condition = element
            .children()
            .filter(|child| child.ns() == ns::SASL)
            .find_map(|child| sasl::FailureCondition::from_name(child.name()));
        Ok(Self(sasl::Failure {
            condition: condition.unwrap_or(sasl::FailureCondition::NotAuthorized),
            text: text_child(element, "failure", "text")?,
        }))
    }

    /// Writes the `<failure/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("failure", |w| {
            w.attr("xmlns", ns::SASL2);
            w.element(self.0.condition.as_str(), |w| w.attr("xmlns", ns::SASL));
            if let Some(text) = &self.0.text {
                w.text_element("text", text);
            }
        });
    }
}

/// The password is right, and the server wants more: a second factor, or a new password. Nothing of
/// the kind is supported here; it is read so that the user can be told what the server wants.
#[derive(Clone, PartialEq, Eq)]
pub struct Continue {
    /// What the mechanism has to say at the end; it may be empty.
    pub data: Option<Zeroizing<Vec<u8>>>,
    /// The names of the tasks, one of which is to be done.
    pub tasks: Vec<String>,
    /// The server's explanation.
    pub text: Option<String>,
}

impl Continue {
    /// Whether the element is a `<continue/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::SASL2, "continue")
    }

    /// Reads a `<continue/>`.
    ///
    /// # Errors
    /// When the element is another one, names no task, does not hold base64, or has a child twice.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        const NAME: &str = "continue";
        expect(element, ns::SASL2, NAME)?;
        let tasks: Vec<String> = only_child(element, NAME, "tasks")?
            .into_iter()
            .flat_map(|tasks| tasks.children())
            .filter(|task| task.is(ns::SASL2, "task"))
            .map(|task| task.text().into_owned())
            .collect();
        if tasks.is_empty() {
            return Err(DecodeError::MissingChild { element: NAME, child: "task" });
        }
        Ok(Self {
            data: data_child(element, NAME, "additional-data")?,
            tasks,
            text: text_child(element, NAME, "text")?,
        })
    }

    /// Writes the `<continue/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("continue", |w| {
            w.attr("xmlns", ns::SASL2);
            write_data_child(w, "additional-data", self.data.as_ref());
            w.element("tasks", |w| {
                for task in &self.tasks {
                    w.text_element("task", task);
                }
            });
            if let Some(text) = &self.text {
                w.text_element("text", text);
            }
        });
    }
}
debug_only!(Continue { tasks, text });
