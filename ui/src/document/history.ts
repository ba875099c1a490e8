import type { CanvasData } from "./commands";
import { applyEdits, difference, inverse, type TextEdit } from "./text/edits";

interface Content {
  text: string;
  canvas: CanvasData;
}

export interface Stamp {
  /** Milliseconds. */
  at: number;
  /** Changes of the same sort in quick succession are one; those without a sort never are. */
  sort: string;
}

interface Step {
  edits: { forth: TextEdit; back: TextEdit }[];
  before: CanvasData;
  after: CanvasData;
  stamp: Stamp;
}

interface Mark {
  length: number;
  last: Step | undefined;
  undone: Step[];
}

/** How long after a change the next one of its sort still belongs to it. */
const TOGETHER = 1000;

/** What was changed, as the smallest edits that lead from one text to the next. It has no end. */
export class History {
  private done: Step[] = [];
  private undone: Step[] = [];

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  add(before: Content, after: Content, stamp: Stamp): void {
    this.undone = [];
    const forth = difference(before.text, after.text);
    const edits = forth ? [{ forth, back: inverse(before.text, forth) }] : [];
    const last = this.done[this.done.length - 1];
    if (last && belongs(last, stamp, edits[0]?.forth)) {
      last.edits.push(...edits);
      last.after = after.canvas;
      last.stamp = stamp;
      return;
    }
    this.done.push({ edits, before: before.canvas, after: after.canvas, stamp });
  }

  undo(now: Content): Content | undefined {
    const step = this.done.pop();
    if (!step) return undefined;
    this.undone.push(step);
    const text = [...step.edits].reverse().reduce((text, { back }) => applyEdits(text, [back]), now.text);
    return { text, canvas: step.before };
  }

  redo(now: Content): Content | undefined {
    const step = this.undone.pop();
    if (!step) return undefined;
    this.done.push(step);
    // What comes next is a change of its own, however soon.
    step.stamp = { ...step.stamp, sort: "" };
    return { text: step.edits.reduce((text, { forth }) => applyEdits(text, [forth]), now.text), canvas: step.after };
  }

  /** Only the last step may still grow, so the others need not be kept twice. */
  mark(): Mark {
    const last = this.done.at(-1);
    return { length: this.done.length, last: last && { ...last, edits: [...last.edits] }, undone: this.undone };
  }

  reset({ length, last, undone }: Mark): void {
    this.done.length = length;
    if (last) this.done[length - 1] = last;
    this.undone = undone;
  }

  /** Makes one step of everything since a mark. */
  join({ length }: Mark): void {
    const steps = this.done.splice(length);
    const [first, last] = [steps[0], steps[steps.length - 1]];
    if (!first || !last) return;
    this.done.push({ edits: steps.flatMap((step) => step.edits), before: first.before, after: last.after, stamp: { ...last.stamp, sort: "" } });
  }
}

function belongs(last: Step, stamp: Stamp, edit: TextEdit | undefined): boolean {
  if (stamp.sort === "" || stamp.sort === "replace" || stamp.sort === "place" || last.stamp.sort !== stamp.sort) return false;
  if (stamp.at - last.stamp.at > TOGETHER) return false;
  return stamp.sort !== "typing" || !edit || isNear(last.edits[last.edits.length - 1]?.forth, edit);
}

/** Typing goes on where it was, and a new line begins a new step. */
function isNear(last: TextEdit | undefined, edit: TextEdit): boolean {
  if (!last || edit.insert.includes("\n")) return false;
  return Math.abs(last.from + last.insert.length - edit.from) <= 2 || edit.to === last.from;
}
