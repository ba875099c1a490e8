import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/lib/api";

export type KindLine = Schemas["KindLine"];

export const kindsQuery = queryOptions({
  queryKey: ["kinds"],
  queryFn: () => body(api.GET("/api/kinds")),
  staleTime: 300_000,
});

export const kindQuery = (kind: string) =>
  queryOptions({
    queryKey: ["kind", kind],
    queryFn: async () => (await body(api.GET("/api/kinds/{kind}", { params: { path: { kind } } }))) as KindRecord,
    staleTime: 300_000,
  });

/** What a parameter or a result is. */
export interface FieldRecord {
  type: string;
  description?: string;
  required?: boolean;
  guaranteed?: boolean;
  nullable?: boolean;
  default?: unknown;
  values?: unknown[];
  properties?: Record<string, FieldRecord>;
  items?: FieldRecord;
}

/** A kind's whole record, as far as it is shown. */
export interface KindRecord {
  component: {
    name: string;
    title: string;
    summary: string;
    tree?: string;
    aliases?: string[];
    vendor: string;
    category: string;
    version: string;
    effect: string;
    runnable: boolean;
    /** Whether the engine performs it itself, at once. */
    implementation: "task" | "engine";
    timeout?: string;
    retry?: { max_attempts?: number; initial?: string; max?: string; coefficient?: number };
    capabilities?: string[];
  };
  discovery?: {
    purpose?: string;
    usage_patterns?: { pattern: string; description: string; frequency: string }[];
    known_issues?: { issue: string; resolution: string; severity: string }[];
  };
  input_schema?: Record<string, FieldRecord>;
  output_schema?: Record<string, FieldRecord>;
  validation_rules?: { rule: string; error_code: string; applies_when: string }[];
  test_cases?: { name: string; description?: string; type: string; input?: unknown; expected_output?: unknown; expected_error?: unknown }[];
  related_components?: { name: string; relationship: string; notes: string }[];
}

/** Headings for the words that records sort themselves by, in the order in which they are looked for. */
export const CATEGORIES: Record<string, string> = {
  integration: "Connections",
  ai: "Models and agents",
  data: "Data",
  state: "Variables",
  "core-flow": "Flow",
  "control-flow": "Control",
  files: "Files",
  gateway: "Gateway",
  testing: "Testing",
};

/** Kinds by heading; what a newer server adds comes last, under its own word. */
export function byCategory(kinds: KindLine[]): [string, KindLine[]][] {
  const order = Object.keys(CATEGORIES);
  const found = [...new Set(kinds.map((kind) => kind.category))];
  const place = (category: string) => (order.includes(category) ? order.indexOf(category) : order.length);
  return found
    .sort((a, b) => place(a) - place(b) || a.localeCompare(b))
    .map((category) => [CATEGORIES[category] ?? category, kinds.filter((kind) => kind.category === category)]);
}

export function matching(kinds: KindLine[], text: string): KindLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const inside = ({ name, title, summary, tree, aliases = [] }: KindLine) => [name, title, summary, tree ?? "", ...aliases].join(" ").toLowerCase();
  return kinds.filter((kind) => words.every((word) => inside(kind).includes(word)));
}
