use serde::{Deserialize, Serialize};
use std::fmt;

/// What a member is in a tenant. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Viewer,
    Operator,
    Editor,
    Admin,
    Owner,
}

impl Role {
    pub const ALL: [Role; 5] = [Role::Viewer, Role::Operator, Role::Editor, Role::Admin, Role::Owner];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Editor => "editor",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }
}

/// One thing somebody may or may not do. An API key's scopes are a list of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Permission {
    #[serde(rename = "flows.read")]
    FlowsRead,
    #[serde(rename = "flows.write")]
    FlowsWrite,
    #[serde(rename = "flows.publish")]
    FlowsPublish,
    #[serde(rename = "flows.deploy")]
    FlowsDeploy,
    /// Takes compiled code and says how it runs: all that a host's key needs.
    #[serde(rename = "hosts.serve")]
    HostsServe,
    #[serde(rename = "runs.read")]
    RunsRead,
    #[serde(rename = "runs.start")]
    RunsStart,
    #[serde(rename = "runs.control")]
    RunsControl,
    #[serde(rename = "triggers.read")]
    TriggersRead,
    #[serde(rename = "triggers.write")]
    TriggersWrite,
    #[serde(rename = "interfaces.read")]
    InterfacesRead,
    #[serde(rename = "interfaces.write")]
    InterfacesWrite,
    #[serde(rename = "variables.read")]
    VariablesRead,
    #[serde(rename = "variables.write")]
    VariablesWrite,
    /// Names and dates alone; a value is never given out.
    #[serde(rename = "secrets.read")]
    SecretsRead,
    #[serde(rename = "secrets.write")]
    SecretsWrite,
    #[serde(rename = "projects.read")]
    ProjectsRead,
    #[serde(rename = "projects.write")]
    ProjectsWrite,
    #[serde(rename = "members.read")]
    MembersRead,
    #[serde(rename = "members.write")]
    MembersWrite,
    /// One's own keys.
    #[serde(rename = "keys.own")]
    KeysOwn,
    /// Everybody's keys.
    #[serde(rename = "keys.write")]
    KeysWrite,
    #[serde(rename = "audit.read")]
    AuditRead,
    #[serde(rename = "usage.read")]
    UsageRead,
    #[serde(rename = "tenant.write")]
    TenantWrite,
}

impl Permission {
    pub const ALL: [Permission; 25] = [
        Permission::FlowsRead,
        Permission::FlowsWrite,
        Permission::FlowsPublish,
        Permission::FlowsDeploy,
        Permission::HostsServe,
        Permission::RunsRead,
        Permission::RunsStart,
        Permission::RunsControl,
        Permission::TriggersRead,
        Permission::TriggersWrite,
        Permission::InterfacesRead,
        Permission::InterfacesWrite,
        Permission::VariablesRead,
        Permission::VariablesWrite,
        Permission::SecretsRead,
        Permission::SecretsWrite,
        Permission::ProjectsRead,
        Permission::ProjectsWrite,
        Permission::MembersRead,
        Permission::MembersWrite,
        Permission::KeysOwn,
        Permission::KeysWrite,
        Permission::AuditRead,
        Permission::UsageRead,
        Permission::TenantWrite,
    ];

    /// The permission table: the least role that may.
    pub fn least(self) -> Role {
        match self {
            Permission::FlowsRead
            | Permission::RunsRead
            | Permission::TriggersRead
            | Permission::InterfacesRead
            | Permission::VariablesRead
            | Permission::SecretsRead
            | Permission::ProjectsRead
            | Permission::MembersRead
            | Permission::KeysOwn
            | Permission::UsageRead => Role::Viewer,
            Permission::FlowsDeploy
            | Permission::HostsServe
            | Permission::RunsStart
            | Permission::RunsControl
            | Permission::VariablesWrite => Role::Operator,
            Permission::FlowsWrite
            | Permission::FlowsPublish
            | Permission::TriggersWrite
            | Permission::InterfacesWrite
            | Permission::SecretsWrite => Role::Editor,
            Permission::ProjectsWrite | Permission::MembersWrite | Permission::KeysWrite | Permission::AuditRead => {
                Role::Admin
            }
            Permission::TenantWrite => Role::Owner,
        }
    }

    pub fn is_given_to(self, role: Role) -> bool {
        role >= self.least()
    }

    /// As it is written in the scopes of a key.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::FlowsRead => "flows.read",
            Permission::FlowsWrite => "flows.write",
            Permission::FlowsPublish => "flows.publish",
            Permission::FlowsDeploy => "flows.deploy",
            Permission::HostsServe => "hosts.serve",
            Permission::RunsRead => "runs.read",
            Permission::RunsStart => "runs.start",
            Permission::RunsControl => "runs.control",
            Permission::TriggersRead => "triggers.read",
            Permission::TriggersWrite => "triggers.write",
            Permission::InterfacesRead => "interfaces.read",
            Permission::InterfacesWrite => "interfaces.write",
            Permission::VariablesRead => "variables.read",
            Permission::VariablesWrite => "variables.write",
            Permission::SecretsRead => "secrets.read",
            Permission::SecretsWrite => "secrets.write",
            Permission::ProjectsRead => "projects.read",
            Permission::ProjectsWrite => "projects.write",
            Permission::MembersRead => "members.read",
            Permission::MembersWrite => "members.write",
            Permission::KeysOwn => "keys.own",
            Permission::KeysWrite => "keys.write",
            Permission::AuditRead => "audit.read",
            Permission::UsageRead => "usage.read",
            Permission::TenantWrite => "tenant.write",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as it is meant, cell by cell: a letter where the role may.
    #[test]
    fn every_cell_of_the_table() {
        let table = [
            ("flows.read", "VOEAW"),
            ("flows.write", "..EAW"),
            ("flows.publish", "..EAW"),
            ("flows.deploy", ".OEAW"),
            ("hosts.serve", ".OEAW"),
            ("runs.read", "VOEAW"),
            ("runs.start", ".OEAW"),
            ("runs.control", ".OEAW"),
            ("triggers.read", "VOEAW"),
            ("triggers.write", "..EAW"),
            ("interfaces.read", "VOEAW"),
            ("interfaces.write", "..EAW"),
            ("variables.read", "VOEAW"),
            ("variables.write", ".OEAW"),
            ("secrets.read", "VOEAW"),
            ("secrets.write", "..EAW"),
            ("projects.read", "VOEAW"),
            ("projects.write", "...AW"),
            ("members.read", "VOEAW"),
            ("members.write", "...AW"),
            ("keys.own", "VOEAW"),
            ("keys.write", "...AW"),
            ("audit.read", "...AW"),
            ("usage.read", "VOEAW"),
            ("tenant.write", "....W"),
        ];
        assert_eq!(table.map(|(name, _)| name), Permission::ALL.map(Permission::as_str));
        for (permission, (name, cells)) in Permission::ALL.into_iter().zip(table) {
            for (role, cell) in Role::ALL.into_iter().zip(cells.chars()) {
                assert_eq!(permission.is_given_to(role), cell != '.', "{name} for {}", role.as_str());
            }
            assert_eq!(serde_json::to_string(&permission).unwrap(), format!("\"{name}\""));
        }
    }

    /// The table people read is made from the code.
    #[test]
    fn the_page_on_the_server_has_this_table() {
        let mut table =
            String::from("| Permission | viewer | operator | editor | admin | owner |\n|---|---|---|---|---|---|\n");
        for permission in Permission::ALL {
            let cells = Role::ALL.map(|role| if permission.is_given_to(role) { "yes" } else { "" });
            table.push_str(&format!("| `{permission}` | {} |\n", cells.join(" | ")));
        }
        let page = include_str!("../../../docs/server.md");
        assert!(page.contains(&table), "docs/server.md has another table than this:\n{table}");
    }
}
