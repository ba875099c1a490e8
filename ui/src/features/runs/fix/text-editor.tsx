import { CodeEditor } from "@/components/code/code-editor";
import type { Problem } from "./problems";

interface Props {
  name: string;
  text: string;
  readOnly: boolean;
  problems: Problem[];
  onChange: (text: string) => void;
}

export function TextEditor({ name, text, readOnly, problems, onChange }: Props) {
  const markers = problems.flatMap((one) => (one.line ? [{ ...lineOf(text, one.line), message: `${one.message} ${one.help ?? ""}`.trim(), severity: one.severity === "error" ? ("error" as const) : ("warning" as const), code: one.code }] : []));
  return (
    <div className="h-[46vh] min-h-72 border-t border-line">
      <CodeEditor value={text} onChange={onChange} language={name.endsWith(".json") ? "json" : "yaml"} label={`Text of ${name}`} readOnly={readOnly} markers={markers} />
    </div>
  );
}

function lineOf(text: string, line: number): { from: number; to: number } {
  const before = text.split("\n").slice(0, line - 1);
  const from = before.reduce((sum, one) => sum + one.length + 1, 0);
  const end = text.indexOf("\n", from);
  return { from, to: end < 0 ? text.length : end };
}
