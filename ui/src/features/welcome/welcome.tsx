import { Link, useNavigate } from "@tanstack/react-router";
import { FileUp, LayoutTemplate, SquarePen } from "lucide-react";
import type { ReactNode } from "react";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Shown } from "@/components/ui/states";
import { useMay, useSession } from "@/features/session/data";
import { TemplateCard, useTemplates } from "@/features/templates/page";

/** Good first flows: they need no credentials, reach nothing outside, and end within seconds. */
const FIRST = ["order-process", "hello-world", "simple-workflow"];

/** While there is no flow: three ways to have one. */
export function Welcome() {
  const { user } = useSession();
  const may = useMay();
  const navigate = useNavigate();
  if (!may("flows.write")) {
    return (
      <PageHeader title="Welcome to Weir" description="There are no flows yet. Somebody with the role of an editor can make the first one." name="Welcome" />
    );
  }
  return (
    <>
      <PageHeader title={user.name ? `Welcome, ${user.name}` : "Welcome to Weir"} description="There are no flows yet. Three ways to have one:" name="Welcome" />
      <PageBody className="max-w-260">
        <div className="grid gap-3 sm:grid-cols-3">
          <Way icon={<LayoutTemplate aria-hidden />} title="From a template" to="/templates">
            Twenty flows that run at once, without an account anywhere.
          </Way>
          <Way icon={<SquarePen aria-hidden />} title="From nothing" to="/flows" open="new">
            A graph, a tree or agents, with one step to begin with.
          </Way>
          <Way icon={<FileUp aria-hidden />} title="From a file" to="/flows" open="import">
            YAML or JSON in any dialect, or a bundle with several flows.
          </Way>
        </div>
        <h2 className="mt-8 mb-2.5 text-base font-semibold">To begin with</h2>
        <First onOpen={(template) => void navigate({ to: "/templates", search: { template } })} />
      </PageBody>
    </>
  );
}

function First({ onOpen }: { onOpen: (name: string) => void }) {
  const asked = useTemplates();
  return (
    <Shown asked={asked}>
      {(templates) => (
        <div className="grid gap-3 sm:grid-cols-3">
          {FIRST.flatMap((name) => templates.find((template) => template.name === name) ?? []).map((template) => (
            <TemplateCard key={template.name} template={template} onOpen={() => onOpen(template.name)} />
          ))}
        </div>
      )}
    </Shown>
  );
}

function Way({ icon, title, to, open, children }: { icon: ReactNode; title: string; to: "/templates" | "/flows"; open?: "new" | "import"; children: ReactNode }) {
  return (
    <Link
      to={to}
      search={open ? { open } : {}}
      className="flex flex-col rounded-lg border border-line bg-surface p-4 transition-colors hover:border-accent [&_svg]:size-5 [&_svg]:text-accent-ink"
    >
      {icon}
      <span className="mt-2.5 text-lg font-semibold">{title}</span>
      <span className="mt-0.5 text-base text-muted">{children}</span>
    </Link>
  );
}
