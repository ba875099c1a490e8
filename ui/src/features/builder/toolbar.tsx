import { useQueryClient } from "@tanstack/react-query";
import { CheckCheck, ChevronDown, CircleAlert, CloudOff, FileInput, FileUp, History, Loader2, MoreHorizontal, PenLine, Play, Redo2, Rocket, Shuffle, Square, Undo2 } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Menu, MenuItem } from "@/components/ui/menu";
import { DeploymentState, RunState } from "@/components/ui/status";
import { Segments } from "@/components/ui/tabs";
import { toast } from "@/components/ui/toast";
import { nameOf, runtimeName, switchOff, switchOn, useRuntimes } from "@/features/flows/data";
import type { Edits, Trials } from "./actions";
import { bringIn } from "./bring-in";
import type { Draft, SaveState } from "./draft";
import type { Builder, View } from "./state";

interface ToolbarProps {
  builder: Builder;
  edits: Edits;
  trials: Trials;
  may: { write: boolean; publish: boolean; run: boolean; deploy: boolean };
}

export function Toolbar({ builder, edits, trials, may }: ToolbarProps) {
  const { draft, document: doc, view, setView, setOver, run } = builder;
  const title = nameOf(draft.flow);
  useEffect(() => {
    document.title = `${title} · Weir`;
  }, [title]);
  return (
    <header className="flex flex-wrap items-center gap-2 border-b border-line bg-surface px-3 py-1.5">
      <h1 className="min-w-24 max-w-80 truncate text-lg font-semibold" dir="auto" title={title}>{title}</h1>
      <Saved draft={draft} />
      <div className="flex-1" />
      {may.write ? (
        <>
          <IconButton label="Undo" shortcut="Mod+Z" disabled={!doc.canUndo} onClick={() => doc.undo()}><Undo2 aria-hidden /></IconButton>
          <IconButton label="Redo" shortcut="Mod+Shift+Z" disabled={!doc.canRedo} onClick={() => doc.redo()}><Redo2 aria-hidden /></IconButton>
        </>
      ) : null}
      <Segments<View> label="View" value={view} onChange={setView} options={[{ value: "canvas", label: "Canvas" }, { value: "yaml", label: doc.format === "json" ? "JSON" : "YAML" }, { value: "split", label: "Split" }]} />
      {run ? <RunState state={run.status} /> : null}
      {may.run ? <RunButtons trials={trials} onInput={() => setOver({ what: "input" })} /> : null}
      {may.deploy ? <OnOff draft={draft} /> : <DeploymentState state={draft.flow.status.status} asleep={draft.flow.status.asleep} />}
      {may.publish ? <Button onClick={() => setOver({ what: "publish" })}><Rocket aria-hidden />Publish</Button> : null}
      <Menu align="end" trigger={<IconButton label="More"><MoreHorizontal aria-hidden /></IconButton>}>
        <MenuItem icon={<History />} onSelect={() => setOver({ what: "versions" })}>History</MenuItem>
        <MenuItem icon={<FileInput />} onSelect={edits.save}>Download the text</MenuItem>
        {may.write ? <MenuItem icon={<FileUp />} onSelect={() => document.getElementById(FILE_FIELD)?.click()}>Replace by a file…</MenuItem> : null}
        {may.write ? <MenuItem icon={<Shuffle />} onSelect={() => setOver({ what: "convert" })}>Convert to another dialect</MenuItem> : null}
      </Menu>
      {may.write ? <FileField builder={builder} /> : null}
    </header>
  );
}

const FILE_FIELD = "replace-by-file";

/** Outside the menu, which is gone by the time a file is chosen. */
function FileField({ builder }: { builder: Builder }) {
  const take = (field: HTMLInputElement) => {
    const [file] = field.files ?? [];
    if (file) void bringIn(builder, file);
    // The same file can be chosen again.
    field.value = "";
  };
  return <input id={FILE_FIELD} type="file" hidden aria-label="File to replace the flow by" accept=".yaml,.yml,.json" onChange={(event) => take(event.target)} />;
}

const SAYS: Record<SaveState, string> = { saved: "Saved", changed: "Changed", saving: "Saving", failed: "Not saved", conflict: "Changed elsewhere" };
const ICONS = { saved: CheckCheck, changed: PenLine, saving: Loader2, failed: CloudOff, conflict: CircleAlert };

function Saved({ draft }: { draft: Draft }) {
  const Icon = ICONS[draft.save];
  const wrong = draft.save === "failed" || draft.save === "conflict";
  return (
    <span role="status" className={`flex items-center gap-1 text-sm ${wrong ? "text-bad-ink" : "text-muted"}`} title={draft.problem?.message}>
      <Icon className="size-3.5" aria-hidden />
      {SAYS[draft.save]}
      {draft.save === "failed" ? <Button size="sm" look="link" onClick={() => void draft.flush()}>Try again</Button> : null}
    </span>
  );
}

function RunButtons({ trials, onInput }: { trials: Trials; onInput: () => void }) {
  const [busy, setBusy] = useState(false);
  const start = () => {
    setBusy(true);
    void trials.start({}).finally(() => setBusy(false));
  };
  if (trials.going) return <Button look="danger" onClick={() => void trials.stop()}><Square aria-hidden />Stop</Button>;
  return (
    <>
      <Button look="quiet" onClick={onInput}>Input</Button>
      <Button look="primary" busy={busy} onClick={start} title="Ctrl+Enter"><Play aria-hidden />Run</Button>
    </>
  );
}

/** Whether the outside world starts it. */
function OnOff({ draft }: { draft: Draft }) {
  const queries = useQueryClient();
  const [status, setStatus] = useState(draft.flow.status);
  const [busy, setBusy] = useState(false);
  const on = status.status === "running" || status.status === "starting";
  const runtimes = useRuntimes();
  const turn = async (runtime?: string) => {
    setBusy(true);
    try {
      if (!on) await draft.flush();
      setStatus(await (on ? switchOff(draft.flow.id) : switchOn(draft.flow.id, runtime)));
      toast.done(on ? "It is off: nothing starts it from outside" : "It is on");
      void queries.invalidateQueries({ queryKey: ["flows"] });
    } catch (error) {
      toast.failed(error);
    } finally {
      setBusy(false);
    }
  };
  const elsewhere = on && status.runtime.startsWith("temporal:") ? ` on ${runtimeName(status.runtime)}` : "";
  return (
    <>
      <Button busy={busy} onClick={() => void turn()} title={on ? "Nothing is started from outside any more; open runs go on" : "Its triggers start it from now on"}>
        <DeploymentState state={status.status} asleep={status.asleep} />
        {on ? "Switch off" : "Switch on"}
        {elsewhere === "" ? null : <span className="max-w-40 truncate text-muted">{elsewhere}</span>}
      </Button>
      {on || runtimes.length === 0 ? null : (
        <Menu trigger={<IconButton label="Choose what carries its runs" size="icon-sm"><ChevronDown aria-hidden /></IconButton>}>
          {runtimes.map(({ runtime }) => (
            <MenuItem key={runtime} chosen={runtime === status.runtime} onSelect={() => void turn(runtime)}>{`Switch on, on ${runtimeName(runtime)}`}</MenuItem>
          ))}
        </Menu>
      )}
    </>
  );
}
