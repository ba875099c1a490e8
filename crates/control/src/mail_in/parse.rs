use data_encoding::BASE64;
use mail_parser::{Address, Message, MessageParser, MimeHeaders};
use weir_base::{Map, Text, Value};

/// The longest text, HTML or header that is passed on, in bytes.
const LONGEST_TEXT: usize = 1 << 20;
const LONGEST_HEADER: usize = 8 << 10;
const MOST_HEADERS: usize = 200;
/// How many attachments are told of, and how many bytes of them are passed on together.
const MOST_ATTACHMENTS: usize = 20;
const ATTACHED: usize = 4 << 20;

/// A letter as a flow gets it. Whatever arrives is read somehow: nobody else is there to complain to.
pub fn input(raw: &[u8]) -> Value {
    let Some(letter) = MessageParser::default().parse(raw) else {
        return Value::object([("text", cut(&String::from_utf8_lossy(raw), LONGEST_TEXT))]);
    };
    Value::object([
        ("from", people(letter.from()).into_iter().next().unwrap_or_default()),
        ("to", Value::array(people(letter.to()))),
        ("cc", Value::array(people(letter.cc()))),
        ("replyTo", Value::array(people(letter.reply_to()))),
        ("subject", cut(letter.subject().unwrap_or_default(), LONGEST_HEADER)),
        ("date", letter.date().map(|date| Value::from(date.to_rfc3339())).unwrap_or_default()),
        ("messageId", letter.message_id().map(|id| cut(id, LONGEST_HEADER)).unwrap_or_default()),
        ("text", letter.body_text(0).map(|text| cut(&text, LONGEST_TEXT)).unwrap_or_default()),
        ("html", letter.body_html(0).map(|html| cut(&html, LONGEST_TEXT)).unwrap_or_default()),
        ("headers", headers(&letter)),
        ("attachments", attachments(&letter)),
    ])
}

fn cut(text: &str, longest: usize) -> Value {
    let end = (0..=longest.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Value::from(&text[..end])
}

fn people(address: Option<&Address>) -> Vec<Value> {
    let all = address.into_iter().flat_map(|address| address.iter()).take(100);
    all.map(|one| {
        let text = |part: Option<&str>| part.map(|part| cut(part, LONGEST_HEADER)).unwrap_or_default();
        Value::object([("address", text(one.address())), ("name", text(one.name()))])
    })
    .collect()
}

/// By their names in lower case; of one that stands several times, the first.
fn headers(letter: &Message) -> Value {
    let mut found = Map::default();
    for (name, value) in letter.headers_raw().take(MOST_HEADERS) {
        let name = Text::from(name.to_ascii_lowercase());
        if found.get(&name).is_none() {
            found.insert(name, cut(value.trim(), LONGEST_HEADER));
        }
    }
    Value::from(found)
}

/// What does not fit is told of without its content.
fn attachments(letter: &Message) -> Value {
    let mut left = ATTACHED;
    let all = letter.attachments().take(MOST_ATTACHMENTS).map(|part| {
        let kind = part.content_type().map(|kind| match kind.subtype() {
            Some(sub) => format!("{}/{sub}", kind.ctype()),
            None => kind.ctype().to_owned(),
        });
        let bytes = part.contents();
        let fits = bytes.len() <= left;
        left -= if fits { bytes.len() } else { 0 };
        Value::object([
            ("name", part.attachment_name().map(|name| cut(name, LONGEST_HEADER)).unwrap_or_default()),
            ("type", kind.map(Value::from).unwrap_or_default()),
            ("bytes", Value::from(bytes.len() as i64)),
            ("base64", if fits { Value::from(BASE64.encode(bytes)) } else { Value::Null }),
        ])
    });
    Value::array(all.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_with_everything() {
        let raw = "From: =?utf-8?q?Ada_L=C3=B6velace?= <ada@a.test>\r\nTo: b@b.test, \"C\" <c@c.test>\r\n\
            Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\nDate: Tue, 1 Dec 2026 10:00:00 +0100\r\nMessage-ID: <1@a.test>\r\n\
            X-Own: one\r\nX-Own: two\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
            --x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            H=E9llo\r\n--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\
            Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--x--\r\n";
        let found = input(raw.as_bytes());
        let json = |name: &str| found.get(name).unwrap().to_json();
        assert_eq!(json("from"), r#"{"address":"ada@a.test","name":"Ada Lövelace"}"#);
        assert_eq!(json("to"), r#"[{"address":"b@b.test","name":null},{"address":"c@c.test","name":"C"}]"#);
        assert_eq!((json("subject"), json("messageId")), (r#""Grüße""#.to_owned(), r#""1@a.test""#.to_owned()));
        assert_eq!(json("date"), r#""2026-12-01T10:00:00+01:00""#);
        assert!(json("text").starts_with(r#""Héllo"#), "{}", json("text"));
        assert_eq!(found.get("headers").unwrap().get("x-own").and_then(Value::as_str), Some("one"));
        let attached = r#"[{"name":"a.pdf","type":"application/pdf","bytes":5,"base64":"aGVsbG8="}]"#;
        assert_eq!(json("attachments"), attached);
    }

    #[test]
    fn what_is_no_letter_and_what_is_too_much() {
        for raw in [&b""[..], b"\xff\xfe", b"\r\n\r\n", b"Subject", b"a: b\r\n\r\n\0"] {
            assert!(input(raw).as_object().is_some());
        }
        let long = format!("Subject: {}\r\n\r\n{}", "s".repeat(20_000), "ü".repeat(LONGEST_TEXT));
        let found = input(long.as_bytes());
        let length = |name: &str| found.get(name).and_then(Value::as_str).unwrap().len();
        assert_eq!((length("subject"), length("text")), (LONGEST_HEADER, LONGEST_TEXT));
    }
}
