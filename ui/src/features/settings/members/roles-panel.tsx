import { Panel } from "@/components/ui/panel";
import { ROLES } from "../common/roles";

/** What the words in the list of members mean. */
export function RolesPanel() {
  return (
    <Panel title="Roles" hint="Each may do what those above it may as well">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-1.5 px-4 pt-1 pb-4 text-base">
        {ROLES.map(({ value, label, may }) => (
          <div key={value} className="col-span-2 grid grid-cols-subgrid">
            <dt className="font-medium">{label}</dt>
            <dd className="text-muted">{may}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
