//! The three outcomes of an authentication (XEP-0388 §2.6).

use super::{data_child, expect, only_child, text_child, write_data_child};
use crate::bind2::Bound;
use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::ns;
use crate::sasl;
use crate::xml::{Element, Writer};
use zeroize::Zeroizing;

/// The client is authenticated. Stream features follow, without a new stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Success {
    /// Final data of the mechanism, which may be empty.
    pub data: Option<Zeroizing<Vec<u8>>>,
    /// The address of the client: a full address if a resource was bound, otherwise a bare one.
    pub identity: Jid,
    /// Present if a resource was bound.
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
    /// When the element has another name or namespace, names no valid address, holds data that are
    /// not base64, has a child twice, or reports a bound resource with an address that has none.
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

/// The client is not authenticated. The conditions are those of RFC 6120 §6.5.
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
    /// When the element has another name or namespace, or two texts.
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

/// The password is right, but the server requires further tasks, such as a second factor or a new
/// password. No task is supported; they are read so that the user can be told their names.
#[derive(Clone, PartialEq, Eq)]
pub struct Continue {
    /// Final data of the mechanism, which may be empty.
    pub data: Option<Zeroizing<Vec<u8>>>,
    /// Names of the tasks, of which the client must do one.
    pub tasks: Vec<String>,
    /// The server's explanation, if any.
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
    /// When the element has another name or namespace, names no task, holds data that are not
    /// base64, or has a child twice.
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
