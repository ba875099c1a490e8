import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, body, keepCsrf, type Schemas } from "@/lib/api";
import type { Permission } from "./permissions";

export type Session = Schemas["SessionView"];

async function load(): Promise<Session> {
  const session = await body(api.GET("/api/session"));
  keepCsrf(session.csrf);
  return session;
}

/** Who is signed in. It is asked for once and kept until somebody signs in or out, or looks at another organisation. */
export const sessionQuery = queryOptions({ queryKey: ["session"], queryFn: load, staleTime: 60_000 });

/** On pages behind the sign-in there always is one. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery);
  if (!data) throw new Error("a page for people who are signed in was drawn for nobody");
  return data;
}

/** Whether the role of whoever is signed in gives this. The server asks again, and decides. */
export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useSession();
  return useCallback((permission) => permissions.includes(permission), [permissions]);
}

/** Takes over the session that an answer to signing in or switching holds. */
export function useTakeSession(): (session: Session) => void {
  const queries = useQueryClient();
  return useCallback(
    (session) => {
      keepCsrf(session.csrf);
      queries.setQueryData(sessionQuery.queryKey, session);
    },
    [queries],
  );
}
