//! `mfly qr`: one terminal shows a code, another approves it from the image.

use crate::setup::{Folder, World, run};
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::test]
async fn a_code_shown_in_one_place_is_approved_in_another_from_its_image() {
    let world = World::new().await;
    world.register(&["alice"]).await;
    let other = Folder::new();
    let image = other.file("code.png");
    let drawing = other.file("code.svg");
    let mut login = world.mfly(&["qr", "login", "--json"]);
    login
        .args(["--png".as_ref(), image.as_os_str()])
        .args(["--svg".as_ref(), drawing.as_os_str()])
        .args(["--api-url", &world.server.api_base_url()])
        .env("MFLY_CONFIG_DIR", other.path())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true);
    let mut login = login.spawn().unwrap();
    let mut lines = BufReader::new(login.stdout.take().unwrap()).lines();
    let shown = lines.next_line().await.unwrap().unwrap();
    assert!(shown.contains("\"code\""), "{shown}");
    let approved = world.result(&["qr", "approve", image.to_str().unwrap()]).await;
    assert!(approved["browser"].as_str().unwrap().starts_with("mfly "));
    let done = lines.next_line().await.unwrap().unwrap();
    assert!(done.contains("\"username\":\"alice\""), "{done}");
    assert!(login.wait().await.unwrap().success());
    assert!(std::fs::read_to_string(&drawing).unwrap().starts_with("<svg"));

    let id = approved["socketId"].as_str().unwrap();
    world.result(&["qr", "end", id]).await;
    let mut whoami = world.mfly(&["whoami"]);
    whoami.env("MFLY_CONFIG_DIR", other.path());
    assert_eq!(run(whoami).await.code, 4, "its password is void");
}
