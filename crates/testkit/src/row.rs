use weir_base::Text;
use weir_store::Document;

/// A row of a table of documents as somebody else would have left it, made at 1 and not changed since. What a test says
/// nothing about is empty.
pub fn document(tenant: &str, id: &str, parent: &str, name: &str, body: impl Into<Text>) -> Document {
    Document {
        tenant: tenant.into(),
        id: id.into(),
        parent: parent.into(),
        name: name.into(),
        lookup: None,
        label: "".into(),
        revision: 1,
        created_at: 1,
        updated_at: 1,
        body: body.into(),
    }
}
