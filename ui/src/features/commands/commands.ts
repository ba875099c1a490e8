import type { ReactNode } from "react";
import { useEffect, useRef } from "react";
import { create } from "zustand";
import { isHeld, isTyping, matches, type Pressed, presses } from "@/lib/keys";

/** Something that can be done here, by the palette and by its keys. */
export interface Command {
  id: string;
  title: string;
  /** The heading it stands under. */
  section: string;
  icon?: ReactNode;
  /** `Mod+S`; several ways separated by spaces; `Alt+S>U` is one key after another. */
  keys?: string;
  /** Its keys are listened to elsewhere, by the browser or a part of the page, and only shown. */
  told?: boolean;
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
  /** The first keys of several that were pressed: the next one decides. */
  begun: string | undefined;
}

export const useCommandState = create<Commands>(() => ({ lists: {}, palette: false, sheet: false, begun: undefined }));

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

export const waysOf = ({ keys }: Command): string[] => keys?.split(" ") ?? [];

/** What can follow keys that were pressed first. */
export const following = (lists: Record<string, Command[]>, begun: string): { keys: string; command: Command }[] =>
  allCommands(lists).flatMap((command) =>
    waysOf(command).flatMap((keys) => {
      const [first, then] = presses(keys);
      return first === begun && then !== undefined ? [{ keys: then, command }] : [];
    }),
  );

/** What a key asks for: a command, or that the next key decides. */
export interface Asked {
  command?: Command;
  begun?: string;
}

/** What a key asks for, after `begun`: of several commands the one that was offered last. */
export function askedBy(event: Pressed, typing: boolean, lists: Record<string, Command[]>, begun?: string): Asked {
  const usable = (command: Command) => !command.told && (command.always || !typing);
  if (begun !== undefined) {
    // Whoever still holds Alt means the same.
    const loose = { key: event.key, code: event.code ?? "", ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey, altKey: false };
    const command = following(lists, begun).findLast(({ keys, command }) => usable(command) && matches(loose, keys))?.command;
    return command ? { command } : {};
  }
  const meant = allCommands(lists).filter(usable);
  const command = meant.findLast((one) => waysOf(one).some((keys) => presses(keys).length === 1 && matches(event, keys)));
  if (command) return { command };
  const first = meant.flatMap(waysOf).filter((keys) => presses(keys).length > 1).map((keys) => presses(keys)[0] ?? "").find((keys) => matches(event, keys));
  return first === undefined ? {} : { begun: first };
}

/** Listens to the keys of all commands; once, by the shell. The second of several keys has all the time one needs. */
export function useCommandKeys(): void {
  useEffect(() => {
    addEventListener("keydown", escape, true);
    addEventListener("keydown", press);
    // Whoever turns to something else has given up the second key.
    addEventListener("pointerdown", giveUp, true);
    addEventListener("blur", giveUp);
    return () => {
      giveUp();
      removeEventListener("keydown", escape, true);
      removeEventListener("keydown", press);
      removeEventListener("pointerdown", giveUp, true);
      removeEventListener("blur", giveUp);
    };
  }, []);
}

function begin(begun: string | undefined): void {
  if (useCommandState.getState().begun !== begun) useCommandState.setState({ begun });
}

const giveUp = () => begin(undefined);

/** Gives up the second key before anything else hears of it: what is selected stays so. */
function escape(event: KeyboardEvent): void {
  if (event.key !== "Escape" || useCommandState.getState().begun === undefined) return;
  giveUp();
  event.preventDefault();
  event.stopPropagation();
}

function press(event: KeyboardEvent): void {
  if (event.repeat || isHeld(event)) return;
  const { lists, begun: before } = useCommandState.getState();
  // Whoever has gone to a field meanwhile types.
  const typing = isTyping(event.target);
  const begun = typing ? undefined : before;
  giveUp();
  if (event.defaultPrevented) return;
  const asked = askedBy(event, typing, lists, begun);
  const open = document.querySelector("[role=dialog],[role=alertdialog],[role=menu],[role=listbox]");
  if (open && !asked.command?.always) return;
  // A key that follows none is nothing else either: a slip deletes nothing.
  if (asked.command || asked.begun !== undefined || begun !== undefined) event.preventDefault();
  if (asked.begun !== undefined) begin(asked.begun);
  asked.command?.run();
}
