//! What must not be named where.

use super::tree::Source;

const NO_IO: &str = "the codecs do no input or output";
const NO_CLOCK: &str = "times are passed in";
const FRAMES: &str = "the transport does not know what a frame means";
const REST: &str = "the REST layer does not know XMPP";
const MACHINE: &str = "the machine does no input or output";
const CORE: &str = "the test server's core is below the folders beside it";
const COMMAND: &str = "the command does not know the wire";

/// Folder, what is not named there, why.
const LAYERS: &[(&str, &[&str], &str)] = &[
    ("crates/mfly-proto/src", &["tokio"], NO_IO),
    ("crates/mfly-proto/src", &["Instant::now", "SystemTime::now"], NO_CLOCK),
    ("crates/mfly-proto/src", &["rand::"], "random values are passed in"),
    ("crates/mfly-transport/src", &["mfly_proto::payload", "mfly_proto::stanza"], FRAMES),
    ("crates/mfly-api/src", &["mfly_proto::stanza", "mfly_proto::xml"], REST),
    ("crates/mfly-client/src/machine", &["tokio::", "TcpStream", "ToSocketAddrs"], MACHINE),
    ("crates/mfly-client/src/machine", &["Instant::now", "SystemTime::now"], NO_CLOCK),
    ("crates/mfly-cli/src", &["mfly_proto::xml", "mfly_proto::stanza"], COMMAND),
    (
        "crates/mfly-testserver/src",
        &["mfly_client"],
        "the test server must not depend on the client",
    ),
    (
        "crates/mfly-testserver/src/core",
        &["tokio", "TcpStream", "ToSocketAddrs"],
        "the core does no input or output",
    ),
    ("crates/mfly-testserver/src/core", &["Instant::now", "SystemTime::now"], NO_CLOCK),
    (
        "crates/mfly-testserver/src/core",
        &["crate::rest", "crate::signalling", "crate::net", "crate::handle", "crate::command"],
        CORE,
    ),
];

/// The only folder that names quick-xml.
const XML: &str = "crates/mfly-proto/src/xml/";

pub(super) fn check(source: &Source, faults: &mut Vec<String>) {
    let name = &source.name;
    if source.is_tests() || !name.starts_with("crates/") || !name.contains("/src/") {
        return;
    }
    let mut look_for = |word: &str, why: &str| {
        let is_code = |line: &str| !line.trim_start().starts_with("//");
        let line = source.code().position(|line| is_code(line) && line.contains(word));
        if let Some(line) = line {
            faults.push(format!("{name}:{}: names {word}; {why}", line + 1));
        }
    };
    for (folder, words, why) in LAYERS {
        if name.starts_with(folder) {
            words.iter().for_each(|word| look_for(word, why));
        }
    }
    if !name.starts_with(XML) {
        look_for("quick_xml", "only the XML layer of mfly-proto may");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_upper_layers_are_found_in_code_and_not_in_comments_or_tests() {
        for (name, text, found) in [
            ("crates/mfly-testserver/src/core/x.rs", "use crate::net::pipe::Pipe;", 1),
            ("crates/mfly-testserver/src/net/x.rs", "use crate::net::pipe::Pipe;", 0),
            ("crates/mfly-client/src/machine/x.rs", "// never Instant::now\nInstant::now()", 1),
            ("crates/mfly-client/src/machine/tests.rs", "Instant::now()", 0),
            ("crates/mfly-api/src/x.rs", "use quick_xml::Reader;", 1),
            ("crates/mfly-proto/src/xml/x.rs", "use quick_xml::Reader;", 0),
        ] {
            let mut faults = Vec::new();
            check(&Source::new(name, text), &mut faults);
            assert_eq!(faults.len(), found, "{name}: {faults:?}");
        }
    }
}
