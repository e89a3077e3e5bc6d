//! Logging in, and not being let in.

use crate::check::Check;
use crate::failure::{Failure, all_events, ensure, equal, within};
use crate::place::{Place, User, connect};
use mfly_client::ErrorKind;
use mfly_client::standard::{Account, Event};

pub(super) const CHECKS: &[Check] = &[
    Check::shared("a session is bound to the resource it asks for", |place| {
        Box::pin(bound(place))
    }),
    Check::shared("a login one step at a time leads to the same", |place| {
        Box::pin(step_by_step(place))
    }),
    Check::shared("a wrong password is refused, once and for all", |place| {
        Box::pin(wrong_password(place))
    }),
    Check::shared("an unknown user is refused, once and for all", |place| {
        Box::pin(unknown_user(place))
    }),
];

async fn bound(place: &Place<'_>) -> Result<(), Failure> {
    let user = place.user("alice").await?;
    bound_with(&user, &place.account(&user)?.pipelined(true)).await
}

async fn step_by_step(place: &Place<'_>) -> Result<(), Failure> {
    let user = place.user("alice").await?;
    bound_with(&user, &place.account(&user)?.pipelined(false)).await
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

async fn wrong_password(place: &Place<'_>) -> Result<(), Failure> {
    let user = place.user("alice").await?;
    refused(&place.account_with(&user, "a guess")?).await
}

async fn unknown_user(place: &Place<'_>) -> Result<(), Failure> {
    let nobody = place.nobody("nobody")?;
    refused(&place.account(&nobody)?).await
}

/// Connecting fails with the credentials, at the first of several attempts that would be allowed.
async fn refused(account: &Account) -> Result<(), Failure> {
    let connecting = account.clone().attempts(3).connect();
    let mut events = connecting.events();
    let outcome = within("an answer", async { Ok::<_, Failure>(connecting.await) }).await?;
    let Err(error) = outcome else {
        return Err(Failure::new("the server let the session in"));
    };
    ensure(
        matches!(error.kind(), ErrorKind::InvalidCredentials { .. }),
        || format!("not refused credentials but {error:?}"),
    )?;
    let events = all_events(&mut events).await?;
    ensure(
        !events
            .iter()
            .any(|event| matches!(event, Event::Reconnecting { .. })),
        || format!("it was tried again: {events:?}"),
    )
}
