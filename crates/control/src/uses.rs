use crate::caller::Caller;
use crate::control::Control;
use crate::deployments::FlowStatus;
use crate::flows::FlowQuery;
use crate::model::FlowDraft;
use crate::records::{Kept, PageOf};
use crate::{ControlError, Result};
use std::collections::BTreeMap;
use weir_base::Text;
use weir_ir::{Flow, NodeKind};

/// How many flows are told; whoever wants more searches for them.
const TOLD: usize = 50;
/// How many flows are looked at for each name the kind goes by.
const LOOKED_AT: u32 = 200;

/// Flows with a step of some kind.
pub struct Uses {
    /// By name.
    pub flows: Vec<(Kept<FlowDraft>, FlowStatus)>,
    /// There are others.
    pub more: bool,
}

impl Control {
    /// Flows whose drafts have a step of this kind, under whichever of its names.
    pub async fn uses_of_kind(&self, caller: &Caller, kind: &str) -> Result<Uses> {
        let entry = self.catalog().get(kind).ok_or(ControlError::NotFound { what: "kind" })?;
        let component = entry.component();
        let name = component.name.clone();
        let names = component.aliases.iter().chain(&component.tree).chain([&component.name]);
        let (candidates, mut more) = self.naming_one_of(caller, names.cloned().collect()).await?;
        let mut flows = Vec::new();
        for flow in candidates.into_values() {
            if !self.compile_draft(&caller.tenant, &flow.value).await?.flow.is_some_and(|flow| has_task(&flow, &name)) {
                continue;
            }
            if flows.len() == TOLD {
                more = true;
                break;
            }
            let status = self.status_of(caller, &flow).await?;
            flows.push((flow, status));
        }
        flows.sort_by(|(a, _), (b, _)| a.value.name.cmp(&b.value.name));
        Ok(Uses { flows, more })
    }

    /// Flows in whose text one of the names stands, and whether there are more of them.
    async fn naming_one_of(
        &self,
        caller: &Caller,
        names: Vec<Text>,
    ) -> Result<(BTreeMap<Text, Kept<FlowDraft>>, bool)> {
        let page = PageOf { after: None, limit: LOOKED_AT };
        let (mut found, mut more) = (BTreeMap::new(), false);
        for name in names {
            let query = FlowQuery { text: Some(name.to_string()), ..FlowQuery::default() };
            let listed = self.list_flows(caller, &query, &page).await?;
            more |= listed.next.is_some();
            found.extend(listed.items.into_iter().map(|flow| (flow.id.clone(), flow)));
        }
        Ok((found, more))
    }
}

fn has_task(flow: &Flow, kind: &str) -> bool {
    let mut found = false;
    flow.for_each_node(&mut |node| found |= matches!(&node.kind, NodeKind::Task(task) if &*task.kind == kind));
    found
}
