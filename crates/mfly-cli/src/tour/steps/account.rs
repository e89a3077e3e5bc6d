//! Registering, connecting, and the data of the own account.

use crate::command::features;
use crate::exit::Failure;
use crate::tour::cast::{Actor, Cast};
use crate::tour::recorder::{
    Recorder, Step, Trouble, done, ensure, logged_in, payload, shown, success, wait,
};
use mfly_client::{Account, Event, Events, Feature, Session, UserIdentifier};
use serde_json::json;

pub(super) async fn walk(cast: &mut Cast, recorder: &mut Recorder<'_>) -> Result<(), Failure> {
    let initialize = async {
        let app = cast.build_app().await?;
        let what = format!("the licence server names {}", app.api_base_url());
        Ok((app, shown(what, success())))
    };
    cast.app = recorder.step("initializeSDK", initialize).await?;

    cast.alice.account = recorder.step("register", register(cast, &cast.alice)).await?;
    cast.bob.account = recorder.step("register", register(cast, &cast.bob)).await?;

    let connected = recorder.step("connect", connect(cast, &cast.alice)).await?;
    cast.alice.session = listen(recorder, connected).await?;
    let connected = recorder.step("connect", connect(cast, &cast.bob)).await?;
    cast.bob.session = listen(recorder, connected).await?;

    let alice = &cast.alice;
    let current_user = async {
        let user = alice.jid()?;
        ensure(user.local() == Some(alice.name), "alice", &user)?;
        done(user.as_str(), json!({"userJid": user.as_str()}))
    };
    recorder.step("getCurrentUserJid", current_user).await?;
    let available_features = async {
        let features = alice.session()?.features();
        let count = features.iter().count();
        ensure(count == Feature::ALL.len(), "all features", count)?;
        done(format!("{count} of {} features", Feature::ALL.len()), features::official(features))
    };
    recorder.step("getAvailableFeatures", available_features).await?;
    let user_token = async {
        let token = alice.session()?.user_token().await?;
        // The token itself is a secret.
        let length = token.expose().len();
        done(format!("a token of {length} characters"), json!({"characters": length}))
    };
    recorder.step("getUserToken", user_token).await?;
    let set_user_token = async {
        let fresh = cast.app()?.user_token(alice.credentials()?).await?;
        let session = alice.session()?;
        session.set_user_token(fresh.clone());
        let used = session.user_token().await?;
        ensure(used == fresh, "the token that was set", "another one")?;
        done("another token is used from now on", success())
    };
    recorder.step("setUserToken", set_user_token).await?;
    let metadata = async {
        let metadata = alice.session()?.metadata().await?;
        ensure(metadata.value("team") == Some(&"blue".into()), "team=blue", &metadata)?;
        done("the metadata of the registration: team=blue", json!(metadata))
    };
    recorder.step("getMetaData", metadata).await?;
    Ok(())
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
    let connected = cast.connect(actor).await?;
    Ok((connected, shown(format!("{} is online over TLS", actor.name), logged_in())))
}

/// Waits for the event of a connection, and returns the session.
async fn listen(
    recorder: &mut Recorder<'_>,
    connected: Option<(Session, Events)>,
) -> Result<Option<Session>, Failure> {
    let (session, events) = connected.unzip();
    let step = async {
        let mut events = events.ok_or(Trouble::Missing("the session"));
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
