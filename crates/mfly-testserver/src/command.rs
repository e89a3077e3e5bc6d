//! The server as a command, for app development in any language.

mod bounds;
mod file;
mod line;
mod log;
mod remedy;
mod secret;
mod settings;
mod signal;
mod users;

pub use crate::handle::info::{Authority, Info, Listener, ListenerKind, Tls};
pub use bounds::Bounds;
pub use line::CommandLine;
pub use log::{LogFormat, log_to_standard_error};
pub use secret::Secret;
pub use signal::interrupted;

use crate::handle::builder::{Builder, LICENCE_KEY};
use crate::handle::server::TestServer;
use crate::handle::start_error::StartError;
use crate::net::addresses::PublicAddress;
use clap::builder::BoolishValueParser;
use mfly_api::Feature;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;
pub use users::UsersError;
use users::{Entries, InitialStandardUser, InitialUser};

/// Runs a local MirrorFly server until it is interrupted. [`CommandLine`] reads these settings.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("encrypted").args(["tls_listen", "tcp_listen", "tcps_listen"]).multiple(true))]
pub struct Args {
    /// Plain HTTP: REST under /api/v1, WebSocket at /websocket; repeatable: apps are given the
    /// first
    #[arg(long, env = "MFLY_SERVER_LISTEN", value_name = "HOST:PORT", value_delimiter = ',', value_parser = address, default_value = "127.0.0.1:8117")]
    pub listen: Vec<SocketAddr>,

    /// HTTP and WebSocket over TLS, with a new certificate authority; repeatable
    #[arg(long, env = "MFLY_SERVER_TLS_LISTEN", value_name = "HOST:PORT", value_delimiter = ',', value_parser = address)]
    pub tls_listen: Vec<SocketAddr>,

    /// Keep the certificate authority in FILE and its key in FILE.key, so that clients have to
    /// trust it only once
    #[arg(long, env = "MFLY_SERVER_AUTHORITY", value_name = "FILE")]
    pub authority: Option<PathBuf>,

    /// A name or IP address for the certificate, such as 10.0.2.2 for Android's emulator;
    /// repeatable
    #[arg(long, env = "MFLY_SERVER_CERTIFICATE_NAME", value_name = "NAME", value_delimiter = ',')]
    pub certificate_name: Vec<String>,

    /// XMPP over TCP with required STARTTLS; repeatable
    #[arg(long, env = "MFLY_SERVER_TCP_LISTEN", value_name = "HOST:PORT", value_delimiter = ',', value_parser = address)]
    pub tcp_listen: Vec<SocketAddr>,

    /// XMPP over TLS, without STARTTLS; repeatable
    #[arg(long, env = "MFLY_SERVER_TCPS_LISTEN", value_name = "HOST:PORT", value_delimiter = ',', value_parser = address)]
    pub tcps_listen: Vec<SocketAddr>,

    /// Do not offer STARTTLS on the ports of --tcp-listen: nothing is encrypted
    #[arg(long, env = "MFLY_SERVER_TCP_CLEARTEXT", value_parser = BoolishValueParser::new())]
    pub tcp_cleartext: bool,

    /// Give apps this host in every address, behind a port map or a proxy; the port is that of
    /// plain HTTP, and the server's own by default
    #[arg(long, env = "MFLY_SERVER_ADVERTISE", value_name = "HOST[:PORT]", value_parser = public_address)]
    pub advertise: Option<String>,

    /// Give apps this address for HTTP and WebSocket over TLS, also where a proxy serves TLS
    #[arg(long, env = "MFLY_SERVER_ADVERTISE_TLS", value_name = "HOST[:PORT]", value_parser = public_address)]
    pub advertise_tls: Option<String>,

    /// Give apps this address for XMPP over TCP
    #[arg(long, env = "MFLY_SERVER_ADVERTISE_TCP", value_name = "HOST[:PORT]", value_parser = public_address)]
    pub advertise_tcp: Option<String>,

    /// Give apps this address for XMPP over TLS
    #[arg(long, env = "MFLY_SERVER_ADVERTISE_TCPS", value_name = "HOST[:PORT]", value_parser = public_address)]
    pub advertise_tcps: Option<String>,

    /// Believe a proxy's Forwarded or X-Forwarded-Proto, -Host and -Port, from which the server
    /// makes the addresses in its answers
    #[arg(long, env = "MFLY_SERVER_TRUST_FORWARDED", value_parser = BoolishValueParser::new())]
    pub trust_forwarded: bool,

    /// The control API for tests and its page, which anyone who can connect can use; or "off"
    /// [default: 127.0.0.1:8119]
    #[arg(long, env = "MFLY_SERVER_CONTROL_LISTEN", value_name = "HOST:PORT", value_parser = control_address)]
    pub control_listen: Option<ControlListen>,

    /// Require this token of every request to the control API: Authorization: Bearer TOKEN
    #[arg(long, env = "MFLY_SERVER_CONTROL_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub control_token: Option<Secret>,

    /// Let the pages of an origin, such as http://localhost:5173, use the control API; repeatable
    #[arg(long, env = "MFLY_SERVER_CONTROL_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub control_origin: Vec<String>,

    /// Accept requests to the control API that name this host, beside addresses and localhost;
    /// repeatable
    #[arg(long, env = "MFLY_SERVER_CONTROL_HOST", value_name = "NAME", value_delimiter = ',')]
    pub control_host: Vec<String>,

    /// Keep accounts, plan, media and clock in FILE, which holds passwords: go on where it ended,
    /// and save at the end
    #[arg(long, env = "MFLY_SERVER_STATE", value_name = "FILE")]
    pub state: Option<PathBuf>,

    /// The licence key that apps must use
    #[arg(long, env = "MFLY_SERVER_LICENCE_KEY", hide_env_values = true, value_name = "KEY", default_value = LICENCE_KEY)]
    pub licence_key: Secret,

    /// Make the plan a trial: registration data and passwords are not encrypted
    #[arg(long, env = "MFLY_SERVER_TRIAL", value_parser = BoolishValueParser::new())]
    pub trial: bool,

    /// Limit of devices that a user may have registered at a time
    #[arg(long, env = "MFLY_SERVER_SESSION_LIMIT", value_name = "COUNT")]
    pub session_limit: Option<usize>,

    /// The domain of every JID, which apps also connect to
    #[arg(long, env = "MFLY_SERVER_XMPP_HOST", value_name = "DOMAIN", default_value = "localhost")]
    pub xmpp_host: String,

    /// Remove a feature from the plan, such as block or report; repeatable
    #[arg(long, env = "MFLY_SERVER_DISABLE", value_name = "FEATURE", value_delimiter = ',', value_parser = feature)]
    pub disable: Vec<Feature>,

    /// Users to create at start: a JSON file [{"id": "alice", "nick_name": "Alice"}, …]
    #[arg(long, env = "MFLY_SERVER_USERS", value_name = "FILE")]
    pub users: Option<PathBuf>,

    /// Accounts for any XMPP client to create at start: a JSON file [{"name": "ann", "password":
    /// "secret"}, …]
    #[arg(long, env = "MFLY_SERVER_STANDARD_USERS", value_name = "FILE")]
    pub standard_users: Option<PathBuf>,

    /// Which accounts are contacts: those that were made contacts, or everyone
    #[arg(long, env = "MFLY_SERVER_CONTACTS", value_name = "WHICH", value_enum, default_value_t = Contacts::Everyone)]
    pub contacts: Contacts,

    /// Name this server as the signalling server in configurations; apps then open a connection
    /// for calls, which this server does not serve
    #[arg(long, env = "MFLY_SERVER_ANNOUNCE_SIGNALLING", value_parser = BoolishValueParser::new())]
    pub announce_signalling: bool,

    /// Offer SCRAM-SHA-1, -256 and -512 for standard accounts, with channel binding over TLS
    #[arg(long, env = "MFLY_SERVER_SCRAM", value_parser = BoolishValueParser::new())]
    pub scram: bool,

    /// Offer SCRAM without channel binding (-PLUS), for clients that choose it but cannot bind
    #[arg(long, env = "MFLY_SERVER_NO_CHANNEL_BINDING", value_parser = BoolishValueParser::new())]
    pub no_channel_binding: bool,

    /// Offer SASL2 and Bind 2
    #[arg(long, env = "MFLY_SERVER_SASL2", value_parser = BoolishValueParser::new())]
    pub sasl2: bool,

    /// Offer ANONYMOUS: each client gets a new standard account for its session
    #[arg(long, env = "MFLY_SERVER_ANONYMOUS", value_parser = BoolishValueParser::new())]
    pub anonymous: bool,

    /// How long a REST token is valid
    #[arg(long, env = "MFLY_SERVER_TOKEN_LIFETIME", value_name = "SECONDS")]
    pub token_lifetime: Option<u64>,

    /// Limits of connections and sessions
    #[command(flatten)]
    pub bounds: Bounds,
}

/// The address of the control API unless a flag names one.
const CONTROL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8119);

/// Flags that need another one.
const RELATIONS: [(&str, &str); 4] = [
    ("authority", "encrypted"),
    ("certificate_name", "encrypted"),
    ("tcp_cleartext", "tcp_listen"),
    ("no_channel_binding", "scram"),
];

impl Args {
    /// Every address to listen on, except that of the control API.
    fn sockets(&self) -> impl Iterator<Item = &SocketAddr> {
        let http = self.listen.iter().chain(&self.tls_listen);
        http.chain(&self.tcp_listen).chain(&self.tcps_listen)
    }

    /// Refuses flags without the flag that they need. It is not declared at the flags, because the
    /// configuration file, which may have the other one, is not known when these are read.
    fn related(command: clap::Command) -> clap::Command {
        RELATIONS.iter().fold(command, |command, (flag, needed)| {
            command.mut_arg(flag, |argument| argument.requires(needed))
        })
    }
}

/// Which accounts are contacts of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Contacts {
    /// Those that a test or a client made contacts.
    Explicit,
    /// All accounts of the server.
    Everyone,
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
    /// The address of the control API is in use, or not one of this machine.
    #[error("cannot listen on {address} for the control API{}", default_note(*is_default))]
    ControlListen {
        /// The address to listen on.
        address: SocketAddr,
        /// Whether the address is the default.
        is_default: bool,
        /// The error of the system.
        source: io::Error,
    },
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

const fn default_note(is_default: bool) -> &'static str {
    if is_default { ", its default address" } else { "" }
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
        .licence_key(args.licence_key.expose())
        .trial(args.trial)
        .xmpp_host(args.xmpp_host.clone())
        .tls(false)
        .tcp_cleartext(args.tcp_cleartext)
        .trust_forwarded(args.trust_forwarded)
        .announce_signalling(args.announce_signalling)
        .scram(args.scram)
        .channel_binding(!args.no_channel_binding)
        .sasl2(args.sasl2)
        .anonymous(args.anonymous);
    let control = args.control_listen.unwrap_or(ControlListen::At(CONTROL));
    if let ControlListen::At(address) = control {
        builder = builder.control_listen(address);
    }
    builder = each(builder, &args.state, |builder, path| builder.state_file(path));
    builder = each(builder, &args.listen, |builder, address| builder.listen(*address));
    builder = each(builder, &args.tls_listen, |builder, address| builder.tls_listen(*address));
    builder = each(builder, &args.tcp_listen, |builder, address| builder.tcp_listen(*address));
    builder = each(builder, &args.tcps_listen, |builder, address| builder.tcps_listen(*address));
    builder = each(builder, &args.authority, |builder, path| builder.authority(path));
    builder = each(builder, &args.certificate_name, |builder, name| builder.certificate_name(name));
    builder = each(builder, &args.advertise, |builder, public| builder.advertise(public));
    builder = each(builder, &args.advertise_tls, |builder, public| builder.advertise_tls(public));
    builder = each(builder, &args.advertise_tcp, |builder, public| builder.advertise_tcp(public));
    builder = each(builder, &args.advertise_tcps, |builder, public| builder.advertise_tcps(public));
    builder =
        each(builder, &args.control_token, |builder, token| builder.control_token(token.expose()));
    builder = each(builder, &args.control_origin, |builder, origin| builder.control_origin(origin));
    builder = each(builder, &args.control_host, |builder, host| builder.control_host(host));
    builder = each(builder, &args.session_limit, |builder, limit| builder.session_limit(*limit));
    builder = each(builder, &args.token_lifetime, |builder, seconds| {
        builder.token_lifetime(Duration::from_secs(*seconds))
    });
    builder = each(builder, &args.disable, |builder, feature| builder.disable(*feature));
    if args.contacts == Contacts::Explicit {
        builder = builder.contacts_explicit();
    }
    let started = args.bounds.apply(builder).start().await;
    let server = started.map_err(|error| match (error, control) {
        (StartError::Listen { address, source }, ControlListen::At(control))
            if address == control && !args.sockets().any(|socket| *socket == address) =>
        {
            let is_default = args.control_listen.is_none();
            CommandError::ControlListen { address, is_default, source }
        }
        (error, _) => error.into(),
    })?;
    users.create(&server, users_file).await?;
    standard_users.create(&server, standard_file).await?;
    server.keep_as_seed();
    Ok(server)
}

/// Sets an option for each of its values.
fn each<'a, T: 'a>(
    builder: Builder,
    values: impl IntoIterator<Item = &'a T>,
    set: impl Fn(Builder, &'a T) -> Builder,
) -> Builder {
    values.into_iter().fold(builder, set)
}

/// Reads an address to listen on. Of the addresses of a name, IPv4 has precedence.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map_err(|error| format!("{error}; write HOST:PORT"))?;
    // "localhost" must be 127.0.0.1, as in certificates and printed addresses.
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(|| "this name has no address".to_owned())
}

fn public_address(text: &str) -> Result<String, String> {
    let read = text.parse::<PublicAddress>();
    read.map(|_| text.to_owned()).map_err(|_| "write HOST or HOST:PORT".to_owned())
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
        line: CommandLine,
    }

    fn args(line: &str) -> Result<Args, clap::Error> {
        Cli::try_parse_from(line.split_whitespace()).map(|cli| cli.line.args)
    }

    #[test]
    fn the_flags_are_read() {
        let args = args(
            "x --control-listen off --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0 --licence-key k --trial \
             --session-limit 2 --xmpp-host chat.test --disable block --disable report \
             --token-lifetime 5 --tcp-listen 127.0.0.1:0 --tcp-cleartext --tcps-listen 127.0.0.1:0 \
             --standard-users f --scram --no-channel-binding --sasl2 --anonymous \
             --control-origin http://a --control-origin http://b --control-host c \
             --announce-signalling --contacts explicit --trust-forwarded --advertise a.test",
        )
        .unwrap();
        assert!(args.announce_signalling && args.trust_forwarded);
        assert_eq!((args.control_origin.len(), args.contacts), (2, Contacts::Explicit));
        assert!(args.no_channel_binding);
        assert!(args.tcp_cleartext && args.scram && args.sasl2 && args.anonymous);
        assert!(!args.tcp_listen.is_empty() && !args.tcps_listen.is_empty());
        assert_eq!(args.disable, [Feature::Block, Feature::Report]);
        assert_eq!((args.session_limit, args.token_lifetime), (Some(2), Some(5)));
        assert!(args.trial && !args.tls_listen.is_empty());
    }

    #[test]
    fn flags_that_cannot_be_used_are_refused_with_a_reason() {
        for (line, reason) in [
            ("x --disable blok", "translation, block, report"),
            ("x --listen localhost", "write HOST:PORT"),
            ("x --authority ca.pem", "--tls-listen"),
            ("x --no-channel-binding", "--scram"),
            ("x --tcp-cleartext", "--tcp-listen"),
            ("x --certificate-name a.test", "--tls-listen"),
            ("x --advertise http://a.test", "write HOST or HOST:PORT"),
            ("x --contacts all", "explicit, everyone"),
        ] {
            let error = args(line).unwrap_err().to_string();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }

    #[test]
    fn the_server_listens_on_loopback_unless_told_otherwise_and_on_names() {
        assert_eq!(args("x").unwrap().listen, ["127.0.0.1:8117".parse().unwrap()]);
        let listen = args("x --listen localhost:8200").unwrap().listen[0];
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
    async fn the_server_listens_on_every_address_and_apps_are_given_the_first() {
        let line = "x --control-listen 127.0.0.1:0 --listen 127.0.0.1:0 --listen 127.0.0.1:0 \
                    --tcp-listen 127.0.0.1:0,127.0.0.1:0";
        let server = start(&args(line).unwrap()).await.unwrap();
        let info = server.info();
        let kinds: Vec<_> = info.listeners.iter().map(|listener| listener.kind).collect();
        use ListenerKind::{Http, Xmpp};
        assert_eq!(kinds, [Http, Http, Xmpp, Xmpp]);
        assert!(info.api_base_url.contains(&info.listeners[0].address));
        for listener in &info.listeners {
            assert!(tokio::net::TcpStream::connect(&listener.address).await.is_ok());
        }
        let text = info.to_string();
        assert!(text.contains(&format!("Also at         {} (http)", info.listeners[1].address)));
        assert!(text.contains(server.control_url().unwrap()), "{text}");
    }

    #[tokio::test]
    async fn a_taken_address_of_the_control_api_is_told_with_the_flag() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let line = format!("x --listen 127.0.0.1:0 --control-listen {address}");
        let error = start(&args(&line).unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("for the control API"), "{error}");
        assert!(error.hint().unwrap().contains("--control-listen off"));
        let source = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let error = CommandError::ControlListen { address: CONTROL, is_default: true, source };
        assert!(error.to_string().ends_with("control API, its default address"), "{error}");
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
