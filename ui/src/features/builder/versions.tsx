import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { CodeDiff, type Language } from "@/components/code/code-editor";
import { Button } from "@/components/ui/button";
import { Dialog, Sheet } from "@/components/ui/dialog";
import { Field, Textarea } from "@/components/ui/input";
import { Segments } from "@/components/ui/tabs";
import { Shown } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { useMay } from "@/features/session/data";
import { api, body, type Schemas, seen } from "@/lib/api";
import type { Draft } from "./draft";
import { Published } from "./published";
import { useCompared, useVersions, versionsKey } from "./use-versions";
import { Line } from "./version-line";

/** Asks before a version is published: what changes against the one before. */
export function Publish({ draft, language, onClose }: { draft: Draft; language: Language; onClose: () => void }) {
  const [notes, setNotes] = useState("");
  const [busy, setBusy] = useState(false);
  const queries = useQueryClient();
  const versions = useVersions(draft.flow.id);
  const publish = async () => {
    setBusy(true);
    try {
      if (!(await draft.flush())) throw draft.problem ?? new Error("The draft could not be saved.");
      const params = { path: { id: draft.flow.id }, header: seen(draft.flow.revision) };
      const made = await body(api.POST("/api/flows/{id}/versions", { params, body: { notes } }));
      void queries.invalidateQueries({ queryKey: versionsKey(draft.flow.id) });
      void queries.invalidateQueries({ queryKey: ["flows"] });
      toast.done(`Version ${made.number} is published`);
      onClose();
    } catch (error) {
      toast.failed(error);
      setBusy(false);
    }
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" busy={busy} onClick={() => void publish()}>Publish</Button>
    </>
  );
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="xl" title="Publish a version" description="A version never changes. Where the flow is on, new runs use it at once." footer={footer}>
      <Shown asked={versions} what="the versions of this flow">
        {({ items }) => (
          <div className="flex flex-col gap-3">
            {items[0] && items[0].files[0]?.text === draft.document.state.text ? <p className="rounded-md bg-canvas px-3 py-2 text-base text-muted">{`The text is the same as that of version ${items[0].number}.`}</p> : null}
            <Field label="What is new">{(tied) => <Textarea {...tied} rows={2} value={notes} onChange={(event) => setNotes(event.target.value)} />}</Field>
            {items[0] ? (
              <div className="h-[38vh] overflow-hidden rounded-md border border-line">
                <CodeDiff before={items[0].files[0]?.text ?? ""} after={draft.document.state.text} language={language} label={`Version ${items[0].number} and the draft`} />
              </div>
            ) : (
              <p className="text-base text-muted">It is the first version.</p>
            )}
          </div>
        )}
      </Shown>
    </Dialog>
  );
}

/** Published versions, and every text the draft has had. Any of them can come back; the address keeps which are compared. */
export function Versions({ draft, language, onClose }: { draft: Draft; language: Language; onClose: () => void }) {
  const [which, setWhich] = useState<"versions" | "revisions">("versions");
  const [compared, setCompared] = useCompared();
  const mayWrite = useMay()("flows.write");
  const close = () => {
    // The address no longer names what is not looked at.
    if (compared.version !== undefined) setCompared({});
    onClose();
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} size="lg" title="History of this flow">
      <Segments label="What is listed" value={which} onChange={setWhich} options={[{ value: "versions", label: "Published" }, { value: "revisions", label: "Every save" }]} />
      {which === "versions" ? <Published draft={draft} mayWrite={mayWrite} onClose={close} /> : <Revisions draft={draft} language={language} mayWrite={mayWrite} onClose={close} />}
    </Sheet>
  );
}

interface Part {
  draft: Draft;
  language: Language;
  mayWrite: boolean;
  onClose: () => void;
}

function Revisions({ draft, language, mayWrite, onClose }: Part) {
  const id = draft.flow.id;
  const asked = useQuery({ queryKey: ["revisions", id, draft.flow.revision], queryFn: () => body(api.GET("/api/flows/{id}/revisions", { params: { path: { id }, query: { limit: 100 } } })) });
  return (
    <Shown asked={asked} what="the saves of this flow">
      {({ items }) => (
        <ul className="mt-3 flex flex-col gap-2">
          {items.map((revision) => (
            <Revision
              key={revision.number}
              title={`Save ${revision.number}`}
              at={revision.at}
              text={revision.files[0]?.text ?? ""}
              draft={draft}
              language={language}
              onRestore={mayWrite ? () => restored(draft, revision, onClose) : undefined}
            />
          ))}
        </ul>
      )}
    </Shown>
  );
}

function restored({ document: doc }: Draft, { number, files }: Schemas["RevisionView"], onClose: () => void): void {
  doc.replace(files[0]?.text ?? "", doc.state.canvas, Date.now());
  toast.done(`The draft is as it was at save ${number}`, { label: "Undo", onClick: () => doc.undo() });
  onClose();
}

function Revision({ title, at, text, draft, language, onRestore }: { title: string; at: string; text: string; draft: Draft; language: Language; onRestore: (() => void) | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <Line title={title} at={at} action="Compare with the draft" open={open} onOpen={setOpen} onRestore={onRestore}>
      <div className="mt-3 h-72 overflow-hidden rounded-md border border-line">
        <CodeDiff before={text} after={draft.document.state.text} language={language} label={`${title} and the draft`} />
      </div>
    </Line>
  );
}
