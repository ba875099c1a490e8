import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, body, keepCsrf, type Schemas } from "@/lib/api";
import { leaveWith } from "@/lib/quiet";
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

/** Looks at another organisation, on a page that knows nothing of this one. */
export const lookAt = (tenant: string, to: string): Promise<never> => leaveWith((fetch) => api.POST("/api/session/tenant", { body: { tenant }, fetch }), to);

/** Takes over the session that an answer to signing in holds. */
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
