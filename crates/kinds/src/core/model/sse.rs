//! Server-sent events, taken apart as the bytes come.

/// Collects bytes and gives the data of each finished event.
#[derive(Default)]
pub struct Events {
    pending: Vec<u8>,
    data: Vec<String>,
}

impl Events {
    /// Takes the next bytes; gives the data of every event they finish, lines joined by `\n`.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.pending.extend_from_slice(bytes);
        let mut finished = Vec::new();
        let mut start = 0;
        while let Some(length) = self.pending[start..].iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&self.pending[start..start + length]).into_owned();
            start += length + 1;
            finished.extend(self.line(line.trim_end_matches('\r')));
        }
        self.pending.drain(..start);
        finished
    }

    fn line(&mut self, line: &str) -> Option<String> {
        if line.is_empty() {
            return (!self.data.is_empty()).then(|| std::mem::take(&mut self.data).join("\n"));
        }
        if let Some(data) = line.strip_prefix("data:") {
            self.data.push(data.strip_prefix(' ').unwrap_or(data).to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_wherever_the_bytes_are_cut() {
        let text = ": comment\nevent: x\ndata: {\"a\":\r\ndata: \"ž\"}\n\n\ndata:[DONE]\r\n\r\ndata: unfinished\n";
        let expected = ["{\"a\":\n\"ž\"}", "[DONE]"];
        for size in 1..text.len() {
            let mut events = Events::default();
            let found: Vec<String> = text.as_bytes().chunks(size).flat_map(|chunk| events.push(chunk)).collect();
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }
}
