-- Times are microseconds since the Unix epoch. JSON is kept as text. Texts are compared byte by byte, as everywhere.

-- What stands for a text of any length in an index, whose rows must be short.
CREATE FUNCTION key_of(content TEXT) RETURNS BYTEA LANGUAGE SQL IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(replace(content, '\', '\\')::BYTEA);

-- `written` counts batches, so that one whose answer was lost can be told from one that never came.
CREATE TABLE owner (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL,
    pid BIGINT NOT NULL,
    claimed_at BIGINT NOT NULL,
    written BIGINT NOT NULL,
    synced BIGINT NOT NULL
) WITH (fillfactor = 10);
INSERT INTO owner (id, epoch, pid, claimed_at, written, synced) VALUES (1, 0, 0, 0, 0, 0);

CREATE TABLE flow_versions (
    tenant TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    dialect TEXT COLLATE "C" NOT NULL,
    published_at BIGINT NOT NULL,
    files TEXT COLLATE "C" NOT NULL,
    ir TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, hash)
);

CREATE TABLE newest_flows (
    tenant TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    newest TEXT COLLATE "C" NOT NULL,
    published_at BIGINT NOT NULL,
    name_key BYTEA NOT NULL GENERATED ALWAYS AS (key_of(name)) STORED,
    PRIMARY KEY (tenant, project, name_key)
);

CREATE TABLE runs (
    rid BIGINT NOT NULL PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    flow TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    priority BIGINT NOT NULL,
    concurrency_key TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    wake_at BIGINT,
    ended_at BIGINT,
    error TEXT COLLATE "C",
    output TEXT COLLATE "C",
    output_blob TEXT COLLATE "C",
    id_key BYTEA NOT NULL GENERATED ALWAYS AS (key_of(id)) STORED
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX runs_by_id ON runs (id_key);
CREATE INDEX runs_of_flow ON runs USING HASH (flow);
CREATE INDEX runs_of_tenant ON runs (tenant, rid);
CREATE INDEX runs_pending ON runs (tenant, project, priority DESC, rid) WHERE status = 'pending';
CREATE INDEX runs_unfinished ON runs (status, wake_at) WHERE ended_at IS NULL;
CREATE INDEX runs_ended ON runs (ended_at, rid) WHERE ended_at IS NOT NULL;

-- Readers follow the journal of all runs by number; numbers are never used again.
CREATE TABLE journal (
    number BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rid BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C",
    blob TEXT COLLATE "C"
);
CREATE UNIQUE INDEX journal_of_run ON journal (rid, seq);
CREATE INDEX journal_links ON journal (rid, seq) WHERE type = 'continued';

CREATE TABLE blobs (
    hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    bytes BYTEA NOT NULL
);
-- What comes compressed or as media is not compressed again.
ALTER TABLE blobs ALTER COLUMN bytes SET STORAGE EXTERNAL;
-- Run 0 keeps its blobs for ever.
CREATE TABLE blob_refs (
    rid BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (rid, hash)
);
CREATE INDEX blob_refs_of_hash ON blob_refs (hash);

CREATE TABLE attempts (
    rid BIGINT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    path_key BYTEA NOT NULL GENERATED ALWAYS AS (key_of(path)) STORED,
    PRIMARY KEY (rid, path_key)
);

CREATE TABLE effects (
    rid BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    PRIMARY KEY (rid, seq, ordinal)
);

-- Numbers are never used again: readers follow them.
CREATE TABLE observations (
    number BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rid BIGINT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL
);
CREATE INDEX observations_of_run ON observations (rid, number);

CREATE TABLE variables (
    tenant TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL,
    name_key BYTEA NOT NULL GENERATED ALWAYS AS (key_of(name)) STORED,
    PRIMARY KEY (tenant, project, service, name_key)
);
CREATE TABLE variable_changes (
    rid BIGINT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    result TEXT COLLATE "C" NOT NULL,
    path_key BYTEA NOT NULL GENERATED ALWAYS AS (key_of(path)) STORED,
    PRIMARY KEY (rid, path_key)
);

CREATE TABLE snapshots (
    rid BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    bytes BYTEA NOT NULL
);

CREATE TABLE inbox (
    number BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    payload TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);

-- Runs that are gone and whose rows are being removed.
CREATE TABLE removed_runs (rid BIGINT NOT NULL PRIMARY KEY);

-- Whose rows there are for whoever asks. The store says so for each connection and each transaction; where nothing
-- was said, there are none. In parentheses, each setting is looked up once for a statement and not once for a row.
DO $$
DECLARE
    engine CONSTANT TEXT := '(SELECT current_setting(''weir.scope'', true)) = ''system''';
    own CONSTANT TEXT := 'tenant = (SELECT current_setting(''weir.tenant'', true))';
    policy TEXT[];
BEGIN
    FOREACH policy SLICE 1 IN ARRAY ARRAY[
        ['flow_versions', own],
        ['newest_flows', own],
        ['runs', own],
        ['variables', own],
        ['journal', 'EXISTS (SELECT 1 FROM runs WHERE runs.rid = journal.rid)'],
        ['blob_refs', 'EXISTS (SELECT 1 FROM runs WHERE runs.rid = blob_refs.rid)'],
        ['blobs', 'EXISTS (SELECT 1 FROM blob_refs WHERE blob_refs.hash = blobs.hash)'],
        ['attempts', 'EXISTS (SELECT 1 FROM runs WHERE runs.rid = attempts.rid)'],
        ['effects', 'EXISTS (SELECT 1 FROM runs WHERE runs.rid = effects.rid)'],
        ['observations', 'EXISTS (SELECT 1 FROM runs WHERE runs.rid = observations.rid)'],
        ['variable_changes', 'EXISTS (SELECT 1 FROM runs WHERE runs.rid = variable_changes.rid)'],
        ['snapshots', 'EXISTS (SELECT 1 FROM runs WHERE runs.rid = snapshots.rid)'],
        ['inbox', 'EXISTS (SELECT 1 FROM runs WHERE runs.id_key = key_of(inbox.run))'],
        ['removed_runs', 'false']
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', policy[1]);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', policy[1]);
        EXECUTE format('CREATE POLICY own_rows ON %I USING (%s OR %s)', policy[1], engine, policy[2]);
    END LOOP;
END $$;
