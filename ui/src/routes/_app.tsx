import { createFileRoute, redirect } from "@tanstack/react-router";
import { sessionQuery } from "@/features/session/data";
import { Shell } from "@/features/shell/shell";
import { Failure } from "@/lib/failure";

/** Everything behind the sign-in. */
export const Route = createFileRoute("/_app")({
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.ensureQueryData(sessionQuery);
    } catch (error) {
      if (Failure.of(error).kind !== "signed-out") throw error;
      throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { to: location.href } });
    }
  },
  component: Shell,
});
