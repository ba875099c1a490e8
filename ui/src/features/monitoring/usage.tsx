import { Forbidden } from "@/components/ui/states";
import { useMay } from "@/features/session/data";
import { UsageMeters } from "@/features/settings/usage/meters";

export function UsageTab() {
  return useMay()("usage.read") ? <UsageMeters /> : <Forbidden what="usage" />;
}
