import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { GROUPS, type Section } from "./sections";

/** The pages of the settings beside each other; on a narrow window, above. */
export function SettingsLayout() {
  const may = useMay();
  const navigate = useNavigate();
  const groups = GROUPS.map(({ label, sections }) => ({ label, sections: sections.filter(({ needs }) => !needs || may(needs)) }));
  useCommands(
    "settings",
    groups.flatMap(({ sections }) =>
      sections.map(({ to, label, words, icon: Icon }) => ({ id: `go ${to}`, title: label, section: "Settings", words, icon: <Icon />, run: () => void navigate({ to }) })),
    ),
  );
  return (
    <div className="flex min-h-full flex-col lg:flex-row">
      <nav aria-label="Settings" className="flex shrink-0 flex-wrap gap-x-4 gap-y-2 border-line px-4 pt-5 max-lg:border-b max-lg:pb-3 lg:sticky lg:top-0 lg:h-full lg:w-50 lg:flex-col lg:self-start">
        {groups.map(({ label, sections }) => (sections.length > 0 ? <Group key={label} label={label} sections={sections} /> : null))}
      </nav>
      <div className="min-w-0 flex-1 border-line lg:border-s">
        <Outlet />
      </div>
    </div>
  );
}

function Group({ label, sections }: { label: string; sections: Section[] }) {
  return (
    <div className="flex flex-wrap gap-0.5 lg:mb-3 lg:flex-col">
      <p className="w-full px-2 pb-1 text-xs font-medium text-muted">{label}</p>
      {sections.map(({ to, label: name, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ includeSearch: false }}
          className="flex h-7.5 items-center gap-2.5 rounded-md px-2 text-base text-muted transition-colors hover:bg-hover hover:text-ink data-[status=active]:bg-pressed data-[status=active]:font-medium data-[status=active]:text-ink [&_svg]:size-4"
        >
          <Icon aria-hidden />
          {name}
        </Link>
      ))}
    </div>
  );
}
