-- Documents: every table of the control plane is made from `document.sql`, before these.

CREATE INDEX members_of_user ON members (name);

-- Lists of runs, newest first: of a project and of a flow. Runs that went wrong have indexes of their own, in which one of
-- a million is found at once. A flow's name may be longer than an index takes.
DROP INDEX runs_of_flow;
DROP INDEX runs_of_tenant;
ALTER TABLE runs ADD COLUMN flow_key BYTEA NOT NULL GENERATED ALWAYS AS (key_of(flow)) STORED;
CREATE INDEX runs_of_project ON runs (tenant, project, created_at, rid);
CREATE INDEX runs_of_flow ON runs (tenant, project, flow_key, created_at, rid);
CREATE INDEX runs_amiss_of_project ON runs (tenant, project, status, created_at, rid)
    WHERE ended_at IS NOT NULL AND status <> 'succeeded';
CREATE INDEX runs_amiss_of_flow ON runs (tenant, project, flow_key, status, created_at, rid)
    WHERE ended_at IS NOT NULL AND status <> 'succeeded';
