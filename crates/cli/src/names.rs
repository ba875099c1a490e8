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
