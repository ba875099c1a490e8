import { Outlet, useNavigate } from "@tanstack/react-router";
import { Keyboard, Moon, PanelLeft, Search, Sun, SunMoon } from "lucide-react";
import { openKeys, openPalette, useCommandKeys, useCommands, useCommandState } from "@/features/commands/commands";
import { NextKey } from "@/features/commands/next-key";
import { useMay } from "@/features/session/data";
import { SignedOutDialog } from "@/features/session/signed-out";
import { useReady } from "@/lib/late";
import { setTheme } from "@/lib/theme";
import { KeySheet, LATER, Palette } from "./later";
import { usePlaces } from "./nav";
import { Sidebar } from "./sidebar";
import { toggleSidebar } from "./wide";

/** What stands around every page of whoever is signed in. */
export function Shell() {
  useCommandKeys();
  useShellCommands();
  useReady(LATER);
  const palette = useCommandState((state) => state.palette);
  const sheet = useCommandState((state) => state.sheet);
  const begun = useCommandState((state) => state.begun);
  return (
    <div className="flex h-full">
      <a
        href="#page"
        className="sr-only z-80 rounded-md bg-accent px-3 py-1.5 text-accent-on focus:not-sr-only focus:fixed focus:start-2 focus:top-2"
      >
        Skip to the page
      </a>
      <Sidebar />
      <main id="page" tabIndex={-1} className="min-w-0 flex-1 overflow-auto outline-none">
        <Outlet />
      </main>
      <SignedOutDialog />
      {palette ? <Palette.Part /> : null}
      {sheet ? <KeySheet.Part /> : null}
      <div role="status" className="contents">
        {begun === undefined ? null : <NextKey begun={begun} />}
      </div>
    </div>
  );
}

function useShellCommands(): void {
  const navigate = useNavigate();
  const may = useMay();
  const places = usePlaces().filter((place) => !place.needs || may(place.needs));
  useCommands("shell", [
    { id: "palette", title: "Go to anything", section: "Everywhere", keys: "Mod+K", always: true, hidden: true, icon: <Search />, run: () => openPalette(!useCommandState.getState().palette) },
    { id: "keys", title: "Show keyboard shortcuts", section: "Everywhere", keys: "?", icon: <Keyboard />, run: () => openKeys() },
    { id: "sidebar", title: "Narrow or widen the sidebar", section: "Everywhere", keys: "Mod+B", icon: <PanelLeft />, run: toggleSidebar },
    { id: "theme-light", title: "Light theme", section: "Everywhere", words: "colour appearance", icon: <Sun />, run: () => setTheme("light") },
    { id: "theme-dark", title: "Dark theme", section: "Everywhere", words: "colour appearance", icon: <Moon />, run: () => setTheme("dark") },
    { id: "theme-system", title: "Theme of the system", section: "Everywhere", words: "colour appearance", icon: <SunMoon />, run: () => setTheme("system") },
    ...places.map((place) => ({
      id: `go ${place.to}`,
      title: place.label,
      section: "Pages",
      words: place.words ?? "",
      icon: <place.icon />,
      run: () => void navigate({ to: place.to }),
    })),
  ]);
}
