//! The result of one step.

use crate::exit::Code;
use serde_json::{Value, json};
use std::time::Duration;

/// The steps of an examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The domain's SRV records.
    Srv,
    /// The look-up of the host's name.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The proxy's part of the connection.
    Proxy,
    /// The STARTTLS negotiation.
    StartTls,
    /// The TLS handshake.
    Tls,
    /// The server's certificate.
    Certificate,
    /// The WebSocket handshake.
    WebSocket,
    /// The server's clock.
    Clock,
    /// The opening of the stream and the offered features.
    Features,
    /// The mechanisms for logging in.
    Mechanisms,
    /// A second connection, which may resume the first one's TLS session.
    Resumption,
    /// A REST request.
    Http,
    /// A login with a standard account.
    Login,
}

impl Step {
    /// The name of the step, at most 12 characters.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Srv => "srv",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::WebSocket => "websocket",
            Self::Clock => "clock",
            Self::Features => "features",
            Self::Mechanisms => "mechanisms",
            Self::Resumption => "resumption",
            Self::Http => "http",
            Self::Login => "login",
        }
    }
}

/// The outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    /// The step works, but the user should know about something.
    Warning,
    Failed(Code),
    /// The step could not be tried, or makes no sense here.
    Skipped,
}

impl Status {
    /// The word for programs.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed(_) => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The cause of a failure and its remedy.
pub(super) struct Diagnosis {
    pub(super) code: Code,
    pub(super) what: String,
    pub(super) remedy: String,
}

/// The result of one step.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) step: Step,
    pub(super) status: Status,
    /// The result in one line.
    pub(super) what: String,
    /// Further lines for people.
    pub(super) details: Vec<String>,
    /// What the user can do.
    pub(super) remedy: Option<String>,
    /// The result for programs.
    pub(super) result: Value,
    pub(super) took: Option<Duration>,
}

impl Finding {
    /// A step that worked.
    pub(super) fn ok(step: Step, what: impl Into<String>, result: Value) -> Self {
        Self {
            step,
            status: Status::Ok,
            what: what.into(),
            details: Vec::new(),
            remedy: None,
            result,
            took: None,
        }
    }

    /// A step that failed, with its diagnosis.
    pub(super) fn diagnosed(step: Step, diagnosis: Diagnosis) -> Self {
        Self::failed(step, diagnosis.code, diagnosis.what, diagnosis.remedy)
    }

    /// A step that did not work.
    pub(super) fn failed(
        step: Step,
        code: Code,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Failed(code),
            remedy: Some(remedy.into()),
            ..Self::ok(step, what, json!(null))
        }
    }

    /// A step that was not tried.
    pub(super) fn skipped(step: Step, why: impl Into<String>) -> Self {
        Self { status: Status::Skipped, ..Self::ok(step, why, json!(null)) }
    }

    /// Turns the result into a warning.
    pub(super) fn warn(mut self, remedy: impl Into<String>) -> Self {
        self.status = Status::Warning;
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds the duration of the step.
    pub(super) fn took(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    /// Adds further lines.
    pub(super) fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        self
    }
}
