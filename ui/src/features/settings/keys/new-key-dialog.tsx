import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Segments } from "@/components/ui/tabs";
import { Checkbox, Switch } from "@/components/ui/toggle";
import { useMay, useSession } from "@/features/session/data";
import type { Permission } from "@/features/session/permissions";
import { Failure } from "@/lib/failure";
import { FormError } from "../common/conflict";
import { type Role, rolesUpTo } from "../common/roles";
import { ShownOnce } from "../common/shown-once";
import { useCreateKey } from "./data";
import { EXPIRIES, expiry, scopesOf } from "./scopes";

export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const own = session.role ?? "viewer";
  const services = useMay()("keys.write");
  const [name, setName] = useState("");
  const [service, setService] = useState(false);
  const [role, setRole] = useState(own);
  const [limited, setLimited] = useState<"all" | "some">("all");
  const [scopes, setScopes] = useState<Permission[]>([]);
  const [ends, setEnds] = useState("90");
  const [day, setDay] = useState("");
  const create = useCreateKey();
  const form = useId();
  const toggle = (scope: Permission, on: boolean) => setScopes((before) => (on ? [...before, scope] : before.filter((one) => one !== scope)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expiresAt = expiry(ends, day, Date.now());
    create.mutate({
      name: name.trim(),
      role: role as Role,
      ...(service ? { service } : {}),
      ...(limited === "some" ? { scopes } : {}),
      ...(expiresAt ? { expiresAt } : {}),
    });
  };
  if (create.data?.key) {
    return (
      <ShownOnce title={`${create.data.name} is made`} text={create.data.key} label="API key" onClose={onClose}>
        Keep it where your program finds it. It is not shown again; if it is lost, revoke it and make another.
      </ShownOnce>
    );
  }
  const failure = create.error ? Failure.of(create.error) : undefined;
  const ofName = failure?.code === "INVALID_NAME" || failure?.code === "NAME_TAKEN";
  const unfinished = !name.trim() || (limited === "some" && scopes.length === 0) || (ends === "date" && !day);
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={form} look="primary" busy={create.isPending} disabled={unfinished}>
        Make key
      </Button>
    </>
  );
  return (
    <Dialog open onOpenChange={onClose} stays title="New API key" description={<HowSent />} footer={footer}>
      <form id={form} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" hint="What will use it" error={ofName ? failure?.message : undefined}>
          {(tied) => <Input {...tied} required maxLength={100} placeholder="Nightly import" value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        {services ? (
          <label className="flex items-start gap-3 text-base" htmlFor="service-key">
            <Switch id="service-key" checked={service} onCheckedChange={setService} className="mt-0.5" />
            <span>
              <span className="block font-medium">Service key</span>
              <span className="block text-sm text-muted">Of nobody: it stays when you leave the organisation.</span>
            </span>
          </label>
        ) : null}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Role">{(tied) => <Select {...tied} value={role} onChange={setRole} options={rolesUpTo(own).map(({ value, label }) => ({ value, label }))} />}</Field>
          <Field label="Ends">{(tied) => <Select {...tied} value={ends} onChange={setEnds} options={EXPIRIES} />}</Field>
        </div>
        {ends === "date" ? (
          <Field label="Last day">{(tied) => <Input {...tied} type="date" required min={new Date().toISOString().slice(0, 10)} value={day} onChange={(event) => setDay(event.target.value)} />}</Field>
        ) : null}
        <div className="flex flex-col items-start gap-2">
          <span className="text-sm font-medium">May</span>
          <Segments label="What it may" value={limited} onChange={setLimited} options={[{ value: "all", label: "All that its role may" }, { value: "some", label: "Only some of it" }]} />
        </div>
        {limited === "some" ? <ScopeChoice permissions={session.permissions} chosen={scopes} onToggle={toggle} /> : null}
        <FormError error={ofName ? undefined : create.error} />
      </form>
    </Dialog>
  );
}

/** How a program brings a key. */
export function HowSent() {
  return (
    <>
      Sent as <code className="font-mono text-sm">Authorization: Bearer …</code> or <code className="font-mono text-sm">X-API-Key</code>.
    </>
  );
}

function ScopeChoice({ permissions, chosen, onToggle }: { permissions: string[]; chosen: Permission[]; onToggle: (scope: Permission, on: boolean) => void }) {
  return (
    <div className="grid gap-x-6 gap-y-3 rounded-md border border-line p-3 sm:grid-cols-2">
      {scopesOf(permissions).map(({ label, scopes }) => (
        <fieldset key={label} className="min-w-0">
          <legend className="mb-1 text-sm font-medium">{label}</legend>
          {scopes.map(({ value, label: what }) => (
            <label key={value} htmlFor={`scope ${value}`} className="flex items-center gap-2 py-0.5 text-base">
              <Checkbox id={`scope ${value}`} checked={chosen.includes(value)} onCheckedChange={(on) => onToggle(value, on === true)} />
              <span className="flex-1">{what}</span>
              <code className="font-mono text-xs text-muted">{value}</code>
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
