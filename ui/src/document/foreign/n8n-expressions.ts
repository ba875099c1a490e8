import { isMap, type Json } from "../text/node";

/** What is known while the values of an export are read, and what in them has no meaning here. */
export interface Reading {
  /** Ids of steps by the names they had. */
  ids: ReadonlyMap<string, string>;
  odd: string[];
}

/** Values with their expressions as they are written here: `={{ $json.a }}` becomes `{{ data.a }}`. */
export function expressionsOf(value: Json, step: string, reading: Reading): Json {
  if (typeof value === "string") return value.startsWith("=") ? template(value.slice(1), step, reading) : value;
  if (Array.isArray(value)) return value.map((item) => expressionsOf(item, step, reading));
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expressionsOf(item, step, reading)]));
  return value;
}

function template(text: string, step: string, reading: Reading): string {
  return text.replace(/\{\{([\s\S]*?)\}\}/g, (_, inside: string) => {
    const read = expression(inside, reading);
    const odd = /\$[\w(.]*/.exec(read)?.[0];
    if (odd !== undefined) reading.odd.push(`${step}: the expression with ${odd} means nothing here`);
    return `{{${read}}}`;
  });
}

const output = (reading: Reading, name: string, whole: string): string => {
  const id = reading.ids.get(name);
  if (id === undefined) return whole;
  return /^[A-Za-z_]\w*$/.test(id) ? `nodes.${id}.output` : `nodes[${JSON.stringify(id)}].output`;
};

function expression(text: string, reading: Reading): string {
  return text
    .replace(/\$\((["'`])(.+?)\1\)\.(?:item|first\(\)|last\(\))\.json/g, (whole, _, name: string) => output(reading, name, whole))
    .replace(/\$node\[(["'`])(.+?)\1\]\.json/g, (whole, _, name: string) => output(reading, name, whole))
    .replace(/\$input\.(?:item|first\(\)|last\(\))\.json/g, "data")
    .replace(/\$json\b/g, "data");
}
