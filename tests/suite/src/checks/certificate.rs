//! Certificates that no client may accept.

use crate::certificate::Certificate;
use crate::check::Check;
use crate::env::CheckEnv;
use crate::failure::{Failure, all_events, ensure, equal, within};
use mfly_client::standard::Event;
use mfly_client::{CertificateProblem, ErrorKind};

pub(super) const CHECKS: &[Check] = &[
    Check::with_certificate(
        "an expired certificate is refused, once and for all",
        Certificate::Expired,
        |env| Box::pin(refused(env, CertificateProblem::Expired)),
    ),
    Check::with_certificate(
        "a certificate for another name is refused, once and for all",
        Certificate::OtherName,
        |env| Box::pin(refused(env, CertificateProblem::WrongName)),
    ),
    Check::with_certificate(
        "a certificate of an authority that is not trusted is refused, once and for all",
        Certificate::OtherAuthority,
        |env| Box::pin(refused(env, CertificateProblem::Untrusted)),
    ),
];

async fn refused(env: &CheckEnv<'_>, expected: CertificateProblem) -> Result<(), Failure> {
    let user = env.unregistered("alice")?;
    let connecting = env.account(&user)?.attempts(3).connect();
    let mut events = connecting.events();
    let outcome = within("an answer", async { Ok::<_, Failure>(connecting.await) }).await?;
    let Err(error) = outcome else {
        return Err(Failure::new("the certificate was accepted"));
    };
    equal("what failed", error.kind(), &ErrorKind::Certificate(expected))?;
    let events = all_events(&mut events).await?;
    ensure(!events.iter().any(|event| matches!(event, Event::Reconnecting { .. })), || {
        format!("it was tried again: {events:?}")
    })
}
