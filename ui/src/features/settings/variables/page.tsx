import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Pencil, Plus, Trash2, Variable as VariableIcon } from "lucide-react";
import { useRef, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { SearchInput } from "@/components/ui/input";
import { Moment } from "@/components/ui/moment";
import { More } from "@/components/ui/pagination";
import { Panel } from "@/components/ui/panel";
import { Select } from "@/components/ui/select";
import { Empty, Shown } from "@/components/ui/states";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { ProjectChoice, servicesQuery, useOneProject } from "../common/project-choice";
import { SettingsPage } from "../common/settings-page";
import { type Holder, useDeleteVariable, type Variable, variablesQuery } from "./data";
import { short } from "./value";
import { VariableDialog } from "./variable-dialog";

export function VariablesPage() {
  const may = useMay()("variables.write");
  const search = useSearch({ from: "/_app/settings/variables" });
  const navigate = useNavigate({ from: "/settings/variables" });
  const project = useOneProject(search.project);
  const holder = { project, service: search.service ?? "" };
  const [edited, setEdited] = useState<Variable | "new">();
  const field = useRef<HTMLInputElement>(null);
  useCommands("variables", [
    { id: "find-variable", title: "Search variables", section: "Variables", keys: "/", run: () => field.current?.focus() },
    ...(may ? [{ id: "new-variable", title: "New variable", section: "Variables", keys: "N", icon: <Plus />, run: () => setEdited("new") }] : []),
  ]);
  const make = may ? (
    <Button look="primary" onClick={() => setEdited("new")}>
      <Plus aria-hidden />
      New variable
    </Button>
  ) : null;
  const actions = (
    <>
      <ProjectChoice project={project} onChange={(next) => void navigate({ search: { project: next }, replace: true })} />
      <ServiceChoice holder={holder} onChange={(service) => void navigate({ search: { project, ...(service ? { service } : {}) }, replace: true })} />
      {make}
    </>
  );
  return (
    <SettingsPage title="Variables" description="Values that flows read and set, and that stay between runs." needs="variables.read" actions={actions}>
      <List holder={holder} may={may} make={make} field={field} onEdit={setEdited} key={`${project}/${holder.service}`} />
      {edited ? <VariableDialog holder={holder} variable={edited === "new" ? undefined : edited} onClose={() => setEdited(undefined)} /> : null}
    </SettingsPage>
  );
}

function ServiceChoice({ holder, onChange }: { holder: Holder; onChange: (service: string) => void }) {
  const { data } = useQuery(servicesQuery(holder.project));
  const names = new Set([...(holder.service ? [holder.service] : []), ...(data?.items.map(({ name }) => name) ?? [])]);
  const options = [{ value: "", label: "Of the project" }, ...[...names].toSorted().map((name) => ({ value: name, label: `Of the service ${name}` }))];
  return <Select label="Whose variables" value={holder.service} onChange={onChange} options={options} className="max-w-60 min-w-36" />;
}

const STEP = 200;

interface ListProps {
  holder: Holder;
  may: boolean;
  make: React.ReactNode;
  field: React.RefObject<HTMLInputElement | null>;
  onEdit: (variable: Variable) => void;
}

function List({ holder, may, make, field, onEdit }: ListProps) {
  const asked = useQuery(variablesQuery(holder));
  const [text, setText] = useState("");
  const [most, setMost] = useState(STEP);
  const remove = useDeleteVariable(holder);
  const empty = (
    <Empty icon={<VariableIcon aria-hidden />} title="No variables here" actions={make}>
      Flows make them by setting them; you can, too.
    </Empty>
  );
  return (
    <Panel aria-label="Variables">
      <Shown asked={asked} what="variables">
        {({ items }) => {
          if (items.length === 0) return empty;
          const found = items.filter(({ name, value }) => `${name} ${short(value)}`.toLowerCase().includes(text.toLowerCase()));
          return (
            <>
              <div className="border-b border-line px-3 py-2">
                <SearchInput ref={field} aria-label="Search variables" placeholder="Search by name or value" className="max-w-80" value={text} onChange={(event) => setText(event.target.value)} />
              </div>
              {found.length === 0 ? (
                <Empty title="No variable has this" actions={<Button onClick={() => setText("")}>Clear the search</Button>} />
              ) : (
                <VariableTable variables={found.slice(0, most)} may={may} onEdit={onEdit} onDelete={(variable) => remove.mutate(variable)} />
              )}
              <div className="border-t border-line">
                <More shown={Math.min(most, found.length)} more={found.length > most} busy={false} onMore={() => setMost(most + STEP)} noun={found.length === 1 ? "variable" : "variables"} />
              </div>
            </>
          );
        }}
      </Shown>
    </Panel>
  );
}

function VariableTable({ variables, may, onEdit, onDelete }: { variables: Variable[]; may: boolean; onEdit: (variable: Variable) => void; onDelete: (variable: Variable) => void }) {
  return (
    <Table>
      <thead>
        <tr>
          <Head>Name</Head>
          <Head>Value</Head>
          <Head>Set</Head>
          <Head>
            <span className="sr-only">Actions</span>
          </Head>
        </tr>
      </thead>
      <tbody>
        {variables.map((variable) => (
          <Row key={variable.name}>
            <Cell className="truncate font-mono text-sm" title={variable.name}>
              {variable.name}
            </Cell>
            <Cell className="truncate font-mono text-sm text-muted" title={short(variable.value, 2_000)}>
              <bdi>{short(variable.value)}</bdi>
            </Cell>
            <Cell className="whitespace-nowrap text-muted">
              <Moment at={variable.changedAt} />
            </Cell>
            <Cell className="text-end whitespace-nowrap">
              {may ? (
                <>
                  <IconButton label={`Edit ${variable.name}`} size="icon-sm" onClick={() => onEdit(variable)}>
                    <Pencil aria-hidden />
                  </IconButton>
                  <IconButton label={`Delete ${variable.name}`} size="icon-sm" onClick={() => onDelete(variable)}>
                    <Trash2 aria-hidden />
                  </IconButton>
                </>
              ) : null}
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}
