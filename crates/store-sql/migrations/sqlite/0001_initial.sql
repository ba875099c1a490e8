-- Times are microseconds since the Unix epoch. JSON is kept as text.

CREATE TABLE owner (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL,
    pid BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    synced BIGINT NOT NULL
);
INSERT INTO owner (id, epoch, pid, claimed_at, synced) VALUES (1, 0, 0, 0, 0);

-- No row can be put in here. A batch of an owner that is no longer one tries to, and so fails as a whole.
CREATE TABLE stale_owner (epoch BIGINT NOT NULL CHECK (epoch < 0));

CREATE TABLE flow_versions (
    hash TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    dialect TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    files TEXT NOT NULL,
    ir TEXT NOT NULL
);

CREATE TABLE flows (
    tenant TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    newest TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, project, name)
);

CREATE TABLE runs (
    rid INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    project TEXT NOT NULL,
    service TEXT NOT NULL,
    flow TEXT NOT NULL,
    version TEXT NOT NULL,
    status TEXT NOT NULL,
    priority BIGINT NOT NULL,
    concurrency_key TEXT,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    wake_at BIGINT,
    ended_at BIGINT,
    error TEXT,
    output TEXT,
    output_blob TEXT
);
CREATE INDEX runs_of_flow ON runs (flow);
CREATE INDEX runs_pending ON runs (tenant, project, priority DESC, rid) WHERE status = 'pending';
CREATE INDEX runs_unfinished ON runs (status, wake_at) WHERE ended_at IS NULL;
CREATE INDEX runs_ended ON runs (ended_at, status, tenant) WHERE ended_at IS NOT NULL;

-- A table with a row number and an index beside it: rows of many runs arrive interleaved, and a table ordered by
-- run would touch one page per run where this one touches a few at its end.
CREATE TABLE journal (
    rid BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    path TEXT NOT NULL,
    payload TEXT,
    blob TEXT
);
CREATE UNIQUE INDEX journal_of_run ON journal (rid, seq);
CREATE INDEX journal_links ON journal (rid, seq) WHERE type = 'continued';

CREATE TABLE blobs (
    number INTEGER NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    bytes BLOB NOT NULL
);
-- Run 0 keeps its blobs for ever.
CREATE TABLE blob_refs (
    rid BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (rid, hash)
) WITHOUT ROWID;
CREATE INDEX blob_refs_of_hash ON blob_refs (hash);

CREATE TABLE attempts (
    rid BIGINT NOT NULL,
    path TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    PRIMARY KEY (rid, path)
) WITHOUT ROWID;

CREATE TABLE effects (
    rid BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    PRIMARY KEY (rid, seq, ordinal)
) WITHOUT ROWID;

-- Numbers are never used again: readers follow them.
CREATE TABLE observations (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    rid BIGINT NOT NULL,
    path TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX observations_of_run ON observations (rid, number);

CREATE TABLE variables (
    tenant TEXT NOT NULL,
    project TEXT NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, project, service, name)
);
CREATE TABLE variable_changes (
    rid BIGINT NOT NULL,
    path TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (rid, path)
) WITHOUT ROWID;

CREATE TABLE snapshots (
    rid INTEGER NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    bytes BLOB NOT NULL
);

CREATE TABLE inbox (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Runs that are gone and whose rows are being removed.
CREATE TABLE removed_runs (rid INTEGER NOT NULL PRIMARY KEY);
