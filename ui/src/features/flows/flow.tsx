import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Panel } from "@/components/ui/panel";
import { Shown } from "@/components/ui/states";
import { DeploymentState } from "@/components/ui/status";
import { api, body } from "@/lib/api";

/** A flow as it is kept: how it stands, and its text. */
export function FlowPage() {
  const { flow: id } = useParams({ from: "/_app/flows/$flow/" });
  const asked = useQuery({
    queryKey: ["flow", id],
    queryFn: () => body(api.GET("/api/flows/{id}", { params: { path: { id } } })),
  });
  return (
    <Shown asked={asked} what="this flow">
      {(flow) => (
        <>
          <PageHeader
            title={flow.title || flow.name}
            description={`${flow.project} / ${flow.service} / ${flow.name}`}
            actions={<DeploymentState state={flow.status.status} asleep={flow.status.asleep} />}
          />
          <PageBody className="flex flex-col gap-4">
            {flow.files.map((file) => (
              <Panel key={file.name} title={file.name}>
                <pre className="overflow-x-auto p-4 font-mono text-sm" tabIndex={0}>{file.text}</pre>
              </Panel>
            ))}
          </PageBody>
        </>
      )}
    </Shown>
  );
}
