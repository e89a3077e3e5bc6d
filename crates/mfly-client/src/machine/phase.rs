//! The phases of a session and the transitions between them.
//!
//! ```text
//!        Connected            features            success             features            bound
//! Offline ────────► Opening ─────────► Authenticating ───► Opening ──────────► Binding ─────────► Online
//!    ▲                 │                     │                │                   │                 │ Close
//!    │                 ▼                     ▼                ▼                   ▼                 ▼
//!    └── Waiting ◄──── lost: reconnect.rs decides ◄─────────────────────────────────────────────  Closing
//!        or Ended
//! ```
//!
//! A phase owns the state that ends with it; state that outlives a connection is in the machine.
//! The stream is opened again after SASL, over either framing. With pipelining, `Authenticating`
//! waits for the password before the first `Opening`, and the stream header and the first SASL
//! element are sent together. With SASL2 and Bind2, `Authenticating` leads to `Online`. STARTTLS is
//! no phase: the transport negotiates it before the machine gets the connection.

use super::authenticating::Authenticating;
use super::binding::Binding;
use super::channel::Channel;
use super::closing::Closing;
use super::config::Config;
use super::io::{Notice, Output};
use super::keepalive::Keepalive;
use super::login_memory::LoginMemory;
use super::offline::Offline;
use super::online::Online;
use super::opening::Opening;
use super::reason::{DisconnectReason, Stage};
use super::reconnect::Reconnect;
use super::requests::Requests;
use super::seeded_random::SeededRandom;
use super::timers::Timers;
use super::waiting_requests::WaitingRequests;
use mfly_proto::framing::{Frame, Received};
use mfly_proto::stream::StreamError;
use mfly_proto::xml::{Document, Writer};
use std::collections::VecDeque;
use std::time::Instant;

/// The current phase of a session.
#[derive(Debug)]
pub(super) enum Phase {
    Offline(Offline),
    Opening(Opening),
    Authenticating(Authenticating),
    Binding(Binding),
    Online(Online),
    Closing(Closing),
}

/// The parts of the machine that a phase uses.
pub(super) struct PhaseContext<'a> {
    pub(super) now: Instant,
    pub(super) config: &'a Config,
    pub(super) channel: &'a mut Channel,
    pub(super) login: &'a mut LoginMemory,
    pub(super) requests: &'a mut Requests,
    pub(super) waiting: &'a mut WaitingRequests,
    pub(super) reconnect: &'a mut Reconnect,
    pub(super) keepalive: Keepalive,
    pub(super) timers: &'a mut Timers,
    pub(super) random: &'a mut SeededRandom,
    pub(super) out: &'a mut VecDeque<Output>,
}

impl PhaseContext<'_> {
    /// Sends a frame whose text is in `buffer`.
    pub(super) fn send(&mut self, buffer: Vec<u8>) {
        self.send_frame(Frame::written(buffer));
    }

    pub(super) fn send_frame(&mut self, frame: Frame) {
        self.out.push_back(Output::Send(frame));
    }

    /// Writes and sends one element.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut Writer<'_>)) {
        let mut buffer = Vec::new();
        write(&mut Writer::new(&mut buffer));
        self.send(buffer);
    }

    /// Writes and sends one element of the authentication, and remembers its secrets.
    pub(super) fn write_secret(&mut self, write: impl FnOnce(&mut Writer<'_>)) {
        let mut buffer = Vec::new();
        write(&mut Writer::new(&mut buffer));
        self.login.secrets().add_element(&buffer);
        self.send(buffer);
    }

    /// Opens the stream, or opens it again after authentication.
    pub(super) fn open_stream(&mut self) {
        let header = self.channel.open(self.config.account.domain());
        self.send(header);
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.out.push_back(Output::Notice(notice));
    }
}

impl Phase {
    /// Handles what was read from a frame. An error ends the connection.
    pub(super) fn on_received(
        self,
        received: Received,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Self, DisconnectReason> {
        match (self, received) {
            (phase, Received::WhiteSpace) => Ok(phase),
            (_, Received::Close { see_other_uri }) => Err(match see_other_uri {
                Some(to) => DisconnectReason::Moved { to },
                None => DisconnectReason::ClosedByServer,
            }),
            (Self::Opening(opening), Received::Open(open)) => opening.on_open(&open, cx.config),
            (_, Received::Open(_)) => {
                Err(DisconnectReason::ProtocolViolation("it opened the stream twice"))
            }
            (phase, Received::Element(document)) => phase.on_document(document, cx),
            (Self::Online(online), Received::Skipped(skipped)) => {
                Ok(online.on_skipped(&skipped, cx))
            }
            (Self::Closing(closing), Received::Skipped(skipped)) => {
                Ok(closing.on_skipped(&skipped, cx))
            }
            (Self::Binding(binding), Received::Skipped(skipped)) => binding.on_skipped(skipped, cx),
            // Each step of logging in waits for one element and cannot continue without it.
            (_, Received::Skipped(skipped)) => {
                Err(DisconnectReason::LimitExceeded(Box::new(skipped)))
            }
        }
    }

    fn on_document(
        self,
        document: Document,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Self, DisconnectReason> {
        let root = document.root();
        if StreamError::is(root) {
            return Err(DisconnectReason::StreamError(StreamError::read(root)));
        }
        match self {
            Self::Opening(opening) => opening.on_element(root, cx),
            Self::Authenticating(auth) => auth.on_element(root, cx),
            Self::Binding(binding) => binding.on_document(document, cx),
            Self::Online(online) => Ok(online.on_document(&document, cx)),
            Self::Closing(closing) => Ok(closing.on_document(&document, cx)),
            phase @ Self::Offline(_) => Ok(phase),
        }
    }

    /// The step that took too long when the phase's deadline is reached.
    pub(super) const fn stage(&self) -> Stage {
        match self {
            Self::Offline(_) => Stage::Connect,
            Self::Opening(_) => Stage::Opening,
            Self::Authenticating(_) => Stage::Authenticating,
            Self::Binding(_) | Self::Online(_) | Self::Closing(_) => Stage::Binding,
        }
    }
}
