//! `mfly server fault`: which requests or connections, and what goes wrong with them.

use super::client::{members, millis};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::time::Duration;

/// The fault that is added.
#[derive(Args, Debug)]
pub(super) struct FaultArgs {
    #[command(subcommand)]
    on: On,
}

/// What a fault applies to.
#[derive(Debug, Subcommand)]
enum On {
    /// The next requests to a path, such as /login.
    Request {
        /// The path without /api/v1; /websocket is the handshake of XMPP.
        path: String,
        /// The number of requests.
        #[arg(long, default_value_t = 1)]
        times: u32,
        /// Only requests of this user.
        #[arg(long)]
        user: Option<String>,
        #[command(subcommand)]
        fault: RequestFault,
    },
    /// The next XMPP connections.
    NextConnection {
        /// The number of connections.
        #[arg(long, default_value_t = 1)]
        times: u32,
        #[command(subcommand)]
        fault: NextConnectionFault,
    },
    /// The XMPP connections that a user has now.
    ConnectionsOf {
        /// The user whose connections fail.
        user: String,
        #[command(subcommand)]
        fault: ConnectionFault,
    },
    /// Close all signalling connections, which show QR codes.
    CutSignalling,
}

/// What goes wrong with a request.
#[derive(Debug, Subcommand)]
enum RequestFault {
    /// The usual response comes late.
    Delay {
        /// How late, such as 500ms.
        #[arg(value_parser = humantime::parse_duration)]
        by: Duration,
    },
    /// The response is this HTTP status.
    Status {
        /// The HTTP status of the response.
        status: u16,
    },
    /// The response is HTTP 200 with this status and message inside.
    Refuse {
        /// The status in the response.
        status: u16,
        /// The message in the response.
        message: String,
    },
    /// The response is HTTP 401, as if the token had expired.
    ExpiredToken,
    /// The response is HTTP 200 with this body.
    Garbage {
        /// The body of the response.
        body: String,
    },
    /// There is no response, and the connection stays open.
    Silence,
    /// The connection is closed without a response.
    Cut,
}

/// What goes wrong with a new connection.
#[derive(Debug, Subcommand)]
enum NextConnectionFault {
    /// It is served late.
    Delay {
        /// How late, such as 500ms.
        #[arg(value_parser = humantime::parse_duration)]
        by: Duration,
    },
    /// It is closed before anything is sent.
    Cut,
    /// It stays open without an answer.
    Silence,
    /// This text is sent, and the connection is closed.
    Garbage {
        /// The text that is sent.
        text: String,
    },
    /// STARTTLS is neither offered nor required.
    WithholdStartTls,
    /// STARTTLS is offered, and refused on request.
    RefuseStartTls,
    /// This text is sent unencrypted together with the agreement to STARTTLS.
    InjectAfterProceed {
        /// The text that is sent.
        text: String,
    },
    /// The client is sent to another host.
    SeeOtherHost {
        /// The host, with or without a port.
        host: String,
    },
    /// Only these SASL mechanisms are offered.
    Mechanisms {
        /// The mechanisms, the first one first.
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// The -PLUS mechanisms are not offered.
    StripChannelBinding,
    /// SCRAM requires this number of iterations.
    ScramIterations {
        /// The number of iterations.
        count: u32,
    },
    /// SCRAM succeeds with a wrong server signature.
    ForgeServerSignature,
}

/// What goes wrong with an open connection.
#[derive(Debug, Subcommand)]
enum ConnectionFault {
    /// It is closed without a closing frame.
    Cut,
    /// This text is sent as a frame.
    Send {
        /// The text that is sent.
        text: String,
    },
    /// The stream ends with this error.
    CloseWith {
        /// The condition, such as conflict or system-shutdown.
        condition: String,
    },
    /// Nothing more is read or sent.
    Silence,
}

/// The fault as the control API takes it.
pub(super) fn body(arguments: &FaultArgs) -> Value {
    match &arguments.on {
        On::Request { path, times, user, fault } => members([
            ("on", Some("request".into())),
            ("path", Some(json!(path))),
            ("times", Some(json!(times))),
            ("user", user.as_ref().map(|user| json!(user))),
            ("fault", Some(request(fault))),
        ]),
        On::NextConnection { times, fault } => {
            json!({ "on": "nextConnection", "times": times, "fault": next_connection(fault) })
        }
        On::ConnectionsOf { user, fault } => {
            json!({ "on": "connectionsOf", "user": user, "fault": connection(fault) })
        }
        On::CutSignalling => json!({ "on": "signalling", "fault": { "kind": "cut" } }),
    }
}

fn request(fault: &RequestFault) -> Value {
    match fault {
        RequestFault::Delay { by } => json!({ "kind": "delay", "ms": millis(*by) }),
        RequestFault::Status { status } => json!({ "kind": "status", "status": status }),
        RequestFault::Refuse { status, message } => {
            json!({ "kind": "refuse", "status": status, "message": message })
        }
        RequestFault::ExpiredToken => json!({ "kind": "expiredToken" }),
        RequestFault::Garbage { body } => json!({ "kind": "garbage", "body": body }),
        RequestFault::Silence => json!({ "kind": "silence" }),
        RequestFault::Cut => json!({ "kind": "cut" }),
    }
}

fn next_connection(fault: &NextConnectionFault) -> Value {
    use NextConnectionFault as Fault;
    match fault {
        Fault::Delay { by } => json!({ "kind": "delay", "ms": millis(*by) }),
        Fault::Cut => json!({ "kind": "cut" }),
        Fault::Silence => json!({ "kind": "silence" }),
        Fault::Garbage { text } => json!({ "kind": "garbage", "text": text }),
        Fault::WithholdStartTls => json!({ "kind": "withholdStartTls" }),
        Fault::RefuseStartTls => json!({ "kind": "refuseStartTls" }),
        Fault::InjectAfterProceed { text } => json!({ "kind": "injectAfterProceed", "text": text }),
        Fault::SeeOtherHost { host } => json!({ "kind": "seeOtherHost", "host": host }),
        Fault::Mechanisms { names } => json!({ "kind": "mechanisms", "names": names }),
        Fault::StripChannelBinding => json!({ "kind": "stripChannelBinding" }),
        Fault::ScramIterations { count } => json!({ "kind": "scramIterations", "count": count }),
        Fault::ForgeServerSignature => json!({ "kind": "forgeServerSignature" }),
    }
}

fn connection(fault: &ConnectionFault) -> Value {
    match fault {
        ConnectionFault::Cut => json!({ "kind": "cut" }),
        ConnectionFault::Send { text } => json!({ "kind": "send", "text": text }),
        ConnectionFault::CloseWith { condition } => {
            json!({ "kind": "closeWith", "condition": condition })
        }
        ConnectionFault::Silence => json!({ "kind": "silence" }),
    }
}
