//! `mfly qr login`, `approve` and `end`: logging in by a code, both sides.

use super::Operation;
use crate::args::TargetArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::file;
use crate::output::{Output, Report, printable};
use crate::qr::read::Picture;
use crate::qr::{Matrix, image, read, terminal};
use crate::signal;
use clap::{Args, Subcommand};
use mfly_client::{QrLoginEvent, QrLoginOptions, QrSession};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Logs in by a code, or approves one.
#[derive(Args, Debug)]
pub(crate) struct QrArgs {
    #[command(subcommand)]
    verb: Verb,
    /// The signalling server; without it, the host of the API.
    #[arg(long, global = true, env = "MFLY_SIGNALLING_URL", value_name = "URL")]
    signalling_url: Option<String>,
    #[command(flatten)]
    target: TargetArgs,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show a code, wait until a phone approves it, and save the account.
    Login(LoginArgs),
    /// Approve a code that another device shows, as the account's phone does.
    Approve {
        /// The code's text, or a PNG file that shows it.
        #[arg(value_name = "CODE_OR_IMAGE")]
        code: String,
    },
    /// End a session that came from a code.
    End {
        /// Its id, as `approve` printed it.
        #[arg(value_name = "ID")]
        socket_id: String,
    },
}

#[derive(Args, Debug)]
struct LoginArgs {
    /// Also write the code to this SVG file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Also write the code to this PNG file.
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// A PNG file to lay over the middle of SVG and PNG.
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Print the code's text too.
    #[arg(long)]
    text: bool,
}

impl QrArgs {
    /// Where the signalling server is.
    fn url(&self, context: &Context) -> String {
        self.signalling_url.clone().unwrap_or_else(|| {
            let url = &context.api_url;
            let host_begins = url.find("://").map_or(0, |at| at + 3);
            let path_begins = url[host_begins..].find('/');
            path_begins
                .map_or(url.as_str(), |at| &url[..host_begins + at])
                .to_owned()
        })
    }
}

impl Operation for QrArgs {
    fn name(&self) -> &'static str {
        match self.verb {
            Verb::Login(_) => "generateQrCode",
            Verb::Approve { .. } => "approveQrCode",
            Verb::End { .. } => "endQrSession",
        }
    }

    fn target(&self) -> &TargetArgs {
        &self.target
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let url = self.url(context);
        match self.verb {
            Verb::Approve { code } => approve(context, &url, &code).await,
            Verb::End { socket_id } => {
                let end = async |session: &mfly_client::Session| {
                    Ok(session.end_qr_session(&socket_id).await?)
                };
                context.in_session(end).await?;
                Ok(Report::line("the session was told to end", json!(null)))
            }
            // Prints while it waits: see `run`.
            Verb::Login(_) => Ok(Report::line("", json!(null))),
        }
    }
}

/// Runs one of the verbs.
pub(crate) async fn run(args: QrArgs, output: &mut Output) -> Result<(), (&'static str, Failure)> {
    if !matches!(args.verb, Verb::Login(_)) {
        return super::perform(args, output).await;
    }
    log_in(args, output)
        .await
        .map_err(|failure| ("generateQrCode", failure))
}

async fn approve(context: &Context, url: &str, code: &str) -> Result<Report, Failure> {
    let path = Path::new(code);
    let text = if path.is_file() {
        read::text(&file::read(path).await?)?
    } else {
        code.to_owned()
    };
    let credentials = context.credentials()?;
    // Longer than other requests: the other device logs in meanwhile, with deadlines of its own.
    let approved = context
        .app()
        .await?
        .approve_qr(url, &text, &credentials)
        .await?;
    let rows = [
        ("logged in", approved.browser.clone()),
        ("on", approved.platform.clone()),
        ("id", approved.socket_id.clone()),
    ];
    let result = json!({
        "browser": approved.browser,
        "platform": approved.platform,
        "socketId": approved.socket_id,
    });
    Ok(Report::table(&rows, result))
}

async fn log_in(args: QrArgs, output: &mut Output) -> Result<(), Failure> {
    let interrupted = signal::interrupted()?;
    let context = Context::new(&args.target)?;
    let url = args.url(&context);
    let Verb::Login(args) = args.verb else {
        return Ok(());
    };
    let logging_in = async {
        let web = show(&context, &url, &args, output).await?;
        context.remember(&web.credentials).await?;
        web.session.close().await;
        let user = web.credentials.user.as_str();
        let result = json!({"username": user, "socketId": web.socket_id});
        let line = format!("logged in as {user}");
        output.report("generateQrCode", &Report::line(line, result))?;
        Ok(())
    };
    let done = tokio::select! {
        done = logging_in => done,
        () = interrupted => Err(Failure::Interrupted),
    };
    done.map_err(|failure| context.explain(failure))
}

async fn show(
    context: &Context,
    url: &str,
    args: &LoginArgs,
    output: &mut Output,
) -> Result<QrSession, Failure> {
    let logo = match &args.logo {
        Some(path) => Some(file::read(path).await?),
        None => None,
    };
    let picture = logo.as_deref().map(Picture::from_png).transpose()?;
    let mut login = context.app().await?.qr_login(QrLoginOptions::new(url))?;
    while let Some(event) = login.next().await {
        match event? {
            QrLoginEvent::Code(text) => {
                let matrix = Matrix::new(text.as_str())?;
                let write = |path: &Path, bytes: &[u8]| {
                    std::fs::write(path, bytes)
                        .map_err(|error| Failure::file("write", path.display(), error))
                };
                if let Some(path) = &args.svg {
                    write(path, image::svg(&matrix, logo.as_deref()).as_bytes())?;
                }
                if let Some(path) = &args.png {
                    let file =
                        image::png(&matrix, picture.as_ref()).map_err(std::io::Error::other)?;
                    write(path, &file)?;
                }
                for line in terminal::lines(&matrix) {
                    output.line(&line)?;
                }
                if args.text {
                    output.line(&printable(text.as_str()))?;
                }
                output.object(&json!({"code": text.as_str()}))?;
                output.line("scan this with the app of a signed-in phone, or `mfly qr approve`")?;
            }
            QrLoginEvent::Interrupted { delay } => {
                let seconds = delay.as_secs_f64();
                output.line(&format!("the code is void; another one in {seconds:.1} s"))?;
            }
            QrLoginEvent::Failed(error) => {
                output.line(&printable(&format!("approved, but: {error}")))?;
            }
            QrLoginEvent::Connected(web) => return Ok(web),
            _ => {}
        }
    }
    Err(Failure::Server(
        "the login ended without a session".to_owned(),
    ))
}
