//! The code of all flows of a project, as those who run it look for it.

use crate::Result;
use crate::caller::Caller;
use crate::control::Control;
use crate::model::{Compilation, EndingCode, FlowDraft};
use crate::records::{self, Kept};
use std::collections::BTreeMap;
use weir_base::{Text, Value, hash_value_hex};

/// So many parents are named in one statement.
const AT_ONCE: usize = 500;

/// The newest code of each flow of a project that has some.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectCode {
    /// The same as long as no flow has other code or another name, none came, and none went.
    pub revision: String,
    /// By the flow's id: its name, and its newest compilation.
    pub flows: BTreeMap<Text, (Text, Kept<Compilation>)>,
    /// Those of them that are deleted: they get no new runs, and those they have go on.
    pub ending: BTreeMap<Text, Text>,
}

impl ProjectCode {
    fn new(flows: BTreeMap<Text, (Text, Kept<Compilation>)>, ending: BTreeMap<Text, Text>) -> Self {
        let of = |id: &Text, name: &Text, code: &Compilation| {
            let ending = ending.contains_key(id).into();
            Value::array([Value::from(&**name), Value::from(code.number), Value::from(&*code.hash), ending])
        };
        let told = flows.iter().map(|(id, (name, code))| (&**id, of(id, name, &code.value)));
        let revision = hash_value_hex(&Value::object(told));
        Self { revision, flows, ending }
    }
}

impl Control {
    /// The names of a project's flows, by id.
    pub async fn flows_of_project(&self, caller: &Caller, project: &str) -> Result<BTreeMap<Text, Text>> {
        let project = self.project(caller, project).await?.value.name;
        records::names::<FlowDraft>(&*self.documents, &caller.scope(), &records::under(&project)).await
    }

    /// The newest code of a project's flows, and of those that are deleted and can come back.
    pub async fn project_code(&self, caller: &Caller, project: &str) -> Result<ProjectCode> {
        let mut names = self.flows_of_project(caller, project).await?;
        let ending = self.ending_flows(caller, project).await?;
        names.extend(ending.clone());
        let ids: Vec<Text> = names.keys().cloned().collect();
        let mut flows = BTreeMap::new();
        for part in ids.chunks(AT_ONCE) {
            let found = records::newest_under(&*self.documents, &caller.scope(), part).await?;
            let named = |(id, newest): (Text, Kept<Compilation>)| Some((id.clone(), (names.get(&id)?.clone(), newest)));
            flows.extend(found.into_iter().filter_map(named));
        }
        Ok(ProjectCode::new(flows, ending))
    }

    /// The names of a project's deleted flows that have code and can come back, by id.
    async fn ending_flows(&self, caller: &Caller, project: &str) -> Result<BTreeMap<Text, Text>> {
        let under = records::under(&EndingCode::under(project));
        let found: Vec<Kept<EndingCode>> = records::all(&*self.documents, &caller.scope(), &under).await?;
        Ok(found.into_iter().map(|one| (one.value.flow, one.value.name)).collect())
    }
}
