import type { Shape } from "../../projection";
import type { Offer } from "../dialect";

interface Spec {
  title: string;
  summary: string;
  /** How many children it may have. */
  most: number;
  shape: Shape;
  props?: { [key: string]: string | number };
}

const MANY = Number.POSITIVE_INFINITY;

/** Nodes that have others inside, and leaves that are no task of a kind. */
export const SPECS: Record<string, Spec> = {
  Sequence: { title: "Sequence", summary: "Steps in order, until one fails.", most: MANY, shape: "task" },
  Selector: { title: "Selector", summary: "Steps in order, until one succeeds.", most: MANY, shape: "branch" },
  MemorySequence: { title: "Sequence with memory", summary: "Leaves out what has succeeded when entered again.", most: MANY, shape: "task" },
  ReactiveSequence: { title: "Reactive sequence", summary: "Starts over whenever a signal or a variable changes.", most: MANY, shape: "task" },
  Parallel: { title: "Parallel", summary: "All steps at once.", most: MANY, shape: "task" },
  Conditional: { title: "Condition", summary: "Condition, then, else.", most: 3, shape: "branch" },
  While: { title: "While", summary: "A body, as long as a condition holds.", most: 2, shape: "loop" },
  ForEach: { title: "For each", summary: "A step for each item of a list.", most: 1, shape: "loop", props: { collectionKey: "items" } },
  Recovery: { title: "Recovery", summary: "Try, catch, finally.", most: 3, shape: "branch" },
  SubTree: { title: "Sub-tree", summary: "Another tree, by its treeId.", most: 0, shape: "task", props: { treeId: "" } },
  Timeout: { title: "Timeout", summary: "Fails its step at a limit.", most: 1, shape: "task", props: { timeoutMs: "30s" } },
  Delay: { title: "Delay", summary: "Waits, then runs its step.", most: 1, shape: "task", props: { delayMs: "1s" } },
  Repeat: { title: "Repeat", summary: "Its step so many times.", most: 1, shape: "loop", props: { numCycles: 3 } },
  Invert: { title: "Invert", summary: "Success becomes failure, and the other way round.", most: 1, shape: "branch" },
  ForceSuccess: { title: "Force success", summary: "Always succeeds.", most: 1, shape: "branch" },
  ForceFailure: { title: "Force failure", summary: "Always fails.", most: 1, shape: "branch" },
  RunOnce: { title: "Run once", summary: "Keeps the result when entered again.", most: 1, shape: "task" },
  KeepRunningUntilFailure: { title: "Until failure", summary: "Its step again and again, until it fails.", most: 1, shape: "loop" },
  Precondition: { title: "Precondition", summary: "Checks before its step.", most: 1, shape: "branch" },
  SoftAssert: { title: "Soft assert", summary: "A failure counts as success and is noted.", most: 1, shape: "branch" },
  CheckCondition: { title: "Check", summary: "Succeeds if an expression holds.", most: 0, shape: "branch", props: { expression: "true" } },
  AlwaysCondition: { title: "Always", summary: "Ends as told.", most: 0, shape: "branch" },
  SuccessNode: { title: "Success", summary: "Succeeds.", most: 0, shape: "output" },
  FailureNode: { title: "Failure", summary: "Fails.", most: 0, shape: "output" },
  RunningNode: { title: "Never ends", summary: "Give it a timeout.", most: 0, shape: "output" },
};

const ALIASES: Record<string, string> = { Select: "Selector", Fallback: "Selector", SequenceWithMemory: "MemorySequence" };

export const specOf = (type: string): Spec | undefined => SPECS[ALIASES[type] ?? type];

/** How many children a node of a type may have. */
export const mostChildren = (type: string): number => specOf(type)?.most ?? 0;

export function shapeOf(type: string): Shape {
  if (type === "Script" || type === "Transform") return "code";
  if (type === "ModelChat") return "model";
  return specOf(type)?.shape ?? "task";
}

export const OFFERS: readonly Offer[] = Object.entries(SPECS).map(([type, { title, summary, most, props }]) => ({
  node: props ? { type, props } : { type },
  title,
  summary,
  category: most === 0 ? "Conditions and ends" : most === 1 ? "Around a step" : "Order of steps",
}));
