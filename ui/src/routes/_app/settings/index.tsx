import { createFileRoute, redirect } from "@tanstack/react-router";

/** Everybody has an account; what else there is depends on the role. */
export const Route = createFileRoute("/_app/settings/")({
  beforeLoad: () => {
    throw redirect({ to: "/settings/account", replace: true });
  },
});
