import { SettingsPage } from "../common/settings-page";
import { UsageMeters } from "./meters";

export function UsagePage() {
  return (
    <SettingsPage title="Usage" description="What the organisation uses of what its tier allows. Whoever runs the server sets the tier." needs="usage.read">
      <UsageMeters />
    </SettingsPage>
  );
}
