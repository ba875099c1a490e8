use super::Performer;
use crate::codec::Told;
use crate::wire::{TaskDone, TaskInput};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::cell::RefCell;
use std::sync::Arc;
use temporalio_common::ActivityDefinition;
use temporalio_sdk::WorkerOptions;
use temporalio_sdk::activities::{
    ActivityContext, ActivityDefinitions, ActivityError, ActivityImplementer, ExecutableActivity,
};
use weir_base::Text;

thread_local! {
    /// The name the next registration goes by.
    static NAME: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The one implementation of all kinds, registered once under the name of each.
///
/// The type of an activity is the kind's name: so a replay notices where a step has become one of another kind.
struct AnyKind(String);

/// Kinds are registered by name, one after the other.
impl ActivityImplementer for Performer {
    fn register_all(self: Arc<Self>, _: &mut ActivityDefinitions) {}
}

impl ActivityDefinition for AnyKind {
    type Input = TaskInput;
    type Output = Told<TaskDone>;

    fn name(&self) -> &str {
        &self.0
    }
}

impl ExecutableActivity for AnyKind {
    type Implementer = Performer;
    const REQUIRES_INSTANCE: bool = true;

    /// Asked for once, by the registration.
    fn definition() -> Self {
        Self(NAME.with_borrow(Clone::clone))
    }

    fn execute(
        performer: Option<Arc<Performer>>,
        cx: ActivityContext,
        input: TaskInput,
    ) -> BoxFuture<'static, Result<Told<TaskDone>, ActivityError>> {
        let performer = performer.expect("an instance is required");
        async move { performer.perform(cx, input).await }.boxed()
    }
}

pub(crate) fn register_kinds(options: &mut WorkerOptions, performer: &Arc<Performer>, kinds: &[Text]) {
    for kind in kinds {
        NAME.set(kind.to_string());
        options.register_activity::<AnyKind>(performer.clone());
    }
}
