import { SettingsPage } from "../common/settings-page";
import { IdentitiesPanel } from "./identities";
import { PasswordPanel } from "./password";
import { SessionsPanel } from "./sessions";
import { TwoFactorPanel } from "./two-factor";

export function AccountPage() {
  return (
    <SettingsPage title="Sign-in" description="How you sign in, and where you are signed in.">
      <PasswordPanel />
      <TwoFactorPanel />
      <IdentitiesPanel />
      <SessionsPanel />
    </SettingsPage>
  );
}
