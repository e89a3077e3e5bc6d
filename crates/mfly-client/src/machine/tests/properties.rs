//! Properties that hold under any sequence of inputs.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Frames of every kind, among them all that a login needs.
fn frames() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        SERVER_OPEN,
        PLAIN,
        SUCCESS,
        BIND,
        BOUND,
        CLOSE,
        " ",
        r#"<presence from="u2@host.test"/>"#,
        r#"<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>"#,
        r#"<iq type="set" id="b"><block xmlns="urn:xmpp:blocking"/></iq>"#,
        r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><temporary-auth-failure/></failure>"#,
        r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams"/>"#,
    ])
    .prop_map(str::to_owned);
    let answer = (0..12_u64, prop::bool::ANY, prop::bool::ANY).prop_map(|(id, ok, forged)| {
        let kind = if ok { "result" } else { "error" };
        let from = if forged { "evil@host.test" } else { "u1@host.test" };
        format!(r#"<iq type="{kind}" id="q{id}" from="{from}"/>"#)
    });
    let element = ("[a-z:]{1,8}", "[a-z:]{0,6}", ".{0,12}", "[ -~]{0,20}").prop_map(
        |(name, attribute, value, content)| {
            format!("<{name} {attribute}='{value}'>{content}</{name}>")
        },
    );
    prop_oneof![4 => known, 2 => answer, 1 => element, 1 => ".{0,40}"]
}

#[derive(Clone, Debug)]
enum Step {
    Connect,
    Establish,
    Frame(String),
    Lose,
    Password,
    Request,
    Cancel(u64),
    Pass(u64),
    Reconnect,
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => Just(Step::Connect),
        3 => Just(Step::Establish),
        8 => frames().prop_map(Step::Frame),
        1 => Just(Step::Lose),
        2 => Just(Step::Password),
        5 => Just(Step::Request),
        2 => (0..12_u64).prop_map(Step::Cancel),
        4 => (0..40_u64).prop_map(Step::Pass),
        1 => Just(Step::Reconnect),
        1 => Just(Step::Close),
    ];
    prop::collection::vec(step, 0..60)
}

const fn framing(tcp: bool) -> Framing {
    if tcp { Framing::Tcp } else { Framing::WebSocket }
}

/// Brings the session online if it is connecting or waits to connect.
fn establish(rig: &mut Rig) {
    if rig.connected || rig.machine.is_ended() {
        return;
    }
    rig.pass(60 * SECOND);
    rig.offer(PLAIN);
    if !rig.tickets.is_empty() {
        rig.password("sealed");
    }
    rig.receive_all(&[SUCCESS, SERVER_OPEN, BIND, BOUND]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_panics_nothing_is_sent_without_a_connection_and_every_request_settles_once(steps in steps(), tcp: bool) {
        let mut rig = Rig::only(framing(tcp), |config| {
            config.first_attempts = 3;
            config.max_requests = 4;
            config.max_waiting = 3;
        });
        let mut cancelled = BTreeSet::new();
        for step in steps {
            match step {
                // The rig itself asserts that nothing is sent without a connection.
                Step::Connect => rig.dialled(),
                Step::Establish => establish(&mut rig),
                Step::Frame(frame) => rig.receive(&frame),
                Step::Lose => rig.lose(),
                Step::Password => {
                    if !rig.tickets.is_empty() {
                        rig.password("sealed");
                    }
                }
                Step::Request => { rig.request(None); }
                Step::Cancel(id) => {
                    if id < rig.next && !rig.replies.iter().any(|(settled, _)| *settled == id) {
                        cancelled.insert(id);
                    }
                    rig.cancel(id);
                }
                Step::Pass(seconds) => rig.pass(seconds as u32 * SECOND),
                Step::Reconnect => rig.command(Command::Reconnect),
                Step::Close => rig.close(),
            }
        }
        // No request outlives its deadline, and no phase its own.
        rig.pass(100 * SECOND);
        let mut settled: Vec<_> = rig.replies.iter().map(|(id, _)| *id).chain(cancelled).collect();
        settled.sort_unstable();
        prop_assert_eq!(settled, (0..rig.next).collect::<Vec<_>>());
        let ends = rig.notices.iter().filter(|notice| notice.starts_with("ended")).count();
        prop_assert_eq!(ends, usize::from(rig.machine.is_ended()));
    }

    #[test]
    fn no_frame_panics_an_online_session(frame in frames(), bytes in prop::collection::vec(any::<u8>(), 0..64), tcp: bool) {
        let mut rig = Rig::only(framing(tcp), |_| {});
        rig.connect();
        rig.receive(&frame);
        rig.receive(&String::from_utf8_lossy(&bytes));
        prop_assert!(rig.machine.poll_timeout().is_some() || rig.machine.is_ended());
    }
}
