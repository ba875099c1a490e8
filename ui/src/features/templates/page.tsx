import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import { SearchInput } from "@/components/ui/input";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Empty, Loading, Shown } from "@/components/ui/states";
import { DIALECTS } from "@/features/flows/dialect";
import { useMay } from "@/features/session/data";
import { Markdown } from "./markdown";
import type { Template } from "./template";
import { useTemplate } from "./use-template";

const templatesQuery = {
  queryKey: ["templates"],
  queryFn: async () => (await import("./folders")).TEMPLATES,
  staleTime: Number.POSITIVE_INFINITY,
};

export function useTemplates() {
  return useQuery(templatesQuery);
}

export function TemplatesPage() {
  const asked = useTemplates();
  const [text, setText] = useState("");
  return (
    <>
      <PageHeader title="Templates" description="Flows that run as they are. One click makes a draft of your own.">
        <SearchInput aria-label="Search templates" placeholder="Search templates" value={text} onChange={(event) => setText(event.target.value)} className="mt-3 max-w-96" />
      </PageHeader>
      <PageBody>
        <Shown asked={asked} loading={<Loading />}>
          {(templates) => <Gallery templates={matching(templates, text)} all={templates} onClear={() => setText("")} />}
        </Shown>
      </PageBody>
    </>
  );
}

function matching(templates: Template[], text: string): Template[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const inside = ({ title, about, dialect }: Template) => `${title} ${about} ${dialect}`.toLowerCase();
  return templates.filter((template) => words.every((word) => inside(template).includes(word)));
}

function Gallery({ templates, all, onClear }: { templates: Template[]; all: Template[]; onClear: () => void }) {
  const { template: opened } = useSearch({ from: "/_app/templates" });
  const navigate = useNavigate({ from: "/templates" });
  const open = (name: string | undefined) => void navigate({ search: name ? { template: name } : {}, replace: true });
  const shown = all.find((template) => template.name === opened);
  return (
    <>
      {templates.length === 0 ? (
        <Empty title="No template matches" actions={<Button onClick={onClear}>Show all templates</Button>} />
      ) : (
        DIALECTS.map((dialect) => {
          const own = templates.filter((template) => template.dialect === dialect.value);
          return own.length === 0 ? null : (
            <section key={dialect.value} className="mb-7">
              <h2 className="text-base font-semibold">{dialect.label}s</h2>
              <p className="mb-2.5 text-base text-muted">{dialect.about}</p>
              <div className="grid grid-cols-[repeat(auto-fill,minmax(17rem,1fr))] gap-3">
                {own.map((template) => (
                  <TemplateCard key={template.name} template={template} onOpen={() => open(template.name)} />
                ))}
              </div>
            </section>
          );
        })
      )}
      {shown ? <Details template={shown} onClose={() => open(undefined)} /> : null}
    </>
  );
}

/** What a template is, and the one click. */
export function TemplateCard({ template, onOpen }: { template: Template; onOpen: () => void }) {
  const may = useMay();
  const use = useTemplate();
  const look = DIALECTS.find((dialect) => dialect.value === template.dialect);
  return (
    <article className="flex flex-col rounded-lg border border-line bg-surface p-3.5 transition-colors hover:border-line-strong">
      <div className="flex items-center gap-2">
        {look ? <look.icon className="size-4 shrink-0 text-accent-ink" aria-label={look.label} /> : null}
        <h3 className="truncate text-base font-semibold">{template.title}</h3>
      </div>
      <p className="mt-1 mb-3 line-clamp-3 flex-1 text-base text-muted">{template.summary}</p>
      <div className="flex items-center gap-2">
        {may("flows.write") ? (
          <Button size="sm" busy={use.isPending} onClick={() => use.mutate(template)} aria-label={`Use ${template.title}`}>
            Use
          </Button>
        ) : null}
        <Button size="sm" look="quiet" onClick={onOpen} aria-label={`About ${template.title}`}>
          About
        </Button>
      </div>
    </article>
  );
}

function Details({ template, onClose }: { template: Template; onClose: () => void }) {
  const may = useMay();
  const use = useTemplate();
  const footer = may("flows.write") ? (
    <Button look="primary" busy={use.isPending} onClick={() => use.mutate(template)}>
      Use this template
    </Button>
  ) : null;
  return (
    <Sheet open onOpenChange={onClose} title={template.title} size="lg" footer={footer}>
      <Markdown text={template.about.replace(/^# .*$/m, "")} />
      {[...template.files, ...template.calls].map((file) => (
        <section key={file.name} className="mt-4">
          <h3 className="mb-1 flex items-center gap-2 text-sm font-medium text-muted">
            {file.name}
            {template.calls.includes(file) ? <Badge>a flow that it calls</Badge> : null}
          </h3>
          <pre className="max-h-120 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-sm" tabIndex={0}>
            {file.text}
          </pre>
        </section>
      ))}
    </Sheet>
  );
}
