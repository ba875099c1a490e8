import type { Asked, ExpressionService } from "./service";
import type { Request, What } from "./worker";
// oxlint-disable-next-line import/default -- the bundler makes it
import LanguageWorker from "./worker?worker";

type Answer<W extends What> = ReturnType<ExpressionService[W]>;

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, (answer: unknown) => void>();

/** The worker; it comes with the first question, and stays. */
function begun(): Worker {
  if (worker) return worker;
  worker = new LanguageWorker();
  worker.addEventListener("message", ({ data }: MessageEvent<{ id: number; answer?: unknown }>) => {
    waiting.get(data.id)?.(data.answer);
    waiting.delete(data.id);
  });
  worker.addEventListener("error", () => {
    // Typing goes on without types; the next question begins anew.
    worker?.terminate();
    worker = undefined;
    for (const answer of waiting.values()) answer(undefined);
    waiting.clear();
  });
  return worker;
}

/** Asks the language service; nothing comes where it has no answer. */
export function ask<W extends What>(what: W, asked: Asked): Promise<Answer<W> | undefined> {
  return new Promise((resolve) => {
    const id = ++last;
    waiting.set(id, resolve as (answer: unknown) => void);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
    begun().postMessage({ id, what, asked } satisfies Request);
  });
}
