import { PageHeader } from "@/components/ui/page";

export function FlowsPage() {
  return <PageHeader title="Flows" />;
}
