//! The server as a command: for people who work in any language.

mod bounds;
mod remedy;
mod settings;
mod signal;
mod users;

pub use bounds::Bounds;
pub use settings::{Authority, Settings, Tls};
pub use signal::interrupted;

use crate::handle::builder::LICENCE_KEY;
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

    /// The same over TLS, with a certificate authority made at start
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub tls_listen: Option<SocketAddr>,

    /// Keep the certificate authority in FILE and its key in FILE.key, so that it has to be trusted
    /// only once
    #[arg(long, value_name = "FILE", requires = "encrypted")]
    pub authority: Option<PathBuf>,

    /// XMPP over TCP; clients have to ask for TLS before anything else (STARTTLS)
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub tcp_listen: Option<SocketAddr>,

    /// XMPP over TLS from the first byte
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub tcps_listen: Option<SocketAddr>,

    /// Do not offer STARTTLS on the port of --tcp-listen: everything travels in the clear
    #[arg(long, requires = "tcp_listen")]
    pub tcp_cleartext: bool,

    /// The licence key that apps have to be given
    #[arg(long, value_name = "KEY", default_value = LICENCE_KEY)]
    pub licence_key: String,

    /// Be a trial plan: registration data and passwords travel unsealed
    #[arg(long)]
    pub trial: bool,

    /// How many devices a user may have registered at a time
    #[arg(long, value_name = "COUNT")]
    pub session_limit: Option<usize>,

    /// The domain of every JID, which apps also connect to
    #[arg(long, value_name = "DOMAIN", default_value = "localhost")]
    pub xmpp_host: String,

    /// Take a feature out of the plan, such as block or report; repeatable
    #[arg(long, value_name = "FEATURE", value_parser = feature)]
    pub disable: Vec<Feature>,

    /// Users to begin with: a JSON file [{"id": "alice", "nick_name": "Alice"}, …]
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,

    /// Accounts for any XMPP client: a JSON file [{"name": "ann", "password": "secret"}, …]
    #[arg(long, value_name = "FILE")]
    pub standard_users: Option<PathBuf>,

    /// Offer SCRAM-SHA-1, -256 and -512, with channel binding where there is TLS; for standard
    /// accounts
    #[arg(long)]
    pub scram: bool,

    /// Offer SCRAM without channel binding (-PLUS), for clients that cannot bind and choose it all
    /// the same
    #[arg(long, requires = "scram")]
    pub no_channel_binding: bool,

    /// Offer SASL2 and Bind 2
    #[arg(long)]
    pub sasl2: bool,

    /// Let anybody log in (ANONYMOUS) to a standard account that goes with the session
    #[arg(long)]
    pub anonymous: bool,

    /// How long a REST token is valid
    #[arg(long, value_name = "SECONDS")]
    pub token_lifetime: Option<u64>,

    /// How many the server takes on
    #[command(flatten)]
    pub bounds: Bounds,
}

/// Why the command failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The file of users cannot be used.
    #[error("cannot use the users in {}: {reason}", path.display())]
    Users {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: UsersError,
    },
    /// The settings could not be written, or signals not be awaited.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs a server until Ctrl-C or SIGTERM, which are heard while it starts, too. `tell` gets the
/// settings for apps once it runs. A second signal ends it without goodbyes.
///
/// # Errors
/// See [`CommandError`].
pub async fn run(
    args: Args,
    tell: impl FnOnce(&Settings) -> io::Result<()>,
) -> Result<(), CommandError> {
    let mut first = std::pin::pin!(interrupted()?);
    let server = tokio::select! {
        server = start(&args) => server?,
        () = first.as_mut() => return Ok(()),
    };
    tell(&Settings::new(&server, args.authority.as_deref()))?;
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
    if let Some(address) = args.tls_listen {
        builder = builder.tls_listen(address);
    }
    if let Some(path) = &args.authority {
        builder = builder.authority(path);
    }
    if let Some(address) = args.tcp_listen {
        builder = builder.tcp_listen(address).tcp_cleartext(args.tcp_cleartext);
    }
    if let Some(address) = args.tcps_listen {
        builder = builder.tcps_listen(address);
    }
    if let Some(limit) = args.session_limit {
        builder = builder.session_limit(limit);
    }
    if let Some(seconds) = args.token_lifetime {
        builder = builder.token_lifetime(Duration::from_secs(seconds));
    }
    for feature in &args.disable {
        builder = builder.disable(*feature);
    }
    let server = args.bounds.apply(builder).start().await?;
    users.create(&server, users_file).await?;
    standard_users.create(&server, standard_file).await?;
    Ok(server)
}

/// An address to listen on; a name stands for the first address it has.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map_err(|error| format!("{error}; write HOST:PORT"))?;
    // Certificates and printed addresses say 127.0.0.1, so that is what "localhost" should be.
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(|| "this name has no address".to_owned())
}

fn feature(name: &str) -> Result<Feature, String> {
    Feature::ALL.iter().copied().find(|feature| feature.wire_name() == name).ok_or_else(|| {
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

    fn settings(server: &TestServer, args: &Args) -> String {
        Settings::new(server, args.authority.as_deref()).to_string()
    }

    fn args(line: &str) -> Result<Args, clap::Error> {
        Cli::try_parse_from(line.split_whitespace()).map(|cli| cli.args)
    }

    #[test]
    fn the_flags_are_read() {
        let args = args(
            "x --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0 --licence-key k --trial \
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
    fn an_unknown_feature_is_answered_with_the_known_ones() {
        let error = args("x --disable blok").unwrap_err().to_string();
        assert!(error.contains("translation, block, report"), "{error}");
    }

    #[test]
    fn a_name_can_be_listened_on_and_a_missing_port_is_explained() {
        let listen = args("x --listen localhost:8200").unwrap().listen;
        assert!(listen.ip().is_loopback() && listen.port() == 8200);
        let error = args("x --listen localhost").unwrap_err().to_string();
        assert!(error.contains("write HOST:PORT"), "{error}");
    }

    #[test]
    fn without_flags_it_listens_on_loopback_only() {
        assert_eq!(args("x").unwrap().listen, "127.0.0.1:8117".parse().unwrap());
    }

    #[tokio::test]
    async fn the_settings_can_be_pasted() {
        let args = args("x --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0").unwrap();
        let server = start(&args).await.unwrap();
        let text = settings(&server, &args);
        for expected in [
            &server.api_base_url(),
            &server.websocket_url_tls().unwrap(),
            LICENCE_KEY,
            "/licence.js",
            "BEGIN CERTIFICATE",
            server.ca_public_key_hash().unwrap(),
            "import it as trusted",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }

    #[tokio::test]
    async fn it_is_said_how_to_trust_the_authority_and_where_it_is_kept() {
        let name = format!("mfly-command-{}.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut args = args("x --listen 127.0.0.1:0 --tls-listen 127.0.0.1:0").unwrap();
        let text = settings(&start(&args).await.unwrap(), &args);
        assert!(text.contains("--authority FILE keeps one"), "{text}");
        args.authority = Some(path.clone());
        let server = start(&args).await;
        let key = path.with_extension("pem.key");
        let are_there = path.exists() && key.exists();
        for file in [&path, &key].into_iter().filter(|file| file.exists()) {
            std::fs::remove_file(file).unwrap();
        }
        let text = settings(&server.unwrap(), &args);
        let file = path.display().to_string();
        assert!(are_there && text.contains("kept in that file"), "{text}");
        for place in ["NODE_EXTRA_CA_CERTS=", "--cacert ", "As "] {
            assert!(text.contains(&format!("{place}{file}")), "{text}");
        }
    }

    #[test]
    fn an_authority_is_kept_for_every_port_that_needs_one_and_for_no_other() {
        for port in ["--tls-listen", "--tcp-listen", "--tcps-listen"] {
            let line = format!("x --authority ca.pem {port} 127.0.0.1:0");
            assert!(args(&line).unwrap().authority.is_some(), "{port}");
        }
        assert!(args("x --authority ca.pem").is_err());
        assert!(args("x --no-channel-binding").is_err());
    }

    #[tokio::test]
    async fn the_ports_of_tcp_are_told_and_nothing_of_it_is_on_unless_asked_for() {
        let with =
            args("x --listen 127.0.0.1:0 --tcp-listen 127.0.0.1:0 --tcps-listen 127.0.0.1:0")
                .unwrap();
        let server = start(&with).await.unwrap();
        let text = settings(&server, &with);
        assert!(text.contains(&server.tcp_address().unwrap()), "{text}");
        assert!(text.contains(&server.tcps_address().unwrap()), "{text}");
        assert!(text.contains("BEGIN CERTIFICATE") && !text.contains("https:"), "{text}");
        let without = args("x --listen 127.0.0.1:0").unwrap();
        let server = start(&without).await.unwrap();
        assert_eq!((server.tcp_address(), server.tcps_address()), (None, None));
        assert!(!settings(&server, &without).contains("xmpp:"));
        assert!(args("x --tcp-cleartext").is_err());
    }

    #[tokio::test]
    async fn standard_users_of_a_file_are_there_from_the_start() {
        let path = std::env::temp_dir().join(format!("mfly-standard-{}.json", std::process::id()));
        std::fs::write(&path, r#"[{"name":"ann","password":"secret"}]"#).unwrap();
        let mut args = args("x --listen 127.0.0.1:0").unwrap();
        args.standard_users = Some(path.clone());
        let server = start(&args).await;
        std::fs::write(&path, r#"[{"name":"ann"}]"#).unwrap();
        let incomplete = start(&args).await;
        std::fs::write(&path, r#"[{"name":"a b","password":"x"}]"#).unwrap();
        let unusable = start(&args).await;
        std::fs::remove_file(&path).unwrap();
        // The name is taken, so there is such an account.
        let taken = server.unwrap().user("ann").register();
        assert_eq!(taken.unwrap_err(), crate::UserError::Taken);
        assert!(incomplete.unwrap_err().to_string().contains("missing field `password`"));
        assert!(unusable.unwrap_err().to_string().contains("a b: "));
    }

    #[tokio::test]
    async fn the_host_is_told_as_it_stands_in_every_jid() {
        let args = args("x --listen 127.0.0.1:0 --xmpp-host Chat.TEST").unwrap();
        assert_eq!(start(&args).await.unwrap().xmpp_host(), "chat.test");
    }

    #[tokio::test]
    async fn users_of_a_file_are_there_from_the_start_and_have_no_device() {
        let path = std::env::temp_dir().join(format!("mfly-users-{}.json", std::process::id()));
        std::fs::write(&path, r#"[{"id":"alice","nick_name":"Alice"},{"id":"bob"}]"#).unwrap();
        let mut args = args("x --listen 127.0.0.1:0 --session-limit 1").unwrap();
        args.users = Some(path.clone());
        let server = start(&args).await;
        std::fs::remove_file(&path).unwrap();
        let server = server.unwrap();
        assert_eq!(server.user("alice").profile().unwrap().nick_name, "Alice");
        assert!(server.user("bob").register_device("first", false).is_ok());
    }

    #[tokio::test]
    async fn a_file_may_have_a_byte_order_mark_and_names_its_lines_when_it_is_refused() {
        let path = std::env::temp_dir().join(format!("mfly-marked-{}.json", std::process::id()));
        let mut args = args("x --listen 127.0.0.1:0").unwrap();
        args.users = Some(path.clone());
        std::fs::write(&path, "\u{feff}[\r\n{\"id\":\"alice\"},\r\n{\"id\":\"bob\"}]\r\n").unwrap();
        let server = start(&args).await;
        std::fs::write(&path, "[\r\n{\"id\":\"alice\"},\r\n{\"id\":\"Alice\"}]").unwrap();
        let doubled = start(&args).await;
        std::fs::write(&path, "[{\"id\":\"alice\"},\n{\"id\":\"a b\"}]").unwrap();
        let unusable = start(&args).await;
        std::fs::write(&path, b"\xff\xfe[\0]\0").unwrap();
        let foreign = start(&args).await;
        std::fs::remove_file(&path).unwrap();
        assert!(server.unwrap().user("bob").profile().is_ok());
        for (refused, reason) in [
            (doubled, "line 2 and line 3 name one account"),
            (unusable, "line 2: a b: "),
            (foreign, "not UTF-8"),
        ] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_named() {
        let mut args = args("x --listen 127.0.0.1:0").unwrap();
        args.users = Some("/nowhere/users.json".into());
        let error = start(&args).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot use the users in /nowhere/users.json"), "{error}");
    }
}
