import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { toast } from "@/components/ui/toast";
import { useSession } from "@/features/session/data";
import { Failure } from "@/lib/failure";
import { type Role, ROLES, rolesUpTo } from "../common/roles";
import { ShownOnce } from "../common/shown-once";
import { useInvite } from "./data";

/** Invites by letter; where the server sends none, shows the link to hand over. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const own = useSession().role ?? "";
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const invite = useInvite();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate(
      { email: email.trim(), role },
      {
        onSuccess: (made) => {
          if (made.link) return;
          toast.done(`${made.email} is invited`);
          onClose();
        },
      },
    );
  };
  if (invite.data?.link) {
    return (
      <ShownOnce title={`${invite.data.email} is invited`} text={invite.data.link} label="Link of the invitation" onClose={onClose}>
        This server sends no letters. Hand the link over yourself; it works once, and is not shown again.
      </ShownOnce>
    );
  }
  return (
    <Dialog open onOpenChange={onClose} title="Invite somebody" description="They get a link with which they become a member.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="E-mail" error={invite.error ? Failure.of(invite.error).message : undefined}>
          {(tied) => <Input {...tied} type="text" inputMode="email" autoComplete="off" required placeholder="ada@example.org" value={email} onChange={(event) => setEmail(event.target.value)} />}
        </Field>
        <Field label="Role" hint={ROLES.find(({ value }) => value === role)?.may}>
          {(tied) => <Select {...tied} value={role} onChange={(next) => setRole(next as Role)} options={rolesUpTo(own).map(({ value, label }) => ({ value, label }))} />}
        </Field>
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={invite.isPending} disabled={!email.trim()}>
            Invite
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
