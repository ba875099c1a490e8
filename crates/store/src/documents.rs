use crate::{FlowVersion, StoreError};
use async_trait::async_trait;
use thiserror::Error;
use weir_base::{Micros, Text};

/// The tables of the control plane: accounts, flows as people edit them, triggers, and what else changes by hand.
///
/// All have the same columns ([`Document`]); what differs is in the body, and in what must be unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// People. Of the installation, since one may be a member of several tenants.
    Users,
    /// Who a user is elsewhere: an account at a sign-in provider.
    Identities,
    /// Signed-in browsers, password resets, sign-in links: whatever a user holds a token for.
    Sessions,
    Tenants,
    /// Who belongs to a tenant, and as what. Named by the user's id.
    Members,
    Invitations,
    ApiKeys,
    Projects,
    Services,
    /// Flows as they are edited. Named within their project.
    FlowDrafts,
    /// Autosaved texts of a flow.
    Revisions,
    /// Published versions of a flow, by number.
    Releases,
    /// Whether a flow is switched on, and with which version. Has the flow's id.
    Deployments,
    Triggers,
    /// How far a trigger has come: the last tick, the last message. Has the trigger's id.
    TriggerStates,
    Secrets,
    /// What a project lets others read and write, and flows that are open at a path.
    Interfaces,
    /// Memory of a flow that outlives its runs.
    Memories,
    /// Who changed what.
    Audit,
    /// What was used in a month.
    Usage,
    /// Letters that are on their way.
    Outbox,
    /// Versions of flows as code that the compilers passed, and its files.
    Compilations,
    /// Programs on other machines that run such code, and how they are. Named by themselves, under a flow.
    WorkerHosts,
}

impl Table {
    pub const ALL: [Table; 23] = [
        Table::Users,
        Table::Identities,
        Table::Sessions,
        Table::Tenants,
        Table::Members,
        Table::Invitations,
        Table::ApiKeys,
        Table::Projects,
        Table::Services,
        Table::FlowDrafts,
        Table::Revisions,
        Table::Releases,
        Table::Deployments,
        Table::Triggers,
        Table::TriggerStates,
        Table::Secrets,
        Table::Interfaces,
        Table::Memories,
        Table::Audit,
        Table::Usage,
        Table::Outbox,
        Table::Compilations,
        Table::WorkerHosts,
    ];

    /// The table's name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Table::Users => "users",
            Table::Identities => "identities",
            Table::Sessions => "sessions",
            Table::Tenants => "tenants",
            Table::Members => "members",
            Table::Invitations => "invitations",
            Table::ApiKeys => "api_keys",
            Table::Projects => "projects",
            Table::Services => "services",
            Table::FlowDrafts => "flow_drafts",
            Table::Revisions => "revisions",
            Table::Releases => "releases",
            Table::Deployments => "deployments",
            Table::Triggers => "triggers",
            Table::TriggerStates => "trigger_states",
            Table::Secrets => "secrets",
            Table::Interfaces => "interfaces",
            Table::Memories => "memories",
            Table::Audit => "audit",
            Table::Usage => "usage",
            Table::Outbox => "outbox",
            Table::Compilations => "compilations",
            Table::WorkerHosts => "worker_hosts",
        }
    }
}

impl Table {
    /// As people call what is in it.
    pub fn words(self) -> String {
        match self {
            Table::FlowDrafts => "flows".to_owned(),
            table => table.name().replace('_', " "),
        }
    }
}

/// Whose rows a statement may touch. Every statement on a document has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Rows of this tenant alone; those of others do not exist for it.
    Tenant(Text),
    /// All rows: for what has no tenant yet, such as a token that is looked up, and for work at start.
    System,
}

/// A row of the control plane. What its body holds is the owner's affair; here it is text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Empty for rows of the installation.
    pub tenant: Text,
    /// Unique in its table, and rising in the order of creation (a UUID of version 7).
    pub id: Text,
    /// What it is listed under; empty for nothing.
    pub parent: Text,
    /// Unique within tenant and parent; empty for none.
    pub name: Text,
    /// Unique in the table over all tenants, such as the hash of a token; none where nothing looks it up.
    pub lookup: Option<Text>,
    /// A second thing to list by.
    pub label: Text,
    /// 1 at first; one more with each change.
    pub revision: u64,
    pub created_at: Micros,
    pub updated_at: Micros,
    /// JSON.
    pub body: Text,
}

/// Which documents a list holds; all conditions at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentFilter {
    pub parent: Option<Text>,
    pub name: Option<Text>,
    pub label: Option<Text>,
    /// Found in the name or the body, ASCII letters of either case.
    pub text: Option<String>,
    /// Created at or after.
    pub since: Option<Micros>,
    /// Created before.
    pub until: Option<Micros>,
}

/// Part of a list. `after` is the id of the last one of the part before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentPage {
    pub after: Option<Text>,
    pub limit: u32,
    /// Newest first, else oldest first.
    pub newest_first: bool,
}

/// One step of a change. All steps of a change happen, or none.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// At the revision that the document says: 1, but for one that was there before.
    Insert(Table, Document),
    /// Writes everything but tenant, id and time of creation. With `expected`, only where that is the revision.
    Replace { table: Table, document: Document, expected: Option<u64> },
    /// With `expected`, only where that is the revision.
    Delete { table: Table, tenant: Text, id: Text, expected: Option<u64> },
    /// Every document under this parent; none is no fault.
    DeleteUnder { table: Table, tenant: Text, parent: Text },
    /// After the steps before, the tenant may have at most so many documents in the table (under the parent, if named).
    AtMost { table: Table, tenant: Text, parent: Option<Text>, limit: u64 },
    /// After the steps before, the tenant must have a document with this label left in the table.
    OneStays { table: Table, tenant: Text, label: Text },
    /// After the steps before, the tenant must have this document in the table.
    MustBe { table: Table, tenant: Text, id: Text },
    /// Keeps a flow version and makes it the newest of its name.
    Publish(FlowVersion),
    /// No flow of this name can be called any more; its versions stay for the runs that have them.
    Unpublish { tenant: Text, project: Text, name: Text },
    /// Deletes the variables of a service, or of a whole project with all its services; none is no fault.
    ForgetVariables { tenant: Text, project: Text, service: Option<Text> },
}

/// Why nothing of a change has happened.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ChangeError {
    /// Look at what is there now, and decide again.
    #[error("it was changed by somebody else; it is at revision {} now", current.revision)]
    Conflict { table: Table, current: Box<Document> },
    /// It does not exist for this scope.
    #[error("there is no `{id}` in {}", table.name())]
    Missing { table: Table, id: Text },
    /// Choose another name.
    #[error("`{name}` exists already in {}", table.name())]
    Taken { table: Table, name: Text },
    /// Remove something, or raise the limit.
    #[error("{} would hold {count}, {limit} are allowed", table.name())]
    OverLimit { table: Table, count: u64, limit: u64 },
    /// Put another in its place first.
    #[error("{} would hold no `{label}` any more", table.name())]
    NoneStays { table: Table, label: Text },
    /// A step names another tenant than the scope allows; a fault of the caller.
    #[error("a change of tenant `{tenant}` in another's scope")]
    Foreign { tenant: Text },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Change {
    /// The tenant whose data a step touches.
    pub fn tenant(&self) -> &Text {
        match self {
            Change::Insert(_, document) | Change::Replace { document, .. } => &document.tenant,
            Change::Delete { tenant, .. }
            | Change::DeleteUnder { tenant, .. }
            | Change::AtMost { tenant, .. }
            | Change::OneStays { tenant, .. }
            | Change::MustBe { tenant, .. }
            | Change::Unpublish { tenant, .. }
            | Change::ForgetVariables { tenant, .. } => tenant,
            Change::Publish(version) => &version.tenant,
        }
    }
}

impl Scope {
    /// Refuses a change that reaches beyond the scope. Adapters call this first.
    pub fn admits(&self, changes: &[Change]) -> Result<(), ChangeError> {
        let Scope::Tenant(own) = self else { return Ok(()) };
        match changes.iter().map(Change::tenant).find(|tenant| *tenant != own) {
            Some(tenant) => Err(ChangeError::Foreign { tenant: tenant.clone() }),
            None => Ok(()),
        }
    }
}

/// What the control plane keeps. One conformance suite judges every adapter.
#[async_trait]
pub trait Documents: Send + Sync {
    async fn document(&self, scope: &Scope, table: Table, id: &str) -> Result<Option<Document>, StoreError>;

    /// By what is unique in the whole table.
    async fn look_up(&self, scope: &Scope, table: Table, lookup: &str) -> Result<Option<Document>, StoreError>;

    async fn named(&self, tenant: &str, table: Table, parent: &str, name: &str)
    -> Result<Option<Document>, StoreError>;

    async fn documents(
        &self,
        scope: &Scope,
        table: Table,
        filter: &DocumentFilter,
        page: &DocumentPage,
    ) -> Result<Vec<Document>, StoreError>;

    /// Those of these that exist for the scope, in the order of their ids.
    async fn documents_by_id(&self, scope: &Scope, table: Table, ids: &[Text]) -> Result<Vec<Document>, StoreError>;

    /// The newest document under each of these parents that has one, in the order of their ids.
    async fn newest_under(&self, scope: &Scope, table: Table, parents: &[Text]) -> Result<Vec<Document>, StoreError>;

    /// Ids and names of all that the filter lets through, in the order of their ids: nothing else of them is read.
    async fn names(
        &self,
        scope: &Scope,
        table: Table,
        filter: &DocumentFilter,
    ) -> Result<Vec<(Text, Text)>, StoreError>;

    async fn count_documents(&self, scope: &Scope, table: Table, filter: &DocumentFilter) -> Result<u64, StoreError>;

    /// Performs every step in order in one transaction, durable before this returns, or none of them.
    async fn change(&self, scope: &Scope, changes: Vec<Change>) -> Result<(), ChangeError>;
}
