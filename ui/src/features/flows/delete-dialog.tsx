import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { type FlowLine, nameOf, useDeleteFlow } from "./data";

/** What other people use is not deleted by a slip, though it can come back: its name is asked for. */
export function DeleteFlowDialog({ flow, onClose }: { flow: FlowLine | undefined; onClose: () => void }) {
  return flow ? <Asks key={flow.id} flow={flow} onClose={onClose} /> : null;
}

function Asks({ flow, onClose }: { flow: FlowLine; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const remove = useDeleteFlow();
  const on = flow.status.status !== "stopped";
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="danger" busy={remove.isPending} disabled={on || typed !== flow.name} onClick={() => remove.mutate(flow, { onSettled: onClose })}>
        Delete flow
      </Button>
    </>
  );
  return (
    <Dialog open onOpenChange={onClose} size="sm" title={`Delete ${nameOf(flow)}?`} footer={footer}>
      {on ? (
        <p className="text-base text-muted">It is switched on. Switch it off first; open runs go on to their end.</p>
      ) : (
        <>
          <p className="mb-3 text-base text-muted">It can come back for 30 days, with its versions, code and triggers. What it remembered and its public interfaces are gone at once; runs that it had stay.</p>
          <Field label={<>Type <code className="font-mono">{flow.name}</code> to delete it</>}>
            {(tied) => <Input {...tied} autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />}
          </Field>
        </>
      )}
    </Dialog>
  );
}
