import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { allCommands, openKeys, useCommandState, waysOf } from "./commands";
import { bySection } from "./palette";

/** The keys that work on the page that is shown. */
export default function KeySheet() {
  const lists = useCommandState((state) => state.lists);
  const sections = bySection(allCommands(lists).filter((command) => command.keys));
  return (
    <Dialog open onOpenChange={openKeys} title="Keyboard" description="On this page. Single letters rest while you type." size="lg">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a long list is scrolled by keys */}
      <div role="region" aria-label="Keys" tabIndex={0} className="columns-1 gap-8 rounded-sm outline-none focus-visible:ring-2 focus-visible:ring-ring sm:columns-2">
        {sections.map(([section, commands]) => (
          <section key={section} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 text-xs font-medium text-muted">{section}</h3>
            <dl>
              {commands.map((command) => (
                <div key={command.id} className="flex h-7.5 items-center justify-between gap-4 border-b border-line">
                  <dt className="truncate">{command.title}</dt>
                  <dd className="flex shrink-0 gap-2">
                    {waysOf(command).map((keys) => <Kbd key={keys} keys={keys} />)}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
