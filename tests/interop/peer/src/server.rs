//! Commands to the server: accounts, plan, faults, and the journal.

use crate::failure::{Failure, text};
use mfly_client::Feature;
use mfly_testserver::{Direction, Entry, TestServer, UserProfile};
use serde_json::{Value, json};

/// The settings that a page needs.
pub(crate) fn settings(server: &TestServer) -> Value {
    json!({
        "apiBaseUrl": server.api_base_url(),
        "websocketTls": server.websocket_url_tls(),
        "licenceKey": server.licence_key().expose(),
        "licenceUrl": server.licence_url(),
        "licenceScript": server.licence_script_url(),
        "signallingUrl": server.signalling_url(),
        "authorityHash": server.ca_public_key_hash(),
        "host": server.xmpp_host(),
    })
}

/// Performs one command.
pub(crate) fn perform(server: &TestServer, verb: &str, command: &Value) -> Result<Value, Failure> {
    let id = text(command, "user");
    let user = || server.user(id);
    match verb {
        "create" => user().create()?,
        "register" => {
            let credentials = user().register()?;
            return Ok(json!({
                "username": credentials.username.as_str(),
                "password": credentials.password.expose(),
            }));
        }
        "set_profile" => user().set_profile(UserProfile {
            nick_name: text(command, "nickName").to_owned(),
            email: text(command, "email").to_owned(),
            mobile_number: text(command, "mobileNumber").to_owned(),
            status: text(command, "status").to_owned(),
            ..UserProfile::default()
        })?,
        "profile" => {
            let profile = user().profile()?;
            return Ok(json!({
                "nickName": profile.nick_name, "email": profile.email, "status": profile.status,
                "mobileNumber": profile.mobile_number, "image": profile.image,
            }));
        }
        "make_contact" => user().make_contact(text(command, "other"))?,
        "admin_block" => user().admin_block(command["blocked"] == true)?,
        "delete" => user().delete()?,
        "expire_tokens" => user().expire_tokens()?,
        "has_blocked" => return Ok(Value::Bool(user().has_blocked(text(command, "other")))),
        "is_online" => return Ok(Value::Bool(user().is_online())),
        "sessions" => return Ok(json!(user().sessions().len())),
        "exists" => return Ok(Value::Bool(user().exists())),
        "plan" => set_plan(server, command)?,
        "session_limit" => {
            let limit = command["limit"].as_u64().unwrap_or(1);
            server.plan().session_limit(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        "cut" => return Ok(json!(server.fault().connections_of(id).cut())),
        "push" => {
            let frame = text(command, "frame");
            return Ok(json!(server.fault().connections_of(id).send(frame)));
        }
        "fail_request" => {
            server.fault().request(text(command, "path")).refuse(500, text(command, "message"))
        }
        "garble_request" => {
            server.fault().request(text(command, "path")).garbage(text(command, "body"))
        }
        "journal" => return Ok(journal(server)),
        "forget" => server.journal().clear(),
        _ => return Err(Failure::text("there is no such command to the server")),
    }
    Ok(Value::Null)
}

fn set_plan(server: &TestServer, command: &Value) -> Result<(), Failure> {
    let name = text(command, "feature");
    let feature = Feature::ALL
        .iter()
        .copied()
        .find(|feature| feature.wire_name() == name)
        .ok_or_else(|| Failure::text("there is no such feature"))?;
    if command["enabled"] == true {
        server.plan().enable(feature);
    } else {
        server.plan().disable(feature);
    }
    Ok(())
}

/// The requests and frames of clients, oldest first.
fn journal(server: &TestServer) -> Value {
    let entries = server.journal().entries();
    let sent = entries.iter().filter_map(|entry| match entry {
        Entry::Request(request) => Some(json!({
            "method": request.method, "path": request.path, "query": request.query, "body": request.body,
            "httpStatus": request.http_status, "status": request.status,
        })),
        Entry::Frame(frame) if frame.direction == Direction::Received => {
            Some(json!({"stream": frame.stream, "user": frame.user, "frame": frame.text}))
        }
        _ => None,
    });
    sent.collect()
}
