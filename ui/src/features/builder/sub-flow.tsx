import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useMemo, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import { FlowDocument } from "@/document";
import { useMay } from "@/features/session/data";
import { api, body, seen } from "@/lib/api";
import { Failure } from "@/lib/failure";
import type { Flow } from "./draft";
import { type Builder, stepsOf } from "./state";

/** Makes what is selected in a graph a flow of its own, called where it was. */
export function SubFlow({ builder, onClose }: { builder: Builder; onClose: () => void }) {
  const keys = useMemo(() => stepsOf(builder), [builder]);
  const [title, setTitle] = useState("");
  const navigate = useNavigate();
  const queries = useQueryClient();
  // Whether it can be done does not depend on the name.
  const refused = useMemo(() => {
    const tried = builder.document.takenOut(keys, "part");
    return "refused" in tried ? tried.refused : undefined;
  }, [builder.document, keys]);
  const mayPublish = useMay()("flows.publish");
  const make = useMutation({
    meta: { quiet: true },
    mutationFn: () => take(builder, keys, title.trim(), mayPublish),
    onSuccess: ({ id, published }) => {
      void queries.invalidateQueries({ queryKey: ["flows"] });
      onClose();
      const open = { label: "Open", onClick: () => void navigate({ to: "/flows/$flow", params: { flow: id } }) };
      toast.done(published ? `${title.trim()} is a flow of its own now` : `${title.trim()} is a flow of its own now; it can be called once somebody publishes it`, open);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (title.trim() !== "" && !make.isPending) make.mutate();
  };
  if (refused !== undefined) {
    return (
      <Dialog open onOpenChange={(open) => !open && onClose()} size="sm" title="No sub-flow can be made of this" footer={<Button look="primary" onClick={onClose}>Close</Button>}>
        <p role="alert">{refused}</p>
      </Dialog>
    );
  }
  const count = keys.length === 1 ? "The selected step becomes" : `${keys.length} selected steps become`;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="sm" title="Make a sub-flow" description={`${count} a flow of its own in this project, and a call of it stands in their place. Undo brings the steps back; the new flow stays.`} footer={<><Button onClick={onClose}>Cancel</Button><Button look="primary" type="submit" form="sub-flow" busy={make.isPending} disabled={title.trim() === ""}>Make it</Button></>}>
      <form id="sub-flow" onSubmit={submit}>
        <Field label="Name of the sub-flow" error={make.error ? Failure.of(make.error).message : undefined}>
          {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog is there to type in */}
          {(tied) => <Input {...tied} autoFocus required maxLength={100} placeholder="Check the order" value={title} onChange={(event) => setTitle(event.target.value)} />}
        </Field>
      </form>
    </Dialog>
  );
}

interface Made {
  id: string;
  /** Only what is published can be called. */
  published: boolean;
}

/** Makes the new flow, then puts the call in place. Throws where that cannot be, and has then changed nothing here. */
async function take({ draft, document: doc, perform }: Builder, keys: readonly string[], title: string, mayPublish: boolean): Promise<Made> {
  const taken = doc.takenOut(keys, title);
  if ("refused" in taken) throw new Error(taken.refused);
  const { project, service, bindings, files } = draft.flow;
  const file = files[0]?.name ?? "flow.yaml";
  const after = new FlowDocument(file, doc.state.text, doc.state.canvas);
  after.run({ do: "extract", keys: [...keys], name: title }, 0);
  const errors = (text: string) => errorsIn([{ name: file, text }, ...files.slice(1)], bindings);
  const [inner, before, now] = await Promise.all([errors(taken.text), errors(doc.state.text), errors(after.state.text)]);
  const known = new Set(before);
  const first = [...inner, ...now].find((message) => !known.has(message));
  if (first !== undefined) throw new Error(`It would not mean the same there: ${first}`);
  const made = await body(api.POST("/api/flows", { body: { project, service, name: taken.name, title, files: [{ name: file, text: taken.text }, ...files.slice(1)], bindings } }));
  const published = mayPublish && (await publish(made, draft.flow.title || draft.flow.name));
  if (!perform({ do: "extract", keys: [...keys], name: title })) throw new Error(`${title} was made, but the steps have changed meanwhile and stay where they are.`);
  return { id: made.id, published };
}

/** Publishes what was just made. Where that is refused the draft is there all the same, and says why when it is opened. */
async function publish(flow: Flow, from: string): Promise<boolean> {
  try {
    await body(api.POST("/api/flows/{id}/versions", { params: { path: { id: flow.id }, header: seen(flow.revision) }, body: { notes: `Taken out of ${from}` } }));
    return true;
  } catch {
    return false;
  }
}

/** What the server finds wrong with a flow, as it says so. */
async function errorsIn(files: { name: string; text: string }[], bindings: Builder["draft"]["flow"]["bindings"]): Promise<string[]> {
  const { diagnostics } = await body(api.POST("/api/check", { body: { files, bindings } }));
  return (diagnostics as { severity: string; message: string }[]).filter(({ severity }) => severity === "error").map(({ message }) => message);
}
