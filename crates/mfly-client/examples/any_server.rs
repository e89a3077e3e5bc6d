//! Two accounts on an XMPP server that knows nothing of the platform: a card, and a message.
//!
//! `any_server [JID PASSWORD [ADDRESS]]`: sends a message to itself on a server of your choice, for
//! example with the address `xmpp://127.0.0.1:5222`. Without arguments it starts a server of its
//! own.
#![expect(clippy::print_stdout, reason = "an example talks to people")]

use mfly_client::standard::{Account, Event};
use mfly_client::{BareJid, Password, Tls};
use mfly_testserver::TestServer;
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (account, _server) = match (arguments.next(), arguments.next()) {
        (Some(jid), Some(password)) => {
            let mut account = Account::new(BareJid::new(&jid)?, Password::new(password)?);
            if let Some(address) = arguments.next() {
                account = account.address(&address);
            }
            (account, None)
        }
        _ => {
            let (account, server) = own_server().await?;
            (account, Some(server))
        }
    };
    let session = account.connect().await?;
    println!("connected as {}", session.jid());
    if let Some(known) = session.known_server() {
        println!("logged in by {}", known.mechanism());
    }

    let card = session.update_vcard(|card| card.nickname = "Juliet".to_owned()).await?;
    println!("the card says {}", card.nickname);

    let mut events = session.events();
    session.send_message(&session.jid(), "Wherefore art thou?").await?;
    while let Some(event) = events.next().await {
        if let Event::Message(message) = event {
            println!("{:?} says {:?}", message.from, message.body);
            break;
        }
    }
    session.close().await;
    Ok(())
}

/// A server with an account, reached over TCP with STARTTLS.
async fn own_server() -> Result<(Account, TestServer), Box<dyn Error>> {
    let server = TestServer::builder().scram(true).start().await?;
    server.standard_user("juliet", "secret")?;
    let jid = BareJid::new(&format!("juliet@{}", server.xmpp_host()))?;
    let address = server.tcp_address().ok_or("the server has no TCP")?;
    println!("started a server at {address}");
    let certificate = server.ca_certificate_pem().ok_or("the server has no certificate")?;
    let account = Account::new(jid, Password::new("secret")?)
        .address(&address)
        .tls(Tls::custom(certificate.as_bytes())?);
    Ok((account, server))
}
