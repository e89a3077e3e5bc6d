//! `mfly qr login`, `approve` and `end`: logging in by a code, both sides.

use crate::arguments::TargetArgs;
use crate::context::{Context, Saving};
use crate::exit::Failure;
use crate::file::{self, Destination};
use crate::operation::{Failed, Operation, Run, perform, two_outputs};
use crate::output::{Format, Line, Output, Report, printable};
use crate::qr::read::Picture;
use crate::qr::terminal::Style;
use crate::qr::{Matrix, image, read, terminal};
use clap::{Args, Subcommand};
use mfly_client::{CodeText, QrLoginEvent, QrLoginOptions, QrSession};
use mfly_testserver::command::interrupted;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Log in by a code that a phone approves, or approve one.
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
        /// The code's text, or a PNG file that shows it; - reads either from the standard input.
        #[arg(value_name = "CODE_OR_IMAGE")]
        code: String,
    },
    /// End a session that came from a code.
    End {
        /// Its id, as `approve` printed it.
        #[arg(value_name = "ID", value_parser = socket_id)]
        socket_id: String,
    },
}

#[derive(Args, Debug)]
struct LoginArgs {
    /// Also write the code to this SVG file; - is the standard output.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Also write the code to this PNG file; - is the standard output.
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// A PNG file to lay over the middle of SVG and PNG.
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Replace image files that are there, without asking.
    #[arg(long)]
    overwrite: bool,
    /// Print the code's text too.
    #[arg(long)]
    text: bool,
    /// Where no colours are printed: draw for light text on a dark ground.
    #[arg(long)]
    invert: bool,
}

impl Run for QrArgs {
    async fn run(self, output: &mut Output) -> Result<(), Failed> {
        let (target, server) = (&self.target, self.signalling_url);
        match self.verb {
            Verb::Login(args) => log_in(&args, server, target, output)
                .await
                .map_err(|failure| ("generateQrCode", failure)),
            Verb::Approve { code } => perform(Approve { code, server }, target, output).await,
            Verb::End { socket_id } => perform(End { socket_id }, target, output).await,
        }
    }
}

/// The signalling server: the one that was named, or else the host of the API.
fn server(named: Option<String>, context: &Context) -> String {
    named.unwrap_or_else(|| context.api_url().origin().to_string())
}

/// Approves a code.
struct Approve {
    code: String,
    server: Option<String>,
}

/// Ends a session that came from a code.
struct End {
    socket_id: String,
}

impl Operation for Approve {
    fn name(&self) -> &'static str {
        "approveQrCode"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let url = server(self.server, context);
        approve(context, &url, &self.code).await
    }
}

impl Operation for End {
    fn name(&self) -> &'static str {
        "endQrSession"
    }

    async fn perform(self, context: &Context) -> Result<Report, Failure> {
        let id = &self.socket_id;
        context.in_session(async |session| Ok(session.end_qr_session(id).await?)).await?;
        // The server's answer does not tell whether there is such a session.
        let line =
            format!("asked the server to end the session {id}, if it is one of this account");
        Ok(Report::line(line, json!({"socketId": id})))
    }
}

async fn approve(context: &Context, url: &str, code: &str) -> Result<Report, Failure> {
    let path = Path::new(code);
    let text = if file::is_standard(path) {
        let bytes = file::read(path).await?;
        match String::from_utf8(bytes) {
            Ok(text) => text.trim().to_owned(),
            Err(image) => read::text(image.as_bytes())?,
        }
    } else if path.is_file() {
        read::text(&file::read(path).await?)?
    } else {
        code.to_owned()
    };
    let credentials = context.credentials()?;
    // Longer than other requests: the other device logs in meanwhile, with deadlines of its own.
    let approved = context.app().await?.approve_qr(url, &text, &credentials).await?;
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

async fn log_in(
    args: &LoginArgs,
    named: Option<String>,
    target: &TargetArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let interrupted = interrupted()?;
    let context = Context::new(target)?;
    let url = server(named, &context);
    let logging_in = async {
        let mut images = Images::new(args, output.format()).await?;
        // An account that cannot be saved would be lost.
        let saving = Saving::open(&context).await?;
        let mut login = Login { args, images: &mut images, output };
        let web = login.show(&context, &url).await?;
        saving.remember(&web.credentials)?;
        web.session.close().await;
        let user = web.credentials.user.as_str();
        let result = json!({"username": user, "socketId": web.socket_id});
        login.say(&format!("logged in as {user}"))?;
        output.object(&Line::done("generateQrCode", &result))?;
        Ok(())
    };
    let done = tokio::select! {
        done = logging_in => done,
        () = interrupted => Err(Failure::Interrupted),
    };
    done.map_err(|failure| context.explain(failure))
}

/// The image files of a code.
struct Images {
    logo: Option<Vec<u8>>,
    picture: Option<Picture>,
    svg: Option<Destination>,
    png: Option<Destination>,
}

impl Images {
    /// Reads the logo and checks where images go, before anything is sent.
    async fn new(args: &LoginArgs, format: Format) -> Result<Self, Failure> {
        let logo = match &args.logo {
            Some(path) => Some(file::read(path).await?),
            None => None,
        };
        let picture = logo.as_deref().map(Picture::from_png).transpose()?;
        let destination = async |path: &Option<PathBuf>| match path {
            Some(path) => Destination::new(path, args.overwrite).await.map(Some),
            None => Ok(None),
        };
        let (svg, png) = (destination(&args.svg).await?, destination(&args.png).await?);
        let images = Self { logo, picture, svg, png };
        let taken = images.standard().count();
        if taken > 1 || (taken > 0 && format == Format::Json) {
            return Err(two_outputs());
        }
        Ok(images)
    }

    /// The images that go to standard output.
    fn standard(&self) -> impl Iterator<Item = &Destination> {
        let images = [&self.svg, &self.png].into_iter().flatten();
        images.filter(|image| image.is_standard())
    }

    async fn write(&mut self, matrix: &Matrix) -> Result<(), Failure> {
        if let Some(svg) = &mut self.svg {
            let file = image::svg(matrix, self.logo.as_deref());
            svg.write(file.as_bytes()).await?;
        }
        if let Some(png) = &mut self.png {
            let file = image::png(matrix, self.picture.as_ref()).map_err(std::io::Error::other)?;
            png.write(&file).await?;
        }
        Ok(())
    }
}

/// Shows the codes of a login.
struct Login<'a> {
    args: &'a LoginArgs,
    images: &'a mut Images,
    output: &'a mut Output,
}

impl Login<'_> {
    /// Shows codes until one is approved.
    async fn show(&mut self, context: &Context, url: &str) -> Result<QrSession, Failure> {
        let mut login = context.app().await?.qr_login(QrLoginOptions::new(url))?;
        while let Some(event) = login.next().await {
            match event? {
                QrLoginEvent::Code(text) => self.draw(&text).await?,
                QrLoginEvent::Interrupted { delay } => {
                    let seconds = delay.as_secs_f64();
                    self.say(&format!("the code is void; another one in {seconds:.1} s"))?;
                }
                QrLoginEvent::Failed(error) => {
                    self.say(&format!("approved, but: {error}"))?;
                }
                QrLoginEvent::Connected(web) => return Ok(web),
                _ => {}
            }
        }
        Err(Failure::Internal("the login ended without a session".to_owned()))
    }

    async fn draw(&mut self, text: &CodeText) -> Result<(), Failure> {
        let matrix = Matrix::new(text.as_str())?;
        self.images.write(&matrix).await?;
        if self.images.standard().next().is_none() {
            let style = match (self.output.is_coloured(), self.args.invert) {
                (true, _) => Style::Coloured,
                (false, false) => Style::Plain,
                (false, true) => Style::Inverted,
            };
            for line in terminal::lines(&matrix, style) {
                self.output.line(&line)?;
            }
        }
        if self.args.text {
            self.say(text.as_str())?;
        }
        self.output.object(&json!({"code": text.as_str()}))?;
        self.say("scan this with the app of a signed-in phone, or `mfly qr approve`")
    }

    /// Prints a line for people: on standard error where an image goes to standard output.
    fn say(&mut self, line: &str) -> Result<(), Failure> {
        let line = printable(line);
        if self.images.standard().next().is_some() {
            writeln!(std::io::stderr().lock(), "{line}")?;
        } else {
            self.output.line(&line)?;
        }
        Ok(())
    }
}

/// The shortest id that Engine.IO 3 gives a client. It names a session that came from a code
/// (inferred).
const SHORTEST_ID: usize = 20;

fn socket_id(text: &str) -> Result<String, String> {
    if text.len() >= SHORTEST_ID {
        Ok(text.to_owned())
    } else {
        Err("is too short for the id that `mfly qr approve` prints".to_owned())
    }
}
