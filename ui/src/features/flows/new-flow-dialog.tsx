import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { useProject } from "@/features/session/place";
import { projectsQuery } from "@/features/shell/places";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { BLANK, DIALECTS, type DialectLook } from "./dialect";
import { nameFrom } from "./name";

export function NewFlowDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="New flow" description="It begins with a step or two that run as they are.">
      <Form onCancel={() => onOpenChange(false)} />
    </Dialog>
  );
}

function Form({ onCancel }: { onCancel: () => void }) {
  const [chosen] = useProject();
  const [title, setTitle] = useState("");
  const [dialect, setDialect] = useState<DialectLook["value"]>("graph");
  const [project, setProject] = useState(chosen || "default");
  const { data: projects } = useQuery(projectsQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const make = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const name = nameFrom(title);
      const file = { name: dialect === "graph" ? "flow.json" : "flow.yaml", text: BLANK[dialect](name) };
      return body(api.POST("/api/flows", { body: { project, name, title: title.trim(), files: [file] } }));
    },
    onSuccess: async (flow) => {
      await queries.invalidateQueries({ queryKey: ["flows"] });
      await navigate({ to: "/flows/$flow", params: { flow: flow.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const names = projects?.items.map((item) => item.name) ?? [project];
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="Name" error={make.error ? Failure.of(make.error).message : undefined}>
        {(tied) => <Input {...tied} required placeholder="Order intake" value={title} onChange={(event) => setTitle(event.target.value)} />}
      </Field>
      <fieldset>
        <legend className="mb-1 text-sm font-medium">Written as</legend>
        <div className="grid gap-2 sm:grid-cols-3">
          {DIALECTS.map((option) => (
            <DialectCard key={option.value} option={option} chosen={option.value === dialect} onChoose={() => setDialect(option.value)} />
          ))}
        </div>
      </fieldset>
      {names.length > 1 ? (
        <Field label="Project">
          {(tied) => <Select {...tied} value={project} onChange={setProject} options={names.map((name) => ({ value: name, label: name }))} />}
        </Field>
      ) : null}
      <div className="flex justify-end gap-2 pt-1">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={make.isPending} disabled={!title.trim()}>
          Make flow
        </Button>
      </div>
    </form>
  );
}

function DialectCard({ option, chosen, onChoose }: { option: DialectLook; chosen: boolean; onChoose: () => void }) {
  return (
    <label className="flex cursor-default flex-col gap-1 rounded-lg border border-line-strong p-3 hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-ring">
      <input type="radio" name="dialect" className="sr-only" checked={chosen} onChange={onChoose} />
      <option.icon className="size-4 text-accent-ink" aria-hidden />
      <span className="text-base font-medium">{option.label}</span>
      <span className="text-sm text-muted">{option.about}</span>
    </label>
  );
}
