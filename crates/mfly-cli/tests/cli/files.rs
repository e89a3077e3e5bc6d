//! Writing files: what is replaced, written through or refused, and what a failure leaves.

use crate::setup::{Folder, Ran, World, run};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A file at the server, and the arguments that fetch it into `output`.
struct Stored {
    world: World,
    bytes: Vec<u8>,
    token: String,
    key: String,
}

impl Stored {
    async fn new() -> Self {
        let world = World::new().await;
        world.register(&["bob", "alice"]).await;
        let bytes: Vec<u8> = (0..70_001_u32).map(|index| (index % 253) as u8).collect();
        let source = world.folder.file("source.bin");
        fs::write(&source, &bytes).unwrap();
        let source = source.to_str().unwrap();
        let stored = world.result(&["media", "put", source, "--to", "bob"]).await;
        let text = |name: &str| stored[name].as_str().unwrap().to_owned();
        let (token, key) = (text("file_url"), text("file_key"));
        world.server.journal().clear();
        Self { world, bytes, token, key }
    }

    fn get<'a>(&'a self, output: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let output = output.to_str().unwrap();
        let (token, key) = (self.token.as_str(), self.key.as_str());
        let mut arguments = vec!["media", "get", token, "--key", key, "--size", "70001"];
        arguments.extend(["--output", output]);
        arguments.extend(more);
        arguments
    }

    async fn fetch(&self, output: &Path, more: &[&str]) -> Ran {
        self.world.run(&self.get(output, more)).await
    }

    /// The names in the folder.
    fn names(&self) -> Vec<String> {
        names(self.world.folder.path())
    }

    fn has_sent_nothing(&self) -> bool {
        self.world.server.journal().entries().is_empty()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
#[tokio::test]
async fn a_private_file_stays_private_when_it_is_replaced() {
    use std::os::unix::fs::PermissionsExt as _;
    let stored = Stored::new().await;
    let file = stored.world.folder.file("private.bin");
    fs::write(&file, b"before").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let ran = stored.fetch(&file, &["--overwrite"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(fs::read(&file).unwrap() == stored.bytes);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(stored.names(), ["config", "private.bin", "source.bin"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_stays_and_what_it_leads_to_is_replaced() {
    let stored = Stored::new().await;
    let (target, link) =
        (stored.world.folder.file("target.bin"), stored.world.folder.file("link.bin"));
    fs::write(&target, b"before").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let kept = stored.fetch(&link, &[]).await;
    assert_eq!((kept.code, fs::read(&target).unwrap()), (2, b"before".to_vec()));
    let ran = stored.fetch(&link, &["--overwrite"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(link.is_symlink());
    assert!(fs::read(&target).unwrap() == stored.bytes);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_and_a_link_that_leads_nowhere_are_refused_before_anything_is_sent() {
    let stored = Stored::new().await;
    let [folder, link, target] =
        ["folder", "link.bin", "missing.bin"].map(|name| stored.world.folder.file(name));
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    for (path, expected) in [(&folder, "is a folder"), (&link, "leads nowhere")] {
        for more in [&[][..], &["--overwrite"]] {
            let ran = stored.fetch(path, more).await;
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(ran.stderr.contains(expected), "{ran:?}");
        }
    }
    assert!(link.is_symlink() && !target.exists());
    assert_eq!(stored.names(), ["config", "folder", "link.bin", "source.bin"]);
    assert!(names(&folder).is_empty() && stored.has_sent_nothing());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_pipe_is_written_through_and_stays_one() {
    use std::os::unix::fs::FileTypeExt as _;
    let stored = Stored::new().await;
    let pipe = stored.world.folder.fifo("pipe");
    // Both ways, so that there is no end before the command has opened it.
    let mut reader =
        tokio::net::unix::pipe::OpenOptions::new().read_write(true).open_receiver(&pipe).unwrap();
    let mut read = vec![0; stored.bytes.len()];
    let reading = tokio::io::AsyncReadExt::read_exact(&mut reader, &mut read);
    let reading = tokio::time::timeout(Duration::from_secs(60), reading);
    let arguments = ["--overwrite"];
    let (ran, is_read) = tokio::join!(stored.fetch(&pipe, &arguments), reading);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    is_read.unwrap().unwrap();
    assert!(read == stored.bytes);
}

/// By way of a link, so that a wrong command would replace that and not the machine's device.
#[cfg(unix)]
#[tokio::test]
async fn a_device_is_written_through_and_stays_one() {
    let stored = Stored::new().await;
    let link = stored.world.folder.file("null");
    std::os::unix::fs::symlink("/dev/null", &link).unwrap();
    let ran = stored.fetch(&link, &["--overwrite"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(link.is_symlink());
    assert_eq!(stored.names(), ["config", "null", "source.bin"]);
}

#[tokio::test]
async fn a_download_that_fails_keeps_the_file_that_it_was_to_replace() {
    let stored = Stored::new().await;
    let file = stored.world.folder.file("kept.bin");
    fs::write(&file, b"before").unwrap();
    // Not as long as announced: everything is written when that turns out.
    let mut arguments = stored.get(&file, &["--overwrite"]);
    let size = arguments.iter().position(|word| *word == "70001").unwrap();
    arguments[size] = "69999";
    let ran = stored.world.run(&arguments).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(fs::read(&file).unwrap(), b"before");
    assert_eq!(stored.names(), ["config", "kept.bin", "source.bin"]);
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_download_leaves_nothing() {
    let stored = Stored::new().await;
    let file = stored.world.folder.file("new.bin");
    let path = "/media/generatePreAuthenticationUrlDownload";
    stored.world.server.fault().request(path).silence();
    let arguments = stored.get(&file, &[]);
    let child = stored.world.mfly(&arguments).spawn().unwrap();
    // By then the file has been begun.
    let is_online = |entry: &mfly_testserver::Entry| {
        entry.frame().is_some_and(|frame| frame.text.starts_with("<presence"))
    };
    let journal = stored.world.server.journal();
    journal.wait_for(Duration::from_secs(60), is_online).await.unwrap();
    crate::setup::interrupt(&child);
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    assert_eq!(stored.names(), ["config", "source.bin"]);
}

#[tokio::test]
async fn a_file_comes_from_the_standard_input_and_goes_to_the_standard_output() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    let put = ["media", "put", "-", "--to", "bob", "--name", "a.txt", "--json"];
    let ran = world.run_with_input(&put, "by way of a pipe").await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let stored = ran.object()["result"].take();
    let (token, key) = (&stored["file_url"], &stored["file_key"]);
    let get = ["media", "get", token.as_str().unwrap(), "--key", key.as_str().unwrap(), "-o", "-"];
    let ran = world.run(&get).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "by way of a pipe"));
    assert!(!Path::new("-").exists());

    let ran = world.run(&[&get[..], &["--json"]].concat()).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(ran.object()["ok"], false);
}

#[tokio::test]
async fn an_image_comes_from_the_standard_input() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let image = ["profile", "image", "-", "--content-type", "image/png"];
    let ran = world.run_with_input(&image, "not really a picture").await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let unnamed = world.run_with_input(&["profile", "image", "-"], "x").await;
    assert_eq!(unnamed.code, 2, "{unnamed:?}");
    assert!(unnamed.stderr.contains("--content-type"), "{unnamed:?}");
}

#[tokio::test]
async fn an_image_of_a_code_does_not_replace_a_file_unless_told_to() {
    let world = World::new().await;
    let folder = Folder::new();
    for flag in ["--svg", "--png"] {
        let image = folder.file("code");
        fs::write(&image, b"mine").unwrap();
        let mut login = world.mfly(&["qr", "login", flag]);
        login.arg(&image);
        let ran = run(login).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("--overwrite"), "{ran:?}");
        assert_eq!(fs::read(&image).unwrap(), b"mine");
    }
    assert_eq!(names(folder.path()), ["code"]);
}

/// The program `script` makes the terminal.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_user_at_a_terminal_is_asked_before_a_file_is_replaced() {
    let stored = Stored::new().await;
    let file = stored.world.folder.file("asked.bin");
    fs::write(&file, b"mine").unwrap();
    for (answer, code) in [("n\n", 2), ("y\n", 0)] {
        let arguments = stored.get(&file, &[]).join(" ");
        let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_mfly"));
        let mut command = stored.world.mfly(&[]);
        let variables: Vec<_> = command
            .as_std()
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = tokio::process::Command::new("script");
        command
            .args(["-qec", &line, "/dev/null"])
            .env_clear()
            .envs(variables)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let ran = crate::setup::run_with_input(command, answer).await;
        assert!(ran.stdout.contains("Replace it? [y/N]"), "{ran:?}");
        assert_eq!(ran.code, code, "{ran:?}");
        assert_eq!(fs::read(&file).unwrap() == stored.bytes, code == 0);
    }
}
