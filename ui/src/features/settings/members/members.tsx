import { useQueryClient } from "@tanstack/react-query";
import { UserMinus } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { IconButton } from "@/components/ui/button";
import { Confirm } from "@/components/ui/dialog";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Select } from "@/components/ui/select";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { Tip } from "@/components/ui/tooltip";
import { useMay, useSession } from "@/features/session/data";
import { isConflict } from "../common/conflict";
import { itemsOf, Parts } from "../common/parts";
import { atMost, type Role, roleLabel, rolesUpTo } from "../common/roles";
import { TypedConfirm } from "../common/typed-confirm";
import { type Member, useChangeRole, useMembers, useRemoveMember } from "./data";

export function MembersPanel() {
  const asked = useMembers();
  const [removed, setRemoved] = useState<Member>();
  const owners = itemsOf(asked).filter(({ role }) => role === "owner").length;
  return (
    <Panel aria-label="Members">
      <Parts asked={asked} what="members" noun={["member", "members"]} empty={null}>
        {(members) => (
          <Table>
            <thead>
              <tr>
                <Head>Person</Head>
                <Head>Role</Head>
                <Head>Member since</Head>
                <Head>
                  <span className="sr-only">Actions</span>
                </Head>
              </tr>
            </thead>
            <tbody>
              {members.map((member) => (
                <MemberRow key={member.user} member={member} last={member.role === "owner" && owners === 1 && !asked.hasNextPage} onRemove={() => setRemoved(member)} />
              ))}
            </tbody>
          </Table>
        )}
      </Parts>
      {removed ? <RemoveMember member={removed} onClose={() => setRemoved(undefined)} /> : null}
    </Panel>
  );
}

function MemberRow({ member, last, onRemove }: { member: Member; last: boolean; onRemove: () => void }) {
  const { user, role } = useSession();
  const may = useMay()("members.write") && atMost(member.role, role ?? "");
  const self = member.user === user.id;
  return (
    <Row>
      <Cell>
        <span className="flex min-w-0 items-center gap-2">
          <bdi className="truncate font-medium" title={member.email}>
            {member.email}
          </bdi>
          {self ? <Badge tone="accent">You</Badge> : null}
        </span>
      </Cell>
      <Cell>{may && !last ? <RoleSelect member={member} /> : <FixedRole role={member.role} last={last} />}</Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Moment at={member.since} />
      </Cell>
      <Cell className="text-end">
        {may && !self && !last ? (
          <IconButton label={`Remove ${member.email}`} size="icon-sm" onClick={onRemove}>
            <UserMinus aria-hidden />
          </IconButton>
        ) : null}
      </Cell>
    </Row>
  );
}

function FixedRole({ role, last }: { role: string; last: boolean }) {
  const name = <span className="text-muted">{roleLabel(role)}</span>;
  if (!last) return name;
  return (
    <Tip text="An organisation keeps one owner: make somebody else owner first.">
      <span className="inline-flex items-center gap-2 rounded-sm" tabIndex={0}>
        {name}
        <Badge tone="outline">the only one</Badge>
      </span>
    </Tip>
  );
}

/** A role that is chosen is given. Where somebody else was quicker, it is asked whether it still shall be. */
function RoleSelect({ member }: { member: Member }) {
  const { user, role: own } = useSession();
  const queries = useQueryClient();
  const change = useChangeRole();
  const [wanted, setWanted] = useState<Role>();
  const conflict = isConflict(change.error) ? wanted : undefined;
  const lowersSelf = member.user === user.id && wanted !== undefined && !change.isPending && !conflict;
  const give = (role: Role) =>
    change.mutate(
      { member, role },
      {
        onSuccess: () => {
          setWanted(undefined);
          if (member.user === user.id) void queries.invalidateQueries({ queryKey: ["session"] });
        },
        onError: (error) => {
          if (isConflict(error)) return;
          setWanted(undefined);
          toast.failed(error);
        },
      },
    );
  const choose = (next: string) => {
    const role = next as Role;
    setWanted(role);
    if (member.user !== user.id) give(role);
  };
  const close = () => {
    setWanted(undefined);
    change.reset();
  };
  return (
    <>
      <Select
        label={`Role of ${member.email}`}
        size="sm"
        className="min-w-32"
        value={wanted ?? member.role}
        disabled={change.isPending}
        onChange={choose}
        options={rolesUpTo(own ?? "").map(({ value, label }) => ({ value, label }))}
      />
      <Confirm open={conflict !== undefined} onOpenChange={close} title="Somebody else was quicker" action={`Make ${roleLabel(wanted ?? "").toLowerCase()}`} danger={false} busy={change.isPending} onConfirm={() => wanted && give(wanted)}>
        The role of <bdi>{member.email}</bdi> was changed meanwhile: it is {roleLabel(member.role).toLowerCase()} now. You chose {roleLabel(wanted ?? "").toLowerCase()}.
      </Confirm>
      <Confirm open={lowersSelf} onOpenChange={close} title="Give up your own role?" action="Change my role" busy={change.isPending} onConfirm={() => wanted && give(wanted)}>
        You will be {roleLabel(wanted ?? "").toLowerCase()}, and cannot give yourself back what that may not do.
      </Confirm>
    </>
  );
}

function RemoveMember({ member, onClose }: { member: Member; onClose: () => void }) {
  const remove = useRemoveMember();
  const error = isConflict(remove.error) ? undefined : remove.error;
  return (
    <TypedConfirm title={`Remove ${member.email}?`} word={member.email} action="Remove member" busy={remove.isPending} error={error} onConfirm={() => remove.mutate(member, { onSuccess: onClose })} onClose={onClose}>
      {isConflict(remove.error) ? "Their role was changed meanwhile. Close this, look again, and remove them if you still want to." : "They can no longer sign in to this organisation, and their own API keys of it end. What they made stays."}
    </TypedConfirm>
  );
}
