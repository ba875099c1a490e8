use crate::project::files;
use std::collections::{BTreeMap, BTreeSet};

/// What each crate may depend on, and through it on what that reaches. A new arrow needs a record in `docs/adr/`.
const ARROWS: [(&str, &[&str]); 26] = [
    ("base", &[]),
    ("expr", &["base"]),
    ("ir", &["base", "expr"]),
    ("catalog", &["base"]),
    ("schedule", &["base"]),
    ("vault", &["base"]),
    ("dialects", &["ir"]),
    ("check", &["ir", "catalog"]),
    ("codegen", &["ir", "catalog"]),
    ("engine", &["ir"]),
    ("kind", &["catalog", "expr"]),
    ("runs", &["engine"]),
    ("store", &["engine"]),
    ("egress", &["kind"]),
    ("kinds", &["kind", "egress"]),
    ("sandbox", &["kind"]),
    ("toolchain", &[]),
    ("store-sql", &["store"]),
    ("runtime", &["engine", "store", "kind", "runs"]),
    ("temporal", &["runtime"]),
    ("control", &["runs", "store", "check", "dialects", "schedule", "vault", "kind"]),
    ("server", &["control"]),
    ("client", &["runs"]),
    // Free: the composition root, and what only tests stand on.
    ("cli", ANY),
    ("testkit", ANY),
    ("conformance", ANY),
];

const ANY: &[&str] = &["*"];

pub fn findings() -> Vec<String> {
    let manifests =
        files().iter().filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml"));
    let mut found: Vec<String> = manifests.flat_map(|file| of(file.krate().unwrap_or_default(), &file.text)).collect();
    let own = files().iter().filter(|file| file.path == "xtask/Cargo.toml");
    let known = own.flat_map(|file| depends_on(&file.text)).filter(|other| other != "base");
    found.extend(known.map(|other| format!("xtask: may not depend on weir-{other}")));
    found
}

fn of(name: &str, manifest: &str) -> Vec<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
        return vec![format!("crates/{name}: this crate has no line in the table of arrows")];
    };
    let named = manifest.lines().any(|line| line == format!("name = \"weir-{name}\""));
    let wrong = (!named).then(|| format!("crates/{name}: its package is not weir-{name}"));
    let reached = reach(allowed);
    let refused = depends_on(manifest).into_iter().filter(|other| *allowed != ANY && !reached.contains(other.as_str()));
    let refused = refused.map(|other| format!("crates/{name}: may not depend on weir-{other}"));
    wrong.into_iter().chain(refused).collect()
}

/// Everything that can be reached by the arrows.
fn reach(from: &[&'static str]) -> BTreeSet<&'static str> {
    let table: BTreeMap<&str, &[&'static str]> = ARROWS.into_iter().collect();
    let (mut reached, mut open) = (BTreeSet::new(), from.to_vec());
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            open.extend(table.get(name).copied().unwrap_or_default());
        }
    }
    reached
}

/// The crates of the workspace under `[dependencies]`; dev-dependencies are free.
fn depends_on(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let counts = section == "[dependencies]" || section == "[build-dependencies]";
        if let (true, Some(rest)) = (counts, line.strip_prefix("weir-")) {
            found.push(rest.split(['.', ' ', '=']).next().unwrap_or_default().to_owned());
        }
    }
    found
}

#[test]
fn the_rule_can_be_broken() {
    let manifest =
        |name: &str, other: &str| format!("name = \"weir-{name}\"\n[dependencies]\nweir-{other}.workspace = true\n");
    assert_eq!(of("engine", &manifest("engine", "kind")), ["crates/engine: may not depend on weir-kind"]);
    assert_eq!(of("base", &manifest("base", "expr")).len(), 1);
    assert_eq!(of("new", &manifest("new", "base")).len(), 1);
    assert_eq!(of("check", &manifest("checks", "base")).len(), 1);
    assert!(of("kinds", &manifest("kinds", "catalog")).is_empty(), "what is reached is allowed");
    assert!(of("cli", &manifest("cli", "store-sql")).is_empty());
    let dev = "name = \"weir-base\"\n[dependencies]\nserde = 1\n[dev-dependencies]\nweir-testkit.workspace = true\n";
    assert!(of("base", dev).is_empty());
}
