//! `mfly media put` and `get`.

use crate::setup::World;

async fn there_and_back(world: &World, bytes: &[u8], put: &[&str], get: &[&str]) -> Vec<u8> {
    let (source, copy) = (world.folder.file("a.bin"), world.folder.file("b.bin"));
    std::fs::write(&source, bytes).unwrap();
    let _ = std::fs::remove_file(&copy);
    let source = source.to_str().unwrap();
    let stored = world.result(&[&["media", "put", source, "--to", "bob"][..], put].concat()).await;
    let size = stored["size"].to_string();
    let mut arguments = vec!["media", "get", stored["file_url"].as_str().unwrap()];
    arguments.extend(["--output", copy.to_str().unwrap(), "--user", "bob", "--size", &size]);
    if let Some(key) = stored["file_key"].as_str() {
        arguments.extend(["--key", key]);
    }
    arguments.extend(get);
    world.result(&arguments).await;
    std::fs::read(copy).unwrap()
}

#[tokio::test]
async fn a_file_comes_back_the_same_in_every_form() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    let bytes: Vec<u8> = (0..70_001_u32).map(|index| (index % 253) as u8).collect();
    for form in [&[][..], &["--whole"]] {
        for seal in [&[][..], &["--unsealed"]] {
            let put = [form, seal].concat();
            assert!(there_and_back(&world, &bytes, &put, form).await == bytes, "{put:?}");
        }
    }
}

#[tokio::test]
async fn no_progress_is_drawn_where_no_terminal_is() {
    let world = World::new().await;
    world.register(&["bob", "alice"]).await;
    let file = world.folder.file("a.bin");
    std::fs::write(&file, vec![7; 100_000]).unwrap();
    let ran = world.run(&["media", "put", file.to_str().unwrap(), "--to", "bob"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
