import { KeyRound, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button, IconButton } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Empty } from "@/components/ui/states";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { Tip } from "@/components/ui/tooltip";
import { useCommands } from "@/features/commands/commands";
import { useMay, useSession } from "@/features/session/data";
import { useNow } from "@/lib/now";
import { Parts } from "../common/parts";
import { roleLabel } from "../common/roles";
import { SettingsPage } from "../common/settings-page";
import { TypedConfirm } from "../common/typed-confirm";
import { type Key, useKeys, useRevokeKey } from "./data";
import { NewKeyDialog } from "./new-key-dialog";

export function KeysPage() {
  const everybody = useMay()("keys.write");
  const asked = useKeys();
  const [making, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<Key>();
  useCommands("keys", [{ id: "new-key", title: "New API key", section: "API keys", keys: "N", icon: <Plus />, run: () => setMaking(true) }]);
  const make = (
    <Button look="primary" onClick={() => setMaking(true)}>
      <Plus aria-hidden />
      New key
    </Button>
  );
  const empty = (
    <Empty icon={<KeyRound aria-hidden />} title="No keys yet" actions={make}>
      Programs and the command line bring a key with each request.
    </Empty>
  );
  const description = everybody ? "Keys with which programs use the API: your own, everybody else’s, and service keys of nobody." : "Keys with which your programs use the API in your name.";
  return (
    <SettingsPage title="API keys" description={description} needs="keys.own" actions={make}>
      <Panel aria-label="API keys">
        <Parts asked={asked} what="API keys" noun={["key", "keys"]} empty={empty}>
          {(keys) => <KeyTable keys={keys} onRevoke={setRevoked} />}
        </Parts>
      </Panel>
      {making ? <NewKeyDialog onClose={() => setMaking(false)} /> : null}
      {revoked ? <Revoke revoked={revoked} onClose={() => setRevoked(undefined)} /> : null}
    </SettingsPage>
  );
}

function KeyTable({ keys, onRevoke }: { keys: Key[]; onRevoke: (key: Key) => void }) {
  return (
    <Table>
      <thead>
        <tr>
          <Head>Name</Head>
          <Head>Of</Head>
          <Head>May</Head>
          <Head>Last used</Head>
          <Head>Made</Head>
          <Head>Ends</Head>
          <Head>
            <span className="sr-only">Actions</span>
          </Head>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <KeyRow key={key.id} line={key} onRevoke={() => onRevoke(key)} />
        ))}
      </tbody>
    </Table>
  );
}

function KeyRow({ line, onRevoke }: { line: Key; onRevoke: () => void }) {
  return (
    <Row>
      <Cell className="py-1.5">
        <span className="block truncate font-medium" title={line.name}>
          <bdi>{line.name}</bdi>
        </span>
        <code className="block font-mono text-xs text-muted">weir_{line.prefix}_…</code>
      </Cell>
      <Cell>
        <Whose user={line.user} />
      </Cell>
      <Cell>
        <Scopes line={line} />
      </Cell>
      <Cell className="whitespace-nowrap text-muted">{line.lastUsedAt ? <Moment at={line.lastUsedAt} /> : "never"}</Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Moment at={line.createdAt} />
      </Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Ends at={line.expiresAt} />
      </Cell>
      <Cell className="text-end">
        <IconButton label={`Revoke ${line.name}`} size="icon-sm" onClick={onRevoke}>
          <Trash2 aria-hidden />
        </IconButton>
      </Cell>
    </Row>
  );
}

function Whose({ user }: { user: string | null | undefined }) {
  const { user: self } = useSession();
  if (!user) return <Badge tone="accent">Service</Badge>;
  return user === self.id ? <Badge>You</Badge> : <Badge tone="outline">Another member</Badge>;
}

function Ends({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return "never";
  return Date.parse(at) < now ? <Badge tone="bad">Ended</Badge> : <Moment at={at} />;
}

function Scopes({ line }: { line: Key }) {
  if (!line.scopes) return <span className="whitespace-nowrap text-muted">all that {roleLabel(line.role).toLowerCase()}s may</span>;
  return (
    <Tip text={line.scopes.join(", ")}>
      <button type="button" className="rounded-sm" aria-label={`Scopes: ${line.scopes.join(", ")}`}>
        <Badge className="font-mono">
          {line.scopes[0]}
          {line.scopes.length > 1 ? ` and ${line.scopes.length - 1} more` : ""}
        </Badge>
      </button>
    </Tip>
  );
}

function Revoke({ revoked, onClose }: { revoked: Key; onClose: () => void }) {
  const revoke = useRevokeKey();
  return (
    <TypedConfirm title={`Revoke ${revoked.name}?`} word={revoked.name} action="Revoke key" busy={revoke.isPending} error={revoke.error} onConfirm={() => revoke.mutate(revoked, { onSuccess: onClose })} onClose={onClose}>
      Whatever uses it is refused from now on. It cannot be brought back.
    </TypedConfirm>
  );
}
