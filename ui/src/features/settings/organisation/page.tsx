import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy";
import { Panel } from "@/components/ui/panel";
import { lookAt, type Session, useMay, useSession } from "@/features/session/data";
import { api, body, seen } from "@/lib/api";
import { leaveWith } from "@/lib/quiet";
import { roleLabel } from "../common/roles";
import { SettingsPage } from "../common/settings-page";
import { TypedConfirm } from "../common/typed-confirm";
import { SCOPES } from "../keys/scopes";

export function OrganisationPage() {
  const session = useSession();
  const current = session.tenants.find(({ id }) => id === session.tenant);
  return (
    <SettingsPage title="Organisation" description="What is being looked at, and what you may do there.">
      <Panel title={<bdi>{current?.name ?? "No organisation"}</bdi>}>
        <dl className="grid grid-cols-[max-content_1fr] items-center gap-x-6 gap-y-1.5 px-4 pt-1 pb-4 text-base">
          <dt className="text-muted">Id</dt>
          <dd className="flex min-w-0 items-center gap-1">
            <code className="truncate font-mono text-sm">{session.tenant || "–"}</code>
            {session.tenant ? <CopyButton text={session.tenant} label="Copy the organisation’s id" /> : null}
          </dd>
          <dt className="text-muted">Your role</dt>
          <dd>{session.role ? roleLabel(session.role) : "none"}</dd>
        </dl>
      </Panel>
      <Permissions session={session} />
      {session.tenants.length > 1 ? <Others session={session} /> : null}
      {current ? <Leave name={current.name} /> : null}
    </SettingsPage>
  );
}

function Permissions({ session }: { session: Session }) {
  return (
    <Panel title="What you may do here">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1.5 px-4 pt-1 pb-4 text-base">
        {SCOPES.map(({ label, scopes }) => {
          const given = scopes.filter(({ value }) => session.permissions.includes(value));
          return (
            <div key={label} className="col-span-2 grid grid-cols-subgrid">
              <dt className="text-muted">{label}</dt>
              <dd>{given.length === 0 ? <span className="text-muted">–</span> : given.map((scope) => scope.label).join(", ")}</dd>
            </div>
          );
        })}
      </dl>
    </Panel>
  );
}

function Others({ session }: { session: Session }) {
  const change = useMutation({ mutationFn: (tenant: string) => lookAt(tenant, "/settings/organisation") });
  return (
    <Panel title="Your organisations">
      <ul className="flex flex-col gap-1 px-4 pt-1 pb-4">
        {session.tenants.map(({ id, name, role }) => (
          <li key={id} className="flex min-h-8 items-center gap-3 text-base">
            <bdi className="min-w-0 truncate font-medium">{name}</bdi>
            <span className="flex-1 text-muted">{roleLabel(role)}</span>
            {id === session.tenant ? (
              <Badge tone="accent">Here</Badge>
            ) : (
              <Button size="sm" busy={change.isPending && change.variables === id} onClick={() => change.mutate(id)}>
                Look at it
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Leaving needs the membership as it is; who may not see members cannot know it. */
function Leave({ name }: { name: string }) {
  const { user } = useSession();
  const may = useMay()("members.read");
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { data } = useQuery({ queryKey: ["members", "own"], queryFn: () => ownMembership(user.id), enabled: may });
  const leave = useMutation({
    meta: { quiet: true },
    mutationFn: (revision: number) => leaveWith((fetch) => api.DELETE("/api/members/{user}", { params: { path: { user: user.id }, header: seen(revision) }, fetch }), "/"),
    onError: () => queries.invalidateQueries({ queryKey: ["members"] }),
  });
  if (!may) return null;
  return (
    <Panel title="Leave">
      <div className="flex flex-wrap items-center gap-3 px-4 pt-1 pb-4">
        <p className="min-w-0 flex-1 text-base text-muted">You can no longer sign in to it, and your own API keys of it end. An organisation keeps one owner.</p>
        <Button disabled={data === undefined} onClick={() => setAsking(true)}>
          Leave organisation
        </Button>
      </div>
      {asking && data !== undefined ? (
        <TypedConfirm title={`Leave ${name}?`} word={name} action="Leave organisation" busy={leave.isPending} error={leave.error} onConfirm={() => leave.mutate(data)} onClose={() => setAsking(false)}>
          Only somebody who looks after members can bring you back.
        </TypedConfirm>
      ) : null}
    </Panel>
  );
}

async function ownMembership(user: string): Promise<number> {
  let after: string | undefined;
  do {
    const { items, next } = await body(api.GET("/api/members", { params: { query: { limit: 200, ...(after ? { after } : {}) } } }));
    const found = items.find((member) => member.user === user);
    if (found) return found.revision;
    after = next ?? undefined;
  } while (after);
  throw new Error("you are no member of this organisation any more");
}
