import { Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Moment } from "@/components/ui/moment";
import { Select } from "@/components/ui/select";
import { Failure } from "@/lib/failure";
import { ShownOnce } from "../common/shown-once";
import { TypedConfirm } from "../common/typed-confirm";
import { HowSent } from "../keys/new-key-dialog";
import { EXPIRIES, expiry } from "../keys/scopes";
import { type Interface, type InterfaceKey, keysOf, useCreateInterfaceKey, useRevokeInterfaceKey } from "./data";

/** Keys that open this interface and nothing else. */
export function KeysSheet({ one, may, onClose }: { one: Interface; may: boolean; onClose: () => void }) {
  const keys = keysOf(one) ?? [];
  const [revoked, setRevoked] = useState<InterfaceKey>();
  return (
    <Sheet open onOpenChange={onClose} title={`Keys of ${one.name}`} description={<>Each opens this interface and nothing else. <HowSent /></>}>
      {keys.length === 0 ? <p className="pb-3 text-base text-muted">No key yet, so nobody is let in.</p> : null}
      <ul className="mb-4 divide-y divide-line">
        {keys.map((key) => (
          <li key={key.id} className="flex min-h-10 items-center gap-3 text-base">
            <bdi className="min-w-0 flex-1 truncate font-medium" title={key.name}>
              {key.name}
            </bdi>
            <span className="text-sm text-muted">
              made <Moment at={key.createdAt} />
              {key.expiresAt ? (
                <>
                  , ends <Moment at={key.expiresAt} />
                </>
              ) : null}
            </span>
            {may ? (
              <IconButton label={`Revoke ${key.name}`} size="icon-sm" onClick={() => setRevoked(key)}>
                <Trash2 aria-hidden />
              </IconButton>
            ) : null}
          </li>
        ))}
      </ul>
      {may ? <NewKey one={one} /> : null}
      {revoked ? <Revoke one={one} revoked={revoked} onClose={() => setRevoked(undefined)} /> : null}
    </Sheet>
  );
}

function NewKey({ one }: { one: Interface }) {
  const [name, setName] = useState("");
  const [ends, setEnds] = useState("");
  const create = useCreateInterfaceKey(one);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expiresAt = expiry(ends, "", Date.now());
    create.mutate({ name: name.trim(), ...(expiresAt ? { expiresAt } : {}) }, { onSuccess: () => setName("") });
  };
  return (
    <form onSubmit={submit} className="flex items-start gap-2 rounded-md border border-line p-3">
      <Field label="New key for" className="flex-1" error={create.error ? Failure.of(create.error).message : undefined}>
        {(tied) => <Input {...tied} maxLength={100} placeholder="The shop" value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Ends">{(tied) => <Select {...tied} value={ends} onChange={setEnds} options={EXPIRIES.filter(({ value }) => value !== "date")} />}</Field>
      <Button type="submit" className="mt-5.5" busy={create.isPending} disabled={!name.trim()}>
        Make key
      </Button>
      {create.data ? (
        <ShownOnce title={`${create.data.name} is made`} text={create.data.key} label="Key of the interface" onClose={() => create.reset()}>
          Hand it to whoever calls the interface. It is not shown again.
        </ShownOnce>
      ) : null}
    </form>
  );
}

function Revoke({ one, revoked, onClose }: { one: Interface; revoked: InterfaceKey; onClose: () => void }) {
  const revoke = useRevokeInterfaceKey(one);
  return (
    <TypedConfirm title={`Revoke ${revoked.name}?`} word={revoked.name} action="Revoke key" busy={revoke.isPending} error={revoke.error} onConfirm={() => revoke.mutate(revoked, { onSuccess: onClose })} onClose={onClose}>
      Whoever uses it is refused from now on.
    </TypedConfirm>
  );
}
