use weir_base::Value;
use weir_catalog::{Catalog, Entry, Implementation};
use weir_dialects::{Leaf, Names};

/// The catalog as dialects see it: names only.
pub struct CatalogNames<'a>(pub &'a Catalog);

impl Names for CatalogNames<'_> {
    fn by_tree(&self, tree: &str) -> Option<Leaf> {
        self.0.by_tree(tree).map(leaf)
    }

    fn by_kind(&self, name: &str) -> Option<Leaf> {
        self.0.by_name(name).map(leaf)
    }
}

fn leaf(entry: &Entry) -> Leaf {
    let component = entry.component();
    Leaf {
        kind: component.name.clone(),
        tree: component.tree.clone().unwrap_or_default(),
        output_key: component.output_key.clone(),
        params: entry.record().map(|record| record.input_schema.keys().cloned().collect()).unwrap_or_default(),
        summary: component.summary.as_str().into(),
        schema: entry.record().map_or(Value::Null, |record| record.input_json_schema()),
        engine: component.implementation == Implementation::Engine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model that may call a kind is told what it does and what it takes.
    #[test]
    fn a_kind_says_what_it_does_and_takes() {
        let catalog = weir_kinds::catalog().expect("the built-in records are good");
        let leaf = CatalogNames(&catalog).by_kind("regex.extract").expect("a kind");
        let pattern = leaf.schema.get("properties").and_then(|all| all.get("pattern")).expect("a parameter");
        assert_eq!(pattern.get("type").and_then(Value::as_str), Some("string"));
        assert!(pattern.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{pattern}");
        assert_eq!(leaf.schema.get("type").and_then(Value::as_str), Some("object"));
        assert!(leaf.summary.ends_with('.') && !leaf.engine, "{leaf:?}");
        assert!(CatalogNames(&catalog).by_tree("WaitAction").is_some_and(|leaf| leaf.engine));
    }
}
