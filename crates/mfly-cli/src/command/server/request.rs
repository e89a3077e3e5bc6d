//! What each sub-command asks the control API for.

use super::client::{ControlRequest, members, millis, segment};
use super::faults;
use super::{
    ClockCommand, FaultsCommand, Profile, QrCommand, ServerCommand, SessionsCommand,
    StandardUsersCommand, StateCommand, UsersCommand,
};
use crate::exit::Failure;
use http::Method;
use serde_json::{Map, Value, json};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// The request of a sub-command; the journal has its own.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn of(command: ServerCommand) -> Result<ControlRequest, Failure> {
    let new = |method, path: &str| ControlRequest::new(method, path);
    Ok(match command {
        ServerCommand::Info | ServerCommand::Journal(_) => new(GET, "/info"),
        ServerCommand::Users { command } => {
            users(command.unwrap_or(UsersCommand::List { online: false }))
        }
        ServerCommand::StandardUsers { command } => {
            standard_users(command.unwrap_or(StandardUsersCommand::List))
        }
        ServerCommand::Sessions { command } => {
            sessions(command.unwrap_or(SessionsCommand::List { user: None }))
        }
        ServerCommand::Qr { command } => match command.unwrap_or(QrCommand::List) {
            QrCommand::List => new(GET, "/qr"),
            QrCommand::Approve { code, user } => {
                let path = format!("/qr/{}/approve", segment(&code));
                ControlRequest::with(POST, path, json!({ "user": user }))
            }
        },
        ServerCommand::Plan { features, session_limit, token_lifetime } => {
            plan(features, session_limit, token_lifetime)
        }
        ServerCommand::ExpireTokens { user: None } => new(POST, "/tokens/expire"),
        ServerCommand::ExpireTokens { user: Some(user) } => {
            new(POST, &format!("/users/{}/tokens/expire", segment(&user)))
        }
        ServerCommand::Fault(fault) => ControlRequest::with(POST, "/faults", faults::body(&fault)),
        ServerCommand::Faults { command } => match command.unwrap_or(FaultsCommand::List) {
            FaultsCommand::List => new(GET, "/faults"),
            FaultsCommand::Rm { fault } => new(DELETE, &format!("/faults/{fault}")),
            FaultsCommand::Clear => new(DELETE, "/faults"),
        },
        ServerCommand::Clock { command: None } => new(GET, "/clock"),
        ServerCommand::Clock { command: Some(command) } => match command {
            ClockCommand::Advance { by } => {
                let body = json!({ "byMs": millis(by) });
                ControlRequest::with(POST, "/clock/advance", body)
            }
            ClockCommand::Freeze => new(POST, "/clock/freeze"),
            ClockCommand::Resume => new(POST, "/clock/resume"),
        },
        ServerCommand::State { command } => state(&command)?,
        ServerCommand::Reset { empty } => {
            let to = if empty { "empty" } else { "seed" };
            ControlRequest::with(POST, "/reset", json!({ "to": to }))
        }
    })
}

fn users(command: UsersCommand) -> ControlRequest {
    let path = |user: &str| format!("/users/{}", segment(user));
    let admin_block = |user: &str, is_blocked: bool| {
        ControlRequest::with(PATCH, path(user), json!({ "adminBlocked": is_blocked }))
    };
    match command {
        UsersCommand::List { online: false } => ControlRequest::new(GET, "/users?limit=1000"),
        UsersCommand::List { online: true } => {
            ControlRequest::new(GET, "/users?limit=1000&online=true")
        }
        UsersCommand::Add { user, password, device, profile, blocks } => {
            let body = members([
                ("id", Some(json!(user))),
                ("password", password.map(|password| password.expose().into())),
                ("deviceId", device.map(Value::from)),
                ("profile", fields(profile)),
                ("blocks", (!blocks.is_empty()).then(|| json!(blocks))),
            ]);
            ControlRequest::with(POST, "/users", body)
        }
        UsersCommand::Show { user } => ControlRequest::new(GET, path(&user)),
        UsersCommand::Set { user, profile } => {
            let body = members([("profile", fields(profile))]);
            ControlRequest::with(PATCH, path(&user), body)
        }
        UsersCommand::Block { user } => admin_block(&user, true),
        UsersCommand::Unblock { user } => admin_block(&user, false),
        UsersCommand::Logout { user } => {
            ControlRequest::new(DELETE, format!("{}/registrations", path(&user)))
        }
        UsersCommand::Rm { user } => ControlRequest::new(DELETE, path(&user)),
    }
}

fn fields(profile: Profile) -> Option<Value> {
    let fields = members([
        ("nickName", profile.nick_name.map(Value::from)),
        ("email", profile.email.map(Value::from)),
        ("mobileNumber", profile.mobile_number.map(Value::from)),
        ("status", profile.status.map(Value::from)),
    ]);
    fields.as_object().is_some_and(|fields| !fields.is_empty()).then_some(fields)
}

fn standard_users(command: StandardUsersCommand) -> ControlRequest {
    match command {
        StandardUsersCommand::List => ControlRequest::new(GET, "/standard-users"),
        StandardUsersCommand::Add { name, password } => {
            let body = json!({ "name": name, "password": password.expose() });
            ControlRequest::with(POST, "/standard-users", body)
        }
        StandardUsersCommand::Rm { name } => {
            ControlRequest::new(DELETE, format!("/standard-users/{}", segment(&name)))
        }
    }
}

fn sessions(command: SessionsCommand) -> ControlRequest {
    match command {
        SessionsCommand::List { user: None } => ControlRequest::new(GET, "/sessions"),
        SessionsCommand::List { user: Some(user) } => {
            ControlRequest::new(GET, format!("/sessions?user={}", segment(&user)))
        }
        SessionsCommand::End { session, cut } => {
            let how = if cut { "cut" } else { "close" };
            ControlRequest::new(DELETE, format!("/sessions/{session}?how={how}"))
        }
    }
}

fn plan(
    features: Vec<(String, bool)>,
    session_limit: Option<u64>,
    token_lifetime: Option<Duration>,
) -> ControlRequest {
    let features: Map<_, _> =
        features.into_iter().map(|(name, is_on)| (name, Value::from(is_on))).collect();
    let changes = members([
        ("features", (!features.is_empty()).then(|| features.into())),
        ("sessionLimit", session_limit.map(Value::from)),
        ("tokenLifetimeMs", token_lifetime.map(|time| millis(time).into())),
    ]);
    match changes.as_object().is_some_and(Map::is_empty) {
        true => ControlRequest::new(GET, "/plan"),
        false => ControlRequest::with(PATCH, "/plan", changes),
    }
}

fn state(command: &StateCommand) -> Result<ControlRequest, Failure> {
    Ok(match command {
        StateCommand::Get { secrets, no_media } => {
            ControlRequest::new(GET, format!("/state?secrets={secrets}&media={}", !no_media))
        }
        StateCommand::Put { file } => ControlRequest::with(PUT, "/state", document(file)?),
        StateCommand::Save => ControlRequest::new(POST, "/state/save"),
    })
}

/// Reads a document from a file, or from the standard input.
fn document(file: &Path) -> Result<Value, Failure> {
    let name = file.display().to_string();
    let mut text = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_end(&mut text).map(|_| ())
    } else {
        std::fs::read(file).map(|bytes| text = bytes)
    };
    read.map_err(|error| Failure::file("read", &name, error))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::usage(
            format!("{name} holds no JSON: {error}"),
            "name a file that `mfly server state get` has written",
        )
    })
}
