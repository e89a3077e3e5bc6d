//! What one step found.

use crate::exit::Code;
use serde_json::{Value, json};
use std::time::Duration;

/// A step of an examination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The domain's SRV records.
    Srv,
    /// Name look-up.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The proxy's part.
    Proxy,
    /// Agreeing on TLS.
    StartTls,
    /// The TLS handshake.
    Tls,
    /// The server's certificate.
    Certificate,
    /// The WebSocket handshake.
    WebSocket,
    /// The server's clock.
    Clock,
    /// The opening of the stream.
    Features,
    /// Ways to authenticate.
    Mechanisms,
    /// A second connection.
    Resumption,
    /// A REST request.
    Http,
    /// Logging in.
    Login,
}

impl Step {
    /// Its name, at most 12 characters.
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

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Nothing to say against it.
    Ok,
    /// It works, and something about it should be known.
    Warning,
    /// It does not work.
    Failed(Code),
    /// It could not be tried, or makes no sense here.
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

/// What one step found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) step: Step,
    pub(super) status: Status,
    /// The one line.
    pub(super) what: String,
    /// More lines.
    pub(super) details: Vec<String>,
    /// What to do.
    pub(super) remedy: Option<String>,
    /// The same for programs.
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

    /// Makes it a warning.
    pub(super) fn warn(mut self, remedy: impl Into<String>) -> Self {
        self.status = Status::Warning;
        self.remedy = Some(remedy.into());
        self
    }

    /// How long the step took.
    pub(super) fn took(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    /// More lines.
    pub(super) fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        self
    }
}

/// A failure: its exit code, what happened, and what to do about it.
pub(super) struct Diagnosis {
    pub(super) code: Code,
    pub(super) what: String,
    pub(super) remedy: String,
}
