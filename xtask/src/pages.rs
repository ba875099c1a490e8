use crate::{process, programs, project};
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use weir_base::Value;

/// One page of `docs/errors/`: what a code means, an example, what to do.
struct Page {
    code: String,
    text: String,
}

/// A flow on a page, between fences: ```` ```yaml check ```` has this problem, ```` ```yaml run ```` fails with it.
struct Example<'a> {
    ending: &'a str,
    runs: bool,
    flow: String,
}

/// Writes the list of codes, then tries every example.
pub fn run() -> Result<()> {
    let pages = read()?;
    std::fs::write(index_file(), index(&pages))?;
    try_all(&pages)
}

/// The list of codes is up to date, and every example is one.
pub fn check() -> Result<()> {
    let pages = read()?;
    let written = std::fs::read_to_string(index_file()).unwrap_or_default();
    ensure!(written == index(&pages), "docs/errors/README.md is not up to date; `make pages` writes it");
    try_all(&pages)
}

fn read() -> Result<Vec<Page>> {
    let files = project::files(&project::root().join("docs/errors"), "md")?;
    let pages = files.iter().filter(|file| project::stem_of(file) != "README");
    pages.map(|file| Ok(Page { code: project::stem_of(file), text: std::fs::read_to_string(file)? })).collect()
}

fn index_file() -> PathBuf {
    project::root().join("docs/errors/README.md")
}

fn index(pages: &[Page]) -> String {
    let mut text = String::from(
        "# Codes\n\nEvery problem Weir reports has a code, and every code a page. `make pages` writes this list.\n\n",
    );
    for page in pages {
        let _ = writeln!(text, "- [{code}]({code}.md): {}", first_sentence(&page.text), code = page.code);
    }
    text
}

/// The first sentence after the heading, on one line.
fn first_sentence(page: &str) -> String {
    let paragraph = page.split("\n\n").nth(1).unwrap_or_default().replace('\n', " ");
    let end = paragraph.find(". ").map_or(paragraph.len(), |at| at + 1);
    let sentence = &paragraph[..end];
    sentence.strip_suffix(':').unwrap_or(sentence).to_owned()
}

fn try_all(pages: &[Page]) -> Result<()> {
    let weir = programs::weir()?;
    let folder = project::target()?.join("pages");
    std::fs::create_dir_all(&folder)?;
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages {
        for example in examples(&page.text) {
            count += 1;
            let codes = codes(&weir, &folder, &example).with_context(|| page.code.clone())?;
            if !codes.contains(&page.code) {
                wrong.push(format!("{}: got {codes:?}", page.code));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("examples that do not cause their code:\n  {}", wrong.join("\n  "));
    }
    println!("pages: {} codes, {count} examples", pages.len());
    Ok(())
}

fn examples(page: &str) -> Vec<Example<'_>> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some((ending, mode)) = line.strip_prefix("```").and_then(|info| info.split_once(' ')) else { continue };
        let flow =
            lines.by_ref().take_while(|line| *line != "```").fold(String::new(), |text, line| text + line + "\n");
        found.push(Example { ending, runs: mode == "run", flow });
    }
    found
}

/// The codes of the problems `weir check` finds, or of the error `weir run` ends with.
fn codes(weir: &Path, folder: &Path, example: &Example<'_>) -> Result<Vec<String>> {
    let file = folder.join(format!("flow.{}", example.ending));
    std::fs::write(&file, &example.flow)?;
    let code = |value: &Value| value.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !example.runs {
        let output = process::output(process::command(weir, &["check", "--format", "json"]).arg(&file))?;
        let found = process::json(&output).context("weir check")?;
        return Ok(found.as_array().unwrap_or_default().iter().map(code).collect());
    }
    let mut command = process::command(weir, &["run", "--json", "--virtual-time"]);
    let output = process::output(command.arg(&file).arg("--data").arg(folder.join("data")))?;
    let run = process::json(&output).context("weir run")?;
    Ok(run.get("error").into_iter().map(code).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# A_CODE\n\nSomething is\nwrong: see. More.\n\n```yaml check\na: 1\nb: 2\n```\n\n```text\nx\n```\n";

    #[test]
    fn a_page_has_a_first_sentence_and_examples() {
        assert_eq!(first_sentence(PAGE), "Something is wrong: see.");
        let found = examples(PAGE);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].ending, found[0].runs, found[0].flow.as_str()), ("yaml", false, "a: 1\nb: 2\n"));
    }
}
