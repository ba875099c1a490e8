use crate::{ControlError, Result};
use weir_base::Text;

/// Names of projects, services, flows, secrets and variables: what fits into a path and a file name.
pub fn check_name(name: &str) -> Result<Text> {
    let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let good = !name.is_empty()
        && name.chars().count() <= 100
        && name.chars().all(fits)
        && name.chars().next().is_some_and(char::is_alphanumeric);
    match good {
        true => Ok(name.into()),
        false => Err(ControlError::invalid(
            "INVALID_NAME",
            "a name is 1 to 100 letters, digits, `-`, `_` or `.`, and begins with a letter or a digit",
        )),
    }
}

/// Text for people: a title, a description.
pub fn check_text(what: &str, text: &str, longest: usize) -> Result<Text> {
    match text.chars().count() <= longest && !text.contains('\0') {
        true => Ok(text.into()),
        false => Err(ControlError::invalid("TEXT_TOO_LONG", format!("{what} has at most {longest} characters"))),
    }
}

/// An e-mail address as it is kept: trimmed and in lower case.
pub fn check_email(email: &str) -> Result<Text> {
    let email = email.trim().to_lowercase();
    let parts: Vec<&str> = email.split('@').collect();
    let good = parts.len() == 2
        && email.len() <= 254
        && parts.iter().all(|part| !part.is_empty())
        && !email.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
    match good {
        true => Ok(email.into()),
        false => Err(ControlError::invalid("INVALID_EMAIL", "this is no e-mail address; write name@example.org")),
    }
}

/// A name made of any text, for a flow that came without one.
pub fn name_from(text: &str) -> String {
    let mut name = String::new();
    for c in text.to_lowercase().chars() {
        match c.is_alphanumeric() {
            true => name.push(c),
            false if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            false => {}
        }
    }
    let name: String = name.trim_end_matches('-').chars().take(80).collect();
    if name.is_empty() { "flow".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "order-process", "Über.2", "7_x"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", "-a", "a b", "a/b", "../x", "a\0", "a'b", &long] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert_eq!(name_from(" Hello, World! "), "hello-world");
        assert_eq!(name_from("!!"), "flow");
    }

    #[test]
    fn addresses() {
        assert_eq!(&*check_email(" Ada@Example.org ").unwrap(), "ada@example.org");
        for bad in ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\r\nBcc: x"] {
            assert!(check_email(bad).is_err(), "{bad}");
        }
    }
}
