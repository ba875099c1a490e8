import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { onSignedOut } from "@/lib/api";
import { late } from "@/lib/late";
import { leave } from "@/lib/quiet";
import { type Session, sessionQuery } from "./data";

const { Part: Again } = late(() => import("./sign-in-again"));

/** When the session ends under somebody's hands, they sign in over the page and go on where they were. */
export function SignedOutDialog() {
  const queries = useQueryClient();
  const [before, setBefore] = useState<Session>();
  useEffect(() => {
    onSignedOut(() => setBefore((kept) => kept ?? queries.getQueryData(sessionQuery.queryKey)));
    return () => onSignedOut(() => {});
  }, [queries]);
  const done = (session: Session) => {
    const same = session.user.id === before?.user.id && session.tenant === before.tenant;
    setBefore(undefined);
    // Somebody else must not see what the first one saw.
    if (same) void queries.invalidateQueries();
    else leave("/");
  };
  return before ? <Again email={before.user.email} onDone={done} /> : null;
}
