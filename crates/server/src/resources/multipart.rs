use crate::resources::incoming::raw;
use weir_base::{Map, Value};

/// Parts a body may have.
const MOST: usize = 100;

/// Reads `multipart/form-data`: fields as text, files as an object of name, type and content.
pub fn read(kind: &str, body: &[u8]) -> Result<Value, String> {
    let boundary = boundary(kind).ok_or("the content type names no boundary")?;
    let delimiter = format!("--{boundary}").into_bytes();
    let mut fields = Map::default();
    let mut rest = after(body, &delimiter).ok_or("the body does not begin with its boundary")?;
    for _ in 0..MOST {
        if rest.starts_with(b"--") {
            return Ok(Value::from(fields));
        }
        let part = rest.strip_prefix(b"\r\n").ok_or("a boundary is followed by neither a line nor the end")?;
        let end = find(part, &[b"\r\n", &delimiter[..]].concat()).ok_or("a part has no end")?;
        let (name, value) = read_part(&part[..end])?;
        add(&mut fields, name, value);
        rest = &part[end + 2 + delimiter.len()..];
    }
    Err(format!("more than {MOST} parts"))
}

fn boundary(kind: &str) -> Option<String> {
    let found = kind
        .split(';')
        .filter_map(|part| part.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    found.map(|(_, value)| value.trim_matches('"').to_owned()).filter(|value| !value.is_empty() && value.len() <= 70)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn after<'a>(text: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    find(text, wanted).map(|at| &text[at + wanted.len()..])
}

fn read_part(part: &[u8]) -> Result<(String, Value), String> {
    let end = find(part, b"\r\n\r\n").ok_or("a part has no head")?;
    let head = std::str::from_utf8(&part[..end]).map_err(|_| "the head of a part is not UTF-8")?;
    let content = &part[end + 4..];
    let line = |wanted: &str| {
        let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim()).next()
    };
    let disposition = line("content-disposition").ok_or("a part does not say its name")?;
    let name = attribute(disposition, "name").ok_or("a part does not say its name")?;
    let Some(file) = attribute(disposition, "filename") else { return Ok((name, raw(content))) };
    let kind = line("content-type").unwrap_or("application/octet-stream");
    let value = Value::object([("filename", file.into()), ("type", kind.into()), ("content", raw(content))]);
    Ok((name, value))
}

fn attribute(text: &str, wanted: &str) -> Option<String> {
    let parts = text.split(';').skip(1).filter_map(|part| part.trim().split_once('='));
    let mut found = parts.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.next().map(|(_, value)| value.trim_matches('"').to_owned())
}

/// A name that comes several times is a list.
fn add(fields: &mut Map, name: String, value: Value) {
    let name: weir_base::Text = name.into();
    let joined = match fields.get(&name) {
        None => value,
        Some(Value::Array(items)) => Value::array(items.iter().cloned().chain([value])),
        Some(one) => Value::array([one.clone(), value]),
    };
    fields.insert(name, joined);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Result<&str, &str>) {
        let body = body.replace('\n', "\r\n");
        let found = read("multipart/form-data; boundary=\"x\"", body.as_bytes()).map(|value| value.to_json());
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn parts() {
        let field =
            |name: &str, value: &str| format!("--x\nContent-Disposition: form-data; name=\"{name}\"\n\n{value}\n");
        check(&format!("{}{}--x--\n", field("a", "1"), field("b", "two")), Ok(r#"{"a":"1","b":"two"}"#));
        check(&format!("{}{}--x--", field("a", "1"), field("a", "2")), Ok(r#"{"a":["1","2"]}"#));
        let file = "--x\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\nContent-Type: text/plain\n\nhi\n--x--";
        check(file, Ok(r#"{"f":{"filename":"a.txt","type":"text/plain","content":"hi"}}"#));
        check("--x--", Ok("{}"));
        check("", Err("the body does not begin with its boundary"));
        check("--x\nContent-Disposition: form-data; name=\"a\"\n\n1", Err("a part has no end"));
        check("--x\nfoo\n--x--", Err("a part has no head"));
        assert!(read("multipart/form-data", b"").is_err());
    }
}
