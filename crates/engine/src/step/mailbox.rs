use super::Wake;
use crate::arena::Ix;
use crate::frame::Outcome;
use crate::machine::Core;
use crate::plan::{MailboxPlan, Plan};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MailboxState {}

pub(super) fn enter(core: &mut Core, plan: &Plan, ix: Ix, mailbox: &MailboxPlan) {
    let _ = mailbox;
    core.settle(plan, ix, Outcome::Cancelled);
}

pub(super) fn child_done(core: &mut Core, plan: &Plan, ix: Ix, mailbox: &MailboxPlan, slot: u32, outcome: Outcome) {
    let _ = (mailbox, slot);
    core.settle(plan, ix, outcome);
}

pub(super) fn woken(core: &mut Core, plan: &Plan, ix: Ix, mailbox: &MailboxPlan, wake: Wake<'_>) {
    let _ = (core, plan, ix, mailbox, wake);
}

pub(super) fn leave(core: &mut Core, ix: Ix) {
    let _ = (core, ix);
}
