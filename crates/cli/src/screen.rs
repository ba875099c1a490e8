use crate::show::short;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;
use weir_base::Text;

/// The most rows of open steps; more would push the rest off the screen.
const ROWS: usize = 20;
/// The widest name of a step.
const NAME: usize = 48;

/// The open steps at the foot of a terminal: a tree of rows, each with a spinner and the time it takes.
pub struct Screen {
    all: MultiProgress,
    /// From top to bottom.
    rows: Vec<(Text, ProgressBar)>,
}

impl Screen {
    pub fn new() -> Self {
        Self { all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()), rows: Vec::new() }
    }

    /// A new row below the last one of the same parent.
    pub fn open(&mut self, path: &Text, name: &str) {
        if self.rows.len() >= ROWS {
            return;
        }
        let parent = parent_of(path);
        let above = self.rows.iter().rposition(|(other, _)| is_within(other, parent));
        let at = above.map_or(self.rows.len(), |above| above + 1);
        let indent = "  ".repeat(path.matches('/').count().min(12));
        let bar = self.all.insert(at, ProgressBar::new_spinner());
        bar.set_style(style());
        bar.set_prefix(format!("{indent}{}", short(name, NAME)));
        bar.enable_steady_tick(Duration::from_millis(100));
        self.rows.insert(at, (path.clone(), bar));
    }

    pub fn say(&self, path: &str, message: String) {
        if let Some((_, bar)) = self.rows.iter().find(|(other, _)| **other == *path) {
            bar.set_message(message);
        }
    }

    pub fn close(&mut self, path: &str) {
        let Some(at) = self.rows.iter().position(|(other, _)| **other == *path) else { return };
        self.drop_bar(at);
    }

    pub fn close_all(&mut self) {
        while !self.rows.is_empty() {
            self.drop_bar(self.rows.len() - 1);
        }
    }

    fn drop_bar(&mut self, at: usize) {
        let (_, bar) = self.rows.remove(at);
        bar.finish_and_clear();
        self.all.remove(&bar);
    }

    /// A line above the rows, which stays.
    pub fn line(&self, text: &str) {
        let _ = self.all.println(text);
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("  {spinner} {elapsed:>8}  {prefix}  {wide_msg}");
    style.unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn parent_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_within(path: &str, region: &str) -> bool {
    path.strip_prefix(region).is_some_and(|rest| rest.is_empty() || region.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_lies_within_its_region_and_not_within_one_of_a_longer_name() {
        for (path, region, within) in [("a/b", "a", true), ("a", "a", true), ("ab", "a", false), ("x", "", true)] {
            assert_eq!(is_within(path, region), within, "{path} in {region}");
        }
        assert_eq!([parent_of("a/b/c"), parent_of("a")], ["a/b", ""]);
    }
}
