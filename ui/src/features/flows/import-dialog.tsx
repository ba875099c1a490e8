import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import { type DragEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Failed } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { Checkbox } from "@/components/ui/toggle";
import { useProject } from "@/features/session/place";
import { api, body, type Schemas } from "@/lib/api";
import { cn } from "@/lib/cn";
import type { Taken } from "@/document/foreign/n8n";
import type { TextFile } from "@/features/templates/template";
import { type Given, given, notesOfTaken, textOfTaken } from "./given";
import { nameFrom } from "./name";
import { TakenList } from "./taken-list";

type Plan = Schemas["ImportView"];

/** A flow's text, or a bundle that was exported; of a bundle it is shown first what it would do. */
export function ImportDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Import" description="A flow as YAML or JSON, a bundle that was exported from here or elsewhere, or a workflow that was exported from n8n.">
      <Steps onDone={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Steps({ onDone }: { onDone: () => void }) {
  const [shown, setShown] = useState<Exclude<Given, { kind: "flow" }>>();
  const [project] = useProject();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const take = useMutation({
    meta: { quiet: true },
    mutationFn: async (files: File[]) => {
      const read = await given(await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() }))));
      if (read.kind !== "flow") return setShown(read);
      await make({ files: read.files, name: nameFrom(read.files[0]?.name.replace(/\.\w+$/, "") ?? "flow") });
    },
  });
  const make = async (flow: { files: TextFile[]; name: string; title?: string; canvas?: unknown }) => {
    const made = await body(api.POST("/api/flows", { body: { project: project || "default", ...flow } }));
    await queries.invalidateQueries({ queryKey: ["flows"] });
    onDone();
    await navigate({ to: "/flows/$flow", params: { flow: made.id } });
  };
  if (shown?.kind === "bundle") return <BundlePlan bundle={shown.bundle} onDone={onDone} />;
  if (shown) return <ForeignPlan taken={shown.taken} onMake={make} onDone={onDone} />;
  return (
    <>
      <Drop busy={take.isPending} onFiles={(files) => take.mutate(files)} />
      {take.error ? <Failed error={take.error} /> : null}
    </>
  );
}

/** What another program's export becomes, before it is made. */
function ForeignPlan({ taken, onMake, onDone }: { taken: Taken; onMake: (flow: { files: TextFile[]; name: string; title: string; canvas: unknown }) => Promise<void>; onDone: () => void }) {
  const name = taken.name || "Imported";
  const make = useMutation({
    meta: { quiet: true },
    mutationFn: () => onMake({ files: [{ name: "flow.json", text: textOfTaken(taken) }], name: nameFrom(name), title: name.slice(0, 200), canvas: { positions: {}, groups: {}, notes: notesOfTaken(taken) } }),
  });
  return (
    <div className="flex flex-col gap-3">
      <TakenList taken={taken} />
      {make.error ? <Failed error={make.error} /> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button look="primary" busy={make.isPending} onClick={() => make.mutate()}>Make flow</Button>
      </div>
    </div>
  );
}

function Drop({ busy, onFiles }: { busy: boolean; onFiles: (files: File[]) => void }) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length > 0) onFiles(files);
  };
  return (
    // Dropping is one more way to do what the field inside does.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <label
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={cn(
        "flex cursor-default flex-col items-center gap-2 rounded-lg border border-dashed border-control px-6 py-10 text-center text-base hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-ring",
        over && "border-accent bg-accent-soft",
      )}
    >
      <FileUp className="size-5 text-muted" aria-hidden />
      <span className="font-medium">{busy ? "Reading…" : "Choose files, or drop them here"}</span>
      <span className="text-muted">.yaml, .yml or .json; of several, the first is the flow and the others lie beside it.</span>
      <input
        type="file"
        multiple
        accept=".yaml,.yml,.json,application/json"
        disabled={busy}
        className="sr-only"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
    </label>
  );
}

function BundlePlan({ bundle, onDone }: { bundle: unknown; onDone: () => void }) {
  const [project] = useProject();
  const [skip, setSkip] = useState(false);
  const queries = useQueryClient();
  const send = (apply: boolean, skipExisting: boolean) =>
    body(api.POST("/api/import", { body: { bundle, apply, skipExisting, ...(project ? { project } : {}) } }));
  // Only says what would be done, so it may be asked as often as one likes.
  const plan = useQuery({ queryKey: ["import plan", bundle, project, skip], queryFn: () => send(false, skip), gcTime: 0, placeholderData: (before) => before });
  const apply = useMutation({
    meta: { quiet: true },
    mutationFn: () => send(true, skip),
    onSuccess: async (done) => {
      await queries.invalidateQueries();
      toast.done(`Imported: ${done.made.length}`);
      onDone();
    },
  });
  const shown = plan.data;
  if (plan.error) return <Failed error={plan.error} onRetry={() => void plan.refetch()} />;
  const blocked = (shown?.conflicts.length ?? 0) > 0 && !skip;
  return (
    <div className="flex flex-col gap-3">
      {shown ? <PlanLists plan={shown} /> : <p className="text-muted">Reading…</p>}
      {shown && shown.conflicts.length > 0 ? (
        <div className="flex items-center gap-2 text-base">
          <Checkbox id="skip-existing" checked={skip} onCheckedChange={(is) => setSkip(is === true)} />
          <label htmlFor="skip-existing">Leave out what is here already</label>
        </div>
      ) : null}
      {apply.error ? <Failed error={apply.error} /> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button look="primary" busy={apply.isPending} disabled={!shown || blocked} onClick={() => apply.mutate()}>
          Import
        </Button>
      </div>
    </div>
  );
}

function PlanLists({ plan }: { plan: Plan }) {
  const lists: [string, string[]][] = [
    ["Will be made", plan.made],
    ["Here already", plan.conflicts],
    ["Secrets to be set afterwards", plan.secretsMissing],
  ];
  return lists
    .filter(([, names]) => names.length > 0)
    .map(([title, names]) => (
      <section key={title}>
        <h3 className="mb-1 text-sm font-medium text-muted">{title}</h3>
        <ul className="max-h-48 overflow-auto rounded-md border border-line px-3 py-1.5 font-mono text-sm">
          {names.map((name) => (
            <li key={name} className="truncate">
              {name}
            </li>
          ))}
        </ul>
      </section>
    ));
}
