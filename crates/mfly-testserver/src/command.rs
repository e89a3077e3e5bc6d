//! The server as a command, for app development in any language.

mod bounds;
mod remedy;
mod settings;
mod signal;
mod users;

pub use crate::handle::info::{Authority, Info, Tls};
pub use bounds::Bounds;
pub use signal::interrupted;

use crate::handle::builder::{Builder, LICENCE_KEY};
use crate::handle::server::TestServer;
use crate::handle::start_error::StartError;
use mfly_api::Feature;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;
pub use users::UsersError;
use users::{Entries, InitialStandardUser, InitialUser};

/// Runs a local MirrorFly server until it is interrupted.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("encrypted").args(["tls_listen", "tcp_listen", "tcps_listen"]).multiple(true))]
pub struct Args {
    /// Plain HTTP: REST under /api/v1, WebSocket at /websocket
    #[arg(long, value_name = "HOST:PORT", value_parser = address, default_value = "127.0.0.1:8117")]
    pub listen: SocketAddr,

    /// HTTP and WebSocket over TLS, with a new certificate authority
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub tls_listen: Option<SocketAddr>,

    /// Keep the certificate authority in FILE and its key in FILE.key, so that clients have to
    /// trust it only once
    #[arg(long, value_name = "FILE", requires = "encrypted")]
    pub authority: Option<PathBuf>,

    /// XMPP over TCP with required STARTTLS
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub tcp_listen: Option<SocketAddr>,

    /// XMPP over TLS, without STARTTLS
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub tcps_listen: Option<SocketAddr>,

    /// Do not offer STARTTLS on the port of --tcp-listen: nothing is encrypted
    #[arg(long, requires = "tcp_listen")]
    pub tcp_cleartext: bool,

    /// The control API for tests and its page, which anyone who can connect can use; or "off"
    #[arg(long, value_name = "HOST:PORT", value_parser = control_address, default_value = "127.0.0.1:8119")]
    pub control_listen: ControlListen,

    /// Keep accounts, plan, media and clock in FILE, which holds passwords: go on where it ended,
    /// and save at the end
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,

    /// The licence key that apps must use
    #[arg(long, value_name = "KEY", default_value = LICENCE_KEY)]
    pub licence_key: String,

    /// Make the plan a trial: registration data and passwords are not encrypted
    #[arg(long)]
    pub trial: bool,

    /// Limit of devices that a user may have registered at a time
    #[arg(long, value_name = "COUNT")]
    pub session_limit: Option<usize>,

    /// The domain of every JID, which apps also connect to
    #[arg(long, value_name = "DOMAIN", default_value = "localhost")]
    pub xmpp_host: String,

    /// Remove a feature from the plan, such as block or report; repeatable
    #[arg(long, value_name = "FEATURE", value_parser = feature)]
    pub disable: Vec<Feature>,

    /// Users to create at start: a JSON file [{"id": "alice", "nick_name": "Alice"}, …]
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,

    /// Accounts for any XMPP client to create at start: a JSON file [{"name": "ann", "password":
    /// "secret"}, …]
    #[arg(long, value_name = "FILE")]
    pub standard_users: Option<PathBuf>,

    /// Offer SCRAM-SHA-1, -256 and -512 for standard accounts, with channel binding over TLS
    #[arg(long)]
    pub scram: bool,

    /// Offer SCRAM without channel binding (-PLUS), for clients that choose it but cannot bind
    #[arg(long, requires = "scram")]
    pub no_channel_binding: bool,

    /// Offer SASL2 and Bind 2
    #[arg(long)]
    pub sasl2: bool,

    /// Offer ANONYMOUS: each client gets a new standard account for its session
    #[arg(long)]
    pub anonymous: bool,

    /// How long a REST token is valid
    #[arg(long, value_name = "SECONDS")]
    pub token_lifetime: Option<u64>,

    /// Limits of connections and sessions
    #[command(flatten)]
    pub bounds: Bounds,
}

/// Where the control API is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlListen {
    /// It is not served.
    Off,
    /// At this address.
    At(SocketAddr),
}

/// The reason why the command failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A file of users cannot be used.
    #[error("cannot use the users in {}: {reason}", path.display())]
    Users {
        /// The path of the file.
        path: PathBuf,
        /// The fault of the file.
        reason: UsersError,
    },
    /// The settings could not be written, or the signals not be registered.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs a server until Ctrl-C or SIGTERM, also while it starts. Calls `tell` with the settings for
/// apps once the server runs. A second signal stops it without closing its connections.
///
/// # Errors
/// See [`CommandError`].
pub async fn run(
    args: Args,
    tell: impl FnOnce(&Info) -> io::Result<()>,
) -> Result<(), CommandError> {
    let mut first = std::pin::pin!(interrupted()?);
    let server = tokio::select! {
        server = start(&args) => server?,
        () = first.as_mut() => return Ok(()),
    };
    tell(server.info())?;
    first.await;
    let second = interrupted()?;
    tokio::select! {
        () = server.shutdown() => {}
        () = second => {}
    }
    Ok(())
}

async fn start(args: &Args) -> Result<TestServer, CommandError> {
    let (users_file, standard_file) = (args.users.as_deref(), args.standard_users.as_deref());
    let users = Entries::<InitialUser>::read(users_file).await?;
    let standard_users = Entries::<InitialStandardUser>::read(standard_file).await?;
    let mut builder = TestServer::builder()
        .licence_key(args.licence_key.clone())
        .trial(args.trial)
        .xmpp_host(args.xmpp_host.clone())
        .listen(args.listen)
        .tls(false)
        .scram(args.scram)
        .channel_binding(!args.no_channel_binding)
        .sasl2(args.sasl2)
        .anonymous(args.anonymous);
    if let ControlListen::At(address) = args.control_listen {
        builder = builder.control_listen(address);
    }
    builder = set(builder, args.state.as_ref(), Builder::state_file);
    builder = set(builder, args.tls_listen, Builder::tls_listen);
    builder = set(builder, args.authority.as_ref(), Builder::authority);
    builder = set(builder, args.tcp_listen, |builder, address| {
        builder.tcp_listen(address).tcp_cleartext(args.tcp_cleartext)
    });
    builder = set(builder, args.tcps_listen, Builder::tcps_listen);
    builder = set(builder, args.session_limit, Builder::session_limit);
    builder = set(builder, args.token_lifetime.map(Duration::from_secs), Builder::token_lifetime);
    builder = args.disable.iter().fold(builder, |builder, feature| builder.disable(*feature));
    let server = args.bounds.apply(builder).start().await?;
    users.create(&server, users_file).await?;
    standard_users.create(&server, standard_file).await?;
    server.keep_as_seed();
    Ok(server)
}

/// Sets an option that has a value.
fn set<T>(builder: Builder, value: Option<T>, set: impl FnOnce(Builder, T) -> Builder) -> Builder {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

/// Reads an address to listen on. Of the addresses of a name, IPv4 has precedence.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map_err(|error| format!("{error}; write HOST:PORT"))?;
    // "localhost" must be 127.0.0.1, as in certificates and printed addresses.
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(|| "this name has no address".to_owned())
}

fn control_address(text: &str) -> Result<ControlListen, String> {
    if text == "off" { Ok(ControlListen::Off) } else { address(text).map(ControlListen::At) }
}

fn feature(name: &str) -> Result<Feature, String> {
    Feature::from_wire_name(name).ok_or_else(|| {
        let names: Vec<_> = Feature::ALL.iter().map(|feature| feature.wire_name()).collect();
        format!("the features are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn args(line: &str) -> Result<Args, clap::Error> {
        Cli::try_parse_from(line.split_whitespace()).map(|cli| cli.args)
    }

    #[test]
    fn the_flags_are_read() {
        let args = args(
            "x --control-listen off --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0 --licence-key k --trial \
             --session-limit 2 --xmpp-host chat.test --disable block --disable report \
             --token-lifetime 5 --tcp-listen 127.0.0.1:0 --tcp-cleartext --tcps-listen 127.0.0.1:0 \
             --standard-users f --scram --no-channel-binding --sasl2 --anonymous",
        )
        .unwrap();
        assert!(args.no_channel_binding);
        assert!(args.tcp_cleartext && args.scram && args.sasl2 && args.anonymous);
        assert!(args.tcp_listen.is_some() && args.tcps_listen.is_some());
        assert_eq!(args.disable, [Feature::Block, Feature::Report]);
        assert_eq!((args.session_limit, args.token_lifetime), (Some(2), Some(5)));
        assert!(args.trial && args.tls_listen.is_some());
    }

    #[test]
    fn flags_that_cannot_be_used_are_refused_with_a_reason() {
        for (line, reason) in [
            ("x --disable blok", "translation, block, report"),
            ("x --listen localhost", "write HOST:PORT"),
            ("x --authority ca.pem", "--tls-listen"),
            ("x --no-channel-binding", "--scram"),
            ("x --tcp-cleartext", "--tcp-listen"),
        ] {
            let error = args(line).unwrap_err().to_string();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }

    #[test]
    fn the_server_listens_on_loopback_unless_told_otherwise_and_on_names() {
        assert_eq!(args("x").unwrap().listen, "127.0.0.1:8117".parse().unwrap());
        let listen = args("x --listen localhost:8200").unwrap().listen;
        assert!(listen.ip().is_loopback() && listen.port() == 8200);
        for port in ["--tls-listen", "--tcp-listen", "--tcps-listen"] {
            let line = format!("x --authority ca.pem {port} 127.0.0.1:0");
            assert!(args(&line).unwrap().authority.is_some(), "{port}");
        }
    }

    #[tokio::test]
    async fn the_settings_have_all_addresses_that_are_served_and_no_others() {
        let tls =
            args("x --control-listen off --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0").unwrap();
        let tcp = args(
            "x --control-listen off --listen 127.0.0.1:0 --tcp-listen 127.0.0.1:0 --tcps-listen 127.0.0.1:0",
        );
        let tcp = tcp.unwrap();
        let plain =
            args("x --control-listen off --listen 127.0.0.1:0 --xmpp-host Chat.TEST").unwrap();
        let mut servers = Vec::new();
        for args in [&tls, &tcp, &plain] {
            servers.push(start(args).await.unwrap());
        }
        let tls_urls = [servers[0].api_base_url(), servers[0].websocket_url_tls().unwrap()];
        let hash = servers[0].ca_public_key_hash().unwrap();
        let addresses = [servers[1].tcp_address().unwrap(), servers[1].tcps_address().unwrap()];
        let tls_texts = [LICENCE_KEY, "/licence.js", "BEGIN CERTIFICATE", "import it as trusted"];
        for (index, expected, absent) in [
            (0, [tls_urls.each_ref().map(String::as_str), [hash, ""]].concat(), "xmpp:"),
            (0, tls_texts.to_vec(), "xmpps:"),
            (1, addresses.each_ref().map(String::as_str).to_vec(), "https:"),
            (1, vec!["BEGIN CERTIFICATE"], "https:"),
            (2, vec!["chat.test"], "xmpp:"),
        ] {
            let text = servers[index].info().to_string();
            for expected in expected {
                assert!(text.contains(expected), "{expected} in {text}");
            }
            assert!(!text.contains(absent), "{absent} in {text}");
        }
        assert_eq!((servers[2].tcp_address(), servers[2].tcps_address()), (None, None));
        assert_eq!(servers[2].xmpp_host(), "chat.test");
    }

    #[tokio::test]
    async fn the_settings_say_how_to_trust_the_authority_and_where_it_is_kept() {
        let name = format!("mfly-command-{}.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut args =
            args("x --control-listen off --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0").unwrap();
        let text = start(&args).await.unwrap().info().to_string();
        assert!(text.contains("--authority FILE keeps one"), "{text}");
        args.authority = Some(path.clone());
        let server = start(&args).await;
        let key = path.with_extension("pem.key");
        let are_there = path.exists() && key.exists();
        for file in [&path, &key].into_iter().filter(|file| file.exists()) {
            std::fs::remove_file(file).unwrap();
        }
        let text = server.unwrap().info().to_string();
        let file = path.display().to_string();
        assert!(are_there && text.contains("kept in that file"), "{text}");
        for place in ["NODE_EXTRA_CA_CERTS=", "--cacert ", "As "] {
            assert!(text.contains(&format!("{place}{file}")), "{text}");
        }
    }

    /// Starts a server with the file of users that `flag` names.
    async fn start_with(flag: &str, text: &[u8]) -> Result<TestServer, String> {
        static FILES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = FILES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("mfly-users-{}-{number}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        let line = format!(
            "x --control-listen off --listen 127.0.0.1:0 --session-limit 1 {flag} {}",
            path.display()
        );
        let server = start(&args(&line).unwrap()).await;
        std::fs::remove_file(&path).unwrap();
        server.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_accounts_of_files_are_created_at_start_without_devices() {
        let text = "\u{feff}[{\"id\":\"alice\",\"nick_name\":\"Alice\"},\r\n{\"id\":\"bob\"}]\r\n";
        let server = start_with("--users", text.as_bytes()).await.unwrap();
        assert_eq!(server.user("alice").profile().unwrap().nick_name, "Alice");
        assert!(server.user("bob").register_device("first", false).is_ok());
        let standard = br#"[{"name":"ann","password":"secret"}]"#;
        let server = start_with("--standard-users", standard).await.unwrap();
        // The standard account has the name already.
        let taken = server.user("ann").register();
        assert_eq!(taken.unwrap_err(), crate::UserError::Taken);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_used_is_refused_with_its_line() {
        let rows: [(&str, &[u8], &str); 5] = [
            (
                "--users",
                b"[\r\n{\"id\":\"alice\"},\r\n{\"id\":\"Alice\"}]",
                "line 2 and line 3 name",
            ),
            ("--users", b"[{\"id\":\"alice\"},\n{\"id\":\"a b\"}]", "line 2: a b: "),
            ("--users", b"\xff\xfe[\0]\0", "not UTF-8"),
            ("--standard-users", br#"[{"name":"ann"}]"#, "missing field `password`"),
            ("--standard-users", br#"[{"name":"a b","password":"x"}]"#, "a b: "),
        ];
        for (flag, text, reason) in rows {
            let error = start_with(flag, text).await.unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        let missing =
            args("x --control-listen off --listen 127.0.0.1:0 --users /nowhere/users.json")
                .unwrap();
        let error = start(&missing).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot use the users in /nowhere/users.json"), "{error}");
    }
}
