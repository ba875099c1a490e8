import { Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/input";
import { Panel } from "@/components/ui/panel";
import { Failure } from "@/lib/failure";
import { Parts } from "../common/parts";
import { useCreateService, useDeleteService, useServices } from "./data";

/** Parts of a project that have variables of their own. */
export function Services({ project, may }: { project: string; may: boolean }) {
  const asked = useServices(project);
  const remove = useDeleteService(project);
  return (
    <Panel title="Services" hint="Parts of it with variables of their own">
      <Parts asked={asked} what="services" noun={["service", "services"]} empty={<p className="px-4 pb-4 text-base text-muted">None.</p>}>
        {(services) => (
          <ul className="px-4 pb-2">
            {services.map((service) => (
              <li key={service.name} className="flex min-h-8 items-center gap-2 text-base">
                <span className="min-w-0 flex-1 truncate" title={service.name}>
                  {service.name}
                </span>
                {may ? (
                  <IconButton label={`Delete the service ${service.name}`} size="icon-sm" onClick={() => remove.mutate(service)}>
                    <Trash2 aria-hidden />
                  </IconButton>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </Parts>
      {may ? <NewService project={project} /> : null}
    </Panel>
  );
}

function NewService({ project }: { project: string }) {
  const [name, setName] = useState("");
  const create = useCreateService(project);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(name.trim(), { onSuccess: () => setName("") });
  };
  return (
    <form onSubmit={submit} className="flex items-start gap-2 border-t border-line p-3">
      <Field label="New service" className="flex-1" error={create.error ? Failure.of(create.error).message : undefined}>
        {(tied) => <Input {...tied} maxLength={100} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Button type="submit" className="mt-5.5" busy={create.isPending} disabled={!name.trim()}>
        Add
      </Button>
    </form>
  );
}
