import { useMutation, useQuery } from "@tanstack/react-query";
import { ChevronsUpDown } from "lucide-react";
import { Menu, MenuItem, MenuLabel } from "@/components/ui/menu";
import { Select } from "@/components/ui/select";
import { lookAt, useMay, useSession } from "@/features/session/data";
import { useProject } from "@/features/session/place";
import { api, body } from "@/lib/api";
import { cn } from "@/lib/cn";
import { Mark } from "./mark";

/** Which organisation is looked at; a menu where there are several. */
export function OrganisationMenu({ wide }: { wide: boolean }) {
  const session = useSession();
  const change = useMutation({ mutationFn: (tenant: string) => lookAt(tenant, "/") });
  const current = session.tenants.find((tenant) => tenant.id === session.tenant);
  const name = current?.name ?? "No organisation";
  const face = (
    <>
      <Mark className="size-6.5 shrink-0" />
      {wide ? (
        <span className="min-w-0 flex-1 text-start">
          <span className="block truncate text-base font-semibold" dir="auto">
            {name}
          </span>
        </span>
      ) : null}
    </>
  );
  const look = cn("flex items-center gap-2.5 rounded-md", wide ? "h-9 w-full px-1" : "size-9 justify-center");
  if (session.tenants.length < 2) return <div className={look}>{face}</div>;
  return (
    <Menu
      trigger={
        <button type="button" aria-label={`Organisation: ${name}`} className={cn(look, "hover:bg-hover")}>
          {face}
          {wide ? <ChevronsUpDown className="size-3.5 text-muted" aria-hidden /> : null}
        </button>
      }
    >
      <MenuLabel>Organisations</MenuLabel>
      {session.tenants.map((tenant) => (
        <MenuItem key={tenant.id} chosen={tenant.id === session.tenant} onSelect={() => change.mutate(tenant.id)}>
          <span dir="auto">{tenant.name}</span>
        </MenuItem>
      ))}
    </Menu>
  );
}

export const projectsQuery = {
  queryKey: ["projects"],
  queryFn: () => body(api.GET("/api/projects", { params: { query: { limit: 200 } } })),
};

export function ProjectSelect() {
  const may = useMay()("projects.read");
  const [project, setProject] = useProject();
  const { data } = useQuery({ ...projectsQuery, enabled: may });
  const known = data?.items.map(({ name }) => name) ?? [];
  const names = project && !known.includes(project) ? [project, ...known] : known;
  if (names.length < 2 && !project) return null;
  const options = [{ value: "", label: "All projects" }, ...names.toSorted().map((name) => ({ value: name, label: name }))];
  return <Select label="Project" value={project} onChange={setProject} options={options} className="w-full" />;
}
