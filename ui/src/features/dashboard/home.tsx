import { PageHeader } from "@/components/ui/page";

export function Home() {
  return <PageHeader title="Dashboard" />;
}
