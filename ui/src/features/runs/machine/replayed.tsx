import { Panel } from "@/components/ui/panel";
import { RunState, runLook, StateIcon } from "@/components/ui/status";
import type { Replayed as State } from "../data";
import { Value } from "../steps/value";

/** A run as it was after a record. */
export function Replayed({ state }: { state: State }) {
  return (
    <div className="grid grid-cols-2 gap-3 max-lg:grid-cols-1">
      <Panel title="Variables">
        <Value value={state.variables} name="vars" file={`variables-after-${state.seq}`} empty="None is set." className="max-h-96" />
      </Panel>
      <Panel title="Output" actions={<RunState state={state.status} />}>
        {state.error ? (
          <p className="mx-4 mb-3 rounded-md bg-bad-soft px-3 py-2 text-bad-ink wrap-anywhere" dir="auto">
            <span className="font-mono font-semibold">{state.error.code}</span>: {state.error.message}
          </p>
        ) : (
          <Value value={state.output} name="output" file={`output-after-${state.seq}`} empty="There is none." className="max-h-96" />
        )}
        <Open title="Waits for signals" items={state.signals} />
        <Open title="Without an answer" items={state.open} />
        <Open title="Warnings" items={state.warnings} />
      </Panel>
      <Panel title="Steps" hint={`${state.steps.length}`} className="col-span-full">
        <ul className="max-h-80 overflow-auto pb-1" tabIndex={0} aria-label="Steps in this state">
          {state.steps.slice(0, 500).map((step) => (
            <li key={step.path} className="flex items-center gap-2 border-t border-line px-4 py-1 text-base">
              <StateIcon look={runLook(step.status)} />
              <span className="w-20 shrink-0 text-sm text-muted">{runLook(step.status).label}</span>
              <span className="min-w-0 truncate font-mono text-xs" title={step.path}>
                {step.path}
              </span>
              <span className="ms-auto min-w-0 max-w-[50%] truncate font-mono text-xs text-muted">{step.error ? step.error.code : short(step.output)}</span>
            </li>
          ))}
          {state.steps.length > 500 ? <li className="border-t border-line px-4 py-2 text-sm text-muted">{(state.steps.length - 500).toLocaleString()} more; all are under “Steps”.</li> : null}
        </ul>
      </Panel>
    </div>
  );
}

export function short(value: unknown): string {
  const text = value === undefined ? "" : JSON.stringify(value);
  return text === "null" ? "" : text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function Open({ title, items }: { title: string; items: string[] }) {
  if (items.length === 0) return null;
  return (
    <div className="border-t border-line px-4 py-2 text-sm">
      <h3 className="font-semibold">{title}</h3>
      <ul className="font-mono text-xs">
        {items.map((item) => (
          <li key={item} className="wrap-anywhere">
            {item}
          </li>
        ))}
      </ul>
    </div>
  );
}
