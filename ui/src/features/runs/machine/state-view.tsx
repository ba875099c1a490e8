import { useQuery } from "@tanstack/react-query";
import { Panel } from "@/components/ui/panel";
import { Failed, Loading } from "@/components/ui/states";
import { Empty } from "@/components/ui/states";
import { replayQuery } from "../data";
import { useFollowed } from "../live/follow";
import { Replayed } from "./replayed";

/** The run as it is, made from its journal. */
export function StateView({ run }: { run: string }) {
  const { happened, state } = useFollowed();
  const newest = happened.records.at(-1)?.seq;
  const asked = useQuery({ ...replayQuery(run, newest ?? 0), enabled: newest !== undefined, placeholderData: (before) => before });
  if (newest === undefined) return state === "opening" || state === "reading" ? <Loading /> : <Empty title="No state yet">The run has not begun.</Empty>;
  if (asked.data) return <Replayed state={asked.data} />;
  if (asked.isError) return <Failed error={asked.error} onRetry={() => void asked.refetch()} what="its state" />;
  return (
    <Panel>
      <Loading label="Making it from the journal" />
    </Panel>
  );
}
