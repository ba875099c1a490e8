use crate::TaskContext;
use weir_base::Value;

/// Shows a text while it is still coming, as pieces `{text}`.
///
/// What may be the beginning of a secret is held back until it is clear what it is, so that a secret cannot
/// slip through in two pieces.
#[derive(Default)]
pub struct TextStream {
    held: String,
    shown: u64,
}

impl TextStream {
    pub fn push(&mut self, cx: &TaskContext<'_>, piece: &str) {
        self.held.push_str(piece);
        let cut = self.held.len() - cx.opened.redactor().unfinished(&self.held);
        // A match begins and ends at characters, but a secret of bytes may be cut within one.
        let cut = (0..=cut).rev().find(|at| self.held.is_char_boundary(*at)).unwrap_or(0);
        let rest = self.held.split_off(cut);
        self.show(cx);
        self.held = rest;
    }

    /// Shows what was held back: nothing more is coming.
    pub fn finish(mut self, cx: &TaskContext<'_>) {
        self.show(cx);
    }

    fn show(&mut self, cx: &TaskContext<'_>) {
        if !self.held.is_empty() {
            cx.stream(self.shown, Value::object([("text", std::mem::take(&mut self.held).into())]));
            self.shown += 1;
        }
    }
}
