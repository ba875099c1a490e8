-- Versions of flows as code that the compilers passed.
CREATE TABLE compilations (
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
CREATE UNIQUE INDEX compilations_by_name ON compilations (tenant, parent, name) WHERE name <> '';
CREATE INDEX compilations_by_parent ON compilations (tenant, parent, id);

-- Programs on other machines that run such code.
CREATE TABLE worker_hosts (
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
CREATE UNIQUE INDEX worker_hosts_by_name ON worker_hosts (tenant, parent, name) WHERE name <> '';
CREATE INDEX worker_hosts_by_parent ON worker_hosts (tenant, parent, id);
