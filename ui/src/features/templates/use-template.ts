import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { toast } from "@/components/ui/toast";
import { useProject } from "@/features/session/place";
import { api, body } from "@/lib/api";
import { firstFree, numbered } from "./numbered";
import type { Template } from "./template";

/** Makes drafts from a template and opens the flow. Names that are taken get a number. */
export function useTemplate() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [project] = useProject();
  return useMutation({
    mutationFn: async (template: Template) => {
      const place = project || "default";
      for (const { name, text } of template.calls) await keepCalled(place, name.replace(/\.\w+$/, ""), text);
      const taken = await namesIn(place, template.name);
      const number = firstFree(template.name, taken);
      const name = numbered(template.name, number, "-");
      const title = numbered(template.title, number, " ");
      const { files, bindings, summary: description } = template;
      return await body(api.POST("/api/flows", { body: { project: place, name, title, files, bindings, description } }));
    },
    onSuccess: async (flow, template) => {
      await queries.invalidateQueries({ queryKey: ["flows"] });
      toast.done(`${template.title} is yours to change`);
      await navigate({ to: "/flows/$flow", params: { flow: flow.id } });
    },
  });
}

/** Names of flows that a name is found in. */
async function namesIn(project: string, text: string): Promise<Set<string>> {
  const { items } = await body(api.GET("/api/flows", { params: { query: { project, text, limit: 200 } } }));
  return new Set(items.map((flow) => flow.name));
}

/** Called by its name, so it is taken as it is where there is one of that name already. */
async function keepCalled(project: string, name: string, text: string): Promise<void> {
  if ((await namesIn(project, name)).has(name)) return;
  await api.POST("/api/flows", { body: { project, name, files: [{ name: "flow.yaml", text }] } });
}
