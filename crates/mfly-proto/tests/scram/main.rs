//! SCRAM: the client's half against the server's, changed messages, and refused arguments.
#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod pair;
mod properties;
mod vectors;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Mechanism, Nonce, SaslError, Scram, ScramCredentials,
    ScramError, ScramHash, ScramKeys, ScramOffer, ScramParameters, ScramRefusal,
};
use pair::{
    End, ITERATIONS, SALT, begin, bindings, bound, challenged, client, credentials, exchange,
    parameters, password, untouched,
};

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

/// The outcome as `fixtures/sasl/tampering.txt` writes it.
fn outcome(end: &End) -> String {
    match end {
        End::Verified => "verified".to_owned(),
        End::Client(SaslError::Malformed { reason, .. }) => format!("malformed: {reason}"),
        End::Client(SaslError::Scram(error)) => format!("client: {error:?}"),
        End::Client(error) => format!("client: {error:?}"),
        End::Server(refusal) => format!("server: {refusal:?}"),
    }
}

#[test]
fn every_changed_message_is_refused_for_its_reason() {
    let mut rule = "";
    let mut count = 0;
    let rows = include_str!("../../fixtures/sasl/tampering.txt").lines().skip(2);
    for row in rows.filter(|row| !row.is_empty()) {
        if let Some(sentence) = row.strip_prefix("# ") {
            rule = sentence;
            continue;
        }
        // 24 bytes of ones, and of twos, in base64.
        let filled = row
            .replace("OURS", &STANDARD.encode([1; 24]))
            .replace("THEIRS", &STANDARD.encode([2; 24]))
            .replace("NUL |", "\0 |");
        let columns: Vec<_> = filled.split('|').map(str::trim_ascii).collect();
        let [binding, offered, changed, from, to, expected] = columns[..] else {
            unreachable!("{row}");
        };
        let binding = match binding {
            "n" => Binding::None,
            "y" => Binding::NotOffered,
            "exporter" => bound(BindingKind::TlsExporter),
            _ => unreachable!("{row}"),
        };
        let offered = match offered {
            "none" => ChannelBindings::NONE,
            "exporter" => ChannelBindings { tls_server_end_point: None, ..bindings() },
            _ => bindings(),
        };
        let client = client(ScramHash::Sha256, "pencil", binding);
        let end = exchange(client, &offered, |leg, message| {
            if leg.name() != changed {
                return message;
            }
            let text = String::from_utf8(message).unwrap();
            assert!(from == "*" || text.contains(from), "{row}: {text}");
            if from == "*" { to.into() } else { text.replacen(from, to, 1).into_bytes() }
        });
        assert_eq!(outcome(&end), expected, "{rule}: {row}");
        count += 1;
    }
    assert_eq!(count, 63);
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
fn every_refusal_of_a_server_is_told_apart() {
    assert_eq!(ScramRefusal::ALL.len(), 11);
    for &refusal in ScramRefusal::ALL {
        assert_eq!(ScramRefusal::from_name(refusal.as_str()), Some(refusal));
    }
}

#[test]
fn a_proof_of_another_length_is_refused_though_it_begins_or_ends_well() {
    let cases: [fn(&mut Vec<u8>); 3] =
        [|proof| proof.push(0), |proof| proof.truncate(31), Vec::clear];
    for change in cases {
        let mut client = client(ScramHash::Sha256, "pencil", Binding::None);
        let (mut server, challenge) = challenged(&mut client, &credentials(ScramHash::Sha256));
        let last = String::from_utf8(client.step(&challenge).unwrap()).unwrap();
        let (start, proof) = last.split_once(",p=").unwrap();
        let mut proof = STANDARD.decode(proof).unwrap();
        change(&mut proof);
        let last = format!("{start},p={}", STANDARD.encode(proof));
        assert_eq!(server.finish(last.as_bytes()), Err(ScramRefusal::InvalidProof));
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
fn the_servers_last_message_may_also_come_as_a_challenge_of_its_own() {
    let hash = ScramHash::Sha256;
    let run = |end: &dyn Fn(&mut Scram, &[u8])| {
        let mut client = client(hash, "pencil", Binding::None);
        let (mut server, challenge) = challenged(&mut client, &credentials(hash));
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
fn success_before_the_last_message_is_refused() {
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
    let mut first = client(hash, "pencil", Binding::None);
    assert!(first.keys().is_none());
    let (_, challenge) = challenged(&mut first, &credentials(hash));
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
        let (_, challenge) = challenged(&mut again, &changed);
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
}

#[test]
fn an_unknown_user_cannot_be_told_from_a_known_one() {
    for hash in ScramHash::ALL {
        let challenge = |name: &str, credentials: &ScramCredentials| {
            let parameters = ScramParameters::new(hash, name, &password("pencil"), [1; 24]);
            let mut client = Scram::new(parameters.iterations(1..=10)).unwrap();
            let (mut server, challenge) = challenged(&mut client, credentials);
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
        // One salt at every try; other names and other servers have other salts.
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
    let new = |name: &str, secret: &str| {
        ScramParameters::new(ScramHash::Sha1, name, &password(secret), [1; 24])
    };
    let no_data = Binding::Bound(BindingKind::TlsExporter, Vec::new());
    for (parameters, name) in [
        (new("", "p"), "username"),
        (new("a\u{7}b", "p"), "username"),
        (new("u", "\u{ad}"), "password"),
        (new("u", "\u{627}1"), "password"),
        (new("u", "p").authzid(""), "authzid"),
        (new("u", "p").binding(no_data), "binding"),
    ] {
        assert_eq!(Scram::new(parameters).unwrap_err().name, name);
    }
    for nonce in ["", "a,b", "a b", "ü"] {
        assert_eq!(Nonce::new(nonce).unwrap_err().name, "nonce");
    }
    let derive = |salt: usize, iterations| {
        let derived =
            ScramKeys::derive(ScramHash::Sha1, &password("p"), &vec![0; salt], iterations);
        derived.err().map(|error| error.name)
    };
    assert_eq!([derive(0, 1), derive(257, 1)], [Some("salt"); 2]);
    assert_eq!([derive(1, 0), derive(1, 10_000_001)], [Some("iterations"); 2]);
    assert_eq!(derive(256, 1), None);
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
