/** Something that is wrong with a flow, at its place. */
export interface Problem {
  code: string;
  severity: string;
  message: string;
  help?: string;
  file: string;
  /** From 1; absent where it has no place in the text. */
  line?: number;
}

interface Diagnostic {
  code?: string;
  severity?: string;
  message?: string;
  help?: string;
  /** Counted in bytes. */
  span?: { file?: number; start?: number };
}

export function problemsOf(diagnostics: readonly unknown[] | undefined, names: readonly string[], files: { name: string; text: string }[]): Problem[] {
  return (diagnostics ?? []).map((one) => {
    const { code = "", severity = "error", message = "", help, span } = one as Diagnostic;
    const file = names[span?.file ?? 0] ?? names[0] ?? "";
    const text = files.find(({ name }) => name === file)?.text;
    return { code, severity, message, file, ...(help ? { help } : {}), ...(text !== undefined && span?.start !== undefined ? { line: lineAt(text, span.start) } : {}) };
  });
}

export function lineAt(text: string, byte: number): number {
  const before = new TextEncoder().encode(text).subarray(0, byte);
  return before.reduce((lines, one) => (one === 10 ? lines + 1 : lines), 1);
}
