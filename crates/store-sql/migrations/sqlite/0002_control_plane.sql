-- A version belongs to its tenant: the same content published by two is two versions.
ALTER TABLE flows RENAME TO newest_flows;
ALTER TABLE flow_versions RENAME TO shared_versions;
CREATE TABLE flow_versions (
    tenant TEXT NOT NULL,
    hash TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    dialect TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    files TEXT NOT NULL,
    ir TEXT NOT NULL,
    PRIMARY KEY (tenant, hash)
);
INSERT INTO flow_versions (tenant, hash, project, name, dialect, published_at, files, ir)
    SELECT tenant, hash, project, name, dialect, published_at, files, ir FROM shared_versions;
DROP TABLE shared_versions;

-- Readers follow the journal of all runs by number; numbers are never used again.
CREATE TABLE numbered_journal (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    rid BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    path TEXT NOT NULL,
    payload TEXT,
    blob TEXT
);
INSERT INTO numbered_journal (rid, seq, at, type, path, payload, blob)
    SELECT rid, seq, at, type, path, payload, blob FROM journal ORDER BY rowid;
DROP TABLE journal;
ALTER TABLE numbered_journal RENAME TO journal;
CREATE UNIQUE INDEX journal_of_run ON journal (rid, seq);
CREATE INDEX journal_links ON journal (rid, seq) WHERE type = 'continued';

-- Lists of runs, newest first: of a project and of a flow. Runs that went wrong have indexes of their own, in which one of
-- a million is found at once; the others do not pay for them. Those that have not ended are few, and all that their
-- lists need is in one index; `ended_at` too, which is always null there, since SQLite would look it up.
DROP INDEX runs_of_flow;
DROP INDEX runs_unfinished;
CREATE INDEX runs_of_project ON runs (tenant, project, created_at);
CREATE INDEX runs_of_flow ON runs (tenant, project, flow, created_at);
CREATE INDEX runs_amiss_of_project ON runs (tenant, project, status, created_at)
    WHERE ended_at IS NOT NULL AND status <> 'succeeded';
CREATE INDEX runs_amiss_of_flow ON runs (tenant, project, flow, status, created_at)
    WHERE ended_at IS NOT NULL AND status <> 'succeeded';
CREATE INDEX runs_unfinished ON runs (status, wake_at, tenant, project, flow, created_at, ended_at)
    WHERE ended_at IS NULL;

-- Documents: every table of the control plane has the same columns.

CREATE TABLE users (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_name ON users (tenant, parent, name) WHERE name <> '';
CREATE INDEX users_by_parent ON users (tenant, parent, id);
CREATE UNIQUE INDEX users_by_lookup ON users (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE identities (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX identities_by_name ON identities (tenant, parent, name) WHERE name <> '';
CREATE INDEX identities_by_parent ON identities (tenant, parent, id);
CREATE UNIQUE INDEX identities_by_lookup ON identities (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE sessions (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX sessions_by_name ON sessions (tenant, parent, name) WHERE name <> '';
CREATE INDEX sessions_by_parent ON sessions (tenant, parent, id);
CREATE UNIQUE INDEX sessions_by_lookup ON sessions (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE tenants (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX tenants_by_name ON tenants (tenant, parent, name) WHERE name <> '';
CREATE INDEX tenants_by_parent ON tenants (tenant, parent, id);

CREATE TABLE members (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX members_by_name ON members (tenant, parent, name) WHERE name <> '';
CREATE INDEX members_by_parent ON members (tenant, parent, id);
CREATE INDEX members_of_user ON members (name);

CREATE TABLE invitations (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX invitations_by_name ON invitations (tenant, parent, name) WHERE name <> '';
CREATE INDEX invitations_by_parent ON invitations (tenant, parent, id);
CREATE UNIQUE INDEX invitations_by_lookup ON invitations (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE api_keys (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (tenant, parent, name) WHERE name <> '';
CREATE INDEX api_keys_by_parent ON api_keys (tenant, parent, id);
CREATE UNIQUE INDEX api_keys_by_lookup ON api_keys (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE projects (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX projects_by_name ON projects (tenant, parent, name) WHERE name <> '';
CREATE INDEX projects_by_parent ON projects (tenant, parent, id);

CREATE TABLE services (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX services_by_name ON services (tenant, parent, name) WHERE name <> '';
CREATE INDEX services_by_parent ON services (tenant, parent, id);

CREATE TABLE flow_drafts (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX flow_drafts_by_name ON flow_drafts (tenant, parent, name) WHERE name <> '';
CREATE INDEX flow_drafts_by_parent ON flow_drafts (tenant, parent, id);

CREATE TABLE revisions (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX revisions_by_name ON revisions (tenant, parent, name) WHERE name <> '';
CREATE INDEX revisions_by_parent ON revisions (tenant, parent, id);

CREATE TABLE releases (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX releases_by_name ON releases (tenant, parent, name) WHERE name <> '';
CREATE INDEX releases_by_parent ON releases (tenant, parent, id);

CREATE TABLE deployments (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX deployments_by_name ON deployments (tenant, parent, name) WHERE name <> '';
CREATE INDEX deployments_by_parent ON deployments (tenant, parent, id);

CREATE TABLE triggers (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX triggers_by_name ON triggers (tenant, parent, name) WHERE name <> '';
CREATE INDEX triggers_by_parent ON triggers (tenant, parent, id);
CREATE UNIQUE INDEX triggers_by_lookup ON triggers (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE trigger_states (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX trigger_states_by_name ON trigger_states (tenant, parent, name) WHERE name <> '';
CREATE INDEX trigger_states_by_parent ON trigger_states (tenant, parent, id);

CREATE TABLE secrets (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX secrets_by_name ON secrets (tenant, parent, name) WHERE name <> '';
CREATE INDEX secrets_by_parent ON secrets (tenant, parent, id);

CREATE TABLE interfaces (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX interfaces_by_name ON interfaces (tenant, parent, name) WHERE name <> '';
CREATE INDEX interfaces_by_parent ON interfaces (tenant, parent, id);
CREATE UNIQUE INDEX interfaces_by_lookup ON interfaces (lookup) WHERE lookup IS NOT NULL;

CREATE TABLE memories (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX memories_by_name ON memories (tenant, parent, name) WHERE name <> '';
CREATE INDEX memories_by_parent ON memories (tenant, parent, id);

CREATE TABLE audit (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX audit_by_name ON audit (tenant, parent, name) WHERE name <> '';
CREATE INDEX audit_by_parent ON audit (tenant, parent, id);

CREATE TABLE usage (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX usage_by_name ON usage (tenant, parent, name) WHERE name <> '';
CREATE INDEX usage_by_parent ON usage (tenant, parent, id);

CREATE TABLE outbox (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    lookup TEXT,
    label TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX outbox_by_name ON outbox (tenant, parent, name) WHERE name <> '';
CREATE INDEX outbox_by_parent ON outbox (tenant, parent, id);
