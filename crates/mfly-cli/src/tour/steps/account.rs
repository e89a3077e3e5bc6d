//! Registering, connecting, and who one is.

use crate::command::features;
use crate::exit::Failure;
use crate::tour::cast::{Actor, Cast};
use crate::tour::recorder::{Recorder, Step, Trouble, done, ensure, payload, shown, success, wait};
use mfly_client::{Account, Event, Events, Feature, Session, UserIdentifier};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let app = recorder.step("initializeSDK", initialize(cast)).await?;
    cast.made_app(app);

    let alice = recorder.step("register", register(cast, &cast.alice)).await?;
    cast.alice.registered(alice);
    let bob = recorder.step("register", register(cast, &cast.bob)).await?;
    cast.bob.registered(bob);

    let connected = recorder.step("connect", connect(cast, &cast.alice)).await?;
    let heard = listen(recorder, connected).await?;
    cast.alice.connected(heard);
    let connected = recorder.step("connect", connect(cast, &cast.bob)).await?;
    let heard = listen(recorder, connected).await?;
    cast.bob.connected(heard);

    recorder.step("getCurrentUserJid", current_user(cast)).await?;
    recorder.step("getAvailableFeatures", available_features(cast)).await?;
    recorder.step("getUserToken", user_token(cast)).await?;
    recorder.step("setUserToken", set_user_token(cast)).await?;
    recorder.step("getMetaData", metadata(cast)).await?;
    Ok(())
}

async fn initialize(cast: &Cast) -> Step<mfly_client::App> {
    let app = cast.make_app().await?;
    let what = format!("the licence server names {}", app.api_base_url());
    Ok((app, shown(what, success())))
}

async fn register(cast: &Cast, actor: &Actor) -> Step<Account> {
    let identifier = UserIdentifier::new(actor.name)?;
    let account = cast.app()?.register(&identifier).metadata("team", "blue")?.await?;
    let jid = account.user_jid.clone().ok_or(Trouble::Missing("the user's address"))?;
    let result = json!({
        "username": account.credentials.user.as_str(),
        "userJid": jid.as_str(),
        "isProfileUpdated": u8::from(account.is_profile_updated),
        "isSandbox": account.is_trial,
    });
    Ok((account, shown(format!("{} is {jid}", actor.name), result)))
}

async fn connect(cast: &Cast, actor: &Actor) -> Step<(Session, Events)> {
    let (session, events) = cast.connect(actor).await?;
    let what = format!("{} is online over TLS", actor.name);
    Ok(((session, events), shown(what, json!({"statusCode": 200, "message": "Login Success"}))))
}

/// The listener's step of a connection; gives back the session.
async fn listen(
    recorder: &mut Recorder<'_>,
    connected: Option<(Session, Events)>,
) -> Result<Option<Session>, Failure> {
    let (session, events) = connected.unzip();
    let step = async {
        let mut events = events.ok_or(Trouble::Missing("the session"))?;
        let pick = |event: &Event| match event {
            Event::Connected { jid, .. } => Some(jid.bare()),
            _ => None,
        };
        let (user, event) = wait(&mut events, "connectionListener", pick).await?;
        done(format!("connected as {user}"), payload(&event, "connectionListener")?)
    };
    recorder.step("connectionListener", step).await?;
    Ok(session)
}

async fn current_user(cast: &Cast) -> Step {
    let user = cast.alice.session()?.current_user();
    ensure(user.local() == Some(cast.alice.name), "alice", &user)?;
    done(user.as_str(), json!({"userJid": user.as_str()}))
}

async fn available_features(cast: &Cast) -> Step {
    let features = cast.alice.session()?.features();
    let count = features.iter().count();
    ensure(count == Feature::ALL.len(), "all features", count)?;
    done(format!("{count} of {} features", Feature::ALL.len()), features::official(features))
}

async fn user_token(cast: &Cast) -> Step {
    let token = cast.alice.session()?.user_token().await?;
    // The token itself is a secret, and nobody asked for it.
    let length = token.expose().len();
    done(format!("a token of {length} characters"), json!({"characters": length}))
}

async fn set_user_token(cast: &Cast) -> Step {
    let fresh = cast.app()?.user_token(cast.alice.credentials()?).await?;
    let session = cast.alice.session()?;
    session.set_user_token(fresh.clone());
    let used = session.user_token().await?;
    ensure(used == fresh, "the token that was set", "another one")?;
    done("another token is used from now on", success())
}

async fn metadata(cast: &Cast) -> Step {
    let metadata = cast.alice.session()?.metadata().await?;
    ensure(metadata.value("team") == Some(&"blue".into()), "team=blue", &metadata)?;
    done("what was given at registration: team=blue", json!(metadata))
}
