import { MutationCache, QueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { connection } from "./connection";
import { Failure } from "./failure";

/** Only what may pass by itself is tried again, and as late as the server asks for. */
function again(count: number, error: Error): boolean {
  return Failure.of(error).kind === "slow-down" && count < 3;
}

function later(count: number, error: Error): number {
  const seconds = Failure.of(error).retryAfter;
  return seconds ? seconds * 1_000 : 500 * 2 ** count;
}

/** What the server cannot do at present is shown, and asked for again when it says: it may be starting. */
export function untilItCan(error: Error | null): number | false {
  const { status, retryAfter } = Failure.of(error);
  return status === 503 && retryAfter ? retryAfter * 1_000 : false;
}

/** One cache for everything that was asked of the server. A change that fails says so unless it says `meta.quiet`. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 5_000, retry: again, retryDelay: later, refetchOnReconnect: false, refetchInterval: (query) => untilItCan(query.state.error) },
    mutations: { retry: false },
  },
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      if (!mutation.meta?.quiet) toast.failed(error);
    },
  }),
});

connection.onFound(() => void queries.invalidateQueries());
