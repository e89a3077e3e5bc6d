//! The steps `features` and `mechanisms`: the offer of the server, and the use of a password.

use super::finding::{Finding, Step};
use crate::exit::Code;
use mfly_client::probe::StreamOffer;
use mfly_proto::sasl::{
    Binding, ChannelBindings, Choice, ChoiceContext, ChoiceError, MechanismPolicy, choose,
};
use mfly_proto::stream::Features;
use serde_json::json;

/// The properties of a connection that matter for an authentication.
pub(super) struct Channel {
    pub(super) is_encrypted: bool,
    /// Whether the connection stays on this machine.
    pub(super) is_local: bool,
    pub(super) bindings: ChannelBindings,
}

/// The result of opening a stream. `domain` is the one that the user named, if any.
pub(super) fn features(offer: &StreamOffer, domain: Option<&str>, channel: &Channel) -> Finding {
    let named = named(&offer.features);
    let list = match named.as_slice() {
        [] => "nothing".to_owned(),
        named => named.join(", "),
    };
    let from = offer.from.as_deref();
    let what = match from {
        Some(from) => format!("{from} offers {list}"),
        None => format!("the server offers {list}"),
    };
    let limits = offer.features.limits;
    let result = json!({
        "from": from,
        "features": named,
        "limits": limits.map(|limits| json!({
            "maxBytes": limits.max_bytes,
            "idleSeconds": limits.idle_seconds,
        })),
    });
    let mut finding = Finding::ok(Step::Features, what, result);
    if let Some(limits) = limits {
        let bytes = limits.max_bytes.map(|most| format!("elements of up to {most} bytes"));
        let idle = limits.idle_seconds.map(|most| format!("silence of up to {most} s"));
        let both: Vec<_> = [bytes, idle].into_iter().flatten().collect();
        if !both.is_empty() {
            finding = finding.details([format!("limits: {}", both.join(", "))]);
        }
    }
    let other = domain.filter(|domain| from.is_some_and(|from| !from.eq_ignore_ascii_case(domain)));
    match other {
        Some(domain) => finding.warn(format!(
            "the server answers for another domain than {domain}: check --domain or the address"
        )),
        None if !channel.is_encrypted && !channel.is_local => finding.warn(
            "nothing is encrypted: everyone on the way can read it; use wss://, xmpps:// or \
             xmpp://",
        ),
        None => finding,
    }
}

fn named(features: &Features) -> Vec<&'static str> {
    let sasl2 = features.sasl2.as_ref();
    let flags = [
        (features.start_tls.is_some(), "STARTTLS"),
        (!features.mechanisms.is_empty(), "SASL"),
        (sasl2.is_some(), "SASL2"),
        (sasl2.is_some_and(|offer| offer.bind2), "Bind 2"),
        (features.bind, "resource binding"),
        (
            features.stream_management || sasl2.is_some_and(|offer| offer.stream_management),
            "stream management",
        ),
        (features.roster_versioning, "roster versioning"),
        (features.client_state, "client state"),
    ];
    let offered = flags.into_iter().filter(|(is_offered, _)| *is_offered);
    offered.map(|(_, name)| name).collect()
}

/// The mechanisms that the server offers.
pub(super) fn mechanisms(features: &Features, channel: &Channel) -> Finding {
    let sasl2 = features.sasl2.as_ref().map(|offer| offer.mechanisms.as_slice());
    let offered = match features.mechanisms.as_slice() {
        [] => sasl2.unwrap_or_default(),
        mechanisms => mechanisms,
    };
    let announced = &features.sasl_channel_bindings;
    let chosen = choose(
        &MechanismPolicy::password(),
        &ChoiceContext {
            offered,
            offered_bindings: announced,
            bindings: &channel.bindings,
            is_confidential: channel.is_encrypted || channel.is_local,
        },
    );
    let result = json!({
        "mechanisms": offered,
        "sasl2": sasl2,
        "channelBindings": announced,
        "forPasswords": chosen.as_ref().ok().map(|choice| choice.kind().name()),
    });
    let what = match offered {
        [] => "none".to_owned(),
        offered => offered.join(", "),
    };
    let mut details = Vec::new();
    if let Some(list) = sasl2.filter(|list| *list != offered) {
        details.push(format!("by SASL2: {}", list.join(", ")));
    }
    if !announced.is_empty() {
        details.push(format!("channel bindings: {}", announced.join(", ")));
    }
    if let Ok(choice) = &chosen {
        details.push(format!("a password would be used by {}", shown(choice)));
    }
    let finding = match &chosen {
        Ok(choice) => judged(Finding::ok(Step::Mechanisms, what, result), choice, offered, channel),
        Err(error) => refused(what, error, offered),
    };
    finding.details(details)
}

fn shown(choice: &Choice) -> String {
    let name = choice.kind().name();
    match choice {
        Choice::Scram { binding: Binding::Bound(kind, _), .. } => {
            format!("{name}, bound to TLS by {}", kind.as_str())
        }
        _ => name.to_owned(),
    }
}

/// Adds a warning to a mechanism that protects a password less than it could.
fn judged(finding: Finding, choice: &Choice, offered: &[String], channel: &Channel) -> Finding {
    match choice {
        Choice::Plain => finding.warn(
            "PLAIN is all there is, no SCRAM: right for MirrorFly accounts, whose passwords are \
             sealed and change; the password of a standard account would be told to the server",
        ),
        Choice::Scram { binding, .. } if channel.is_encrypted && !binding.is_bound() => {
            let is_plus = |name: &String| name.ends_with("-PLUS");
            let reason = match offered.iter().any(is_plus) {
                true => {
                    "-PLUS is offered with no channel binding that both sides have \
                     (tls-exporter, tls-server-end-point; XEP-0440)"
                }
                false => "no -PLUS is offered",
            };
            finding.warn(format!(
                "no channel binding, because {reason}: another holder of a certificate for the domain \
                 could intercept the login"
            ))
        }
        _ => finding,
    }
}

/// The finding when no mechanism can use a password.
fn refused(what: String, error: &ChoiceError, offered: &[String]) -> Finding {
    let others = ["EXTERNAL", "ANONYMOUS"];
    let has_others = offered.iter().any(|name| others.contains(&name.as_str()));
    let remedy = match error {
        ChoiceError::PlainOnClearText { .. } => {
            "PLAIN is never used in clear text: use wss://, xmpps:// or xmpp://"
        }
        ChoiceError::NoCommonBinding { .. } => {
            "the two sides have no channel binding in common: the server has to offer SCRAM without \
             -PLUS as well"
        }
        _ if has_others => "none of it is for passwords: log in by certificate, or anonymously",
        _ => "the server has to offer SCRAM-SHA-1, -256 or -512, or PLAIN",
    };
    Finding::failed(Step::Mechanisms, Code::Failed, what, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Status;

    fn channel(is_encrypted: bool, bindings: ChannelBindings) -> Channel {
        Channel { is_encrypted, is_local: false, bindings }
    }

    fn encrypted() -> Channel {
        let bindings = ChannelBindings {
            tls_exporter: Some(vec![1; 32]),
            tls_server_end_point: Some(vec![2; 32]),
        };
        channel(true, bindings)
    }

    fn offering(mechanisms: &[&str], bindings: &[&str]) -> Features {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Features {
            mechanisms: owned(mechanisms),
            sasl_channel_bindings: owned(bindings),
            ..Features::default()
        }
    }

    #[test]
    fn a_weak_mechanism_is_a_warning_with_the_reason() {
        let all = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN"];
        for (mechanisms, bindings, expected) in [
            (&all[..], &["tls-exporter"][..], None),
            (&all[1..], &[], Some("no -PLUS is offered")),
            (&all, &[], Some("XEP-0440")),
            (&all, &["tls-unique"], Some("XEP-0440")),
            (&all[2..], &[], Some("no SCRAM")),
        ] {
            let finding = super::mechanisms(&offering(mechanisms, bindings), &encrypted());
            let remedy = finding.remedy.unwrap_or_default();
            match expected {
                None => assert_eq!(finding.status, Status::Ok, "{remedy}"),
                Some(expected) => {
                    assert_eq!(finding.status, Status::Warning, "{mechanisms:?}");
                    assert!(remedy.contains(expected), "{remedy}");
                }
            }
        }
        let best = super::mechanisms(&offering(&all, &["tls-exporter"]), &encrypted());
        assert_eq!(best.result["forPasswords"], "SCRAM-SHA-256-PLUS");
        assert!(best.details[1].ends_with("bound to TLS by tls-exporter"), "{best:?}");
    }

    #[test]
    fn an_offer_without_a_usable_mechanism_is_a_failure() {
        let clear = channel(false, ChannelBindings::NONE);
        for (mechanisms, channel, expected) in [
            (&["PLAIN"][..], &clear, "clear text"),
            (&["GSSAPI"], &encrypted(), "has to offer"),
            (&["EXTERNAL"], &encrypted(), "by certificate"),
            (&["SCRAM-SHA-1-PLUS"], &encrypted(), "in common"),
            (&[], &encrypted(), "has to offer"),
        ] {
            let finding = super::mechanisms(&offering(mechanisms, &[]), channel);
            assert_eq!(finding.status, Status::Failed(Code::Failed), "{mechanisms:?}");
            let remedy = finding.remedy.unwrap_or_default();
            assert!(remedy.contains(expected), "{remedy}");
        }
    }

    #[test]
    fn clear_text_beyond_this_machine_and_another_domain_are_warnings() {
        let mut clear = channel(false, ChannelBindings::NONE);
        let offer = |from: &str| {
            let mut offer = StreamOffer::default();
            offer.from = Some(from.to_owned());
            offer
        };
        let status = |offer, domain, channel: &Channel| features(&offer, domain, channel).status;
        assert_eq!(status(offer("a.example"), None, &clear), Status::Warning);
        clear.is_local = true;
        assert_eq!(status(offer("a.example"), None, &clear), Status::Ok);
        assert_eq!(status(offer("A.example"), Some("a.example"), &clear), Status::Ok);
        assert_eq!(status(offer("b.example"), Some("a.example"), &clear), Status::Warning);
    }
}
