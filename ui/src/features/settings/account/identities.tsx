import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link2, Unlink } from "lucide-react";
import { useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Shown } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas } from "@/lib/api";
import { TypedConfirm } from "../common/typed-confirm";

type Identity = Schemas["IdentityView"];

/** Accounts with others with which one signs in here. */
export function IdentitiesPanel() {
  const asked = useQuery({ queryKey: ["identities"], queryFn: () => body(api.GET("/api/identities")) });
  const { data: providers = [] } = useQuery({ queryKey: ["sign-in"], queryFn: () => body(api.GET("/api/sign-in")), staleTime: 60_000 });
  const [removed, setRemoved] = useState<Identity>();
  const nameOf = (id: string) => providers.find((provider) => provider.id === id)?.name ?? id;
  const open = providers.filter(({ id }) => !asked.data?.some(({ provider }) => provider === id));
  return (
    <Panel title="Accounts elsewhere" hint="With which you sign in here">
      <Shown asked={asked} what="accounts elsewhere">
        {(identities) => (
          <ul className="px-4 pb-2">
            {identities.map((identity) => (
              <li key={identity.id} className="flex min-h-9 items-center gap-3 text-base">
                <span className="font-medium">{nameOf(identity.provider)}</span>
                <bdi className="min-w-0 flex-1 truncate text-muted" title={identity.subject}>
                  {identity.subject}
                </bdi>
                <span className="text-muted">
                  <Moment at={identity.createdAt} />
                </span>
                <IconButton label={`Remove the account with ${nameOf(identity.provider)}`} size="icon-sm" onClick={() => setRemoved(identity)}>
                  <Unlink aria-hidden />
                </IconButton>
              </li>
            ))}
            {identities.length === 0 ? (
              <li className="pb-2 text-base text-muted">{providers.length === 0 ? "None; this server is not set up for any provider." : "None yet."}</li>
            ) : null}
          </ul>
        )}
      </Shown>
      {open.length > 0 ? (
        <div className="flex flex-wrap gap-2 px-4 pb-4">
          {open.map(({ id, name }) => (
            <AddIdentity key={id} id={id} name={name} />
          ))}
        </div>
      ) : null}
      {removed ? <RemoveIdentity identity={removed} name={nameOf(removed.provider)} onClose={() => setRemoved(undefined)} /> : null}
    </Panel>
  );
}

function AddIdentity({ id, name }: { id: string; name: string }) {
  const link = useMutation({
    mutationFn: () => body(api.POST("/api/sign-in/{provider}/link", { params: { path: { provider: id } } })),
    onSuccess: ({ url }) => location.assign(url),
  });
  return (
    <Button busy={link.isPending || link.isSuccess} onClick={() => link.mutate()}>
      <Link2 aria-hidden />
      Add {name}
    </Button>
  );
}

function RemoveIdentity({ identity, name, onClose }: { identity: Identity; name: string; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.DELETE("/api/identities/{id}", { params: { path: { id: identity.id } } }),
    onSuccess: () => {
      toast.done(`The account with ${name} no longer signs in`);
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["identities"] }),
  });
  return (
    <TypedConfirm title={`Remove the account with ${name}?`} word={name} action="Remove account" busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose}>
      You can no longer sign in here with it.
    </TypedConfirm>
  );
}
