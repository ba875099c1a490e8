import { useNavigate, useSearch } from "@tanstack/react-router";
import { KeyRound, Pencil, Plug, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button, IconButton } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Empty } from "@/components/ui/states";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { Switch } from "@/components/ui/toggle";
import { toast } from "@/components/ui/toast";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { isConflict } from "../common/conflict";
import { itemsOf, Parts } from "../common/parts";
import { ProjectChoice, useOneProject } from "../common/project-choice";
import { SettingsPage } from "../common/settings-page";
import { TypedConfirm } from "../common/typed-confirm";
import { type Interface, keysOf, useChangeInterface, useDeleteInterface, useInterfaces } from "./data";
import { InterfaceSheet } from "./interface-sheet";
import { KeysSheet } from "./keys-sheet";

export function InterfacesPage() {
  const may = useMay()("interfaces.write");
  const search = useSearch({ from: "/_app/settings/interfaces" });
  const navigate = useNavigate({ from: "/settings/interfaces" });
  const project = useOneProject(search.project);
  const asked = useInterfaces(project);
  const [edited, setEdited] = useState<Interface | "new">();
  const [keysFor, setKeysFor] = useState<string>();
  const [deleted, setDeleted] = useState<Interface>();
  useCommands("interfaces", may ? [{ id: "new-interface", title: "New interface", section: "Public interfaces", keys: "N", icon: <Plus />, run: () => setEdited("new") }] : []);
  const make = may ? (
    <Button look="primary" onClick={() => setEdited("new")}>
      <Plus aria-hidden />
      New interface
    </Button>
  ) : null;
  const actions = (
    <>
      <ProjectChoice project={project} onChange={(next) => void navigate({ search: { project: next }, replace: true })} />
      {make}
    </>
  );
  const empty = (
    <Empty icon={<Plug aria-hidden />} title="This project opens nothing to others" actions={make}>
      An interface lets programs outside call a flow at a fixed address, or lets other projects use some variables.
    </Empty>
  );
  const opened = keysFor === undefined ? undefined : itemsOf(asked).find(({ name }) => name === keysFor);
  return (
    <SettingsPage title="Public interfaces" description="What a project opens to others: flows at addresses, and variables." needs="interfaces.read" actions={actions}>
      <Panel aria-label="Public interfaces">
        <Parts asked={asked} what="public interfaces" noun={["interface", "interfaces"]} empty={empty}>
          {(interfaces) => (
            <Table>
              <thead>
                <tr>
                  <Head>Name</Head>
                  <Head>Opens</Head>
                  <Head>Let in</Head>
                  <Head>Changed</Head>
                  <Head>Open</Head>
                  <Head>
                    <span className="sr-only">Actions</span>
                  </Head>
                </tr>
              </thead>
              <tbody>
                {interfaces.map((one) => (
                  <InterfaceRow key={one.id} one={one} may={may} onEdit={() => setEdited(one)} onKeys={() => setKeysFor(one.name)} onDelete={() => setDeleted(one)} />
                ))}
              </tbody>
            </Table>
          )}
        </Parts>
      </Panel>
      {edited ? <InterfaceSheet project={project} one={edited === "new" ? undefined : edited} may={may} onClose={() => setEdited(undefined)} /> : null}
      {opened ? <KeysSheet one={opened} may={may} onClose={() => setKeysFor(undefined)} /> : null}
      {deleted ? <DeleteInterface one={deleted} onClose={() => setDeleted(undefined)} /> : null}
    </SettingsPage>
  );
}

const LET_IN: Record<string, string> = { none: "Everybody", key: "With a key", jwt: "With a signed token" };

function InterfaceRow({ one, may, onEdit, onKeys, onDelete }: { one: Interface; may: boolean; onEdit: () => void; onKeys: () => void; onDelete: () => void }) {
  const keys = keysOf(one);
  return (
    <Row>
      <Cell>
        <button type="button" onClick={onEdit} className="block w-full min-w-0 rounded-sm py-1.5 text-start">
          <span className="block truncate font-medium hover:underline">{one.name}</span>
          <span className="block truncate text-sm text-muted" title={one.description}>
            <bdi>{one.description || (one.type === "flow" ? "A flow" : "Variables")}</bdi>
          </span>
        </button>
      </Cell>
      <Cell>
        <Opens one={one} />
      </Cell>
      <Cell className="whitespace-nowrap">
        <LetIn one={one} />
      </Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Moment at={one.updatedAt} />
      </Cell>
      <Cell>{may ? <OpenSwitch one={one} /> : <Badge tone={one.enabled ? "ok" : "plain"}>{one.enabled ? "Open" : "Closed"}</Badge>}</Cell>
      <Cell>
        <div className="flex items-center justify-end gap-1">
          {keys ? (
            <IconButton label={`Keys of ${one.name}`} size="icon-sm" onClick={onKeys}>
              <KeyRound aria-hidden />
            </IconButton>
          ) : null}
          {may ? (
            <>
              <IconButton label={`Edit ${one.name}`} size="icon-sm" onClick={onEdit}>
                <Pencil aria-hidden />
              </IconButton>
              <IconButton label={`Delete ${one.name}`} size="icon-sm" onClick={onDelete}>
                <Trash2 aria-hidden />
              </IconButton>
            </>
          ) : null}
        </div>
      </Cell>
    </Row>
  );
}

function Opens({ one }: { one: Interface }) {
  if (one.url) {
    return (
      <span className="flex min-w-0 items-center gap-1">
        <code className="min-w-0 truncate font-mono text-sm text-muted" dir="ltr" title={one.url}>
          {new URL(one.url).pathname}
        </code>
        <CopyButton text={one.url} label={`Copy the address of ${one.name}`} />
      </span>
    );
  }
  const { read = [], write = [] } = one.settings as { read?: string[]; write?: string[] };
  return (
    <span className="text-muted">
      {plural(new Set([...read, ...write]).size)}{write.length > 0 ? `, ${write.length} to be set` : ""}
    </span>
  );
}

const plural = (count: number) => (count === 1 ? "1 variable" : `${count} variables`);

function LetIn({ one }: { one: Interface }) {
  const { auth, allow = [] } = one.settings as { auth?: { type: string }; allow?: { project: string }[] };
  if (!auth) return <span className="text-muted">{allow.length === 0 ? "Nobody yet" : allow.map(({ project }) => project).join(", ")}</span>;
  const keys = keysOf(one);
  if (auth.type === "none") return <Badge tone="warn">{LET_IN.none}</Badge>;
  return (
    <span className="text-muted">
      {LET_IN[auth.type] ?? auth.type}
      {keys ? ` (${keys.length})` : ""}
    </span>
  );
}

function OpenSwitch({ one }: { one: Interface }) {
  const change = useChangeInterface();
  const turn = (enabled: boolean) =>
    change.mutate(
      { one, patch: { enabled } },
      {
        onSuccess: () => toast.done(`${one.name} is ${enabled ? "open" : "closed"}`),
        onError: (error) => (isConflict(error) ? toast.say(`${one.name} was changed by somebody else`, "It is shown as it is now. Try once more.") : toast.failed(error)),
      },
    );
  const shown = change.isPending ? (change.variables.patch.enabled ?? one.enabled) : one.enabled;
  return <Switch aria-label={`${one.name}: ${one.enabled ? "close" : "open"}`} checked={shown} disabled={change.isPending} onCheckedChange={turn} />;
}

function DeleteInterface({ one, onClose }: { one: Interface; onClose: () => void }) {
  const remove = useDeleteInterface();
  const conflict = isConflict(remove.error);
  return (
    <TypedConfirm title={`Delete ${one.name}?`} word={one.name} action="Delete interface" busy={remove.isPending} error={conflict ? undefined : remove.error} onConfirm={() => remove.mutate(one, { onSuccess: onClose })} onClose={onClose}>
      {conflict ? "It was changed meanwhile. Close this, look again, and delete it if you still want to." : "Its address answers nobody any more, and its keys end. Closing it with its switch keeps them."}
    </TypedConfirm>
  );
}
