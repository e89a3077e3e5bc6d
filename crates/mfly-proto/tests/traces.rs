//! Every trace, judged by the codec: each line is read by its type and written again.

use mfly_proto::testing::{
    Bindings, Line, Role, RoundTrip, canonical, recorded_traces, round_trip,
};

/// Lines that no type of the codec reads on purpose, by a part of their text.
const NOT_TYPED: &[&str] = &[
    // Framing constants, compared as bytes elsewhere.
    "<close ",
    // Answered with service-unavailable: unknown is the point.
    "jabber:iq:version",
    // Empty results to pushes and pings that the peer sent.
    r#"id="{ping}" to="{host}" type="result""#,
    r#"id="{push}" to="u1@{host}" type="result""#,
    r#"id="{push}" type="result""#,
    r#"id="{push2}" type="result""#,
];

#[test]
fn every_line_of_every_trace_is_read_by_its_type_and_written_again() {
    let traces = recorded_traces().unwrap();
    assert!(traces.len() >= 22, "only {} traces were found", traces.len());
    for (name, trace) in traces {
        let mut bindings = Bindings::new();
        bindings.set("host", "xmpp.example.test");
        let mut questions: Vec<String> = Vec::new();
        for line in &trace.lines {
            let (Line::Client(line) | Line::Server(line)) = line else {
                continue;
            };
            let text = bindings.fill(line);
            if NOT_TYPED.iter().any(|part| line.contains(part)) {
                canonical(&text).unwrap();
                continue;
            }
            let question = questions.iter().find(|question| answers(question, &text));
            let role = question.map_or(Role::RequestOrPush, |q| Role::ResultOf(q.as_bytes()));
            let outcome = round_trip(text.as_bytes(), role, trace.dialect());
            let RoundTrip::Written { text: written, .. } = outcome else {
                panic!("{name}: nothing reads {text}: {outcome:?}");
            };
            assert_eq!(canonical(&written).unwrap(), canonical(&text).unwrap(), "{name}");
            questions.push(text);
        }
    }
}

/// Whether `text` is the result of the request `question`.
fn answers(question: &str, text: &str) -> bool {
    let id = |text: &str| {
        let start = text.find("id=\"")? + 4;
        Some(text[start..].split('"').next()?.to_owned())
    };
    text.contains(r#"type="result""#)
        && (question.contains(r#"type="get""#) || question.contains(r#"type="set""#))
        && id(question) == id(text)
}
