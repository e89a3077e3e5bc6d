//! Uploads a sealed file in parts, and fetches and opens it again.
//!
//! `send_media [LICENCE_KEY [API_BASE_URL]]`; without arguments it starts a server of its own.
#![expect(clippy::print_stdout, reason = "an example talks to people")]

mod support;

use mfly_client::{MediaTarget, MediaUpload, Progress, UserId, UserIdentifier};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (app, _server) = support::app().await?;
    let bob = UserIdentifier::new("bob")?;
    app.register(&bob).await?;
    let alice = app.register(&UserIdentifier::new("alice")?).await?;
    let session = app.connect(&alice.credentials).await?;

    let film = vec![7; 12_000_000];
    let target = MediaTarget::User(UserId::new(bob.as_str())?);
    let upload = MediaUpload::new(target, "message-1", "film.mp4", "video/mp4", film.clone())
        .progress(Progress::new(|sent, total| {
            if sent % 1_048_576 == 0 || sent == total {
                println!("{sent} of {total} bytes");
            }
        }));
    let stored = session.upload_media(upload).await?;
    println!("stored as {} in {} bytes", stored.file_token, stored.stored_len);

    let fetched = session.download_media(&stored.reference()).await?;
    println!("fetched {} bytes, the same: {}", fetched.len(), fetched == film);
    Ok(())
}
