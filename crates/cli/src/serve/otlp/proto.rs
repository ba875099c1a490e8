//! As much of OpenTelemetry's protocol buffers as traces need. Field numbers are those of `opentelemetry-proto` 1.x.

/// One span. Times are nanoseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    pub trace: [u8; 16],
    pub id: [u8; 8],
    pub parent: Option<[u8; 8]>,
    pub name: String,
    pub kind: Kind,
    pub start: u64,
    pub end: u64,
    pub attributes: Vec<(&'static str, Attribute)>,
    /// A span of another trace it has to do with.
    pub link: Option<([u8; 16], [u8; 8])>,
    /// The code of what went wrong.
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Internal = 1,
    Server = 2,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    Text(String),
    Number(i64),
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Attribute::Text(text.to_owned())
    }
}

/// An `ExportTraceServiceRequest` with these spans of this program.
pub fn request(spans: &[Span], version: &str) -> Vec<u8> {
    let resource = [("service.name", "weir".into()), ("service.version", version.into())];
    let mut scope_spans = Message::default();
    scope_spans.message(1, |scope| scope.text(1, "weir"));
    spans.iter().for_each(|span| scope_spans.message(2, |message| write(message, span)));
    let mut request = Message::default();
    request.message(1, |resource_spans| {
        resource_spans.message(1, |message| attributes(message, 1, &resource));
        resource_spans.bytes(2, &scope_spans.0);
    });
    request.0
}

fn write(message: &mut Message, span: &Span) {
    message.bytes(1, &span.trace);
    message.bytes(2, &span.id);
    if let Some(parent) = &span.parent {
        message.bytes(4, parent);
    }
    message.text(5, &span.name);
    message.number(6, span.kind as u64);
    message.fixed(7, span.start);
    message.fixed(8, span.end);
    attributes(message, 9, &span.attributes);
    if let Some((trace, id)) = &span.link {
        message.message(13, |link| {
            link.bytes(1, trace);
            link.bytes(2, id);
        });
    }
    if let Some(code) = &span.error {
        message.message(15, |status| {
            status.text(2, code);
            status.number(3, 2);
        });
    }
}

fn attributes(message: &mut Message, field: u32, all: &[(&'static str, Attribute)]) {
    for (key, value) in all {
        message.message(field, |pair| {
            pair.text(1, key);
            pair.message(2, |any| match value {
                Attribute::Text(text) => any.text(1, text),
                Attribute::Number(number) => any.number(3, *number as u64),
            });
        });
    }
}

/// A message as it is written, field by field.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number as u8 & 0x7f) | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn key(&mut self, field: u32, wire: u64) {
        self.varint(u64::from(field) << 3 | wire);
    }

    fn number(&mut self, field: u32, number: u64) {
        self.key(field, 0);
        self.varint(number);
    }

    fn fixed(&mut self, field: u32, number: u64) {
        self.key(field, 1);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn message(&mut self, field: u32, fill: impl FnOnce(&mut Message)) {
        let mut inner = Message::default();
        fill(&mut inner);
        self.bytes(field, &inner.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes another implementation of protocol buffers writes for the same.
    #[test]
    fn bytes_are_those_of_the_standard() {
        let span = Span {
            trace: [1; 16],
            id: [2; 8],
            parent: Some([3; 8]),
            name: "run".to_owned(),
            kind: Kind::Server,
            start: 1,
            end: 300,
            attributes: vec![("n", Attribute::Number(300)), ("m", Attribute::Number(-1))],
            link: Some(([4; 16], [5; 8])),
            error: Some("E".to_owned()),
        };
        let hex: String = request(&[span], "1").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, include_str!("request.hex").trim());
    }
}
