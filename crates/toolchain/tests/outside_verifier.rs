//! The real compilers on small projects. Needs Node, and `.tools/toolchain`, which `make test` installs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use weir_toolchain::{Options, PACKAGE_LOCK, Toolchain, ToolchainError, Verdict, Verifier};

fn toolchain() -> Toolchain {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/toolchain").canonicalize().unwrap();
    let toolchain = Toolchain::new(folder);
    assert!(toolchain.is_installed(), "`make test` installs the compilers");
    toolchain
}

fn verifier(options: Options) -> Verifier {
    Verifier::new(toolchain(), options)
}

fn project(text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("a.ts".to_owned(), text.to_owned())])
}

fn told(verdict: &Verdict) -> Vec<String> {
    verdict
        .tsc
        .iter()
        .chain(&verdict.lint)
        .map(|one| format!("{}:{}:{} {}", one.file, one.line, one.column, one.code))
        .collect()
}

#[tokio::test]
async fn faults_are_found_and_gone_when_mended() {
    let verifier = verifier(Options { processes: 1, ..Options::default() });
    let check = async |text: &str| told(&verifier.verify(&project(text)).await.unwrap());
    let sdk = "import { sleep } from '@temporalio/workflow';\nexport async function f(): Promise<void> {\n";
    assert_eq!(check(&format!("{sdk}  await sleep(1);\n}}\n")).await, [""; 0]);
    assert_eq!(check(&format!("{sdk}  sleep(1);\n}}\n")).await, ["a.ts:3:3 no-floating-promises"]);
    assert_eq!(check("export const x: any = 1;\n").await, ["a.ts:1:17 no-explicit-any"]);
    assert_eq!(check("export const x: string = 1;\n").await, ["a.ts:1:14 TS2322"]);
    assert_eq!(check("export function f(a) { return a; }\n").await, ["a.ts:1:19 TS7006"], "strict in any case");
    assert_eq!(check("export const x = ;\n").await[0], "a.ts:1:18 TS1109");
    assert_eq!(check("// eslint-disable-next-line\nexport const x: any = 1;\n").await, ["a.ts:2:17 no-explicit-any"]);
    assert_eq!(check("// @ts-ignore\nexport const x: string = 1;\n").await, ["a.ts:1:1 ban-ts-comment"]);
    assert_eq!(check("export const x = 1;\n").await, [""; 0]);
}

/// What was clean once is looked at again where anything it depends on is different.
#[tokio::test]
async fn a_file_that_is_the_same_is_wrong_where_what_it_imports_has_changed() {
    let verifier = verifier(Options { processes: 1, ..Options::default() });
    let check = async |files: &[(&str, &str)]| {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        told(&verifier.verify(&files).await.unwrap())
    };
    let user = ("a.ts", "import { b } from './b.js';\nexport const a: { trim(): unknown } = b;\nb.trim();\n");
    let through = ("b.ts", "export { c as b } from './c.js';\n");
    let (text, number) = (("c.ts", "export const c: string = '';\n"), ("c.ts", "export const c: number = 1;\n"));
    assert_eq!(check(&[user, through, text]).await, [""; 0]);
    assert_eq!(check(&[user, through, number]).await, ["a.ts:2:14 TS2322", "a.ts:3:3 TS2339"]);
    assert_eq!(check(&[user, through, text]).await, [""; 0]);
    assert_eq!(check(&[user, text]).await, ["a.ts:1:19 TS2307"]);
    let promise = ("c.ts", "export const c = { trim: async () => {} };\n");
    assert_eq!(check(&[user, through, promise]).await, ["a.ts:3:1 no-floating-promises"]);

    let global = |ty: &str| format!("export {{}};\ndeclare global {{\n  var shared: {ty};\n}}\n");
    let reader = ("a.ts", "export const a: string = shared;\n");
    assert_eq!(check(&[reader, ("g.ts", &global("string"))]).await, [""; 0]);
    assert_eq!(check(&[reader, ("g.ts", &global("number"))]).await, ["a.ts:1:14 TS2322"]);
    assert_eq!(check(&[reader]).await, ["a.ts:1:26 TS2304"]);
}

/// Files of this machine are none of a project's business.
#[tokio::test]
async fn nothing_outside_the_project_and_its_libraries_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret.ts"), "export const secret: 's3cr3t' = 's3cr3t';\n").unwrap();
    let path = folder.path().join("secret").display().to_string();
    let verifier = verifier(Options { processes: 1, ..Options::default() });
    let text = format!("import {{ secret }} from '{path}';\nexport const x: number = secret;\n");
    let verdict = verifier.verify(&project(&text)).await.unwrap();
    assert_eq!(told(&verdict), ["a.ts:1:24 TS2307"]);
    assert!(!format!("{verdict:?}").contains("s3cr3t"));
}

/// A compiler can be kept busy for ever; a millisecond is too short for every project.
#[tokio::test]
async fn what_takes_too_long_is_killed_with_all_it_started() {
    let options = Options { processes: 1, timeout: Duration::from_millis(1), ..Options::default() };
    let verifier = verifier(options);
    for _ in 0..2 {
        let begun = Instant::now();
        let error = verifier.verify(&project("export const x = 1;")).await.unwrap_err();
        assert!(matches!(error, ToolchainError::TimedOut(_)), "{error}");
        assert_eq!(error.code(), "VERIFICATION_TIMEOUT");
        assert!(begun.elapsed() < Duration::from_secs(20), "and the turn is free again");
    }
}

#[tokio::test]
async fn without_an_installation_the_command_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = Verifier::new(Toolchain::new(folder.path()), Options::default());
    let error = verifier.verify(&project("export {};")).await.unwrap_err();
    assert_eq!(error.code(), "TOOLCHAIN_MISSING");
    assert!(error.to_string().contains("weir toolchain install"), "{error}");
    assert!(PACKAGE_LOCK.len() > 1_000);
}
