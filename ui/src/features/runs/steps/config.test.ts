import { expect, test } from "vitest";
import { configOf } from "./config";

const of = (text: string, path: string) => configOf([{ name: "flow", text }], path);

test.each([
  ["type: Sequence\nid: f\nchildren:\n  - {type: Mock, id: a, props: {delay: 5}}\n", "f/a", { delay: 5 }],
  ['{"id":"g","nodes":[{"id":"n","type":"activity","position":{"x":1,"y":2},"data":{"label":"N","activityName":"log","config":{"message":"{{ input.a }}"}}}]}', "main/n", { activityName: "log", config: { message: "{{ input.a }}" } }],
  ["organism: {name: o}\nlisteners:\n  - {name: desk, agent: true, prompt: Answer.}\n", "o/t0/desk[0]/desk", { agent: true, prompt: "Answer." }],
  ["type: Sequence\nid: f\nchildren: [\n", "f/a", undefined],
  ["type: Sequence\nid: f\n", "f/none", undefined],
])("%j has the settings of %s", (text, path, expected) => {
  expect(of(text, path)).toEqual(expected);
});
