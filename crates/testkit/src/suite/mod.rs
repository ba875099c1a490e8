//! The cases every store must pass. Each takes an empty store; [`store_suite!`](crate::store_suite) makes tests of them.

pub mod commits;
pub mod documents;
mod fixture;
pub mod flows;
pub mod journal;
pub mod lists;
pub mod queue;
pub mod retention;
pub mod runs;
pub mod side;
pub mod variables;

/// One test per case. The argument is an expression whose future gives `(Arc<dyn Store>, guard)`: a fresh empty
/// store, and whatever has to outlive it. The calling crate needs tokio with `macros` and `rt`.
#[macro_export]
macro_rules! store_suite {
    ($make:expr) => {
        $crate::store_suite! { @cases $make;
            commits::a_batch_is_written_whole_or_not_at_all
            commits::a_stale_epoch_is_refused
            commits::a_taken_number_is_refused
            commits::a_second_run_with_the_same_id_is_refused
            commits::a_batch_that_contradicts_itself_is_refused
            commits::large_batches_are_written_whole
            commits::batches_of_many_tasks_all_arrive
            commits::batches_that_do_not_wait_are_read_at_once
            commits::run_keys_never_repeat
            journal::records_come_back_as_they_were_written
            journal::numbers_are_dense
            journal::large_payloads_are_transparent
            journal::folding_begins_at_the_newest_link
            journal::short_histories_are_read_together
            journal::rows_of_all_runs_are_numbered
            journal::rows_of_one_tenant_are_read_past_those_of_others
            runs::the_row_changes_on_start_park_and_end
            runs::updates_of_one_batch_are_one_change
            runs::what_is_carried_elsewhere_is_nobodys_until_it_is_taken_up_here
            runs::an_ended_run_can_start_again_under_another_version
            runs::parked_runs_wake_in_order
            runs::outputs_of_any_size_come_back
            queue::queues_take_turns_and_keep_their_order
            queue::no_queue_starves
            queue::full_ones_are_passed_over
            lists::pages_join_up
            lists::pages_are_in_the_order_of_creation
            lists::filters_narrow
            lists::lists_are_of_many_projects
            lists::ended_runs_are_measured
            lists::states_are_counted
            lists::starts_are_counted
            lists::ids_may_be_anything
            lists::unfinished_runs_are_found_again
            side::attempts_last_until_their_result
            side::effects_are_performed_once
            side::observations_are_kept_in_order
            side::the_newest_snapshot_counts
            side::messages_are_taken_up_once
            side::blobs_are_named_by_content
            variables::the_same_key_gives_the_same_result
            variables::changes_build_on_each_other
            variables::scopes_are_apart
            variables::faults_change_nothing
            variables::they_are_set_listed_and_deleted
            variables::revisions_of_variables_are_compared
            flows::versions_never_change
            flows::versions_of_tenants_are_apart
            flows::a_version_can_be_kept_without_being_the_newest
            flows::the_newest_is_the_last_published
            retention::ended_runs_go_with_everything_of_theirs
            retention::shared_blobs_stay
            retention::observations_have_their_own_age
            retention::a_call_is_bounded
            retention::a_sweep_may_be_of_one_tenant
        }
    };
    (@cases $make:expr; $($module:ident :: $case:ident)*) => {$(
        #[tokio::test]
        async fn $case() {
            let (store, _guard) = $make.await;
            $crate::suite::$module::$case(::std::clone::Clone::clone(&store)).await;
            store.close().await.expect("closes");
        }
    )*};
}

/// As [`store_suite!`](crate::store_suite), for what the control plane keeps: the future gives
/// `(Arc<dyn Documents>, guard)`.
#[macro_export]
macro_rules! documents_suite {
    ($make:expr) => {
        $crate::documents_suite! { @cases $make;
            every_table_keeps_what_it_is_given
            tenants_are_apart
            names_are_taken_once
            revisions_are_compared
            a_change_happens_whole_or_not_at_all
            limits_hold_under_concurrency
            the_last_of_a_label_stays
            a_change_needs_what_it_is_about
            lists_are_filtered_and_paged
            several_are_read_together
            hostile_text_is_only_text
        }
    };
    (@cases $make:expr; $($case:ident)*) => {$(
        #[tokio::test]
        async fn $case() {
            let (store, _guard) = $make.await;
            $crate::suite::documents::$case(store).await;
        }
    )*};
}
