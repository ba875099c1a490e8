import { UserPlus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { SettingsPage } from "../common/settings-page";
import { InvitationsPanel } from "./invitations";
import { InviteDialog } from "./invite-dialog";
import { MembersPanel } from "./members";
import { RolesPanel } from "./roles-panel";

export function MembersPage() {
  const may = useMay()("members.write");
  const [inviting, setInviting] = useState(false);
  useCommands("members", may ? [{ id: "invite", title: "Invite somebody", section: "Members", keys: "N", icon: <UserPlus />, run: () => setInviting(true) }] : []);
  const invite = (
    <Button look="primary" onClick={() => setInviting(true)}>
      <UserPlus aria-hidden />
      Invite
    </Button>
  );
  return (
    <SettingsPage title="Members" description="Who belongs to the organisation, and what each of them may do." needs="members.read" actions={may ? invite : null}>
      <MembersPanel />
      {may ? <InvitationsPanel /> : null}
      <RolesPanel />
      {inviting ? <InviteDialog onClose={() => setInviting(false)} /> : null}
    </SettingsPage>
  );
}
