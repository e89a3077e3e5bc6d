//! Many sessions of the client against one test server, in one process.
//!
//! `cargo bench -p mfly-benches --bench sessions [-- --quick]`: every session registers, connects,
//! reads a profile, stays idle while the memory is read, and closes. Client and server share the
//! process, so the memory is theirs together; `--client-only API_URL WEBSOCKET_URL LICENCE_KEY`
//! connects to a server elsewhere (with explicit contacts) and so tells the client's part. Plain
//! WebSocket in both cases: TLS adds its buffers on either side.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use mfly_benches::process::resident_kib;
use mfly_client::{App, AppBuilder, LicenceKey, Session, UserIdentifier};
use mfly_testserver::TestServer;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Sessions that connect at the same time; more would measure the queue.
const AT_ONCE: usize = 32;

fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sessions = if arguments.iter().any(|argument| argument == "--quick") { 100 } else { 1_000 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let elsewhere = arguments.iter().position(|argument| argument == "--client-only");
    runtime.block_on(async {
        match elsewhere {
            Some(at) => {
                let [url, websocket, key] = arguments.get(at + 1..at + 4).unwrap_or_default()
                else {
                    return Err("--client-only needs API_URL WEBSOCKET_URL LICENCE_KEY".into());
                };
                let builder = App::builder(LicenceKey::new(key)?).api_base_url(url);
                run(sessions, builder.xmpp_address(websocket), "client").await
            }
            None => {
                // Explicit contacts: a thousand users who all see each other would measure presence
                // instead.
                let builder = TestServer::builder().tls(false).contacts_explicit();
                let server = builder.start().await?;
                let builder = App::builder(server.licence_key())
                    .api_base_url(&server.api_base_url())
                    .xmpp_address(&server.websocket_url());
                run(sessions, builder, "client + server").await?;
                server.shutdown().await;
                Ok(())
            }
        }
    })
}

async fn run(count: usize, builder: AppBuilder, what: &str) -> Result<(), BoxError> {
    let app = builder.build().await?;
    // One session first, so that what is allocated once is not counted a thousand times.
    let warm = open(app.clone(), 0).await?;
    warm.close().await;
    tokio::time::sleep(Duration::from_millis(200)).await;

    let before = resident_kib()?;
    let started = Instant::now();
    let sessions = in_parallel((1..=count).map(|number| open(app.clone(), number))).await?;
    let connecting = started.elapsed();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let idle = resident_kib()?;

    let sessions = Arc::new(sessions);
    let started = Instant::now();
    in_parallel((0..count).map(|number| {
        let sessions = Arc::clone(&sessions);
        async move { Ok(sessions[number].own_profile().await?) }
    }))
    .await?;
    let reading = started.elapsed();

    let started = Instant::now();
    let sessions = Arc::into_inner(sessions).ok_or("a reader kept the sessions")?;
    in_parallel(sessions.into_iter().map(|session| async move {
        session.close().await;
        Ok(())
    }))
    .await?;
    let closing = started.elapsed();

    #[expect(clippy::cast_precision_loss, reason = "small numbers, for people")]
    let per_session = |kib: u64| kib as f64 / count as f64;
    let rate = |elapsed: Duration| count as f64 / elapsed.as_secs_f64();
    println!("sessions: {count}, against one server, {what} in this process\n");
    println!("| what                        |        figure |");
    println!("|-----------------------------|---------------|");
    println!("| register + connect          | {:>9.0} /s  |", rate(connecting));
    println!("| profile read                | {:>9.0} /s  |", rate(reading));
    println!("| close                       | {:>9.0} /s  |", rate(closing));
    println!("| resident before             | {:>9} KiB |", before);
    println!("| resident with all idle      | {:>9} KiB |", idle);
    println!(
        "| memory per idle session     | {:>9.1} KiB |",
        per_session(idle.saturating_sub(before))
    );
    Ok(())
}

async fn open(app: App, number: usize) -> Result<Session, BoxError> {
    let account = app.register(&UserIdentifier::new(&format!("bench{number}"))?).await?;
    Ok(app.connect(&account.credentials).await?)
}

/// Runs the tasks, a few at a time, and gathers what they return.
async fn in_parallel<T, F>(tasks: impl Iterator<Item = F>) -> Result<Vec<T>, BoxError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, BoxError>> + Send + 'static,
{
    let mut running = JoinSet::<Result<T, BoxError>>::new();
    let mut done = Vec::new();
    for task in tasks {
        if running.len() >= AT_ONCE
            && let Some(result) = running.join_next().await
        {
            done.push(result??);
        }
        running.spawn(task);
    }
    while let Some(result) = running.join_next().await {
        done.push(result??);
    }
    Ok(done)
}
