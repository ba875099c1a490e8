use crate::{Flow, NodeKind};
use weir_expr::{Part, Template};

/// The hosts written out in the flow's own steps: `host` or `host:port` of every literal URL, once each.
///
/// A URL whose host is only known when the step runs is not among them.
pub fn literal_hosts(flow: &Flow) -> Vec<String> {
    let mut hosts = Vec::new();
    flow.for_each_node(&mut |node| {
        if let NodeKind::Task(task) = &node.kind {
            in_template(&task.params, &mut hosts);
        }
    });
    hosts.sort();
    hosts.dedup();
    hosts
}

fn in_template(template: &Template, hosts: &mut Vec<String>) {
    match template {
        Template::Value(value) => in_value(value, hosts),
        Template::Text(parts) => {
            if let Some(Part::Text(text)) = parts.first() {
                hosts.extend(host_of(text, false));
            }
        }
        Template::Array(items) => items.iter().for_each(|item| in_template(item, hosts)),
        Template::Object(members) => members.iter().for_each(|(_, member)| in_template(member, hosts)),
        Template::Expr(_) => {}
    }
}

fn in_value(value: &weir_base::Value, hosts: &mut Vec<String>) {
    match value {
        weir_base::Value::String(text) => hosts.extend(host_of(text, true)),
        weir_base::Value::Array(items) => items.iter().for_each(|item| in_value(item, hosts)),
        weir_base::Value::Object(map) => map.values().for_each(|member| in_value(member, hosts)),
        _ => {}
    }
}

/// The authority of a URL without user and password. Where text follows that is not known yet (`whole` is
/// false), only an authority that has ended counts: `https://api.` may become any host.
fn host_of(text: &str, whole: bool) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#', '\\']);
    if end.is_none() && !whole {
        return None;
    }
    let authority = &rest[..end.unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty() && !host.contains(char::is_whitespace)).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::host_of;

    fn check(text: &str, whole: bool, expected: Option<&str>) {
        assert_eq!(host_of(text, whole).as_deref(), expected, "{text}");
    }

    #[test]
    fn only_hosts_that_are_written_out_count() {
        check("https://API.example.com/v1", true, Some("api.example.com"));
        check("http://127.0.0.1:8080", true, Some("127.0.0.1:8080"));
        check("https://user:pass@evil.example/x", true, Some("evil.example"));
        check("https://api.", false, None);
        check("https://api.example.com/", false, Some("api.example.com"));
        check("https://a\\@b.example/", true, Some("a"));
        check("ftp://example.com/", true, None);
        check("https://", true, None);
    }
}
