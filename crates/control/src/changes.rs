use crate::caller::Caller;
use crate::control::Control;
use crate::model::AuditEntry;
use crate::records::{Kept, Record};
use crate::{ControlError, Result};
use weir_base::Text;
use weir_store::{Change, ChangeError, FlowVersion, Table};

/// What one request changes. It happens whole, with its audit entries, or not at all.
pub(crate) struct Changes<'a> {
    control: &'a Control,
    caller: &'a Caller,
    tenant: Text,
    steps: Vec<Change>,
    /// The revision the caller has seen, for the message where it is not the newest.
    seen: u64,
}

impl Control {
    pub(crate) fn changes<'a>(&'a self, caller: &'a Caller) -> Changes<'a> {
        self.changes_in(caller, caller.tenant.clone())
    }

    /// Of rows that belong to no tenant, or to another than the caller is looking at.
    pub(crate) fn changes_in<'a>(&'a self, caller: &'a Caller, tenant: Text) -> Changes<'a> {
        Changes { control: self, caller, tenant, steps: Vec::new(), seen: 0 }
    }
}

impl Changes<'_> {
    /// Adds a record with a new id.
    pub fn insert<T: Record>(&mut self, value: T) -> Kept<T> {
        let id = self.control.new_id();
        self.insert_as(id, value)
    }

    pub fn insert_as<T: Record>(&mut self, id: Text, value: T) -> Kept<T> {
        self.insert_in(self.tenant.clone(), id, value)
    }

    /// In another tenant than the others, such as the installation's own rows.
    pub fn insert_in<T: Record>(&mut self, tenant: Text, id: Text, value: T) -> Kept<T> {
        let now = self.control.now();
        let kept = Kept { tenant, id, revision: 1, created_at: now, updated_at: now, value };
        self.steps.push(Change::Insert(T::TABLE, kept.document()));
        self.audit::<T>("created", &kept.id, None, Some(&kept.value));
        kept
    }

    /// A record that was there before, at the revision it had.
    pub fn insert_again<T: Record>(&mut self, kept: Kept<T>) -> Kept<T> {
        self.steps.push(Change::Insert(T::TABLE, kept.document()));
        self.audit::<T>("restored", &kept.id, None, Some(&kept.value));
        kept
    }

    /// Puts another value in the place of what was read. With `expected`, only if that is still its revision.
    pub fn replace<T: Record>(&mut self, old: &Kept<T>, value: T, expected: Option<u64>) -> Kept<T> {
        let (revision, updated_at) = (old.revision + 1, self.control.now());
        let kept = Kept { revision, updated_at, value, ..old.clone() };
        self.steps.push(Change::Replace { table: T::TABLE, document: kept.document(), expected });
        self.seen = expected.unwrap_or(self.seen);
        self.audit::<T>("changed", &kept.id, Some(&old.value), Some(&kept.value));
        kept
    }

    pub fn delete<T: Record>(&mut self, old: &Kept<T>, expected: Option<u64>) {
        let (tenant, id) = (old.tenant.clone(), old.id.clone());
        self.steps.push(Change::Delete { table: T::TABLE, tenant, id, expected });
        self.seen = expected.unwrap_or(self.seen);
        self.audit::<T>("deleted", &old.id, Some(&old.value), None);
    }

    pub fn delete_under<T: Record>(&mut self, parent: &Text) {
        let (tenant, parent) = (self.tenant.clone(), parent.clone());
        self.steps.push(Change::DeleteUnder { table: T::TABLE, tenant, parent });
    }

    pub fn at_most<T: Record>(&mut self, limit: Option<u64>) {
        if let Some(limit) = limit {
            let tenant = self.tenant.clone();
            self.steps.push(Change::AtMost { table: T::TABLE, tenant, parent: None, limit });
        }
    }

    /// Nothing may be left under this parent.
    pub fn none_under<T: Record>(&mut self, parent: &Text) {
        let (tenant, parent) = (self.tenant.clone(), Some(parent.clone()));
        self.steps.push(Change::AtMost { table: T::TABLE, tenant, parent, limit: 0 });
    }

    /// One of this label must be left.
    pub fn one_stays<T: Record>(&mut self, label: &str) {
        let (tenant, label) = (self.tenant.clone(), label.into());
        self.steps.push(Change::OneStays { table: T::TABLE, tenant, label });
    }

    pub fn publish(&mut self, version: FlowVersion) {
        self.steps.push(Change::Publish(version));
    }

    pub fn unpublish(&mut self, project: Text, name: Text) {
        self.steps.push(Change::Unpublish { tenant: self.tenant.clone(), project, name });
    }

    /// What changes something else than a record.
    pub fn step(&mut self, step: Change) {
        self.steps.push(step);
    }

    /// Something that happened and leaves no record of its own.
    pub fn note(&mut self, action: &str, target: &Text, after: serde_json::Value) {
        self.note_change(action, target, serde_json::Value::Null, after);
    }

    /// As [`Changes::note`], where something was there before.
    pub fn note_change(&mut self, action: &str, target: &Text, before: serde_json::Value, after: serde_json::Value) {
        self.push_audit(action.into(), target, before, after);
    }

    fn audit<T: Record>(&mut self, verb: &str, target: &Text, before: Option<&T>, after: Option<&T>) {
        if T::AUDITED {
            let shown = |value: Option<&T>| value.map(Record::shown).unwrap_or_default();
            self.push_audit(format!("{}.{verb}", T::WHAT).into(), target, shown(before), shown(after));
        }
    }

    fn push_audit(&mut self, action: Text, target: &Text, before: serde_json::Value, after: serde_json::Value) {
        let entry = AuditEntry {
            who: self.caller.actor.name(),
            user: self.caller.actor.user().cloned(),
            action,
            target: target.clone(),
            before,
            after,
            from: self.caller.from.clone(),
        };
        let (id, now) = (self.control.new_id(), self.control.now());
        let kept =
            Kept { tenant: self.tenant.clone(), id, revision: 1, created_at: now, updated_at: now, value: entry };
        self.steps.push(Change::Insert(Table::Audit, kept.document()));
    }

    pub async fn commit(self) -> Result<()> {
        let scope = match self.steps.iter().all(|step| *step.tenant() == self.tenant) && !self.tenant.is_empty() {
            true => weir_store::Scope::Tenant(self.tenant.clone()),
            false => weir_store::Scope::System,
        };
        let doors = self.steps.iter().any(opens_doors);
        let access = self.steps.iter().any(crate::access::takes_access);
        let triggers = crate::automatic::Changed::by(&self.steps);
        let result = self.control.documents.change(&scope, self.steps).await;
        if doors {
            self.control.doors.forget();
        }
        if access {
            self.control.access.changed();
        }
        self.control.automatic.take_note(triggers);
        result.map_err(|error| named(error, self.seen))
    }
}

/// Whether what is remembered of doors may be wrong after this step.
fn opens_doors(step: &Change) -> bool {
    let table = match step {
        Change::Insert(table, _) => *table,
        Change::Replace { table, .. } | Change::Delete { table, .. } | Change::DeleteUnder { table, .. } => *table,
        _ => return false,
    };
    matches!(
        table,
        Table::Triggers | Table::Interfaces | Table::Deployments | Table::FlowDrafts | Table::Tenants | Table::Projects
    )
}

fn named(error: ChangeError, seen: u64) -> ControlError {
    match ControlError::from(error) {
        ControlError::Conflict { current, now, .. } => ControlError::Conflict { seen, current, now },
        other => other,
    }
}
