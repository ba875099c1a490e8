import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Link, Outlet } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { buttonLook } from "@/components/ui/button";
import { Empty } from "@/components/ui/states";
import { Toaster } from "@/components/ui/toast";
import { TipProvider } from "@/components/ui/tooltip";
import { GoneBanner } from "@/features/session/gone-banner";

export const Route = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Root,
  notFoundComponent: NotFound,
});

function Root() {
  return (
    <TipProvider delayDuration={450} skipDelayDuration={200}>
      <Outlet />
      <GoneBanner />
      <Toaster />
    </TipProvider>
  );
}

function NotFound() {
  const home = (
    <Link to="/" className={buttonLook({})}>
      To the dashboard
    </Link>
  );
  return (
    <Empty icon={<Compass aria-hidden />} title="There is no such page" actions={home}>
      The address may be mistyped, or what it showed is gone.
    </Empty>
  );
}
