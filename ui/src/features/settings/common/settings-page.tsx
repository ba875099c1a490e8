import type { ReactNode } from "react";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Forbidden } from "@/components/ui/states";
import { useMay } from "@/features/session/data";
import type { Permission } from "@/features/session/permissions";

interface Props {
  title: string;
  description: ReactNode;
  /** Without it there is nothing to see here. */
  needs?: Permission;
  actions?: ReactNode;
  children: ReactNode;
}

/** One page of the settings, for whoever may see it. */
export function SettingsPage({ title, description, needs, actions, children }: Props) {
  const may = useMay();
  if (needs && !may(needs)) {
    return (
      <>
        <PageHeader title={title} />
        <Forbidden what={title.toLowerCase()} />
      </>
    );
  }
  return (
    <>
      <PageHeader title={title} description={description} actions={actions} />
      <PageBody className="flex max-w-300 flex-col gap-4">{children}</PageBody>
    </>
  );
}
