//! Logging in and asking, beside tokio-xmpp on the same server in the same run.
//!
//! `cargo bench -p mfly-benches --bench login [-- --quick]` starts the test server and, in processes of their own, the
//! clients. `--server xmpp://HOST:PORT --server xmpps://HOST:PORT --domain D --user U --password P [--ca FILE]` measures on
//! another server; one `--server` is enough, `tcp://` and `starttls://` do without the other half of `xmpp://`, and
//! `--sasl2-server` is for one that offers SASL2.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use mfly_benches::login::effort::Effort;
use mfly_benches::login::mfly::Mfly;
use mfly_benches::login::own_server::OwnServers;
use mfly_benches::login::platform::OnPlatform;
use mfly_benches::login::target::Target;
use mfly_benches::login::tokio_xmpp::TokioXmpp;
use mfly_benches::login::{BoxError, Channel, Client, Place, logins, memory, requests};
use mfly_benches::table::Table;
use std::path::Path;
use std::process::{Command, Stdio};

/// Requests on the way at once: one after the other, and as many as tokio-xmpp can have. Its queue holds 16; a sender that
/// waits for room holds a lock that the receiver only tries, and nobody wakes the receiver afterwards.
const OUTSTANDING: [usize; 2] = [1, 16];

/// More than that, on one channel.
const MANY: usize = 64;

/// Says that the process is one of the clients'.
const CLIENTS: &str = "--clients";

/// Says which client's memory a process measures.
const MEMORY: &str = "--memory";

fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let effort = if has("--quick") {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let Some(target) = Target::from_arguments(&arguments)? else {
        // In threads of their own, which go on while this one waits for the clients.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let ca = Path::new(env!("CARGO_TARGET_TMPDIR")).join("login-ca.pem");
        let servers = runtime.block_on(OwnServers::start(&ca))?;
        return run(servers.target(), has("--quick"));
    };
    if has(CLIENTS) {
        return alone(measure(&target, effort));
    }
    if let Some(at) = arguments.iter().position(|argument| argument == MEMORY) {
        let name = arguments.get(at + 1).ok_or("--memory needs a client")?;
        return alone(weigh(&target, name, effort));
    }
    run(&target, has("--quick"))
}

/// The part that starts the others. They are processes of their own: the roots to trust are in the environment, the
/// memory is to be one client's, and the server's work is not to count.
fn run(target: &Target, quick: bool) -> Result<(), BoxError> {
    let child = |extra: &[&str]| -> Result<Command, BoxError> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(target.to_arguments()).args(extra);
        if quick {
            command.arg("--quick");
        }
        if let Some(ca) = &target.ca {
            command.env("SSL_CERT_FILE", ca);
        }
        Ok(command)
    };
    let status = child(&[CLIENTS])?.status()?;
    if !status.success() {
        return Err(format!("the clients ended with {status}").into());
    }
    let mut table = Table::new(&["idle session, TCP, clear text", "KiB", "ratio"]);
    let mut unit = None;
    for client in clients(target)? {
        if !client.can_use(Channel::ClearText) || client.is_variant() {
            continue;
        }
        let output = child(&[MEMORY, client.name()])?
            .stderr(Stdio::inherit())
            .output()?;
        let kib: Option<f64> = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
        let Some(kib) = kib else { continue };
        let unit = *unit.get_or_insert(kib);
        table.row([
            client.name().to_owned(),
            format!("{kib:.1}"),
            format!("{:.2}", kib / unit),
        ]);
    }
    println!("\n{table}");
    Ok(())
}

/// Everyone who takes part; the first that can go a way is the unit of its ratios.
fn clients(target: &Target) -> Result<Vec<Box<dyn Client>>, BoxError> {
    let mut clients: Vec<Box<dyn Client>> = vec![
        Box::new(Mfly::first(target)?),
        Box::new(Mfly::sha256(target)?),
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
        "Logins: RTT {} ms by a proxy, TCP's own round trip not counted; {} logins each on loopback, in turns.",
        2 * effort.delay.as_millis(),
        effort.rounds * effort.logins,
    );
    let places = target.places()?;
    for place in &places {
        if let Some(table) = logins::measure(&mut clients, *place, effort).await? {
            println!("\n{table}");
        }
    }
    println!(
        "Requests: pings to the server on one session, median of {} turns of {}.",
        effort.rounds, effort.requests
    );
    // How a session was opened makes no difference to it.
    for place in places.iter().filter(|place| !place.sasl2) {
        let mut windows = OUTSTANDING.to_vec();
        if place.channel == Channel::ClearText {
            windows.push(MANY);
        }
        for outstanding in windows {
            let table = requests::measure(&mut clients, *place, outstanding, effort).await;
            if let Some(table) = table {
                println!("\n{table}");
            }
        }
    }
    Ok(())
}

async fn weigh(target: &Target, name: &str, effort: Effort) -> Result<(), BoxError> {
    let mut clients = clients(target)?;
    let client = clients
        .iter_mut()
        .find(|client| client.name() == name)
        .ok_or("no client has this name")?;
    let clear = |place: &Place| place.channel == Channel::ClearText;
    let place = target.places()?.into_iter().find(clear);
    let place = place.ok_or("the server has no TCP port")?;
    println!(
        "{:.1}",
        memory::idle_kib(client.as_mut(), place, effort.sessions).await?
    );
    Ok(())
}

/// Runs on this thread alone, so that its time is the client's.
fn alone(task: impl Future<Output = Result<(), BoxError>>) -> Result<(), BoxError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(task)
}
