import { expect, test } from "vitest";
import { FlowDocument } from "@/document";

const GRAPH = JSON.stringify({
  name: "g",
  nodes: ["start", "a", "b", "stop"].map((id, at) => ({ id, type: id === "start" ? "trigger" : id === "stop" ? "end" : "wait", position: { x: at * 200, y: 0 }, data: {} })),
  edges: [{ id: "e1", source: "start", target: "a" }, { id: "e2", source: "a", target: "b", sourceHandle: "error" }, { id: "e3", source: "b", target: "stop" }],
});
const TREE = "type: Sequence\nid: root\nchildren:\n  - {type: SuccessNode, id: a}\n  - {type: Sequence, id: inner, children: [{type: SuccessNode, id: b}, {type: SuccessNode, id: c}]}\n";
const ORGANISM = "organism:\n  name: o\nlisteners:\n  - name: desk\n    peers: [orders]\n  - name: orders\n    handler: x\nbindings:\n  x: \"{{ 1 }}\"\n";

function pasted(name: string, text: string, keys: string[], joined: boolean): FlowDocument {
  const doc = new FlowDocument(name, text);
  expect(doc.run({ do: "paste", clip: doc.copy(keys), place: {}, joined }, 0).refused).toBeUndefined();
  return doc;
}

const edges = (doc: FlowDocument) => doc.state.projection.edges.map(({ source, target, handle }) => [source, target, ...(handle ? [handle] : [])].join(" ")).sort();

test("steps of a graph are pasted with the edges that led to them, and those between them", () => {
  const before = edges(new FlowDocument("flow.json", GRAPH));
  expect(edges(pasted("flow.json", GRAPH, ["a", "b"], false))).toEqual([...before, "a-2 b-2 error"].sort());
  expect(edges(pasted("flow.json", GRAPH, ["b"], true))).toEqual([...before, "a b-2 error"].sort());
});

test("what led to them in another flow leads to nothing", () => {
  const clip = new FlowDocument("flow.json", GRAPH).copy(["b"]);
  const other = new FlowDocument("flow.json", GRAPH.replaceAll('"a"', '"z"'));
  expect(other.run({ do: "paste", clip, place: {}, joined: true }, 0)).toEqual({ added: ["b-2"] });
  expect(edges(other).filter((edge) => edge.includes("b-2"))).toEqual([]);
  const odd = { ...clip, incoming: [null, { source: 7 }, { source: "z", target: "b" }] as never };
  other.run({ do: "paste", clip: odd, place: {}, joined: true }, 0);
  expect(edges(other).filter((edge) => edge.startsWith("z b-"))).toEqual(["z b-3"]);
});

test("steps of a tree are pasted beside those that were copied", () => {
  const keys = (doc: FlowDocument) => doc.state.projection.nodes.map(({ key }) => key);
  expect(keys(pasted("flow.yaml", TREE, ["root/inner/b"], true))).toEqual(["root", "root/a", "root/inner", "root/inner/b", "root/inner/b-2", "root/inner/c"]);
  expect(keys(pasted("flow.yaml", TREE, ["root/inner/b"], false)).at(-1)).toBe("root/b-2");
});

test("whoever had a copied listener as a peer has the new one too", () => {
  expect(edges(pasted("organism.yaml", ORGANISM, ["orders"], true))).toEqual(["desk orders", "desk orders-2"]);
  expect(edges(pasted("organism.yaml", ORGANISM, ["orders"], false))).toEqual(["desk orders"]);
});

test("a step is disabled and enabled again, and the text is what it was", () => {
  for (const [name, text, key] of [["flow.json", GRAPH, "a"], ["flow.yaml", TREE, "root/a"]] as const) {
    const doc = new FlowDocument(name, text);
    const off = () => doc.state.projection.nodes.filter(({ disabled }) => disabled).map((node) => node.key);
    doc.run({ do: "disable", keys: [key], disabled: true }, 0);
    expect(off()).toEqual([key]);
    doc.run({ do: "disable", keys: [key], disabled: false }, 0);
    expect(off()).toEqual([]);
    expect(doc.state.text).toBe(text);
  }
});

test("what decides where a run goes cannot be disabled, nor can a listener", () => {
  for (const [name, text, key] of [["flow.json", GRAPH, "start"], ["flow.yaml", TREE, "root"], ["organism.yaml", ORGANISM, "desk"]] as const) {
    const doc = new FlowDocument(name, text);
    expect(doc.run({ do: "disable", keys: [key], disabled: true }, 0).refused).toMatch(/cannot be disabled/);
    expect(doc.state.text).toBe(text);
  }
});
