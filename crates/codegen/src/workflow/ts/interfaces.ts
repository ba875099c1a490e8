// What a project opens to other projects. What no interface names is closed.
import type { Plain } from './sealing';

/** Variables that a project opens to others: to the projects, services or flows that `allow` names. */
export type Interface = {
  name: string;
  /** Of this service; of the project itself where absent. */
  service?: string;
  read: string[];
  write: string[];
  allow: Rule[];
};

/** Somebody who may: a project, or only one service or flow of it. */
type Rule = { project: string; service?: string; flow?: string; readOnly?: boolean };

/** A flow of another project that asks for a variable. */
export type Asker = { name: string; from: string; service: string; flow: string };

/** Whether the interface lets the flow read, and write, the variable. */
export function grants(open: Interface, asker: Asker, read: boolean, write: boolean): boolean {
  const isOpen = (!read || open.read.includes(asker.name)) && (!write || open.write.includes(asker.name));
  return isOpen && open.allow.some((rule) => {
    const isMeant = rule.project === asker.from && [undefined, asker.service].includes(rule.service);
    return isMeant && [undefined, asker.flow].includes(rule.flow) && !(write && rule.readOnly === true);
  });
}

/** What was sent as an interface, with nothing open that it does not name; nothing where it is none. */
export function interfaceOf(given: Plain): Interface | undefined {
  const [name, service] = [textAt(given, 'name'), textAt(given, 'service')];
  if (name === undefined || isOther(given, 'service')) return undefined;
  const names = (key: string): string[] => listAt(given, key).filter((one) => typeof one === 'string');
  const allow = listAt(given, 'allow').map(ruleOf).filter((rule) => rule !== undefined);
  return { name, ...(service === undefined ? {} : { service }), read: names('read'), write: names('write'), allow };
}

function ruleOf(given: Plain): Rule | undefined {
  const [project, service, flow] = [textAt(given, 'project'), textAt(given, 'service'), textAt(given, 'flow')];
  if (project === undefined || isOther(given, 'service') || isOther(given, 'flow')) return undefined;
  const only = { ...(service === undefined ? {} : { service }), ...(flow === undefined ? {} : { flow }) };
  return { project, ...only, readOnly: (at(given, 'readOnly') ?? false) !== false };
}

function at(given: Plain, key: string): Plain | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  return Object.entries(given).find(([name]) => name === key)?.[1];
}

function textAt(given: Plain, key: string): string | undefined {
  const found = at(given, key);
  return typeof found === 'string' ? found : undefined;
}

/** Whether there is something that is no text: what was meant as a restriction must not be none. */
function isOther(given: Plain, key: string): boolean {
  const found = at(given, key) ?? null;
  return found !== null && typeof found !== 'string';
}

function listAt(given: Plain, key: string): Plain[] {
  const found = at(given, key);
  return Array.isArray(found) ? found : [];
}
