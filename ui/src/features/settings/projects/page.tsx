import { Download, Ellipsis, Folders, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button, IconButton } from "@/components/ui/button";
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Empty } from "@/components/ui/states";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { isConflict } from "../common/conflict";
import { Parts } from "../common/parts";
import { SettingsPage } from "../common/settings-page";
import { TypedConfirm } from "../common/typed-confirm";
import { exportProject, type Project, useDeleteProject, useProjects } from "./data";
import { NewProjectDialog } from "./new-project-dialog";
import { ProjectSheet } from "./project-sheet";

export function ProjectsPage() {
  const may = useMay()("projects.write");
  const asked = useProjects();
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<Project>();
  const [deleted, setDeleted] = useState<Project>();
  useCommands("projects", may ? [{ id: "new-project", title: "New project", section: "Projects", keys: "N", icon: <Plus />, run: () => setMaking(true) }] : []);
  const make = may ? (
    <Button look="primary" onClick={() => setMaking(true)}>
      <Plus aria-hidden />
      New project
    </Button>
  ) : null;
  return (
    <SettingsPage title="Projects" description="Each has its own flows, secrets, variables and interfaces." needs="projects.read" actions={make}>
      <Panel aria-label="Projects">
        <Parts asked={asked} what="projects" noun={["project", "projects"]} empty={<Empty icon={<Folders aria-hidden />} title="No projects" actions={make} />}>
          {(projects) => <ProjectTable projects={projects} may={may} onShow={setShown} onDelete={setDeleted} />}
        </Parts>
      </Panel>
      {making ? <NewProjectDialog onClose={() => setMaking(false)} /> : null}
      {shown ? <ProjectSheet project={shown} may={may} onClose={() => setShown(undefined)} /> : null}
      {deleted ? <DeleteProject project={deleted} onClose={() => setDeleted(undefined)} /> : null}
    </SettingsPage>
  );
}

interface TableProps {
  projects: Project[];
  may: boolean;
  onShow: (project: Project) => void;
  onDelete: (project: Project) => void;
}

function ProjectTable({ projects, may, onShow, onDelete }: TableProps) {
  return (
    <Table>
      <thead>
        <tr>
          <Head>Name</Head>
          <Head>Editing</Head>
          <Head>Changed</Head>
          <Head>
            <span className="sr-only">Actions</span>
          </Head>
        </tr>
      </thead>
      <tbody>
        {projects.map((project) => (
          <Row key={project.name}>
            <Cell>
              <button type="button" onClick={() => onShow(project)} className="block w-full min-w-0 rounded-sm py-1.5 text-start">
                <span className="block truncate font-medium hover:underline">{project.name}</span>
                <span className="block truncate text-sm text-muted" title={project.description}>
                  <bdi>{project.description || "No description"}</bdi>
                </span>
              </button>
            </Cell>
            <Cell>{project.settings.stopBeforeEdit ? <Badge tone="warn">Only of flows that are off</Badge> : <span className="text-muted">At any time</span>}</Cell>
            <Cell className="whitespace-nowrap text-muted">
              <Moment at={project.updatedAt} />
            </Cell>
            <Cell className="text-end">
              <Menu
                align="end"
                trigger={
                  <IconButton label={`More for ${project.name}`} size="icon-sm">
                    <Ellipsis aria-hidden />
                  </IconButton>
                }
              >
                <MenuItem icon={<Pencil />} onSelect={() => onShow(project)}>
                  {may ? "Edit" : "Look at it"}
                </MenuItem>
                <MenuItem icon={<Download />} onSelect={() => void exportProject(project.name)}>
                  Export its flows
                </MenuItem>
                {may ? (
                  <>
                    <MenuLine />
                    <MenuItem icon={<Trash2 />} danger onSelect={() => onDelete(project)}>
                      Delete
                    </MenuItem>
                  </>
                ) : null}
              </Menu>
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  );
}

function DeleteProject({ project, onClose }: { project: Project; onClose: () => void }) {
  const remove = useDeleteProject();
  const conflict = isConflict(remove.error);
  return (
    <TypedConfirm title={`Delete ${project.name}?`} word={project.name} action="Delete project" busy={remove.isPending} error={conflict ? undefined : remove.error} onConfirm={() => remove.mutate(project, { onSuccess: onClose })} onClose={onClose}>
      {conflict ? "It was changed meanwhile. Close this, look again, and delete it if you still want to." : "Its services, secrets, variables and interfaces go with it. A project that still holds flows is not deleted."}
    </TypedConfirm>
  );
}
