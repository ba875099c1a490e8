//! Flows ready to run, by their text: many runs are of few flows, and each is folded again whenever it is taken up.

use indexmap::IndexMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use weir_base::Text;
use weir_engine::Plan;
use weir_ir::Flow;
use weir_store::blob_hash;

const KEPT: usize = 256;

type Ready = (Arc<Flow>, Arc<Plan>);

static PLANS: LazyLock<Mutex<IndexMap<Text, Ready>>> = LazyLock::new(Mutex::default);

/// The flow and its plan. What is kept changes nothing about either: the same text is the same plan.
pub fn of(text: &str) -> Result<Ready, String> {
    let hash = blob_hash(text.as_bytes());
    let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ready) = plans.get(&hash) {
        return Ok(ready.clone());
    }
    let flow = weir_ir::from_json(text).map_err(|error| format!("the flow cannot be read: {error}"))?;
    let ready = (Arc::new(flow.clone()), Arc::new(Plan::new(&flow)));
    if plans.len() >= KEPT {
        plans.shift_remove_index(0);
    }
    plans.insert(hash, ready.clone());
    Ok(ready)
}
