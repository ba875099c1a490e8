import { Loading } from "@/components/ui/states";
import { late } from "@/lib/late";

/** `template` is text with `{{ expression }}` in it, `expression` one by itself. */
export type Language = "yaml" | "json" | "typescript" | "javascript" | "python" | "template" | "expression";

/** A problem at a place of the text, in UTF-16 units. */
export interface Marker {
  from: number;
  to: number;
  message: string;
  severity: "error" | "warning" | "info";
  code?: string;
}

export interface Completion {
  label: string;
  detail?: string | undefined;
  docs?: string | undefined;
  sort: string;
  /** What is written, where it is not the label, and from where on, where that is not the same for all. */
  insert?: string;
  from?: number;
}

/** What is known of a name: a type, and a sentence. */
export interface Hint {
  from: number;
  to: number;
  type: string;
  docs: string;
}

/** How a function is called, with the parameter one is at. */
export interface Call {
  label: string;
  docs: string;
  /** Each as it stands in the label. */
  parameters: string[];
  active: number;
}

export interface CodeEditorProps {
  value: string;
  onChange?: (value: string) => void;
  language: Language;
  label: string;
  readOnly?: boolean;
  markers?: readonly Marker[];
  /** What could stand at an offset: the text from `from` on is replaced. */
  complete?: (text: string, offset: number) => Promise<{ from: number; items: Completion[] }>;
  /** What is known of what stands at an offset. */
  hint?: (text: string, offset: number) => Promise<Hint | undefined>;
  /** The call around an offset. */
  call?: (text: string, offset: number) => Promise<Call | undefined>;
  /** A field among others: it has the focus at once, and Tab goes on to the next one. */
  field?: boolean;
  /** Undo and redo, where they are somebody else's. */
  onUndo?: () => void;
  onRedo?: () => void;
  /** A place that is shown and selected whenever it changes. */
  reveal?: { from: number; to: number; nonce: number } | undefined;
  onCursor?: (offset: number) => void;
}

const waiting = <Loading label="Loading the editor" />;

/** The one editor for text of any sort. It comes with the first text that is edited. */
export const { Part: CodeEditor } = late<CodeEditorProps>(() => import("./editor"), { waiting });

export interface CodeDiffProps {
  before: string;
  after: string;
  language: Language;
  label: string;
  /** Where it may be edited, the right-hand side. */
  onChange?: (after: string) => void;
}

/** Two texts side by side. */
export const { Part: CodeDiff } = late<CodeDiffProps>(() => import("./diff"), { waiting });
