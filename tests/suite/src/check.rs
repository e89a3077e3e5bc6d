//! A check: a sentence about a server and this client, and the function that tries it.

use crate::certificate::Certificate;
use crate::env::CheckEnv;
use crate::failure::Failure;
use crate::server::Capability;
use crate::transport::Transport;
use futures_util::future::BoxFuture;

/// The function of a check.
pub type Body = for<'a> fn(&'a CheckEnv<'a>) -> BoxFuture<'a, Result<(), Failure>>;

/// One check of the suite.
#[derive(Clone, Copy)]
pub struct Check {
    /// The sentence that holds when the check passes.
    pub name: &'static str,
    /// The capability without which a server cannot pass.
    pub capability: Option<Capability>,
    /// Whether the check has no meaning where nothing is encrypted.
    pub needs_tls: bool,
    /// Whether the check has no meaning where no socket is opened.
    pub needs_socket: bool,
    /// The instance of the server that the check uses.
    pub instance: Instance,
    pub(crate) body: Body,
}

/// The instance of the server that a check uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    /// The instance that other checks use at the same time.
    Shared,
    /// The shared instance, while no other check runs: the check restarts it.
    Exclusive,
    /// An instance with this certificate.
    WithCertificate(Certificate),
}

impl Check {
    pub(crate) const fn new(name: &'static str, body: Body) -> Self {
        let instance = Instance::Shared;
        Self { name, capability: None, needs_tls: false, needs_socket: false, instance, body }
    }

    /// Returns the reason why the check has no meaning over `transport`, if there is one.
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

    pub(crate) const fn exclusive(self) -> Self {
        Self { instance: Instance::Exclusive, ..self }
    }

    pub(crate) const fn with_certificate(self, certificate: Certificate) -> Self {
        Self { instance: Instance::WithCertificate(certificate), needs_tls: true, ..self }
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

/// Defines the `CHECKS` of a file: `"sentence" => function(arguments), modifiers;`.
macro_rules! checks {
    ($($name:literal => $body:ident($($argument:expr),*) $(, $modifier:ident($($value:expr)?))*;)+) => {
        pub(super) const CHECKS: &[crate::check::Check] = &[$(
            crate::check::Check::new($name, |env| Box::pin($body(env $(, $argument)*)))
                $(.$modifier($($value)?))*
        ),+];
    };
}
pub(crate) use checks;
