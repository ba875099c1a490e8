use std::path::{Path, PathBuf};

/// Where flows stand that every change of them is worth a try.
const FOLDERS: [&str; 3] = ["examples", "crates/dialects/src/graph/fixtures", "docs"];

/// Every flow of the project with this ending: whole files, and those between fences in the documentation.
pub fn flows(ending: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    FOLDERS.iter().for_each(|folder| collect(&root.join(folder), &mut paths));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        match path.extension().and_then(|found| found.to_str()) {
            Some("md") => found.extend(fenced(&text, ending)),
            Some(own) if own == ending && is_flow(&path) => found.push(text),
            _ => {}
        }
    }
    found
}

fn is_flow(path: &Path) -> bool {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    !name.starts_with("expected") && name != "input"
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        match path.is_dir() {
            true => collect(&path, found),
            false => found.push(path),
        }
    }
}

fn fenced(page: &str, ending: &str) -> Vec<String> {
    let parts = page.split("```").skip(1).step_by(2);
    let texts =
        parts.filter_map(|part| part.split_once('\n')).filter(|(info, _)| info.split(' ').next() == Some(ending));
    texts.map(|(_, text)| text.to_owned()).collect()
}

pub fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub const EXPRESSIONS: [&str; 18] = [
    "1 + 2 * -3 ** 2",
    "input.order?.lines[0].price ?? 0",
    "vars.a.b === 'x' ? [1, ...input.list] : {k: 1, ...vars.a}",
    "input.list.filter(x => x > 1).map((x, i) => x * i).reduce((a, b) => a + b, 0)",
    "`a ${input.name.toUpperCase()} b ${`c ${1}`}`",
    "Math.max(...input.list) % 7 >> 1 & 255",
    "Object.entries(vars).flatMap(([k, v]) => [k, v])",
    "JSON.stringify({a: [1, null, true]}, null, 2)",
    "input.name.split('').reverse().join('-').padStart(20, '·').slice(-3)",
    "input.list.sort((a, b) => b - a).at(-1)",
    "typeof input === 'object' && !(input.x in vars)",
    "'\\u{1f600}\\x41'.length + \"é\".localeCompare('e')",
    "run.id + ' ' + now",
    "secrets.token + '!'",
    "[[1, 2], [3]].flat().includes(3) || null",
    "Array.from({length: 1000}, (x, i) => i).join('')",
    "'ab'.repeat(1000000)",
    "((((1))))",
];

pub const SCRIPTS: [&str; 6] = [
    "total = 1\ncount = total + 2;",
    "x = param(\"name\") == 'a' && !(y > 3)",
    "a.b.c = [1, 2, 3]\na.b.d = a.b.c[1] * 2",
    "// a comment\nmessage = \"hello \" + name",
    "flag = true; other = null; n = -1.5e3",
    "z = (1 + 2) * 3 % 4 >= 2 ? 'yes' : 'no'",
];

/// Flows in the IR form whose states are taken: all kinds of waiting at once.
pub const STATEFUL: [&str; 3] = [
    r#"{"ir":1,"name":"s","dialect":"ir","root":{"id":"all","parallel":{"children":[
        {"id":"a","task":{"kind":"print","params":{"message":"x"}}},
        {"id":"b","wait":{"timer":{"after":"30s"}}},
        {"id":"c","wait":{"signal":{"name":"go"}}}]}}}"#,
    r#"{"ir":1,"name":"s","dialect":"ir","root":{"id":"loop","loop":{"mode":{"repeat":5},
        "body":{"id":"t","task":{"kind":"print","params":{"message":"{{ index }}"}}}}}}"#,
    r#"{"ir":1,"name":"s","dialect":"ir","root":{"id":"seq","sequence":{"children":[
        {"id":"v","task":{"kind":"print","params":{"message":"x"}}},
        {"id":"w","wait":{"timer":{"after":1000}}}]}}}"#,
];
