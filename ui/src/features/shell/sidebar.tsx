import { Link } from "@tanstack/react-router";
import { Keyboard, PanelLeft, Search } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { Tip } from "@/components/ui/tooltip";
import { openKeys, openPalette } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { cn } from "@/lib/cn";
import { type Place, usePlaces } from "./nav";
import { OrganisationMenu, ProjectSelect } from "./places";
import { UserMenu } from "./user-menu";
import { toggleSidebar, useWide } from "./wide";

export function Sidebar() {
  const { wide } = useWide();
  const may = useMay();
  const places = usePlaces().filter((place) => !place.needs || may(place.needs));
  return (
    <div className={cn("flex shrink-0 flex-col gap-2 border-e border-line bg-sunken py-2.5", wide ? "w-54 px-2.5" : "w-13 items-center px-1.5")}>
      <OrganisationMenu wide={wide} />
      <PaletteButton wide={wide} />
      {wide ? <ProjectSelect /> : null}
      <nav aria-label="Pages" className="mt-1 flex w-full flex-col gap-0.5">
        {places.map((place) => (
          <PlaceLink key={place.to} place={place} wide={wide} />
        ))}
      </nav>
      <div className={cn("mt-auto flex gap-0.5", wide ? "items-center" : "flex-col-reverse items-center")}>
        <UserMenu wide={wide} />
        <IconButton label="Keyboard shortcuts" shortcut="?" size="icon-sm" onClick={() => openKeys()}>
          <Keyboard aria-hidden />
        </IconButton>
        <IconButton label={wide ? "Narrow the sidebar" : "Widen the sidebar"} shortcut="Mod+B" size="icon-sm" onClick={toggleSidebar}>
          <PanelLeft aria-hidden />
        </IconButton>
      </div>
    </div>
  );
}

function PlaceLink({ place, wide }: { place: Place; wide: boolean }) {
  const link = (
    <Link
      to={place.to}
      activeOptions={{ exact: place.to === "/", includeSearch: false }}
      aria-label={wide ? undefined : place.label}
      className={cn(
        "flex h-7.5 items-center gap-2.5 rounded-md text-base font-medium text-muted transition-colors hover:bg-hover hover:text-ink data-[status=active]:bg-pressed data-[status=active]:text-ink [&_svg]:size-4 data-[status=active]:[&_svg]:text-accent-ink",
        wide ? "px-2" : "w-full justify-center",
      )}
    >
      <place.icon aria-hidden />
      {wide ? place.label : null}
    </Link>
  );
  return <Named wide={wide} name={place.label}>{link}</Named>;
}

function Named({ wide, name, children }: { wide: boolean; name: string; children: ReactNode }) {
  return wide ? children : (
    <Tip text={name} side="right">
      {children}
    </Tip>
  );
}

function PaletteButton({ wide }: { wide: boolean }) {
  if (!wide) {
    return (
      <IconButton label="Go to anything" shortcut="Mod+K" size="icon-sm" onClick={() => openPalette()}>
        <Search aria-hidden />
      </IconButton>
    );
  }
  return (
    <button
      type="button"
      onClick={() => openPalette()}
      className="flex h-8 items-center gap-2 rounded-md border border-line-strong bg-surface px-2 text-base text-muted transition-colors hover:border-control hover:text-ink"
    >
      <Search className="size-3.5" aria-hidden />
      <span className="flex-1 text-start">Search</span>
      <Kbd keys="Mod+K" />
    </button>
  );
}
