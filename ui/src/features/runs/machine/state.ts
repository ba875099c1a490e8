import type { Replayed } from "../data";

/** What is worth comparing of a run after a record: times differ always and say nothing. */
export function comparable(run: Replayed): unknown {
  const steps = Object.fromEntries(
    run.steps.map(({ path, status, output, error, handle, waiting, attempts }) => [
      path,
      { status, output, ...(attempts > 1 ? { attempts } : {}), ...(error ? { error: { code: error.code, message: error.message } } : {}), ...(handle ? { handle } : {}), ...(waiting ? { waiting } : {}) },
    ]),
  );
  const error = run.error ? { code: run.error.code, message: run.error.message, path: run.error.path } : undefined;
  return { status: run.status, output: run.output, ...(error ? { error } : {}), variables: run.variables, signals: run.signals, steps };
}
