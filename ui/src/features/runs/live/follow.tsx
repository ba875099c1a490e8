import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from "react";
import { type Followed, RunStream } from "./stream";

const Stream = createContext<RunStream | undefined>(undefined);

/** Everything inside sees the run as it goes on. */
export function Follow({ run, children }: { run: string; children: ReactNode }) {
  const stream = useMemo(() => new RunStream(run), [run]);
  return <Stream value={stream}>{children}</Stream>;
}

function useStream(): RunStream {
  const stream = useContext(Stream);
  if (!stream) throw new Error("a part of a run was drawn outside of one");
  return stream;
}

export function useFollowed(): Followed {
  const stream = useStream();
  return useSyncExternalStore(stream.subscribe, stream.look);
}

/** Reads on after something that may have made an ended run go on. */
export function useFollowAgain(): () => void {
  const stream = useStream();
  return () => stream.again();
}
