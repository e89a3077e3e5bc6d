//! Drives the session machine with a blocking socket, without the driver: connects to a server on
//! this machine (there is no TLS), pings it and closes. `own_runtime HOST:PORT JID PASSWORD`
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use mfly_client::machine::*;
use mfly_client::proto::framing::{Framing, tcp::Splitter};
use mfly_client::proto::{payload::ping::Ping, sasl::ChannelBindings};
use mfly_client::{BareJid, Password, standard::Event};
use std::io::{Read, Write};
use std::time::{Duration, Instant};
use std::{collections::VecDeque, error::Error, net::TcpStream};

fn main() -> Result<(), Box<dyn Error>> {
    let [_, to, jid, password] = &std::env::args().collect::<Vec<_>>()[..] else { return Ok(()) };
    run(to, &BareJid::new(jid)?, &Password::new(password.clone())?)
}

pub(crate) fn run(to: &str, jid: &BareJid, password: &Password) -> Result<(), Box<dyn Error>> {
    let mut random = SeededRandom::new([1; 32]); // In an app: from the operating system.
    let mut machine = Machine::new(Config::standard(jid.clone()), random.fork());
    let mut queue = VecDeque::from([Input::Command(Command::Open)]);
    let (mut socket, mut splitter, mut chunk) = (None, Splitter::new(1 << 20), [0; 4096]);
    while !machine.is_ended() {
        machine.handle(Instant::now(), queue.pop_front().unwrap_or(Input::Timeout));
        while let Some(output) = machine.poll_output() {
            match output {
                Output::Connect { .. } => {
                    (socket, splitter) = (Some(TcpStream::connect(to)?), Splitter::new(1 << 20));
                    let (framing, bindings) = (Framing::Tcp, ChannelBindings::NONE);
                    queue.push_back(Input::Connected { framing, confidential: true, bindings });
                }
                Output::Send(frame) => socket.as_ref().ok_or("")?.write_all(frame.as_bytes())?,
                Output::Disconnect => socket = None,
                Output::NeedPassword(id) => {
                    queue.push_back(Input::Command(Command::Password(id, Ok(password.clone()))));
                }
                Output::Derive(ticket, keys) => queue.push_back(Input::Derived(ticket, keys.run())),
                Output::Reply(_, pong) => {
                    Request::read_answer::<Ping>(&pong?)?;
                    queue.push_back(Input::Command(Command::Close(EndReason::Closed)));
                }
                Output::Notice(Notice::Connected { .. }) => {
                    let (id, later) = (random.stanza_id(), Instant::now() + Duration::from_secs(9));
                    let ping = Request::new(&Ping::default(), RequestId(1), id, later)?;
                    queue.push_back(Input::Command(Command::Request(ping)));
                }
                Output::Notice(notice) => println!("{:?}", Event::from_notice(notice, jid)),
            }
        }
        if let (Some(mut socket), true) = (socket.as_ref(), queue.is_empty()) {
            let length = socket.read(&mut chunk)?; // An app waits until `poll_timeout` at most.
            splitter.push(&chunk[..length]);
            queue.extend((length == 0).then_some(Input::Disconnected(Loss::Closed(None))));
            while let Some(frame) = splitter.next()? {
                queue.push_back(Input::Frame(frame));
            }
        }
    }
    Ok(())
}
