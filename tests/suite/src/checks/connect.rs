//! Logging in, and not being let in.

use crate::check::Check;
use crate::env::{CheckEnv, OnlineUser, User, connect};
use crate::failure::{Failure, all_events, ensure, equal, within};
use crate::server::Capability;
use mfly_client::standard::{Account, Event};
use mfly_client::{ErrorKind, MechanismKind};
use serde_json::Value;

pub(super) const CHECKS: &[Check] = &[
    Check::shared("a session is bound to the resource it asks for", |env| Box::pin(bound(env))),
    Check::shared("a login one step at a time leads to the same", |env| {
        Box::pin(step_by_step(env))
    }),
    Check::shared("the strongest mechanism that both sides know is used", |env| {
        Box::pin(strongest(env))
    }),
    Check::shared("what is known of a server makes no difference but in time", |env| {
        Box::pin(known_server(env))
    }),
    Check::shared("PLAIN is used where nothing else is allowed", |env| Box::pin(plain(env))),
    Check::shared("the authentication is bound to the TLS connection", |env| {
        Box::pin(bound_to_tls(env))
    })
    .within_tls()
    .requiring(Capability::ChannelBinding),
    Check::shared("one exchange logs in and binds, by SASL2", |env| Box::pin(sasl2(env)))
        .requiring(Capability::Sasl2),
    Check::shared("a password that is not ASCII works", |env| Box::pin(unusual_password(env))),
    Check::shared("a wrong password is refused, once and for all", |env| {
        Box::pin(wrong_password(env))
    }),
    Check::shared("an unknown user is refused, once and for all", |env| {
        Box::pin(unknown_user(env))
    }),
];

async fn bound(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    bound_with(&user, &env.account(&user)?.pipelined(true)).await
}

async fn step_by_step(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    bound_with(&user, &env.account(&user)?.pipelined(false)).await
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
    equal("what is known", &second.session.known_server(), &known)?;
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
    // Whoever binds like this is named by the server, after the client's tag (XEP-0386).
    let address = alice.session.jid();
    let resource = address.resource().unwrap_or_default();
    ensure(resource.starts_with("mfly") && !is_own(resource), || {
        format!("the resource {resource} is not the server's")
    })?;
    within("a ping", alice.session.ping(None)).await
}

/// Whether a resource was made up by the client.
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

/// What the server offers of what this client knows, in words.
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

async fn bound_with(user: &User, account: &Account) -> Result<(), Failure> {
    let alice = connect(user, &account.clone().resource("balcony")).await?;
    let expected = user.jid.with_resource("balcony")?;
    equal("the address", &alice.session.jid(), &expected)?;
    within("a ping", alice.session.ping(None)).await?;
    within("closing", async {
        alice.session.close().await;
        Ok::<_, Failure>(())
    })
    .await
}

async fn wrong_password(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let user = env.user("alice").await?;
    refused(&env.account_with(&user, "a guess")?).await
}

async fn unknown_user(env: &CheckEnv<'_>) -> Result<(), Failure> {
    let nobody = env.unregistered("nobody")?;
    refused(&env.account(&nobody)?).await
}

/// Connecting fails with the credentials, at the first of several attempts that would be allowed.
async fn refused(account: &Account) -> Result<(), Failure> {
    let connecting = account.clone().attempts(3).connect();
    let mut events = connecting.events();
    let outcome = within("an answer", async { Ok::<_, Failure>(connecting.await) }).await?;
    let Err(error) = outcome else {
        return Err(Failure::new("the server let the session in"));
    };
    ensure(matches!(error.kind(), ErrorKind::InvalidCredentials { .. }), || {
        format!("not refused credentials but {error:?}")
    })?;
    let events = all_events(&mut events).await?;
    ensure(!events.iter().any(|event| matches!(event, Event::Reconnecting { .. })), || {
        format!("it was tried again: {events:?}")
    })
}
