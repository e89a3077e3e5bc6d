//! Certificates that no client may accept.

use crate::certificate::Certificate;
use crate::check::checks;
use crate::env::CheckEnv;
use crate::failure::{Failure, equal};
use mfly_client::{CertificateProblem, ErrorKind};

checks! {
    "an expired certificate is refused, once and for all" =>
        refused(CertificateProblem::Expired), with_certificate(Certificate::Expired);
    "a certificate for another name is refused, once and for all" =>
        refused(CertificateProblem::WrongName), with_certificate(Certificate::OtherName);
    "a certificate of an authority that is not trusted is refused, once and for all" =>
        refused(CertificateProblem::Untrusted), with_certificate(Certificate::OtherAuthority);
}

async fn refused(env: &CheckEnv<'_>, expected: CertificateProblem) -> Result<(), Failure> {
    let account = env.account(&env.unregistered("alice")?)?;
    let error = super::connect::fails_for_good(&account).await?;
    equal("the error", error.kind(), &ErrorKind::Certificate(expected))
}
