use super::drive::{Driver, Sort};
use super::happened::{Happened, said};
use crate::activity::Keeping;
use crate::wire::{VariablesFound, VariablesInput};
use futures_util::FutureExt;
use std::time::Duration;
use temporalio_common::RetryPolicy;
use temporalio_sdk::ActivityOptions;
use weir_base::{Text, Value};
use weir_engine::EventBody;

impl<'a> Driver<'a> {
    pub fn read_variables(&mut self, path: Text, service: Vec<Text>, project: Vec<Text>) {
        let Some(options) = self.store_options("variables") else {
            let unset = |names: Vec<Text>| names.into_iter().map(|name| (name, Value::Null)).collect();
            let found = VariablesFound { service: unset(service), project: unset(project) };
            return self.ready.push_back(Happened::Variables { path, found: Ok(found) });
        };
        let input = VariablesInput { place: self.input.place.clone(), service, project };
        let call = self.cx.execute_activity(Keeping::variables, input, options);
        let told = call.map(|found| Happened::Variables { path, found: found.map_err(|error| said(&error)) });
        self.push(Sort::Activity, told.boxed_local());
    }

    pub fn variables_read(&mut self, path: Text, found: Result<VariablesFound, String>) {
        let found = found.unwrap_or_else(|message| {
            tracing::warn!(path = &*path, "variables could not be read: {message}");
            VariablesFound::default()
        });
        let VariablesFound { service, project } = found;
        self.apply(EventBody::VariablesRead { path, service, project });
    }

    /// How what needs the store is called: it is tried until it is done. None where runs keep no store.
    pub fn store_options(&self, summary: &str) -> Option<ActivityOptions> {
        let queue = self.input.rules.store_queue.clone()?;
        // It is done in a moment, or whoever had to do it is gone; what is done twice counts once.
        let most = Duration::from_millis(self.input.rules.heartbeat.millis.max(1_000));
        let retry = RetryPolicy::builder().initial_interval(Duration::from_millis(100)).maximum_interval(most).build();
        Some(
            ActivityOptions::with_start_to_close_timeout(most)
                .task_queue(queue)
                .cancellation_token(self.own.clone())
                .summary(summary)
                .retry_policy(retry)
                .build(),
        )
    }
}
