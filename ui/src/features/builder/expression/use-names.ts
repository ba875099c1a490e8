import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Marker } from "@/components/code/code-editor";
import { api, body } from "@/lib/api";
import { toBytes } from "../bytes";
import { useRested } from "../use-check";
import type { Around } from "./place";
import type { Names } from "./types";

const UNKNOWN: Names = { declarations: "", open: true };
const NONE: readonly Marker[] = [];

/** The names that can be used at a place of the flow's text, as both are when it is first asked. */
export function useNamesAt({ text, files, bindings, project }: Around, offset: number): Names {
  const [place] = useState(() => ({ files: [...files], bindings, project, offset: toBytes(text, offset) }));
  const { data } = useQuery({
    queryKey: ["scope", place],
    queryFn: () => body(api.POST("/api/scope", { body: place })),
    gcTime: 0,
    retry: false,
  });
  // Without an answer the language itself is known, and nothing else is called wrong.
  return data ?? UNKNOWN;
}

/** What is found in a text once it has rested for a moment; nothing while it is typed. */
export function useFound(value: string, find: (text: string) => Promise<readonly Marker[]>): readonly Marker[] {
  const rested = useRested(value, 150);
  const [found, setFound] = useState<{ of: string; markers: readonly Marker[] }>({ of: "", markers: NONE });
  useEffect(() => {
    let stale = false;
    void find(rested).then((markers) => {
      if (!stale) setFound({ of: rested, markers });
    });
    return () => {
      stale = true;
    };
  }, [find, rested]);
  return found.of === value ? found.markers : NONE;
}
