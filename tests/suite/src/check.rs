//! A check: a sentence about a server and this client, and how it is tried.

use crate::certificate::Certificate;
use crate::env::CheckEnv;
use crate::failure::Failure;
use crate::server::Capability;
use crate::transport::Transport;
use futures_util::future::BoxFuture;

/// A check as it is run.
pub type Body = for<'a> fn(&'a CheckEnv<'a>) -> BoxFuture<'a, Result<(), Failure>>;

/// One check of the suite.
#[derive(Clone, Copy)]
pub struct Check {
    /// What it shows, as a sentence.
    pub name: &'static str,
    /// What the server may lack for it.
    pub capability: Option<Capability>,
    /// Whether it has no meaning where nothing is encrypted.
    pub needs_tls: bool,
    /// Whether it has no meaning where no socket is opened.
    pub needs_socket: bool,
    /// What it needs for itself.
    pub instance: Instance,
    pub(crate) body: Body,
}

/// What a check needs for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    /// A server that others use at the same time.
    Shared,
    /// A server for itself, because it restarts it.
    Exclusive,
    /// A server that shows this certificate.
    WithCertificate(Certificate),
}

impl Check {
    /// Why it has no meaning over `transport`, if it has none.
    #[must_use]
    pub const fn does_not_apply(&self, transport: Transport) -> Option<&'static str> {
        if self.needs_tls && !transport.has_certificate() {
            Some("nothing is encrypted")
        } else if self.needs_socket && !transport.has_socket() {
            Some("no socket is opened")
        } else {
            None
        }
    }

    pub(crate) const fn shared(name: &'static str, body: Body) -> Self {
        Self {
            name,
            capability: None,
            needs_tls: false,
            needs_socket: false,
            instance: Instance::Shared,
            body,
        }
    }

    pub(crate) const fn exclusive(name: &'static str, body: Body) -> Self {
        Self { instance: Instance::Exclusive, ..Self::shared(name, body) }
    }

    pub(crate) const fn with_certificate(
        name: &'static str,
        certificate: Certificate,
        body: Body,
    ) -> Self {
        Self {
            instance: Instance::WithCertificate(certificate),
            needs_tls: true,
            ..Self::shared(name, body)
        }
    }

    pub(crate) const fn within_tls(self) -> Self {
        Self { needs_tls: true, ..self }
    }

    pub(crate) const fn over_sockets(self) -> Self {
        Self { needs_socket: true, ..self }
    }

    pub(crate) const fn requiring(self, capability: Capability) -> Self {
        Self { capability: Some(capability), ..self }
    }
}
