import { createContext, useContext } from "react";
import type { Note } from "@/document";

/** What parts of the canvas ask of whatever stands around it. */
export interface FlowActions {
  collapse: (key: string) => void;
  addAfter: (key: string) => void;
  insert: (edge: string) => void;
  note: (id: string, note: Note | undefined) => void;
  /** Selects the steps in a frame. */
  within?: (keys: readonly string[]) => void;
  /** Gives a group another name. */
  called?: (group: string, title: string) => void;
  /** Answers what a step waits for; nothing where nobody may. */
  answer?: (key: string) => void;
}

const nothing = () => {};

export const Actions = createContext<FlowActions>({ collapse: nothing, addAfter: nothing, insert: nothing, note: nothing });

export const useActions = (): FlowActions => useContext(Actions);
