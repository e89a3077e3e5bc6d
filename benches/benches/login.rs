//! Logging in and asking, beside tokio-xmpp on the same server in the same run.
//!
//! `cargo bench -p mfly-benches --bench login [-- OPTIONS]` starts a server and, in processes of
//! their own, the clients.
//!
//! | option | what |
//! |---|---|
//! | none | the test server |
//! | `--prosody`, `--ejabberd` | those of Debian's packages, which must be installed |
//! | `--server xmpp://HOST:PORT --domain D --user U --password P [--ca FILE]` | a server that runs; `--server` may be repeated, with `tcp://` (clear text only), `starttls://`, `xmpps://` and `ws://`; `--sasl2-server` is for one that offers SASL2 |
//! | `--quick` | less of everything |
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use mfly_benches::login::effort::Effort;
use mfly_benches::login::mfly::Mfly;
use mfly_benches::login::platform::OnPlatform;
use mfly_benches::login::served::Served;
use mfly_benches::login::target::Target;
use mfly_benches::login::tokio_xmpp::TokioXmpp;
use mfly_benches::login::{
    BoxError, Channel, Client, Place, logins, memory, own_server, requests, standard_servers,
};
use mfly_benches::table::Table;
use std::path::Path;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// Requests on the way at once: one after the other, and as many as tokio-xmpp can have. Its queue
/// holds 16; a sender that waits for room holds a lock that the receiver only tries, and the
/// receiver is not woken afterwards.
const OUTSTANDING: [usize; 2] = [1, 16];

/// A greater number of requests on the way, on one channel.
const MANY: usize = 64;

/// The option of a process that runs the clients.
const CLIENTS: &str = "--clients";

/// The option of a process that measures the memory of one client.
const MEMORY: &str = "--memory";

/// The channels on which the memory of a session is measured, without and with TLS.
const WEIGHED: [Channel; 2] = [Channel::ClearText, Channel::DirectTls];

fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let effort = if has("--quick") { Effort::QUICK } else { Effort::FULL };
    let target = Target::from_arguments(&arguments)?;
    if let Some(target) = &target {
        if has(CLIENTS) {
            return alone(measure(target, effort));
        }
        if let Some(at) = arguments.iter().position(|argument| argument == MEMORY) {
            let what = arguments.get(at + 1..at + 3).unwrap_or_default();
            return alone(weigh(target, what, effort));
        }
    }
    // The servers' threads go on while the clients are waited for.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            outcome = serve(target, &arguments) => outcome,
            // Leaving by the ordinary way ends the servers, too.
            () = interrupted() => Err("interrupted".into()),
        }
    })
}

async fn interrupted() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminated.recv() => {}
        Ok(()) = tokio::signal::ctrl_c() => {}
    }
}

/// Starts the servers one after the other, and runs the clients against each.
async fn serve(target: Option<Target>, arguments: &[String]) -> Result<(), BoxError> {
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let quick = has("--quick");
    if let Some(target) = target {
        return run(&target, quick).await;
    }
    let (prosody, ejabberd) = (has("--prosody"), has("--ejabberd"));
    if prosody {
        run_all(standard_servers::prosody(folder).await?, quick).await?;
    }
    if ejabberd {
        run_all(standard_servers::ejabberd(folder).await?, quick).await?;
    }
    if !prosody && !ejabberd {
        run_all(own_server::start(&folder.join("login-ca.pem")).await?, quick).await?;
    }
    Ok(())
}

async fn run_all(served: Served, quick: bool) -> Result<(), BoxError> {
    for target in &served.targets {
        println!("\n# {}, {}", served.name, target.domain);
        run(target, quick).await?;
    }
    Ok(())
}

/// Starts the clients. They are processes of their own, because the roots to trust are in the
/// environment, the memory of one client is measured, and the server's work must not count.
async fn run(target: &Target, quick: bool) -> Result<(), BoxError> {
    let child = |target: &Target, extra: &[&str]| -> Result<Command, BoxError> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(target.to_arguments()).args(extra);
        command.kill_on_drop(true);
        if quick {
            command.arg("--quick");
        }
        if let Some(ca) = &target.ca {
            command.env("SSL_CERT_FILE", ca);
        }
        Ok(command)
    };
    let status = child(target, &[CLIENTS])?.status().await?;
    if !status.success() {
        return Err(format!("the clients ended with {status}").into());
    }
    for channel in WEIGHED {
        let Some(place) = place(target, channel)? else {
            continue;
        };
        let mut table = Table::new(&[&format!("idle session, {place}"), "KiB", "ratio"]);
        let mut unit = None;
        let mut failures = String::new();
        for client in clients(target)? {
            if !client.can_use(channel) || client.is_variant() {
                continue;
            }
            let name = client.name();
            let mut command = child(target, &[MEMORY, name, &channel.to_string()])?;
            let output = command.output().await?;
            let kib: Option<f64> = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
            let Some(kib) = kib else {
                failures += &format!("{name}: {}", String::from_utf8_lossy(&output.stderr));
                continue;
            };
            let ratio = kib / *unit.get_or_insert(kib);
            table.row([name.to_owned(), format!("{kib:.1}"), format!("{ratio:.2}")]);
        }
        print!("\n{table}{failures}");
    }
    Ok(())
}

/// The first place with this channel.
fn place(target: &Target, channel: Channel) -> Result<Option<Place>, BoxError> {
    let places = target.places()?;
    Ok(places.into_iter().find(|place| place.channel == channel))
}

/// The clients. The first that can use a channel is the unit of its ratios.
fn clients(target: &Target) -> Result<Vec<Box<dyn Client>>, BoxError> {
    let mut clients: Vec<Box<dyn Client>> = vec![
        Box::new(Mfly::first(target)?),
        Box::new(Mfly::without_sha512(target)?),
        Box::new(Mfly::again(target)?),
        Box::new(TokioXmpp::new(&target.account(), &target.password)?),
    ];
    for pipelined in [false, true] {
        if let Some(client) = OnPlatform::new(target, pipelined) {
            clients.push(Box::new(client));
        }
    }
    Ok(clients)
}

async fn measure(target: &Target, effort: Effort) -> Result<(), BoxError> {
    let mut clients = clients(target)?;
    println!(
        "\nLogins: RTT {} ms by a proxy, TCP's own round trip not counted; {} logins each on loopback, in turns.",
        2 * effort.delay.as_millis(),
        effort.rounds * effort.logins,
    );
    let places = target.places()?;
    for place in &places {
        if let Some(table) = logins::measure(&mut clients, *place, effort).await? {
            print!("\n{table}");
        }
    }
    println!(
        "\nRequests: pings to the server on one session, median of {} turns of {} for each on the way.",
        effort.rounds, effort.requests
    );
    // How a session was opened makes no difference to it.
    let is_other_channel = |place: &&Place| {
        let of_channel = |other: &&Place| other.channel == place.channel;
        places.iter().find(of_channel) == Some(place)
    };
    for place in places.iter().filter(is_other_channel) {
        let mut windows = OUTSTANDING.to_vec();
        if place.channel == Channel::ClearText {
            windows.push(MANY);
        }
        for outstanding in windows {
            let table = requests::measure(&mut clients, *place, outstanding, effort).await;
            if let Some(table) = table {
                print!("\n{table}");
            }
        }
    }
    Ok(())
}

async fn weigh(target: &Target, what: &[String], effort: Effort) -> Result<(), BoxError> {
    let [name, channel] = what else {
        return Err("--memory needs a client and a channel".into());
    };
    let mut clients = clients(target)?;
    let client =
        clients.iter_mut().find(|client| client.name() == name).ok_or("no client has this name")?;
    let mut places = target.places()?.into_iter();
    let place = places
        .find(|place| place.channel.to_string() == *channel)
        .ok_or("the server has no such channel")?;
    println!("{:.1}", memory::idle_kib(client.as_mut(), place, effort.sessions).await?);
    Ok(())
}

/// Runs a task on this thread alone, so that the thread's time is the client's.
fn alone(task: impl Future<Output = Result<(), BoxError>>) -> Result<(), BoxError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(task)
}
