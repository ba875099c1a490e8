import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FileUp, LayoutTemplate, Plus, Trash2, Workflow } from "lucide-react";
import { useRef, useState } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { SearchInput } from "@/components/ui/input";
import { PageBody, PageHeader } from "@/components/ui/page";
import { More } from "@/components/ui/pagination";
import { Panel } from "@/components/ui/panel";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Empty, Failed, Forbidden } from "@/components/ui/states";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { useProject } from "@/features/session/place";
import { useSettled } from "@/lib/settled";
import { useFlows } from "./data";
import { DeletedDialog } from "./deleted-dialog";
import { ImportDialog } from "./import-dialog";
import { NewFlowDialog } from "./new-flow-dialog";
import { FlowTable } from "./table";

export function FlowsPage() {
  const may = useMay();
  const search = useSearch({ from: "/_app/flows/" });
  const navigate = useNavigate({ from: "/flows/" });
  const [project] = useProject();
  const [text, setText] = useState(search.text ?? "");
  const field = useRef<HTMLInputElement>(null);
  const opened = search.open;
  const open = (what: "new" | "import" | "deleted" | undefined) =>
    void navigate({ search: ({ open: _before, ...rest }) => (what ? { ...rest, open: what } : rest), replace: true });
  useCommands("flows", [
    { id: "flows-search", title: "Search flows", section: "Flows", keys: "/", run: () => field.current?.focus() },
    ...(may("flows.write")
      ? [
          { id: "flows-new", title: "New flow", section: "Flows", keys: "N", icon: <Plus />, run: () => open("new") },
          { id: "flows-import", title: "Import flows", section: "Flows", icon: <FileUp />, run: () => open("import") },
        ]
      : []),
    { id: "flows-deleted", title: "Deleted flows", section: "Flows", words: "trash restore undo", icon: <Trash2 />, run: () => open("deleted") },
  ]);
  if (!may("flows.read")) return <Forbidden what="flows" />;
  const type = (next: string) => {
    setText(next);
    void navigate({ search: ({ text: _before, ...rest }) => (next ? { ...rest, text: next } : rest), replace: true });
  };
  return (
    <>
      <PageHeader title="Flows" actions={<Actions may={may("flows.write")} onOpen={open} />}>
        <SearchInput
          ref={field}
          aria-label="Search flows"
          placeholder="Search by name or by what is in them"
          value={text}
          onChange={(event) => type(event.target.value)}
          className="mt-3 max-w-96"
        />
      </PageHeader>
      <PageBody>
        <List project={project} text={text} onOpen={open} onClear={() => type("")} />
      </PageBody>
      <NewFlowDialog open={opened === "new" && may("flows.write")} onOpenChange={(is) => open(is ? "new" : undefined)} />
      <ImportDialog open={opened === "import" && may("flows.write")} onOpenChange={(is) => open(is ? "import" : undefined)} />
      <DeletedDialog open={opened === "deleted"} onOpenChange={(is) => open(is ? "deleted" : undefined)} />
    </>
  );
}

function Actions({ may, onOpen }: { may: boolean; onOpen: (what: "new" | "import" | "deleted") => void }) {
  const deleted = (
    <Button look="quiet" onClick={() => onOpen("deleted")}>
      <Trash2 aria-hidden />
      Deleted
    </Button>
  );
  if (!may) return deleted;
  return (
    <>
      {deleted}
      <Link to="/templates" className={buttonLook({})}>
        <LayoutTemplate aria-hidden />
        Templates
      </Link>
      <Button onClick={() => onOpen("import")}>
        <FileUp aria-hidden />
        Import
      </Button>
      <Button look="primary" onClick={() => onOpen("new")}>
        <Plus aria-hidden />
        New flow
      </Button>
    </>
  );
}

function List({ project, text, onOpen, onClear }: { project: string; text: string; onOpen: (what: "new") => void; onClear: () => void }) {
  const may = useMay();
  const asked = useFlows(project, useSettled(text.trim(), 200));
  if (asked.isPending) {
    return (
      <Panel>
        <SkeletonRows />
      </Panel>
    );
  }
  const flows = asked.data?.pages.flatMap((page) => page.items);
  if (!flows) return <Failed error={asked.error} onRetry={() => void asked.refetch()} what="flows" />;
  if (flows.length === 0 && text) {
    return (
      <Empty title="No flow matches" actions={<Button onClick={onClear}>Show all flows</Button>}>
        Nothing {project ? `in ${project} ` : ""}is called “{text}” or has it in its text.
      </Empty>
    );
  }
  if (flows.length === 0) {
    return (
      <Empty icon={<Workflow aria-hidden />} title={project ? `No flows in ${project} yet` : "No flows yet"} actions={may("flows.write") ? <EmptyActions onOpen={onOpen} /> : null}>
        A flow says what happens, in which order, and what to do when something fails.
      </Empty>
    );
  }
  return (
    <Panel aria-busy={asked.isPlaceholderData || undefined}>
      <FlowTable flows={flows} showProject={!project} />
      <div className="border-t border-line">
        <More shown={flows.length} more={asked.hasNextPage} busy={asked.isFetchingNextPage} onMore={() => void asked.fetchNextPage()} noun={flows.length === 1 ? "flow" : "flows"} />
      </div>
    </Panel>
  );
}

function EmptyActions({ onOpen }: { onOpen: (what: "new") => void }) {
  return (
    <>
      <Link to="/templates" className={buttonLook({})}>
        Start from a template
      </Link>
      <Button look="primary" onClick={() => onOpen("new")}>
        New flow
      </Button>
    </>
  );
}
