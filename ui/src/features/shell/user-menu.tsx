import { useMutation } from "@tanstack/react-query";
import { BookOpen, LogOut, Moon, Sun, SunMoon } from "lucide-react";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/components/ui/menu";
import { useSession } from "@/features/session/data";
import { api } from "@/lib/api";
import { cn } from "@/lib/cn";
import { leaveWith } from "@/lib/quiet";
import { setTheme, useTheme } from "@/lib/theme";

export function UserMenu({ wide }: { wide: boolean }) {
  const { user, role } = useSession();
  const theme = useTheme();
  const signOut = useMutation({ mutationFn: () => leaveWith((fetch) => api.DELETE("/api/session", { fetch }), "/sign-in") });
  const name = user.name || user.email;
  const trigger = (
    <button
      type="button"
      aria-label={`Account: ${name}`}
      className={cn("flex h-8 items-center gap-2 rounded-md hover:bg-hover data-[state=open]:bg-hover", wide ? "min-w-0 flex-1 px-1" : "w-8 justify-center")}
    >
      <span className="flex size-6 shrink-0 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-ink before:content-[attr(data-letter)]" data-letter={[...name][0]?.toUpperCase()} />
      {wide ? (
        <span className="truncate text-sm font-medium" dir="auto">
          {name}
        </span>
      ) : null}
    </button>
  );
  return (
    <Menu trigger={trigger} side="top">
      <MenuLabel>
        <span className="block max-w-64 truncate text-base font-medium text-ink" dir="auto">
          {name}
        </span>
        <span className="block max-w-64 truncate font-normal">
          {user.name ? `${user.email} · ` : ""}
          {role ?? "no role"}
        </span>
      </MenuLabel>
      <MenuLine />
      <MenuLabel>Theme</MenuLabel>
      <MenuItem icon={<SunMoon />} chosen={theme === "system"} onSelect={() => setTheme("system")}>
        As the system
      </MenuItem>
      <MenuItem icon={<Sun />} chosen={theme === "light"} onSelect={() => setTheme("light")}>
        Light
      </MenuItem>
      <MenuItem icon={<Moon />} chosen={theme === "dark"} onSelect={() => setTheme("dark")}>
        Dark
      </MenuItem>
      <MenuLine />
      <MenuItem asChild>
        <a href="/api/docs" target="_blank" rel="noreferrer">
          <BookOpen aria-hidden />
          API reference
        </a>
      </MenuItem>
      <MenuLine />
      <MenuItem icon={<LogOut />} onSelect={() => signOut.mutate()}>
        Sign out
      </MenuItem>
    </Menu>
  );
}
