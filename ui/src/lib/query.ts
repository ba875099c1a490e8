import { QueryClient } from "@tanstack/react-query";

/** One cache for everything that was asked of the server. */
export const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 5_000, retry: false } },
});
