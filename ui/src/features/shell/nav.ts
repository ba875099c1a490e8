import { useRouter } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
import type { Permission } from "@/features/session/permissions";

/** A page says by itself where it stands in the sidebar: `staticData: { nav: { … } }` of its route. */
export interface Nav {
  label: string;
  icon: LucideIcon;
  /** Lower comes first: 10 dashboard, 20 flows, 30 runs, 40 schedule, 50 templates, 60 integrations, 90 settings. */
  order: number;
  /** Words the palette finds it by. */
  words?: string;
  /** Without it the page is not offered. */
  needs?: Permission;
}

declare module "@tanstack/react-router" {
  interface StaticDataRouteOption {
    nav?: Nav;
  }
}

export interface Place extends Nav {
  to: string;
}

/** All pages of the sidebar, in order. */
export function usePlaces(): Place[] {
  const { routesById } = useRouter();
  const places: Place[] = [];
  for (const route of Object.values(routesById)) {
    const nav = route.options.staticData?.nav;
    if (nav) places.push({ ...nav, to: route.fullPath });
  }
  return places.sort((a, b) => a.order - b.order);
}
