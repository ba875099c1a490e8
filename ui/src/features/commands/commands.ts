import type { ReactNode } from "react";
import { useEffect, useRef } from "react";
import { create } from "zustand";
import { isTyping, matches } from "@/lib/keys";

/** Something that can be done here, by the palette and by its keys. */
export interface Command {
  id: string;
  title: string;
  /** The heading it stands under. */
  section: string;
  icon?: ReactNode;
  /** `Mod+S`; several ways separated by spaces. */
  keys?: string;
  /** Words it is found by besides its title. */
  words?: string;
  /** Works while somebody types as well. */
  always?: boolean;
  /** Left out of the palette: keys of a list that mean nothing by name. */
  hidden?: boolean;
  run: () => void;
}

interface Commands {
  lists: Record<string, Command[]>;
  palette: boolean;
  sheet: boolean;
}

export const useCommandState = create<Commands>(() => ({ lists: {}, palette: false, sheet: false }));

export const openPalette = (open = true) => useCommandState.setState({ palette: open });
export const openKeys = (open = true) => useCommandState.setState({ sheet: open });

/** Offers commands while a part of the page is there. What `run` sees is what was given last. */
export function useCommands(owner: string, commands: Command[]): void {
  const newest = useRef(commands);
  useEffect(() => {
    newest.current = commands;
  });
  // Icons and functions are new every time; what is shown of them is not.
  const shown = JSON.stringify(commands.map(({ icon: _icon, run: _run, ...rest }) => rest));
  useEffect(() => {
    const described = JSON.parse(shown) as Omit<Command, "icon" | "run">[];
    const stable = described.map((rest, at) => ({
      ...rest,
      icon: newest.current[at]?.icon,
      run: () => newest.current[at]?.run(),
    }));
    useCommandState.setState((state) => ({ lists: { ...state.lists, [owner]: stable } }));
    return () =>
      useCommandState.setState((state) => {
        const { [owner]: _gone, ...lists } = state.lists;
        return { lists };
      });
  }, [owner, shown]);
}

export function allCommands(lists: Record<string, Command[]>): Command[] {
  return Object.values(lists).flat();
}

/** The command that an event asks for: the one that was offered last. */
export function commandFor(event: KeyboardEvent, lists: Record<string, Command[]>): Command | undefined {
  const typing = isTyping(event.target);
  const meant = allCommands(lists).filter((command) => command.keys?.split(" ").some((keys) => matches(event, keys)));
  return meant.findLast((command) => command.always || !typing);
}

/** Listens to the keys of all commands; once, by the shell. */
export function useCommandKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat) return;
      const open = document.querySelector("[role=dialog],[role=alertdialog],[role=menu],[role=listbox]");
      const command = commandFor(event, useCommandState.getState().lists);
      if (!command || (open && !command.always)) return;
      event.preventDefault();
      command.run();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
