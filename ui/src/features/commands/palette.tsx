import { Command as Cmdk } from "cmdk";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Workflow } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useState } from "react";
import { Kbd } from "@/components/ui/kbd";
import { api, body } from "@/lib/api";
import { useSettled } from "@/lib/settled";
import { allCommands, type Command, openPalette, useCommandState, waysOf } from "./commands";

/** Everything that can be done or gone to, by a few letters. */
export default function Palette() {
  return (
    <Radix.Root open onOpenChange={openPalette}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 animate-fade bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed start-1/2 top-[14vh] z-50 w-[calc(100%-2rem)] max-w-140 -translate-x-1/2 animate-fade overflow-hidden rounded-xl border border-line bg-raised shadow-sheet rtl:translate-x-1/2"
        >
          <Radix.Title className="sr-only">Go to anything</Radix.Title>
          <Inside />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Inside() {
  const [text, setText] = useState("");
  const lists = useCommandState((state) => state.lists);
  const sections = bySection(allCommands(lists).filter((command) => !command.hidden));
  return (
    <Cmdk label="Go to anything" loop>
      <Cmdk.Input
        value={text}
        onValueChange={setText}
        placeholder="Search flows, pages and commands"
        className="h-12 w-full border-b border-line bg-transparent px-4 text-lg outline-none"
      />
      <Cmdk.List className="max-h-[52vh] overflow-auto p-1.5">
        <Cmdk.Empty className="px-3 py-8 text-center text-base text-muted">Nothing is called that.</Cmdk.Empty>
        {sections.map(([section, commands]) => (
          <Cmdk.Group key={section} heading={section} className={group}>
            {commands.map((command) => (
              <Item key={command.id} command={command} />
            ))}
          </Cmdk.Group>
        ))}
        <Flows text={text} />
      </Cmdk.List>
    </Cmdk>
  );
}

const group =
  "[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-muted";
const row =
  "flex h-8.5 cursor-default items-center gap-2.5 rounded-md px-2.5 text-base data-[selected=true]:bg-hover [&_svg]:size-4 [&_svg]:text-muted";

function Item({ command }: { command: Command }) {
  const run = () => {
    openPalette(false);
    command.run();
  };
  return (
    <Cmdk.Item value={`${command.title} ${command.words ?? ""} ${command.id}`} onSelect={run} className={row}>
      {command.icon}
      <span className="min-w-0 flex-1 truncate">{command.title}</span>
      {command.keys ? <Kbd keys={waysOf(command)[0] ?? ""} /> : null}
    </Cmdk.Item>
  );
}

/** Flows are searched for by the server: there may be thousands. */
function Flows({ text }: { text: string }) {
  const settled = useSettled(text.trim(), 150);
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ["flows", "palette", settled],
    queryFn: () => body(api.GET("/api/flows", { params: { query: { limit: 8, ...(settled ? { text: settled } : {}) } } })),
    placeholderData: keepPreviousData,
  });
  if (!data || data.items.length === 0) return null;
  return (
    <Cmdk.Group heading="Flows" className={group} forceMount>
      {data.items.map((flow) => (
        <Cmdk.Item
          key={flow.id}
          value={`flow ${flow.id}`}
          // The server has matched it already, perhaps by its text.
          forceMount
          onSelect={() => {
            openPalette(false);
            void navigate({ to: "/flows/$flow", params: { flow: flow.id } });
          }}
          className={row}
        >
          <Workflow aria-hidden />
          <span className="min-w-0 flex-1 truncate" dir="auto">
            {flow.title || flow.name}
          </span>
          <span className="truncate text-sm text-muted">{flow.project}</span>
        </Cmdk.Item>
      ))}
    </Cmdk.Group>
  );
}

export function bySection(commands: Command[]): [string, Command[]][] {
  const sections = new Map<string, Command[]>();
  for (const command of commands) sections.set(command.section, [...(sections.get(command.section) ?? []), command]);
  return [...sections];
}
