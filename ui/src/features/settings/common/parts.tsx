import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { More } from "@/components/ui/pagination";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Failed } from "@/components/ui/states";

/** Part of a list, as the server gives every list. */
export interface Part<T> {
  items: T[];
  next?: string | null;
}

/** A list that is asked for in parts: `load` gets where the part before ended. */
export function useParts<T>(key: readonly unknown[], load: (after: { after?: string }) => Promise<Part<T>>, options: { every?: number; enabled?: boolean } = {}) {
  return useInfiniteQuery<Part<T>, Error, InfiniteData<Part<T>>, readonly unknown[], string>({
    queryKey: key,
    queryFn: ({ pageParam }) => load(pageParam ? { after: pageParam } : {}),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: (before) => before,
    ...(options.every ? { refetchInterval: options.every } : {}),
    ...(options.enabled === undefined ? {} : { enabled: options.enabled }),
  });
}

export type Asked<T> = ReturnType<typeof useParts<T>>;

export const itemsOf = <T,>(asked: Asked<T>): T[] => asked.data?.pages.flatMap((page) => page.items) ?? [];

interface Props<T> {
  asked: Asked<T>;
  /** What it is a list of, for whoever may not see it. */
  what: string;
  /** One, and many. */
  noun: [string, string];
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
}

/** A list that is loading, failed, empty or there; with the way to its next part. */
export function Parts<T>({ asked, what, noun, empty, children }: Props<T>) {
  if (asked.data === undefined) {
    return asked.isPending ? <SkeletonRows /> : <Failed error={asked.error} what={what} onRetry={() => void asked.refetch()} />;
  }
  const items = itemsOf(asked);
  if (items.length === 0) return empty;
  return (
    <>
      {children(items)}
      <div className="border-t border-line">
        <More shown={items.length} more={asked.hasNextPage} busy={asked.isFetchingNextPage} onMore={() => void asked.fetchNextPage()} noun={items.length === 1 ? noun[0] : noun[1]} />
      </div>
    </>
  );
}
