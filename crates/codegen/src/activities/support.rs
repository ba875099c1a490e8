//! Files a generated project gets as they are, where something in it needs them.

use std::collections::BTreeMap;

const HOST: &str = include_str!("ts/host.ts");
pub(crate) const SCHEMAS: &str = include_str!("ts/schemas.ts");
const EGRESS: &str = include_str!("ts/egress.ts");
const FILES: &str = include_str!("ts/files.ts");
const MODELS: &str = include_str!("ts/models.ts");

/// The support files that modules of these names stand on, `host.ts` and `schemas.ts` always.
pub fn files<'a>(modules: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
    let mut files =
        BTreeMap::from([("host.ts".to_owned(), HOST.to_owned()), ("schemas.ts".to_owned(), SCHEMAS.to_owned())]);
    for module in modules {
        let needed: &[(&str, &str)] = match module {
            "./egress" => &[("egress.ts", EGRESS)],
            "./files" => &[("files.ts", FILES)],
            "./models" => &[("egress.ts", EGRESS), ("models.ts", MODELS)],
            _ => &[],
        };
        files.extend(needed.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    }
    files
}
