//! Logins that succeed and logins that are refused.

use crate::check::checks;
use crate::env::{CheckEnv, OnlineUser, connect};
use crate::failure::{Failure, ensure, equal, never_reconnects, within};
use crate::server::Capability;
use mfly_client::standard::Account;
use mfly_client::{Error, ErrorKind, MechanismKind};
use serde_json::Value;

checks! {
    "a session is bound to the resource it asks for" => bound(true);
    "a login one step at a time ends in the same state" => bound(false);
    "the strongest mechanism that both sides know is used" => strongest();
    "a remembered server only makes the login faster" => known_server();
    "PLAIN is used where nothing else is allowed" => plain();
    "the authentication is bound to the TLS connection" => bound_to_tls(),
        within_tls(), requiring(Capability::ChannelBinding);
    "one round trip logs in and binds, by SASL2" => sasl2(), requiring(Capability::Sasl2);
    "a password that is not ASCII works" => unusual_password();
    "a wrong password is refused, once and for all" => wrong_password();
    "an unknown user is refused, once and for all" => unknown_user();
}

async fn bound(env: &CheckEnv<'_>, pipelined: bool) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    let account = env.account(&user)?.pipelined(pipelined).resource("balcony");
    let alice = connect(&user, &account).await?;
    equal("the address", &alice.session.jid(), &user.jid.with_resource("balcony")?)?;
    within("a ping", alice.session.ping(None)).await?;
    alice.session.close().await;
    Ok(())
}

async fn strongest(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let mechanism = mechanism(&alice)?;
    env.note(&mechanism);
    env.note(offer(&alice)?);
    let strongest = env.server().strongest(env.transport());
    equal("the mechanism", &mechanism.as_str(), &strongest)
}

async fn known_server(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    let account = env.account(&user)?;
    let first = connect(&user, &account).await?;
    let known = first.session.known_server();
    first.session.close().await;
    let second = connect(&user, &account.known_server(known.clone())).await?;
    equal("the known server", &second.session.known_server(), &known)?;
    within("a ping", second.session.ping(None)).await
}

async fn plain(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    let account = env.account(&user)?.pin_mechanism(MechanismKind::Plain);
    let alice = connect(&user, &account).await?;
    equal("the mechanism", &mechanism(&alice)?.as_str(), &"PLAIN")
}

async fn bound_to_tls(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let strongest = env.server().strongest(env.transport());
    let name = format!("{}-PLUS", strongest.trim_end_matches("-PLUS"));
    let plus = MechanismKind::from_name(&name)
        .ok_or_else(|| Failure::new(format!("{name} is no mechanism")))?;
    let user = env.user("alice").await?;
    let alice = connect(&user, &env.account(&user)?.pin_mechanism(plus)).await?;
    equal("the mechanism", &mechanism(&alice)?, &name)
}

async fn sasl2(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let alice = env.online("alice").await?;
    let known = serde_json::to_value(alice.session.known_server())?;
    equal("an offer to bind along", &known["sasl2"]["bind2"], &true.into())?;
    // The server makes up the resource, after the client's tag (XEP-0386).
    let address = alice.session.jid();
    let resource = address.resource().unwrap_or_default();
    ensure(resource.starts_with("mfly") && !is_own(resource), || {
        format!("the resource {resource} is not the server's")
    })?;
    within("a ping", alice.session.ping(None)).await
}

/// Whether the client made up a resource.
fn is_own(resource: &str) -> bool {
    const UUID: usize = 36;
    resource.strip_prefix("mfly-").is_some_and(|rest| rest.len() == UUID)
}

async fn unusual_password(env: &CheckEnv<'_>) -> Result<(), Failure> {
    // The accent is composed here and not there, the sign for the ohm is prepared as the letter
    // (RFC 4013).
    let user = env.user_with("alice", "caf\u{e9} \u{3a9}").await?;
    let alice = connect(&user, &env.account_with(&user, "cafe\u{301} \u{2126}")?).await?;
    within("a ping", alice.session.ping(None)).await
}

/// The mechanisms and bindings that server and client share, in words.
fn offer(who: &OnlineUser) -> Result<String, Failure> {
    let known = serde_json::to_value(who.session.known_server())?;
    let list = |value: &Value| -> String {
        let names = value.as_array().into_iter().flatten();
        let names: Vec<&str> = names.filter_map(Value::as_str).collect();
        names.join(" ")
    };
    let mut offer = format!("of {}", list(&known["mechanisms"]));
    for (name, what) in
        [("channel bindings", &known["channel_bindings"]), ("SASL2", &known["sasl2"]["mechanisms"])]
    {
        if !list(what).is_empty() {
            offer = format!("{offer}; {name} {}", list(what));
        }
    }
    Ok(offer)
}

fn mechanism(who: &OnlineUser) -> Result<String, Failure> {
    let known = who.session.known_server();
    known
        .map(|known| known.mechanism().to_owned())
        .ok_or_else(|| Failure::new("the session knows nothing of its server"))
}

async fn wrong_password(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    credentials_refused(&env.account_with(&user, "a guess")?).await
}

async fn unknown_user(env: &CheckEnv<'_>) -> Result<(), Failure> {
    credentials_refused(&env.account(&env.unregistered("nobody")?)?).await
}

async fn credentials_refused(account: &Account) -> Result<(), Failure> {
    let error = fails_for_good(account).await?;
    ensure(matches!(error.kind(), ErrorKind::InvalidCredentials { .. }), || {
        format!("not refused credentials but {error:?}")
    })
}

/// Fails unless connecting fails at the first of several attempts that would be allowed.
pub(super) async fn fails_for_good(account: &Account) -> Result<Error, Failure> {
    let connecting = account.clone().attempts(3).connect();
    let mut events = connecting.events();
    let outcome = within("an answer", async { Ok::<_, Failure>(connecting.await) }).await?;
    let Err(error) = outcome else { return Err(Failure::new("the session was connected")) };
    never_reconnects(&mut events).await?;
    Ok(error)
}
