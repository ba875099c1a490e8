use super::Cluster;
use crate::{TemporalError, names};
use std::time::{Duration, SystemTime};
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::{PollerInfo, TaskQueue};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;

/// How long somebody counts as there who has not asked for work since: a question waits for a minute.
const THERE: Duration = Duration::from_secs(90);

impl Cluster {
    /// Whether somebody works on a queue, as far as the cluster knows.
    pub async fn has_worker(&self, queue: &str) -> Result<bool, TemporalError> {
        Ok(!self.pollers(queue, TaskQueueType::Workflow).await?.is_empty())
    }

    /// The error for a queue nobody works on.
    pub async fn require_worker(&self, queue: &str) -> Result<(), TemporalError> {
        match self.has_worker(queue).await? {
            true => Ok(()),
            false => Err(TemporalError::NoWorker { address: self.address().to_owned(), queue: queue.to_owned() }),
        }
    }

    /// The error for a queue at which the server of another installation keeps journals: it would keep some of this
    /// one's, and perform steps with its own secrets. `marks` are those of this one. Who may not look sees nobody.
    pub async fn require_own(&self, queue: &str, marks: &[String]) -> Result<(), TemporalError> {
        self.no_server(queue, marks, |_| true).await
    }

    /// As [`Cluster::require_own`], of a server that keeps journals there already. Those who came at the same moment saw
    /// nobody; of them, the one with the least mark goes on.
    pub async fn remain_own(&self, queue: &str, marks: &[String]) -> Result<(), TemporalError> {
        self.no_server(queue, marks, |mark| marks.first().is_none_or(|own| mark < own.as_str())).await
    }

    /// The error for a queue of which another worker keeps the journals in another store than the one with this mark:
    /// each would get a part of them. Who may not look sees nobody.
    pub async fn require_own_store(&self, queue: &str, mark: &str) -> Result<(), TemporalError> {
        self.no_other_store(queue, mark, |_| true).await
    }

    /// As [`Cluster::remain_own`], of a worker that keeps journals there already.
    pub async fn remain_own_store(&self, queue: &str, mark: &str) -> Result<(), TemporalError> {
        self.no_other_store(queue, mark, |other| other < mark).await
    }

    async fn no_server(
        &self,
        queue: &str,
        marks: &[String],
        counts: impl Fn(&str) -> bool,
    ) -> Result<(), TemporalError> {
        match self.stranger(&names::server_queue(queue), names::SERVER, marks, counts).await {
            Some(other) => Err(TemporalError::Shared { queue: queue.to_owned(), other }),
            None => Ok(()),
        }
    }

    async fn no_other_store(
        &self,
        queue: &str,
        mark: &str,
        counts: impl Fn(&str) -> bool,
    ) -> Result<(), TemporalError> {
        match self.stranger(&names::store_queue(queue), names::KEEPER, &[mark.to_owned()], counts).await {
            Some(other) => Err(TemporalError::OtherStore { queue: queue.to_owned(), other }),
            None => Ok(()),
        }
    }

    /// The identity of somebody of this sort at a queue who has none of these marks, but one that counts.
    async fn stranger(
        &self,
        queue: &str,
        sort: &str,
        marks: &[String],
        counts: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let there = self.pollers(queue, TaskQueueType::Activity).await.unwrap_or_default();
        let mut strangers = there.iter().filter_map(|one| stranger(one, sort, marks, SystemTime::now()));
        strangers.find(|(mark, _)| counts(mark)).map(|(_, identity)| identity.to_owned())
    }

    async fn pollers(&self, queue: &str, sort: TaskQueueType) -> Result<Vec<PollerInfo>, TemporalError> {
        let request = DescribeTaskQueueRequest {
            namespace: self.client.options().namespace.clone(),
            task_queue: Some(TaskQueue { name: queue.to_owned(), ..Default::default() }),
            task_queue_type: sort as i32,
            ..Default::default()
        };
        let mut service = self.client.connection().workflow_service();
        let asked = service.describe_task_queue(temporalio_client::tonic::Request::new(request)).await;
        let answer = asked.map_err(|status| TemporalError::Failed(status.message().to_owned()))?;
        Ok(answer.into_inner().pollers)
    }
}

/// The mark and the identity of somebody of this sort who is there and has none of these marks; nothing for anybody else.
fn stranger<'a>(one: &'a PollerInfo, sort: &str, marks: &[String], now: SystemTime) -> Option<(&'a str, &'a str)> {
    let (mark, _) = one.identity.strip_prefix(sort)?.split_once('@')?;
    let last = SystemTime::try_from(one.last_access_time?).ok()?;
    let is_there = now.duration_since(last).unwrap_or_default() < THERE;
    (is_there && !marks.iter().any(|own| own == mark)).then_some((mark, &one.identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_another_installations_server_that_is_there() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let check = |identity: &str, before: u64| {
            let last_access_time = Some((now - Duration::from_secs(before)).into());
            let one = PollerInfo { identity: identity.to_owned(), last_access_time, ..Default::default() };
            stranger(&one, names::SERVER, &["new".to_owned(), "old".to_owned()], now).is_some()
        };
        assert!(check("weir-server/other@7", 3));
        assert!(!check("weir-server/new@7", 3) && !check("weir-server/old@7", 3), "its own, before a restart too");
        assert!(!check("weir-server/other@7", 120), "it is gone");
        assert!(!check("weir-worker/other@7", 3), "a worker keeps journals of other runs");
        assert!(!check("weir@7", 3) && !check("weir-server/other", 3), "of an earlier version, or no server");
    }
}
