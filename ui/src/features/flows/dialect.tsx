import { ListTree, MessagesSquare, type LucideIcon, Waypoints } from "lucide-react";

export interface DialectLook {
  value: "graph" | "tree" | "organism";
  label: string;
  icon: LucideIcon;
  about: string;
}

/** The three ways of writing a flow. */
export const DIALECTS: DialectLook[] = [
  { value: "graph", label: "Graph", icon: Waypoints, about: "Steps and arrows: data flows from one step to the next." },
  { value: "tree", label: "Tree", icon: ListTree, about: "Sequences, choices and retries, nested in one another." },
  { value: "organism", label: "Organism", icon: MessagesSquare, about: "Agents and listeners that send each other messages." },
];

/** What a new flow of each begins with: it runs as it is. */
export const BLANK: Record<DialectLook["value"], (name: string) => string> = {
  graph: (name) =>
    JSON.stringify(
      {
        id: name,
        name,
        nodes: [
          { id: "start", type: "trigger", position: { x: 0, y: 0 }, data: { label: "Start" } },
          { id: "end", type: "end", position: { x: 280, y: 0 }, data: { label: "End" } },
        ],
        edges: [{ id: "start-end", source: "start", target: "end" }],
      },
      null,
      2,
    ),
  tree: (name) => `type: Sequence
id: ${name}
children:
  - type: PrintAction
    id: hello
    props:
      message: "Hello, {{ input.name ?? 'world' }}!"
`,
  organism: (name) => `organism:
  name: ${name}

listeners:
  - name: greeter
    description: Answers whoever writes.
    payload_class: hello.Name
    handler: hello.greet

bindings:
  hello.greet: "{{ {respond: {line: 'Hello, ' + (message.payload.name ?? 'world') + '!'}} }}"
`,
};
