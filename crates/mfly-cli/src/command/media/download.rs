//! Downloading into a file, a pipe or the standard output.

use super::GetArgs;
use crate::context::Context;
use crate::exit::Failure;
use crate::file::{Destination, Writing, name};
use crate::output::Report;
use crate::progress::{ProgressLine, size};
use mfly_client::{MediaForm, MediaReference, Progress, Session};
use serde_json::json;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};
use tokio::io::AsyncWrite;

/// Downloads a file.
pub(super) async fn get(args: GetArgs, context: &Context) -> Result<Report, Failure> {
    // A place that cannot be written to should fail before anything is sent.
    let destination = Destination::new(&args.output, args.overwrite).await?;
    let form = if args.whole { MediaForm::Whole } else { MediaForm::Chunked };
    let mut reference = MediaReference::new(args.token, args.key).form(form);
    if let Some(bytes) = args.size {
        reference = reference.plain_len(bytes);
    }
    let line = ProgressLine::new(&name(destination.path()));
    let mut writer = Counted {
        writing: destination.open().await?,
        written: 0,
        total: args.size,
        progress: line.progress(),
    };
    let receive =
        async |session: &Session| Ok(session.download_media_to(&reference, &mut writer).await?);
    let received = context.in_session(receive).await;
    drop(line);
    let bytes = match (received, writer.writing.failure()) {
        (Err(_), Some(failure)) => return Err(failure),
        (received, _) => received?,
    };
    writer.writing.complete()?;
    let path = destination.path().display();
    let text = format!("downloaded {path}, {}", size(bytes));
    Ok(Report::line(text, json!({"file": path.to_string(), "size": bytes})))
}

/// Counts what is written.
struct Counted<'a> {
    writing: Writing<'a>,
    written: u64,
    total: Option<u64>,
    progress: Progress,
}

impl AsyncWrite for Counted<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.writing).poll_write(context, bytes))?;
        self.written += written as u64;
        self.progress.report(self.written, self.total.unwrap_or(self.written));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writing).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writing).poll_shutdown(context)
    }
}
