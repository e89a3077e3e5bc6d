//! The test server, with and without TLS and SASL2.

use super::BoxError;
use super::served::Served;
use super::target::{Platform, Target};
use mfly_testserver::{Builder, TestServer};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// The standard account's name and password.
const ACCOUNT: (&str, &str) = ("u0", "secret");

/// Starts one for each form: in the clear or with TLS, with SASL2 or without. Their certificates
/// are written to `ca`.
pub async fn start(ca: &Path) -> Result<Served, BoxError> {
    let mut running = Vec::new();
    let mut certificates = String::new();
    let (user, password) = ACCOUNT;
    let mut target = Target {
        user: user.to_owned(),
        password: password.to_owned(),
        ca: Some(ca.to_owned()),
        ..Target::default()
    };
    for sasl2 in [false, true] {
        for tls in [false, true] {
            let server = form(tls, sasl2).start().await?;
            server.standard_user(user, password)?;
            let servers = if sasl2 { &mut target.sasl2_servers } else { &mut target.servers };
            let scheme = if tls { "starttls" } else { "tcp" };
            let clear = server.tcp_listen_address().map(|at| format!("{scheme}://{at}"));
            let direct = server.tcps_listen_address().map(|at| format!("xmpps://{at}"));
            servers.extend(clear.into_iter().chain(direct));
            certificates += server.ca_certificate_pem().unwrap_or_default();
            target.domain = server.xmpp_host();
            if target.platform.is_none() {
                target.platform = Some(Platform {
                    api: server.api_base_url(),
                    websocket: server.websocket_url(),
                    licence: server.licence_key().expose().to_owned(),
                });
            }
            running.push(server);
        }
    }
    std::fs::write(ca, certificates)?;
    Ok(Served {
        name: "mfly-testserver".to_owned(),
        targets: vec![target],
        running: Box::new(running),
    })
}

fn form(tls: bool, sasl2: bool) -> Builder {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    // Explicit contacts: presence is not what is measured.
    let builder = TestServer::builder().contacts_explicit().scram(true).sasl2(sasl2).tls(tls);
    if tls { builder } else { builder.tcp_listen(any_port).tcp_cleartext(true) }
}
