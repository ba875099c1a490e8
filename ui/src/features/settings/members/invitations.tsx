import { MailX } from "lucide-react";
import { useState } from "react";
import { IconButton } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { Parts } from "../common/parts";
import { roleLabel } from "../common/roles";
import { TypedConfirm } from "../common/typed-confirm";
import { type Invitation, useInvitations, useWithdraw } from "./data";

export function InvitationsPanel() {
  const asked = useInvitations(true);
  const [withdrawn, setWithdrawn] = useState<Invitation>();
  return (
    <Panel title="Invitations" hint="Not taken up yet">
      <Parts asked={asked} what="invitations" noun={["invitation", "invitations"]} empty={<p className="px-4 pt-1 pb-4 text-base text-muted">Nobody is invited at the moment.</p>}>
        {(invitations) => (
          <Table>
            <thead>
              <tr>
                <Head>Person</Head>
                <Head>Role</Head>
                <Head>Invited by</Head>
                <Head>Ends</Head>
                <Head>
                  <span className="sr-only">Actions</span>
                </Head>
              </tr>
            </thead>
            <tbody>
              {invitations.map((invitation) => (
                <InvitationRow key={invitation.id} invitation={invitation} onWithdraw={() => setWithdrawn(invitation)} />
              ))}
            </tbody>
          </Table>
        )}
      </Parts>
      {withdrawn ? <Withdraw invitation={withdrawn} onClose={() => setWithdrawn(undefined)} /> : null}
    </Panel>
  );
}

function InvitationRow({ invitation, onWithdraw }: { invitation: Invitation; onWithdraw: () => void }) {
  return (
    <Row>
      <Cell className="truncate font-medium" title={invitation.email}>
        <bdi>{invitation.email}</bdi>
      </Cell>
      <Cell className="text-muted">{roleLabel(invitation.role)}</Cell>
      <Cell className="truncate text-muted">
        <bdi>{invitation.invitedBy}</bdi>
      </Cell>
      <Cell className="whitespace-nowrap text-muted">
        <Moment at={invitation.expiresAt} />
      </Cell>
      <Cell className="text-end">
        <IconButton label={`Withdraw the invitation of ${invitation.email}`} size="icon-sm" onClick={onWithdraw}>
          <MailX aria-hidden />
        </IconButton>
      </Cell>
    </Row>
  );
}

function Withdraw({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const withdraw = useWithdraw();
  return (
    <TypedConfirm title="Withdraw this invitation?" word={invitation.email} action="Withdraw" busy={withdraw.isPending} error={withdraw.error} onConfirm={() => withdraw.mutate(invitation, { onSuccess: onClose })} onClose={onClose}>
      The link in it will no longer do anything.
    </TypedConfirm>
  );
}
