import { Link, Outlet } from "@tanstack/react-router";
import { PageBody, PageHeader } from "@/components/ui/page";
import { tabLook } from "@/components/ui/tabs";
import { useMay } from "@/features/session/data";
import type { Permission } from "@/features/session/permissions";

const TABS: { to: "/monitoring/deployments" | "/monitoring/performance" | "/monitoring/schedule" | "/monitoring/usage"; label: string; needs: Permission }[] = [
  { to: "/monitoring/deployments", label: "Deployments", needs: "flows.read" },
  { to: "/monitoring/performance", label: "Performance", needs: "runs.read" },
  { to: "/monitoring/schedule", label: "Schedule", needs: "triggers.read" },
  { to: "/monitoring/usage", label: "Usage", needs: "usage.read" },
];

export function MonitoringLayout() {
  const may = useMay();
  return (
    <>
      <PageHeader title="Monitoring" description="What is switched on, how it goes, what is due, and what is used." />
      <PageBody>
        <nav aria-label="Monitoring" className="mb-4 flex gap-4 border-b border-line">
          {TABS.filter(({ needs }) => may(needs)).map(({ to, label }) => (
            <Link key={to} to={to} activeOptions={{ includeSearch: false }} className={tabLook}>
              {label}
            </Link>
          ))}
        </nav>
        <Outlet />
      </PageBody>
    </>
  );
}
