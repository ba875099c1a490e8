//! Tool names as the wire allows them: letters, digits, `_` and `-`, at most 64.

use super::chat::Tool;
use weir_base::Text;

/// Names on the wire, in the order of the tools; different tools have different names.
pub struct ToolNames(Vec<(Text, String)>);

impl ToolNames {
    pub fn new(tools: &[Tool]) -> Self {
        let mut names: Vec<(Text, String)> = Vec::with_capacity(tools.len());
        for tool in tools {
            let base = plain(&tool.name);
            let taken = |candidate: &str| names.iter().any(|(_, wire)| wire == candidate);
            let mut wire = base.clone();
            let mut count = 2;
            while taken(&wire) {
                let suffix = format!("_{count}");
                wire = format!("{}{suffix}", &base[..base.len().min(64 - suffix.len())]);
                count += 1;
            }
            names.push((tool.name.clone(), wire));
        }
        Self(names)
    }

    /// The name on the wire; of a tool that is no longer offered, the same kind of name.
    pub fn wire_name(&self, name: &str) -> String {
        self.0.iter().find(|(own, _)| &**own == name).map_or_else(|| plain(name), |(_, wire)| wire.clone())
    }

    /// The tool's own name; a name nobody offered stays as it is.
    pub fn own_name(&self, wire: &str) -> Text {
        self.0.iter().find(|(_, known)| known == wire).map_or_else(|| wire.into(), |(own, _)| own.clone())
    }
}

fn plain(name: &str) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let plain: String = name.chars().take(64).map(|character| if fits(character) { character } else { '_' }).collect();
    if plain.is_empty() { "tool".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_base::Value;

    #[test]
    fn names_stay_apart_and_come_back() {
        let tool = |name: &str| Tool { name: name.into(), description: "".into(), schema: Value::Null };
        let long = "x".repeat(70);
        let names =
            ToolNames::new(&[tool("calc.add"), tool("calc_add"), tool("ž"), tool(&long), tool(&format!("{long}y"))]);
        let wires = ["calc.add", "calc_add", "ž"].map(|name| names.wire_name(name));
        assert_eq!(wires, ["calc_add", "calc_add_2", "_"]);
        assert_eq!(&*names.own_name("calc_add"), "calc.add");
        assert_eq!(&*names.own_name("calc_add_2"), "calc_add");
        assert_eq!(&*names.own_name("unknown"), "unknown");
        assert_eq!(names.wire_name(&format!("{long}y")), format!("{}_2", "x".repeat(62)));
    }
}
