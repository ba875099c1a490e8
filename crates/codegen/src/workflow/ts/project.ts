// The workflow of a project: it keeps what outlives the runs of the project's flows, for as long as it is left alone.
// Its id is `weir-project/<project>`. Steps that need it start it where it is missing.
import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { interfaceOf } from './interfaces';
import type { Interface } from './interfaces';
import { Ledger } from './ledger';
import type { MemoryChange, State, VariableChange } from './ledger';
import type { Plain } from './sealing';

/** Changes or reads a variable; gives its value afterwards. */
export const changeVariable = defineUpdate<Plain, [VariableChange]>('changeVariable');
/** Changes or reads what a flow remembers. */
export const changeMemory = defineUpdate<Plain, [MemoryChange]>('changeMemory');
/** Sets a variable of the project, or of a service of it. */
export const setVariable = defineSignal<[string, Plain, (string | null)?]>('setVariable');
/** Opens variables to other projects; another interface of that name is replaced. */
export const openInterface = defineSignal<[Plain]>('openInterface');
export const closeInterface = defineSignal<[string]>('closeInterface');
/** A variable of the project, or of a service of it; null where it is unset. */
export const getVariable = defineQuery<Plain, [string, (string | null)?]>('getVariable');
/** Variables of the project, or of a service of it, by name. */
export const variables = defineQuery<{ [name: string]: Plain }, [(string | null)?]>('variables');
/** What a flow remembers, by key. */
export const memory = defineQuery<{ [key: string]: Plain }, [string]>('memory');
/** What is open to other projects. */
export const interfaces = defineQuery<Interface[]>('interfaces');

/** After so many events all is handed to a fresh history. */
const EVENTS = 2_000;

/** Keeps the variables, the memory and the interfaces of one project. */
export async function weirProject(project: string, state?: State): Promise<void> {
  const ledger = new Ledger(project, state);
  setHandler(
    changeVariable,
    (change) => {
      const { through, name, op, from, flow, key } = change;
      // What others do is to be found in the log; all of it is in the history.
      if (through !== undefined) log.info('an interface is used', { interface: through.interface, name, op, from, flow, key });
      return ledger.variable(change);
    },
    { validator: check },
  );
  setHandler(changeMemory, (change) => ledger.remembered(change), { validator: check });
  setHandler(setVariable, (name, value, service = null) => {
    if (isChange({ name, value })) ledger.set(service, name, value);
    else log.warn('a variable has a name and a value');
  });
  setHandler(openInterface, (given) => {
    const shared = interfaceOf(given);
    if (shared !== undefined) ledger.open(shared);
    else log.warn('an interface is {name, service?, read?, write?, allow: [{project, service?, flow?, readOnly?}]}');
  });
  setHandler(closeInterface, (name) => ledger.close(name));
  setHandler(getVariable, (name, service = null) => ledger.get(service, name));
  setHandler(variables, (service = null) => ledger.of(service));
  setHandler(memory, (flow) => ledger.memoryOf(flow));
  setHandler(interfaces, () => ledger.opened());
  await condition(() => workflowInfo().continueAsNewSuggested || workflowInfo().historyLength >= EVENTS);
  await condition(allHandlersFinished);
  await continueAsNew<typeof weirProject>(project, ledger.state());
}

/** Whoever asks from outside may ask anything. */
function check(change: VariableChange | MemoryChange): void {
  if (isChange(change) && typeof change.key === 'string') return;
  throw ApplicationFailure.create({ type: 'REJECTED', message: 'this says no change', nonRetryable: true });
}

function isChange(change: { name: unknown; value?: unknown }): boolean {
  return typeof change.name === 'string' && change.value !== undefined;
}
