import { Link } from "@tanstack/react-router";
import { Copy, Download, Ellipsis, Power, PowerOff, Trash2 } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { IconButton } from "@/components/ui/button";
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu";
import { Moment } from "@/components/ui/moment";
import { DeploymentState } from "@/components/ui/status";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { Switch } from "@/components/ui/toggle";
import { Tip } from "@/components/ui/tooltip";
import { useMay } from "@/features/session/data";
import { exportFlow, type FlowLine, nameOf, runtimeName, useCopyFlow, useRuntimes, useSwitchFlow } from "./data";
import { DeleteFlowDialog } from "./delete-dialog";

export function FlowTable({ flows, showProject }: { flows: FlowLine[]; showProject: boolean }) {
  const [deleted, setDeleted] = useState<FlowLine>();
  return (
    <>
      <Table>
        <thead>
          <tr>
            <Head>Name</Head>
            {showProject ? <Head>Project</Head> : null}
            <Head>State</Head>
            <Head>Version</Head>
            <Head>Changed</Head>
            <Head>
              <span className="sr-only">Actions</span>
            </Head>
          </tr>
        </thead>
        <tbody>
          {flows.map((flow) => (
            <FlowRow key={flow.id} flow={flow} showProject={showProject} onDelete={() => setDeleted(flow)} />
          ))}
        </tbody>
      </Table>
      <DeleteFlowDialog flow={deleted} onClose={() => setDeleted(undefined)} />
    </>
  );
}

function FlowRow({ flow, showProject, onDelete }: { flow: FlowLine; showProject: boolean; onDelete: () => void }) {
  return (
    <Row>
      <Cell>
        <Link to="/flows/$flow" params={{ flow: flow.id }} className="block min-w-40 py-1.5">
          <span className="block truncate font-medium hover:underline" title={nameOf(flow)}>
            <bdi>{nameOf(flow)}</bdi>
          </span>
          <span className="block truncate text-sm text-muted">
            <bdi>{flow.description || flow.name}</bdi>
          </span>
        </Link>
      </Cell>
      {showProject ? <Cell className="max-w-48 truncate text-muted">{flow.service === "default" ? flow.project : `${flow.project} / ${flow.service}`}</Cell> : null}
      <Cell>
        <State flow={flow} />
      </Cell>
      <Cell className="tabular text-muted">
        <Version flow={flow} />
      </Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Moment at={flow.updatedAt} />
      </Cell>
      <Cell>
        <RowActions flow={flow} onDelete={onDelete} />
      </Cell>
    </Row>
  );
}

function State({ flow }: { flow: FlowLine }) {
  const { status, problem, asleep } = flow.status;
  const badge = <DeploymentState state={status} asleep={asleep} />;
  if (problem) {
    return (
      <Tip text={problem}>
        <button type="button" className="rounded-sm" aria-label={`In error: ${problem}`}>
          {badge}
        </button>
      </Tip>
    );
  }
  return badge;
}

function Version({ flow }: { flow: FlowLine }) {
  const { version, published } = flow.status;
  if (published === undefined || published === null) return <Badge tone="outline">Draft</Badge>;
  if (version && version !== published) return <span title={`${published} is the newest version`}>{`${version} of ${published}`}</span>;
  return published;
}

function RowActions({ flow, onDelete }: { flow: FlowLine; onDelete: () => void }) {
  const may = useMay();
  const turn = useSwitchFlow();
  const runtimes = useRuntimes();
  const copy = useCopyFlow();
  const on = flow.status.status === "running" || flow.status.status === "starting";
  const shown = turn.isPending ? turn.variables.on : on;
  const name = nameOf(flow);
  return (
    <div className="flex items-center justify-end gap-2">
      {may("flows.deploy") ? (
        <Switch aria-label={`${name}: ${on ? "switch off" : "switch on"}`} checked={shown} disabled={turn.isPending} onCheckedChange={(next) => turn.mutate({ flow, on: next })} />
      ) : null}
      <Menu
        align="end"
        trigger={
          <IconButton label={`More for ${name}`} size="icon-sm">
            <Ellipsis aria-hidden />
          </IconButton>
        }
      >
        {may("flows.deploy") ? (
          <MenuItem icon={on ? <PowerOff /> : <Power />} onSelect={() => turn.mutate({ flow, on: !on })}>
            {on ? "Switch off" : "Switch on"}
          </MenuItem>
        ) : null}
        {may("flows.deploy") && !on
          ? runtimes.map(({ runtime }) => (
              <MenuItem key={runtime} icon={<Power />} chosen={runtime === flow.status.runtime} onSelect={() => turn.mutate({ flow, on: true, runtime })}>
                {`Switch on, on ${runtimeName(runtime)}`}
              </MenuItem>
            ))
          : null}
        {may("flows.write") ? (
          <MenuItem icon={<Copy />} onSelect={() => copy.mutate(flow)}>
            Duplicate
          </MenuItem>
        ) : null}
        <MenuItem icon={<Download />} onSelect={() => void exportFlow(flow)}>
          Export
        </MenuItem>
        {may("flows.write") ? (
          <>
            <MenuLine />
            <MenuItem icon={<Trash2 />} danger onSelect={onDelete}>
              Delete
            </MenuItem>
          </>
        ) : null}
      </Menu>
    </div>
  );
}
