-- One table of documents, by its name.
CREATE TABLE {table} (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    parent TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    lookup TEXT COLLATE "C",
    label TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    name_key BYTEA NOT NULL GENERATED ALWAYS AS (key_of(name)) STORED,
    lookup_key BYTEA GENERATED ALWAYS AS (key_of(lookup)) STORED
);
CREATE UNIQUE INDEX {table}_by_name ON {table} (tenant, parent, name_key) WHERE name <> '';
CREATE INDEX {table}_by_parent ON {table} (tenant, parent, id);
CREATE UNIQUE INDEX {table}_by_lookup ON {table} (lookup_key) WHERE lookup_key IS NOT NULL;
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table} USING (
    (SELECT current_setting('weir.scope', true)) = 'system'
    OR tenant = (SELECT current_setting('weir.tenant', true))
);
