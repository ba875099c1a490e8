use crate::project::{File, files, literals};

/// Where a kind may be named besides its own files: the line that registers it, and the tables by which dialects
/// bring in what other formats call it, the default of an agent that names none, and the flows that are measured.
/// Nothing else knows a kind by name, so that adding one costs two files.
const ALLOWED: [&str; 4] = ["/mod.rs", "crates/dialects/", "crates/ir/src/agent.rs", "/bench/"];

/// A kind's name, its name in trees, and its own files without their endings.
struct Named {
    names: Vec<String>,
    home: String,
}

pub fn findings() -> Vec<String> {
    let kinds: Vec<Named> = files().iter().filter_map(record).collect();
    assert!(kinds.len() >= 13, "the records were not found");
    let source = files().iter().filter(|file| !ALLOWED.iter().any(|part| file.path.contains(part)));
    source.flat_map(|file| in_file(file, &kinds)).collect()
}

fn record(file: &File) -> Option<Named> {
    let home = file.path.strip_prefix("crates/kinds/src/").and_then(|_| file.path.strip_suffix(".yaml"))?;
    let value = |key: &str| file.text.lines().find_map(|line| line.trim_start().strip_prefix(key)).map(str::trim);
    // A single small word such as `set` says too little to be told from other texts.
    let names = value("name:").filter(|name| name.contains('.')).into_iter().chain(value("tree:"));
    Some(Named { names: names.map(str::to_owned).collect(), home: home.to_owned() })
}

fn in_file(file: &File, kinds: &[Named]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in file.product_lines().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        for text in literals(line) {
            let strange = kinds.iter().find(|kind| kind.names.iter().any(|name| name == text) && !lives_in(kind, file));
            found.extend(strange.map(|_| format!("{}:{at}: names the kind `{text}`", file.path)));
        }
    }
    found
}

/// Its own file, or a folder of that name beside it.
fn lives_in(kind: &Named, file: &File) -> bool {
    let family = kind.home.rsplit_once('_').map_or(kind.home.as_str(), |(family, _)| family);
    file.path == format!("{}.rs", kind.home) || file.path.starts_with(&format!("{family}/"))
}

#[test]
fn the_rule_can_be_broken() {
    let kinds = [Named { names: vec!["mail.send".into()], home: "crates/kinds/src/core/mail_send".into() }];
    let file = |path: &str| File { path: path.into(), bytes: 0, text: "let kind = \"mail.send\";".into() };
    assert_eq!(
        in_file(&file("crates/runtime/src/a.rs"), &kinds),
        ["crates/runtime/src/a.rs:1: names the kind `mail.send`"]
    );
    assert!(in_file(&file("crates/kinds/src/core/mail_send.rs"), &kinds).is_empty());
    assert!(in_file(&file("crates/kinds/src/core/mail/smtp.rs"), &kinds).is_empty());
    assert!(in_file(&file("crates/runtime/tests/a.rs"), &kinds).is_empty());
}
