import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { toast } from "@/components/ui/toast";
import { useProject } from "@/features/session/place";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
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
      return await create(place, template, 1);
    },
    onSuccess: async (flow, template) => {
      await queries.invalidateQueries({ queryKey: ["flows"] });
      toast.done(`${template.title} is yours to change`);
      await navigate({ to: "/flows/$flow", params: { flow: flow.id } });
    },
  });
}

async function create(project: string, template: Template, attempt: number): Promise<{ id: string }> {
  const name = attempt === 1 ? template.name : `${template.name}-${attempt}`;
  const title = attempt === 1 ? template.title : `${template.title} ${attempt}`;
  try {
    const { files, bindings } = template;
    return await body(api.POST("/api/flows", { body: { project, name, title, files, bindings, description: template.summary } }));
  } catch (error) {
    if (Failure.of(error).kind !== "conflict" || attempt >= 50) throw error;
    return await create(project, template, attempt + 1);
  }
}

/** Called by its name, so it is taken as it is where there is one of that name already. */
async function keepCalled(project: string, name: string, text: string): Promise<void> {
  try {
    await api.POST("/api/flows", { body: { project, name, files: [{ name: "flow.yaml", text }] } });
  } catch (error) {
    if (Failure.of(error).kind !== "conflict") throw error;
  }
}
