//! Certificates that no client may accept.

use crate::certificate::Certificate;
use crate::check::Check;
use crate::failure::{Failure, all_events, ensure, within};
use crate::place::Place;
use mfly_client::standard::Event;
use std::error::Error;

pub(super) const CHECKS: &[Check] = &[
    Check::showing(
        "an expired certificate is refused, once and for all",
        Certificate::Expired,
        |place| Box::pin(refused(place, "Expired")),
    ),
    Check::showing(
        "a certificate for another name is refused, once and for all",
        Certificate::OtherName,
        |place| Box::pin(refused(place, "NotValidForName")),
    ),
    Check::showing(
        "a certificate of an authority that is not trusted is refused, once and for all",
        Certificate::OtherAuthority,
        |place| Box::pin(refused(place, "UnknownIssuer")),
    ),
];

async fn refused(place: &Place<'_>, why: &str) -> Result<(), Failure> {
    let user = place.nobody("alice")?;
    let connecting = place.account(&user)?.attempts(3).connect();
    let mut events = connecting.events();
    let outcome = within("an answer", async { Ok::<_, Failure>(connecting.await) }).await?;
    let Err(error) = outcome else {
        return Err(Failure::new("the certificate was accepted"));
    };
    ensure(names(&error, why), || {
        format!("not refused as {why} but with {error:?}")
    })?;
    let events = all_events(&mut events).await?;
    ensure(
        !events
            .iter()
            .any(|event| matches!(event, Event::Reconnecting { .. })),
        || format!("it was tried again: {events:?}"),
    )
}

fn names(error: &mfly_client::Error, why: &str) -> bool {
    std::iter::successors(error.source(), |cause| (*cause).source())
        .any(|cause| format!("{cause:?}").contains(why))
}
