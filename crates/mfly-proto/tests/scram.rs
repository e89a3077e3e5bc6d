//! SCRAM: the client's half against the server's, what is tampered with, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Mechanism, Nonce, SaslError, Scram, ScramCredentials,
    ScramError, ScramHash, ScramKeys, ScramOffer, ScramParameters, ScramRefusal, ScramServer,
    ScramServerParameters,
};
use mfly_proto::secret::Password;
use proptest::prelude::*;

const SALT: &[u8] = b"0123456789abcdef";
const ITERATIONS: u32 = 5;

fn bindings() -> ChannelBindings {
    ChannelBindings { tls_exporter: Some(vec![7; 32]), tls_server_end_point: Some(vec![9; 32]) }
}

fn bound(kind: BindingKind) -> Binding {
    Binding::Bound(kind, bindings().get(kind).unwrap().to_vec())
}

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn parameters(hash: ScramHash, secret: &str) -> ScramParameters {
    ScramParameters::new(hash, "user", &password(secret), [1; 24]).iterations(1..=10)
}

fn client(hash: ScramHash, secret: &str, binding: Binding) -> Scram {
    Scram::new(parameters(hash, secret).binding(binding)).unwrap()
}

fn credentials(hash: ScramHash) -> ScramCredentials {
    ScramCredentials::derive(hash, &password("pencil"), SALT, ITERATIONS).unwrap()
}

fn begin(
    hash: ScramHash,
    plus: bool,
    offered: &ChannelBindings,
    client_first: &[u8],
) -> Result<ScramServer, ScramRefusal> {
    ScramServer::begin(
        ScramServerParameters { hash, plus, bindings: offered, nonce: [2; 24].into() },
        client_first,
    )
}

/// What one side said, changed on its way to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leg {
    ClientFirst,
    ServerFirst,
    ClientFinal,
    ServerFinal,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Both sides are content.
    Verified,
    Client(SaslError),
    Server(ScramRefusal),
}

/// One whole exchange, with somebody in between.
fn exchange(
    mut client: Scram,
    offered: &ChannelBindings,
    mut in_between: impl FnMut(Leg, Vec<u8>) -> Vec<u8>,
) -> End {
    let plus = client.name().ends_with("-PLUS");
    let hash = ScramHash::ALL
        .into_iter()
        .find(|hash| [hash.mechanism(), hash.mechanism_plus()].contains(&client.name()))
        .unwrap();
    let first = in_between(Leg::ClientFirst, client.initial());
    let outcome = (|| {
        let mut server = begin(hash, plus, offered, &first).map_err(End::Server)?;
        let challenge = server.challenge(&credentials(hash)).map_err(End::Server)?;
        let challenge = in_between(Leg::ServerFirst, challenge);
        let response = client.step(&challenge).map_err(End::Client)?;
        let response = in_between(Leg::ClientFinal, response);
        let last = server.finish(&response).map_err(End::Server)?;
        let last = in_between(Leg::ServerFinal, last);
        client.success(&last).map_err(End::Client)
    })();
    outcome.err().unwrap_or(End::Verified)
}

fn untouched(_: Leg, message: Vec<u8>) -> Vec<u8> {
    message
}

/// Replaces a part of one message.
fn replacing(
    leg: Leg,
    from: &'static str,
    to: &'static str,
) -> impl FnMut(Leg, Vec<u8>) -> Vec<u8> {
    move |found, message| {
        if found != leg {
            return message;
        }
        let text = String::from_utf8(message).unwrap();
        assert!(text.contains(from), "{text}");
        text.replacen(from, to, 1).into_bytes()
    }
}

fn malformed(reason: &'static str) -> End {
    End::Client(SaslError::Malformed { mechanism: "SCRAM-SHA-256", reason })
}

#[test]
fn both_halves_agree_for_every_hash_function_and_binding() {
    for hash in ScramHash::ALL {
        let none = ChannelBindings::NONE;
        let cases = [
            (Binding::None, none.clone()),
            (Binding::None, bindings()),
            (Binding::NotOffered, none),
            (bound(BindingKind::TlsExporter), bindings()),
            (bound(BindingKind::TlsServerEndPoint), bindings()),
        ];
        for (binding, offered) in cases {
            let case = format!("{hash} {binding:?}");
            let end = exchange(client(hash, "pencil", binding.clone()), &offered, untouched);
            assert_eq!(end, End::Verified, "{case}");
            let end = exchange(client(hash, "Pencil", binding), &offered, untouched);
            assert_eq!(end, End::Server(ScramRefusal::InvalidProof), "{case}");
        }
    }
}

#[test]
fn the_client_refuses_what_was_changed_in_the_servers_first_message() {
    let scram = |error: ScramError| End::Client(error.into());
    let out_of_order = "an attribute is out of order or doubled";
    // 24 bytes of ones, and of twos, in base64.
    let (ours, theirs) = ("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB", "AgICAgICAgICAgICAgICAgICAgICAgIC");
    let whole: &str = Box::leak(format!("{ours}{theirs}").into_boxed_str());
    let cases: Vec<(&str, &str, End)> = vec![
        (ours, "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEC", scram(ScramError::Nonce)),
        (theirs, "", scram(ScramError::Nonce)),
        (whole, theirs, scram(ScramError::Nonce)),
        ("s=MDEyMzQ1Njc4OWFiY2RlZg==", "s=", scram(ScramError::Salt { length: 0, limit: 256 })),
        ("s=MDEyMzQ1Njc4OWFiY2RlZg==", "s=?", malformed("the salt is not base64")),
        ("i=5", "i=0", malformed("the iteration count is not a number")),
        ("i=5", "i=-5", malformed("the iteration count is not a number")),
        ("i=5", "i=05", malformed("the iteration count is not a number")),
        ("i=5", "i=5 ", malformed("the iteration count is not a number")),
        ("i=5", "i=11", scram(ScramError::TooManyIterations { count: 11, maximum: 10 })),
        (
            "i=5",
            "i=99999999999999999999",
            scram(ScramError::TooManyIterations { count: u32::MAX, maximum: 10 }),
        ),
        ("r=", "m=x,r=", scram(ScramError::MandatoryExtension)),
        ("i=5", "i=5,m=x", scram(ScramError::MandatoryExtension)),
        ("i=5", "i=5,i=5", malformed(out_of_order)),
        ("i=5", "i=5,p=x", malformed(out_of_order)),
        ("i=5", "i=5,", malformed("an attribute is not of the form x=value")),
        ("i=5", "i=5,x", malformed("an attribute is not of the form x=value")),
        (",s=", ",i=5,s=", malformed("no salt where it should be")),
        ("i=5", "x=5", malformed("no iteration count where it should be")),
        ("r=", "s=", malformed("no nonce where it should be")),
        (ours, "AQ Q", malformed("the nonce holds a character that it must not")),
        ("i=5", "i=5,x=\0", malformed("holds a NUL")),
    ];
    for (from, to, expected) in cases {
        let client = client(ScramHash::Sha256, "pencil", Binding::None);
        let change = replacing(Leg::ServerFirst, from, to);
        assert_eq!(exchange(client, &ChannelBindings::NONE, change), expected, "{from} → {to}");
    }
}

#[test]
fn too_few_iterations_or_an_overlong_salt_or_message_are_refused_before_any_work() {
    let few = ScramParameters::new(ScramHash::Sha256, "user", &password("pencil"), [1; 24]);
    let mut few = Scram::new(few).unwrap();
    let nonce = String::from_utf8(few.initial()).unwrap().split_off("n,,n=user,r=".len());
    let refused = ScramError::TooFewIterations { count: 4095, minimum: 4096 };
    assert_eq!(few.step(format!("r={nonce}x,s=YQ==,i=4095").as_bytes()), Err(refused.into()));
    let cases = [
        (format!("r={nonce}x,s={},i=5", "YWFh".repeat(86)), "salt"),
        (format!("r={nonce}x,s=YQ==,i=5,x={}", "y".repeat(4096)), "4,096"),
    ];
    for (challenge, part) in cases {
        let mut client = client(ScramHash::Sha256, "pencil", Binding::None);
        client.initial();
        let error = client.step(challenge.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    // Whatever an extension says, a message of exactly the bound is read.
    let mut client = client(ScramHash::Sha256, "pencil", Binding::None);
    client.initial();
    let start = format!("r={nonce}x,s=YQ==,i=5,x=");
    let longest = format!("{start}{}", "y".repeat(4096 - start.len()));
    assert!(client.step(longest.as_bytes()).is_ok());
    assert!(client.step(&[0xff]).is_err());
}

#[test]
fn the_client_refuses_a_success_that_proves_nothing() {
    let scram = |error: ScramError| End::Client(error.into());
    let refused = |refusal| scram(ScramError::Refused(refusal));
    let cases: Vec<(&[u8], End)> = vec![
        (b"", scram(ScramError::NoServerSignature)),
        (b"v=", scram(ScramError::ServerSignature)),
        (b"v=AAAA", scram(ScramError::ServerSignature)),
        (b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", scram(ScramError::ServerSignature)),
        (b"v=?", malformed("the signature is not base64")),
        (b"e=invalid-proof", refused(ScramRefusal::InvalidProof)),
        (b"e=unknown-user,x=y", refused(ScramRefusal::UnknownUser)),
        (b"e=something-new", refused(ScramRefusal::Other)),
        (b"m=x", scram(ScramError::MandatoryExtension)),
        (b"v=AAAA,e=other-error", malformed("an attribute is out of order or doubled")),
        (b"r=abc", malformed("neither a signature nor an error")),
        (b"\xff", malformed("not UTF-8")),
    ];
    for (last, expected) in cases {
        let client = client(ScramHash::Sha256, "pencil", Binding::None);
        let change = |leg, message| match leg {
            Leg::ServerFinal => last.to_vec(),
            _ => message,
        };
        assert_eq!(exchange(client, &ChannelBindings::NONE, change), expected, "{last:?}");
    }
}

#[test]
fn every_refusal_of_a_server_is_told_apart() {
    assert_eq!(ScramRefusal::ALL.len(), 11);
    for &refusal in ScramRefusal::ALL {
        assert_eq!(ScramRefusal::from_name(refusal.as_str()), Some(refusal));
    }
}

#[test]
fn the_server_refuses_what_was_changed_in_the_clients_messages() {
    let plus = || client(ScramHash::Sha256, "pencil", bound(BindingKind::TlsExporter));
    let plain = || client(ScramHash::Sha256, "pencil", Binding::None);
    let not_offered = || client(ScramHash::Sha256, "pencil", Binding::NotOffered);
    let none = ChannelBindings::NONE;
    let exporter_only = ChannelBindings { tls_server_end_point: None, ..bindings() };
    let first = |from, to| replacing(Leg::ClientFirst, from, to);
    let last = |from, to| replacing(Leg::ClientFinal, from, to);
    let cases = [
        // The offer of -PLUS was removed on its way to the client.
        exchange(not_offered(), &bindings(), untouched),
        exchange(plain(), &bindings(), first("n,,", "y,,")),
        exchange(not_offered(), &bindings(), first("y,,", "n,,")),
        exchange(plain(), &none, first("n,,", "n,a=root,")),
        exchange(plus(), &bindings(), first("tls-exporter", "tls-server-end-point")),
        exchange(plus(), &exporter_only, first("tls-exporter", "tls-server-end-point")),
        exchange(plus(), &bindings(), first("tls-exporter", "tls-unique")),
        exchange(plus(), &none, untouched),
        exchange(plain(), &bindings(), first("n,,", "p=tls-exporter,,")),
        exchange(plus(), &bindings(), first("p=tls-exporter,,", "n,,")),
        exchange(plain(), &none, first("n=user", "n=root")),
        exchange(plain(), &none, first("n=user", "n=us=er")),
        exchange(plain(), &none, first("n=user", "n=")),
        exchange(plain(), &none, first("n=user", "m=x,n=user")),
        exchange(plain(), &none, first("n=user,", "")),
        exchange(plain(), &none, first("n,,", "x,,")),
        exchange(plain(), &none, first("n,,", "p=,,")),
        exchange(plain(), &none, first("n,,", "n,b=root,")),
        exchange(plain(), &none, last("c=biws", "c=eSws")),
        exchange(plain(), &none, last("c=biws", "c=?")),
        exchange(plain(), &none, last("r=AQEB", "r=AQEC")),
        exchange(plain(), &none, last(",p=", ",x=y,p=")),
        exchange(plain(), &none, last(",p=", ",m=y,p=")),
        exchange(plain(), &none, last(",p=", ",q=")),
        exchange(plain(), &none, last(",p=", ",p=AAAA,p=")),
        exchange(plain(), &none, last("c=", "x=")),
    ];
    use ScramRefusal as R;
    let expected = [
        R::ServerDoesSupportChannelBinding,
        R::ServerDoesSupportChannelBinding,
        R::ChannelBindingsDontMatch,
        R::ChannelBindingsDontMatch,
        R::ChannelBindingsDontMatch,
        R::UnsupportedChannelBindingType,
        R::UnsupportedChannelBindingType,
        R::ChannelBindingNotSupported,
        R::ChannelBindingNotSupported,
        R::Other,
        R::InvalidProof,
        R::InvalidUsernameEncoding,
        R::InvalidUsernameEncoding,
        R::ExtensionsNotSupported,
        R::Other,
        R::Other,
        R::Other,
        R::Other,
        R::ChannelBindingsDontMatch,
        R::InvalidEncoding,
        R::Other,
        R::InvalidProof,
        R::ExtensionsNotSupported,
        R::Other,
        R::Other,
        R::Other,
    ];
    assert_eq!(cases.len(), expected.len());
    for (index, (end, expected)) in cases.into_iter().zip(expected).enumerate() {
        assert_eq!(end, End::Server(expected), "case {index}");
    }
}

#[test]
fn a_proof_of_another_length_is_refused_though_it_begins_or_ends_well() {
    let none = ChannelBindings::NONE;
    let cases: [fn(&mut Vec<u8>); 3] =
        [|proof| proof.push(0), |proof| proof.truncate(31), Vec::clear];
    for change in cases {
        let end =
            exchange(client(ScramHash::Sha256, "pencil", Binding::None), &none, |leg, message| {
                if leg != Leg::ClientFinal {
                    return message;
                }
                let text = String::from_utf8(message).unwrap();
                let (start, proof) = text.split_once(",p=").unwrap();
                let mut proof = STANDARD.decode(proof).unwrap();
                change(&mut proof);
                format!("{start},p={}", STANDARD.encode(proof)).into_bytes()
            });
        assert_eq!(end, End::Server(ScramRefusal::InvalidProof));
    }
}

#[test]
fn another_tls_channel_is_noticed_whichever_binding_is_used() {
    for &kind in BindingKind::ALL {
        for data in [vec![0; 32], vec![7; 31], vec![9; 33]] {
            let client = client(ScramHash::Sha512, "pencil", Binding::Bound(kind, data));
            let end = exchange(client, &bindings(), untouched);
            assert_eq!(end, End::Server(ScramRefusal::ChannelBindingsDontMatch));
        }
    }
}

#[test]
fn a_changed_salt_or_count_makes_the_proof_wrong() {
    for (from, to) in [("s=MDEy", "s=MDEz"), ("i=5", "i=6")] {
        let client = client(ScramHash::Sha1, "pencil", Binding::None);
        let change = replacing(Leg::ServerFirst, from, to);
        let end = exchange(client, &ChannelBindings::NONE, change);
        assert_eq!(end, End::Server(ScramRefusal::InvalidProof), "{to}");
    }
}

#[test]
fn the_servers_last_message_may_also_come_as_a_challenge_of_its_own() {
    let hash = ScramHash::Sha256;
    let run = |end: &dyn Fn(&mut Scram, &[u8])| {
        let mut client = client(hash, "pencil", Binding::None);
        let mut server = begin(hash, false, &ChannelBindings::NONE, &client.initial()).unwrap();
        let challenge = server.challenge(&credentials(hash)).unwrap();
        let response = client.step(&challenge).unwrap();
        end(&mut client, &server.finish(&response).unwrap());
    };
    run(&|client, last| {
        assert_eq!(client.step(last), Ok(Vec::new()));
        assert_eq!(client.success(b""), Ok(()));
    });
    run(&|client, last| {
        assert_eq!(client.step(last), Ok(Vec::new()));
        assert!(client.success(last).is_err(), "the signature is told twice");
    });
    run(&|client, last| {
        assert_eq!(client.success(last), Ok(()));
        let unexpected = SaslError::UnexpectedChallenge { mechanism: "SCRAM-SHA-256" };
        assert_eq!(client.step(last), Err(unexpected));
    });
    run(&|client, last| {
        assert_eq!(client.step(b"v=AAAA"), Err(ScramError::ServerSignature.into()));
        // A wrong signature ends it: the right one does not mend it.
        assert_eq!(client.success(last), Err(ScramError::NoServerSignature.into()));
        assert!(client.keys().is_none());
    });
}

#[test]
fn success_before_the_exchange_is_over_is_refused() {
    let mut fresh = client(ScramHash::Sha1, "pencil", Binding::None);
    assert_eq!(fresh.success(b""), Err(ScramError::NoServerSignature.into()));
    let mut asked = client(ScramHash::Sha1, "pencil", Binding::None);
    asked.initial();
    assert_eq!(asked.success(b"v=AAAA"), Err(ScramError::NoServerSignature.into()));
    let mut early = client(ScramHash::Sha1, "pencil", Binding::None);
    assert!(matches!(early.step(b"r=x,s=YQ==,i=5"), Err(SaslError::UnexpectedChallenge { .. })));
}

#[test]
fn keys_of_an_earlier_login_are_used_only_for_the_same_salt_count_and_hash_function() {
    let hash = ScramHash::Sha256;
    let challenge_for = |credentials: &ScramCredentials, client: &mut Scram| {
        let mut server = begin(hash, false, &ChannelBindings::NONE, &client.initial()).unwrap();
        server.challenge(credentials).unwrap()
    };
    let mut first = client(hash, "pencil", Binding::None);
    assert!(first.keys().is_none());
    let challenge = challenge_for(&credentials(hash), &mut first);
    assert!(first.derivation(&challenge).unwrap().is_some());
    first.step(&challenge).unwrap();
    let keys = first.keys().unwrap();
    assert!(keys.fits(hash, SALT, ITERATIONS));
    assert!(!keys.fits(ScramHash::Sha1, SALT, ITERATIONS));

    // The second login knows the wrong password and succeeds: it derived nothing.
    let again = parameters(hash, "wrong").keys(Some(keys.clone()));
    let again = Scram::new(again).unwrap();
    assert_eq!(exchange(again, &ChannelBindings::NONE, untouched), End::Verified);

    for (salt, iterations) in [(&b"other salt"[..], ITERATIONS), (SALT, ITERATIONS + 1)] {
        let changed =
            ScramCredentials::derive(hash, &password("pencil"), salt, iterations).unwrap();
        let again = parameters(hash, "pencil").keys(Some(keys.clone()));
        let mut again = Scram::new(again).unwrap();
        let challenge = challenge_for(&changed, &mut again);
        let derivation = again.derivation(&challenge).unwrap().unwrap();
        assert_eq!(derivation.iterations(), iterations);
        again.step(&challenge).unwrap();
        assert!(again.keys().unwrap().fits(hash, salt, iterations));
    }
}

#[test]
fn keys_that_were_derived_elsewhere_give_the_same_answer() {
    let hash = ScramHash::Sha512;
    let mut elsewhere = client(hash, "pencil", Binding::None);
    let mut here = client(hash, "pencil", Binding::None);
    let first = here.initial();
    assert_eq!(elsewhere.initial(), first);
    let mut server = begin(hash, false, &ChannelBindings::NONE, &first).unwrap();
    let challenge = server.challenge(&credentials(hash)).unwrap();
    let keys = elsewhere.derivation(&challenge).unwrap().unwrap().run();
    elsewhere.use_keys(keys);
    assert!(elsewhere.derivation(&challenge).unwrap().is_none());
    assert_eq!(elsewhere.step(&challenge), here.step(&challenge));
    // A derivation is refused for what the step refuses, and leaves the exchange as it is.
    let mut other = client(hash, "pencil", Binding::None);
    assert!(other.derivation(&challenge).is_err());
    other.initial();
    assert!(other.derivation(b"r=x,s=YQ==,i=5").is_err());
    assert!(other.step(&challenge).is_ok());
}

#[test]
fn a_server_that_repeats_its_offer_exposes_a_list_that_was_shortened() {
    let hash = ScramHash::Sha256;
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let whole = names(&["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"]);
    let cases = [
        (whole.clone(), Ok(())),
        (names(&["SCRAM-SHA-256", "PLAIN"]), Err(ScramError::OfferChanged)),
    ];
    for (arrived, expected) in cases {
        let offer = ScramOffer::new(&arrived, &[]);
        let mut client = Scram::new(parameters(hash, "pencil").offer(Some(offer))).unwrap();
        let server = begin(hash, false, &ChannelBindings::NONE, &client.initial()).unwrap();
        let mut server = server.offer(ScramOffer::new(&whole, &[]));
        let challenge = server.challenge(&credentials(hash)).unwrap();
        let answer = client.step(&challenge);
        assert_eq!(answer.clone().map(|_| ()), expected.map_err(SaslError::from));
        if let Ok(answer) = answer {
            assert!(client.success(&server.finish(&answer).unwrap()).is_ok());
        }
    }
    // A hash twice, or one that is none, is not passed over.
    for extension in [",h=AAAA,h=AAAA", ",h=?"] {
        let mut client = client(hash, "pencil", Binding::None);
        let mut server = begin(hash, false, &ChannelBindings::NONE, &client.initial()).unwrap();
        let mut challenge = server.challenge(&credentials(hash)).unwrap();
        challenge.extend_from_slice(extension.as_bytes());
        assert!(client.step(&challenge).is_err(), "{extension}");
    }
}

#[test]
fn a_user_who_does_not_exist_looks_like_one_who_does() {
    for hash in ScramHash::ALL {
        let challenge = |name: &str, credentials: &ScramCredentials| {
            let parameters = ScramParameters::new(hash, name, &password("pencil"), [1; 24]);
            let mut client = Scram::new(parameters.iterations(1..=10)).unwrap();
            let mut server = begin(hash, false, &ChannelBindings::NONE, &client.initial()).unwrap();
            let challenge = server.challenge(credentials).unwrap();
            let response = client.step(&challenge).unwrap();
            (challenge, server.finish(&response))
        };
        let dummy = |name: &str| ScramCredentials::dummy(hash, name, b"server secret", ITERATIONS);
        let (of_user, verdict) = challenge("user", &credentials(hash));
        assert!(verdict.is_ok());
        let (of_nobody, verdict) = challenge("nobody", &dummy("nobody"));
        assert_eq!(verdict, Err(ScramRefusal::InvalidProof));
        assert_eq!(of_user.len(), of_nobody.len());
        assert_ne!(of_user, of_nobody);
        // The same salt at every try, another one for another name or another server.
        assert_eq!(of_nobody, challenge("nobody", &dummy("nobody")).0);
        assert_ne!(of_nobody, challenge("nobody", &dummy("somebody")).0);
        let elsewhere = ScramCredentials::dummy(hash, "nobody", b"other secret", ITERATIONS);
        assert_ne!(of_nobody, challenge("nobody", &elsewhere).0);
    }
    let conditions =
        [ScramRefusal::InvalidProof, ScramRefusal::UnknownUser].map(ScramRefusal::condition);
    assert_eq!(conditions[0], conditions[1]);
}

#[test]
fn the_server_answers_each_message_once_and_keeps_to_its_hash_function() {
    let hash = ScramHash::Sha256;
    let mut client = client(hash, "pencil", Binding::None);
    let mut server = begin(hash, false, &ChannelBindings::NONE, &client.initial()).unwrap();
    assert_eq!(server.finish(b"c=biws,r=x,p=AAAA"), Err(ScramRefusal::Other));
    let other = credentials(ScramHash::Sha1);
    assert_eq!(server.challenge(&other), Err(ScramRefusal::Other));
    let response = client.step(&server.challenge(&credentials(hash)).unwrap()).unwrap();
    assert!(server.finish(&response).is_ok());
    assert_eq!(server.finish(&response), Err(ScramRefusal::Other));
}

#[test]
fn an_identity_to_act_as_reaches_the_server() {
    let parameters = parameters(ScramHash::Sha1, "pencil").authzid("a,b=c@host");
    let mut client = Scram::new(parameters).unwrap();
    let first = client.initial();
    assert!(first.starts_with(b"n,a=a=2Cb=3Dc@host,n=user,r="));
    let server = begin(ScramHash::Sha1, false, &ChannelBindings::NONE, &first).unwrap();
    assert_eq!((server.username(), server.authzid()), ("user", Some("a,b=c@host")));
}

#[test]
fn arguments_that_cannot_be_used_are_refused_by_name() {
    let refused = |parameters: ScramParameters| Scram::new(parameters).unwrap_err().name;
    let new = |name: &str, secret: &str| {
        ScramParameters::new(ScramHash::Sha1, name, &password(secret), [1; 24])
    };
    assert_eq!(refused(new("", "p")), "username");
    assert_eq!(refused(new("a\u{7}b", "p")), "username");
    assert_eq!(refused(new("u", "\u{ad}")), "password");
    assert_eq!(refused(new("u", "\u{627}1")), "password");
    assert_eq!(refused(new("u", "p").authzid("")), "authzid");
    let no_data = Binding::Bound(BindingKind::TlsExporter, Vec::new());
    assert_eq!(refused(new("u", "p").binding(no_data)), "binding");
    for nonce in ["", "a,b", "a b", "ü"] {
        assert_eq!(Nonce::new(nonce).unwrap_err().name, "nonce");
    }
    let derive = |salt: &[u8], iterations| {
        ScramKeys::derive(ScramHash::Sha1, &password("p"), salt, iterations).map(|_| ())
    };
    assert_eq!(derive(b"", 1).unwrap_err().name, "salt");
    assert_eq!(derive(&[0; 257], 1).unwrap_err().name, "salt");
    assert_eq!(derive(b"s", 0).unwrap_err().name, "iterations");
    assert_eq!(derive(b"s", 10_000_001).unwrap_err().name, "iterations");
    assert_eq!(derive(&[0; 256], 1), Ok(()));
}

#[test]
fn debug_output_shows_no_secret() {
    let hash = ScramHash::Sha1;
    let mut client = client(hash, "hunter2", bound(BindingKind::TlsExporter));
    let shown = format!("{client:?} {:?}", parameters(hash, "hunter2"));
    let first = client.initial();
    let mut server = begin(hash, true, &bindings(), &first).unwrap();
    let challenge = server.challenge(&credentials(hash)).unwrap();
    let derivation = client.derivation(&challenge).unwrap().unwrap();
    client.step(&challenge).unwrap();
    let shown = format!(
        "{shown} {client:?} {server:?} {derivation:?} {:?} {:?} {:?}",
        client.keys().unwrap(),
        credentials(hash),
        bound(BindingKind::TlsExporter),
    );
    assert_eq!(
        shown,
        "Scram { mechanism: \"SCRAM-SHA-1-PLUS\", .. } \
         ScramParameters { hash: Sha1, binding: None, iterations: 1..=10, .. } \
         Scram { mechanism: \"SCRAM-SHA-1-PLUS\", .. } ScramServer { hash: Sha1, .. } \
         ScramDerivation { hash: Sha1, iterations: 5, .. } ScramKeys { hash: Sha1, iterations: 5, .. } \
         ScramCredentials { hash: Sha1, iterations: 5, .. } Bound(tls-exporter)"
    );
}

fn any_hash() -> impl Strategy<Value = ScramHash> {
    prop::sample::select(ScramHash::ALL.to_vec())
}

fn any_binding() -> impl Strategy<Value = Binding> {
    prop::sample::select(vec![
        Binding::None,
        bound(BindingKind::TlsExporter),
        bound(BindingKind::TlsServerEndPoint),
    ])
}

proptest! {
    #[test]
    fn any_user_name_and_password_that_can_be_prepared_log_in(
        hash in any_hash(),
        binding in any_binding(),
        name in "[ -~]{1,20}|[a-zäöüßΩшあ가]{1,8}|[,=]{1,6}",
        secret in "[ -~]{1,200}|[a-zäöüßΩшあ가]{1,8}",
        random in any::<[u8; 24]>(),
    ) {
        let secret = password(&secret);
        let parameters = ScramParameters::new(hash, &name, &secret, random);
        let mut client = Scram::new(parameters.binding(binding.clone()).iterations(1..=3)).unwrap();
        let plus = binding.is_bound();
        let mut server = begin(hash, plus, &bindings(), &client.initial()).unwrap();
        prop_assert_eq!(server.username(), name.as_str());
        let credentials = ScramCredentials::derive(hash, &secret, &random, 3).unwrap();
        let challenge = server.challenge(&credentials).unwrap();
        let response = client.step(&challenge).unwrap();
        let last = server.finish(&response).unwrap();
        prop_assert_eq!(client.success(&last), Ok(()));
    }

    #[test]
    fn no_changed_byte_in_any_message_leaves_both_sides_content(
        hash in any_hash(),
        binding in any_binding(),
        leg in prop::sample::select(vec![Leg::ClientFirst, Leg::ServerFirst, Leg::ClientFinal, Leg::ServerFinal]),
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
    ) {
        let mut changed = false;
        let end = exchange(client(hash, "pencil", binding), &bindings(), |found, mut message| {
            if found == leg {
                let at = at.index(message.len());
                changed = message[at] != with;
                message[at] = with;
            }
            message
        });
        prop_assert_eq!(end == End::Verified, !changed);
    }

    #[test]
    fn no_message_makes_either_half_panic_or_content(
        hash in any_hash(),
        first in prop::collection::vec(any::<u8>(), 0..80),
        second in "(r=[!-~]{0,40},s=[A-Za-z0-9+/=]{0,8},i=[0-9]{0,3}(,[a-z]=[!-~]{0,5})?)|.{0,60}",
        third in "(v=[A-Za-z0-9+/=]{0,44})|(e=[a-z-]{0,20})|.{0,60}",
    ) {
        let mut client = client(hash, "pencil", Binding::None);
        client.initial();
        prop_assert!(client.step(&first).is_err());
        let mut client = self::client(hash, "pencil", Binding::None);
        client.initial();
        if client.step(second.as_bytes()).is_ok() {
            prop_assert!(client.success(third.as_bytes()).is_err());
        }
        if let Ok(mut server) = begin(hash, false, &ChannelBindings::NONE, &first) {
            server.challenge(&credentials(hash)).unwrap();
            prop_assert!(server.finish(second.as_bytes()).is_err());
        }
    }
}
