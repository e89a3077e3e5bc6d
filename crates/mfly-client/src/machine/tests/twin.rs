//! The second machine of a test, which runs over TCP: it gets the inputs of the machine over
//! WebSocket, and must give the same outputs.

use super::*;
use mfly_proto::framing::Open;
use mfly_proto::framing::tcp;
use mfly_proto::framing::websocket::Incoming;
use mfly_proto::xml::{Document, Limits};

/// A machine that gets the inputs of another one, over_tcp to the framing of TCP.
pub(super) struct Twin(Machine);

impl Twin {
    pub(super) fn new(config: Config) -> Self {
        Self(Machine::new(config, SeededRandom::new([7; 32])))
    }

    /// Handles an input and returns a summary of each output.
    pub(super) fn handle(&mut self, now: Instant, input: &Input) -> Vec<String> {
        self.0.handle(now, over_tcp(input));
        std::iter::from_fn(|| self.0.poll_output()).map(|output| summary(&output)).collect()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.0.poll_timeout()
    }
}

/// A summary of an output that does not depend on the framing.
pub(super) fn summary(output: &Output) -> String {
    match output {
        Output::Send(frame) => format!("send {}", in_websocket(frame.as_str())),
        Output::Reply(RequestId(id), result) => {
            let result = result.as_ref().map(|document| document.root().name());
            format!("reply {id} {result:?}")
        }
        Output::Notice(Notice::UnknownStanza(stanza)) => {
            format!("unknown {}", stanza.root().name())
        }
        Output::Notice(Notice::Message { stanza, carbon }) => {
            format!("message {carbon:?} {}", stanza.root().name())
        }
        Output::Notice(notice) => describe(notice),
        Output::Derive(ticket, derivation) => {
            format!("derive {ticket:?} {}", derivation.iterations())
        }
        other => format!("{other:?}"),
    }
}

/// Translates a frame of the client from TCP to WebSocket.
pub(super) fn in_websocket(text: &str) -> String {
    if text == tcp::FOOTER {
        return CLOSE.to_owned();
    }
    for host in ["host.test", "other.test", "bücher.test"] {
        let mut header = Vec::new();
        tcp::write_header(&Open::to_host(host), &mut header);
        if text.as_bytes() == header {
            return OPEN.replace("host.test", host);
        }
    }
    text.to_owned()
}

/// Translates a frame of the server from WebSocket to TCP.
pub(super) fn in_tcp(text: &str) -> Frame {
    let mut buffer = Vec::new();
    let parsed = Document::parse(text.to_owned(), &Limits::default());
    match parsed.as_ref().map(|document| Incoming::read(document.root())) {
        Ok(Ok(Incoming::Open(open))) => tcp::write_header(&Open { to: None, ..open }, &mut buffer),
        Ok(Ok(Incoming::Close { .. })) => return tcp::FOOTER.into(),
        _ => return Frame::from(text.to_owned()),
    }
    String::from_utf8(buffer).unwrap().into()
}

fn over_tcp(input: &Input) -> Input {
    match input {
        Input::Connected { confidential, bindings, .. } => Input::Connected {
            framing: Framing::Tcp,
            confidential: *confidential,
            bindings: bindings.clone(),
        },
        Input::Frame(frame) => Input::Frame(in_tcp(frame.as_str())),
        other => other.clone(),
    }
}
