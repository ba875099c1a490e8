import { useQuery } from "@tanstack/react-query";
import { PageHeader } from "@/components/ui/page";
import { Failed, Loading } from "@/components/ui/states";
import { useMay } from "@/features/session/data";
import { useProject } from "@/features/session/place";
import { Welcome } from "@/features/welcome/welcome";
import { Dashboard } from "./dashboard";
import { flowsQuery } from "./data";

/** The first page: the figures, or where to begin while there is nothing yet. */
export function Home() {
  const may = useMay();
  const [project] = useProject();
  const asked = useQuery({ ...flowsQuery(project), enabled: may("flows.read") });
  if (asked.isPending && asked.isFetching) return <Loading />;
  if (asked.error && !asked.data) {
    return (
      <>
        <PageHeader title="Dashboard" />
        <Failed error={asked.error} onRetry={() => void asked.refetch()} />
      </>
    );
  }
  const flows = asked.data?.items ?? [];
  if (flows.length === 0 && !project && may("flows.read")) return <Welcome />;
  return <Dashboard flows={flows} project={project} />;
}
