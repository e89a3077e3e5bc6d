//! Properties of SCRAM over generated names, passwords and messages.

use crate::pair::{End, Leg, begin, bindings, bound, client, credentials, exchange, password};
use mfly_proto::sasl::{
    Binding, BindingKind, ChannelBindings, Mechanism, Scram, ScramCredentials, ScramHash,
    ScramParameters,
};
use proptest::prelude::*;

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
    fn a_changed_byte_in_any_message_is_noticed(
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
    fn no_message_makes_either_half_panic_or_succeed(
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
