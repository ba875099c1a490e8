import { createFileRoute, Link, redirect, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { sessionQuery } from "@/features/session/data";
import { SignInForm } from "@/features/session/sign-in-form";
import { Mark } from "@/features/shell/mark";
import { within } from "@/lib/within";

interface Search {
  /** Where whoever signs in wanted to go. */
  to?: string;
  /** Why a link or a provider did not sign in. */
  problem?: string;
}

const text = (value: unknown): value is string => typeof value === "string" && value !== "";

export const Route = createFileRoute("/sign-in")({
  validateSearch: (search: Record<string, unknown>): Search => ({
    ...(text(search.to) ? { to: search.to } : {}),
    ...(text(search.problem) ? { problem: search.problem } : {}),
  }),
  beforeLoad: async ({ context, search }) => {
    const session = await context.queries.ensureQueryData(sessionQuery).catch(() => undefined);
    if (session) throw redirect({ href: within(search.to) });
  },
  component: SignIn,
});

function SignIn() {
  const { to, problem } = Route.useSearch();
  const { history } = useRouter();
  useEffect(() => {
    document.title = "Sign in · Weir";
  }, []);
  return (
    <main className="flex min-h-full flex-col items-center px-4 pt-[16vh] pb-10">
      <div className="w-full max-w-84">
        <div className="mb-6 flex items-center gap-3">
          <Mark className="size-9" />
          <h1 className="text-xl font-semibold tracking-tight">Sign in to Weir</h1>
        </div>
        {problem ? (
          <p role="alert" className="mb-4 rounded-md bg-warn-soft px-3 py-2 text-base text-warn-ink">
            {problem}
          </p>
        ) : null}
        <div className="rounded-xl border border-line bg-surface p-5">
          <SignInForm onDone={() => history.push(within(to))} />
        </div>
        <Link to="/reset" className="mt-4 block text-sm text-accent-ink hover:underline">
          Forgot your password?
        </Link>
        <p className="mt-2 text-sm text-muted">
          On the first start the server prints the owner’s password and a link that signs in once.
        </p>
      </div>
    </main>
  );
}
