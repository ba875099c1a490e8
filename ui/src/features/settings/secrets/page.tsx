import { useNavigate, useSearch } from "@tanstack/react-router";
import { LockKeyhole, Plus, RefreshCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Empty } from "@/components/ui/states";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { isConflict } from "../common/conflict";
import { Parts } from "../common/parts";
import { ProjectChoice, useOneProject } from "../common/project-choice";
import { SettingsPage } from "../common/settings-page";
import { TypedConfirm } from "../common/typed-confirm";
import { type Secret, useDeleteSecret, useSecrets } from "./data";
import { SecretDialog } from "./secret-dialog";

export function SecretsPage() {
  const may = useMay()("secrets.write");
  const search = useSearch({ from: "/_app/settings/secrets" });
  const navigate = useNavigate({ from: "/settings/secrets" });
  const project = useOneProject(search.project);
  const [edited, setEdited] = useState<Secret | "new">();
  const [deleted, setDeleted] = useState<Secret>();
  const asked = useSecrets(project);
  useCommands("secrets", may ? [{ id: "new-secret", title: "New secret", section: "Secrets", keys: "N", icon: <Plus />, run: () => setEdited("new") }] : []);
  const make = may ? (
    <Button look="primary" onClick={() => setEdited("new")}>
      <Plus aria-hidden />
      New secret
    </Button>
  ) : null;
  const actions = (
    <>
      <ProjectChoice project={project} onChange={(next) => void navigate({ search: { project: next }, replace: true })} />
      {make}
    </>
  );
  const empty = (
    <Empty icon={<LockKeyhole aria-hidden />} title="No secrets in this project" actions={make}>
      Steps use a secret by its name. Its value is encrypted here, leaves only in the request that needs it, and is shown to nobody.
    </Empty>
  );
  return (
    <SettingsPage title="Secrets" description="Passwords and tokens that steps use by name. A value is never shown again." needs="secrets.read" actions={actions}>
      <Panel aria-label="Secrets">
        <Parts asked={asked} what="secrets" noun={["secret", "secrets"]} empty={empty}>
          {(secrets) => (
            <Table>
              <thead>
                <tr>
                  <Head>Name</Head>
                  <Head>What it is for</Head>
                  <Head>Value set</Head>
                  <Head>
                    <span className="sr-only">Actions</span>
                  </Head>
                </tr>
              </thead>
              <tbody>
                {secrets.map((secret) => (
                  <SecretRow key={secret.name} secret={secret} may={may} onEdit={() => setEdited(secret)} onDelete={() => setDeleted(secret)} />
                ))}
              </tbody>
            </Table>
          )}
        </Parts>
      </Panel>
      {edited ? <SecretDialog project={project} secret={edited === "new" ? undefined : edited} onClose={() => setEdited(undefined)} /> : null}
      {deleted ? <DeleteSecret secret={deleted} onClose={() => setDeleted(undefined)} /> : null}
    </SettingsPage>
  );
}

function SecretRow({ secret, may, onEdit, onDelete }: { secret: Secret; may: boolean; onEdit: () => void; onDelete: () => void }) {
  return (
    <Row>
      <Cell className="truncate font-mono text-sm" title={secret.name}>
        {secret.name}
      </Cell>
      <Cell className="truncate text-muted" title={secret.description}>
        <bdi>{secret.description || "–"}</bdi>
      </Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Moment at={secret.updatedAt} />
        {secret.revision > 1 ? ` · ${secret.revision - 1}× changed` : null}
      </Cell>
      <Cell className="text-end whitespace-nowrap">
        {may ? (
          <>
            <IconButton label={`New value for ${secret.name}`} size="icon-sm" onClick={onEdit}>
              <RefreshCw aria-hidden />
            </IconButton>
            <IconButton label={`Delete ${secret.name}`} size="icon-sm" onClick={onDelete}>
              <Trash2 aria-hidden />
            </IconButton>
          </>
        ) : null}
      </Cell>
    </Row>
  );
}

function DeleteSecret({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const remove = useDeleteSecret();
  const conflict = isConflict(remove.error);
  return (
    <TypedConfirm title="Delete this secret?" word={secret.name} action="Delete secret" busy={remove.isPending} error={conflict ? undefined : remove.error} onConfirm={() => remove.mutate(secret, { onSuccess: onClose })} onClose={onClose}>
      {conflict ? "It was given a new value meanwhile. Close this, look again, and delete it if you still want to." : "Steps that use it fail from now on, until there is one of this name again. Its value cannot be brought back."}
    </TypedConfirm>
  );
}
