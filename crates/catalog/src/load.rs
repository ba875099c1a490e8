use crate::{Component, Record};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use weir_base::{Diagnostic, Value};

/// Reads a whole record. One that breaks off or has an unknown key is a `RECORD_INVALID`.
pub fn record_from_yaml(text: &str) -> Result<Record, Box<Diagnostic>> {
    from_yaml(text)
}

/// Reads a record as a plain value, for [`crate::RECORD_SCHEMA`].
pub fn value_from_yaml(text: &str) -> Result<Value, Box<Diagnostic>> {
    from_yaml(text)
}

/// Reads only the `component` section, which must come first; the rest is not even looked at.
///
/// Starting a program needs every kind's name but hardly ever its documentation.
pub fn component_from_yaml(text: &str) -> Result<Component, Box<Diagnostic>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Head {
        component: Component,
    }
    from_yaml::<Head>(first_section(text)).map(|head| head.component)
}

fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, Box<Diagnostic>> {
    // YAML 1.2: `yes` and `y` are text.
    let options = serde_saphyr::options! {
        strict_booleans: true,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::Reject,
    };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Box::new(Diagnostic::error("RECORD_INVALID", error.to_string())))
}

/// The text up to the second key that stands at the beginning of a line.
fn first_section(text: &str) -> &str {
    let mut offset = 0;
    let mut sections = 0;
    for line in text.split_inclusive('\n') {
        sections += usize::from(line.starts_with(|c: char| c.is_ascii_alphabetic()));
        if sections == 2 {
            break;
        }
        offset += line.len();
    }
    &text[..offset]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# A kind.\ncomponent:\n  name: a.b\n  title: A\n  summary: Does it.\n  vendor: core\n  category: data\n  complexity: low\n  version: 1.0.0\n  effect: pure\n  implementation: task\n  timeout: 30s\n";

    #[test]
    fn the_head_is_read_without_the_rest() {
        let component = component_from_yaml(&format!("{HEAD}discovery: [unclosed")).unwrap();
        assert_eq!((&*component.name, component.timeout.map(|t| t.millis)), ("a.b", Some(30_000)));
        assert!(component.runnable);
    }

    #[test]
    fn scalars_are_those_of_yaml_1_2() {
        let value = value_from_yaml("[y, yes, on, true, 010, 1e3, ~, '1']").unwrap();
        assert_eq!(value.to_json(), r#"["y","yes","on",true,10,1000,null,"1"]"#);
        assert!(value_from_yaml("[.nan]").is_err());
        assert!(value_from_yaml("{a: 1, a: 2}").is_err());
    }

    #[test]
    fn what_is_wrong_is_told() {
        let wrong = |text: &str| component_from_yaml(text).unwrap_err();
        assert_eq!(wrong("discovery: {}").code, "RECORD_INVALID");
        assert!(wrong(&HEAD.replace("30s", "soon")).message.contains("`soon` is not a duration"));
        assert!(wrong(&HEAD.replace("title", "titel")).message.contains("titel"));
        assert!(record_from_yaml(HEAD).unwrap_err().message.contains("discovery"));
    }
}
