import { useEffect, useRef } from "react";
import { useLatest } from "@/lib/latest";
import { useDark } from "@/lib/theme";
import type { CodeEditorProps, Marker } from "./code-editor";
import { followTheme, monaco } from "./monaco";

type Model = monaco.editor.ITextModel;
type Instance = monaco.editor.IStandaloneCodeEditor;

/** Monaco, with a text that is owned outside. */
export default function Editor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Instance>(undefined);
  // What was typed and has not come back yet as the value.
  const typed = useRef<string[]>([]);
  const latest = useLatest(props);
  const dark = useDark();

  useEffect(() => {
    if (!host.current) return;
    const made = make(host.current, latest, typed.current);
    editor.current = made.editor;
    return () => made.dispose();
  }, [latest]);
  useEffect(() => followTheme(dark), [dark]);
  useEffect(() => {
    if (!hasComeBack(typed.current, props.value)) show(editor.current, props.value);
  }, [props.value]);
  // Also after the text has changed: places are counted in it.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies
  useEffect(() => mark(editor.current, props.markers ?? []), [props.markers, props.value]);
  useEffect(() => editor.current?.updateOptions({ readOnly: props.readOnly ?? false }), [props.readOnly]);
  useEffect(() => {
    const model = editor.current?.getModel();
    if (model) monaco.editor.setModelLanguage(model, props.language);
  }, [props.language]);
  useEffect(() => reveal(editor.current, props.reveal), [props.reveal]);
  return <div ref={host} className="size-full min-h-0" />;
}

const FONT = '"JetBrains Mono Variable", ui-monospace, Menlo, Consolas, monospace';

/** What a field has no use for; Tab goes on to the next one, as from every other field. */
const FIELD: monaco.editor.IStandaloneEditorConstructionOptions = {
  lineNumbers: "off",
  glyphMargin: false,
  folding: false,
  lineDecorationsWidth: 8,
  wordWrap: "on",
  renderLineHighlight: "none",
  overviewRulerLanes: 0,
  tabFocusMode: true,
  padding: { top: 8, bottom: 8 },
};

/** Whether a value is only what was typed a moment ago; more may have been typed since, and stays. */
function hasComeBack(typed: string[], value: string): boolean {
  const at = typed.lastIndexOf(value);
  typed.splice(0, at < 0 ? typed.length : at + 1);
  return at >= 0;
}

function make(host: HTMLElement, latest: { current: CodeEditorProps }, typed: string[]) {
  const { value, language, label, readOnly = false, field = false } = latest.current;
  const editor = monaco.editor.create(host, {
    value,
    language,
    ariaLabel: label,
    readOnly,
    automaticLayout: true,
    minimap: { enabled: false },
    fontFamily: FONT,
    fontSize: 13,
    lineHeight: 20,
    tabSize: 2,
    scrollBeyondLastLine: false,
    renderWhitespace: "selection",
    fixedOverflowWidgets: true,
    quickSuggestions: { other: true, strings: true, comments: false },
    wordBasedSuggestions: "off",
    theme: "weir",
    ...(field ? FIELD : {}),
  });
  if (field) editor.focus();
  editor.getModel()?.setEOL(monaco.editor.EndOfLineSequence.LF);
  const parts = [
    editor.onDidChangeModelContent(() => {
      const text = editor.getValue();
      if (text === (typed.at(-1) ?? latest.current.value)) return;
      typed.push(text);
      latest.current.onChange?.(text);
    }),
    editor.onDidChangeCursorPosition(({ position }) => latest.current.onCursor?.(editor.getModel()?.getOffsetAt(position) ?? 0)),
    monaco.languages.registerCompletionItemProvider(language, { triggerCharacters: [".", " ", ":", "{", '"'], provideCompletionItems: (model, position) => completions(model, position, editor, latest) }),
    monaco.languages.registerHoverProvider(language, { provideHover: (model, position) => hover(model, position, editor, latest) }),
    monaco.languages.registerSignatureHelpProvider(language, { signatureHelpTriggerCharacters: ["(", ","], provideSignatureHelp: (model, position) => signature(model, position, editor, latest) }),
  ];
  shareHistory(editor, latest);
  return {
    editor,
    dispose: () => {
      for (const part of parts) part.dispose();
      editor.getModel()?.dispose();
      editor.dispose();
    },
  };
}

/** Undo and redo are the document's, so that they cover what was done elsewhere too. */
function shareHistory(editor: Instance, latest: { current: CodeEditorProps }): void {
  if (!latest.current.onUndo) return;
  const { KeyMod, KeyCode } = monaco;
  editor.addCommand(KeyMod.CtrlCmd | KeyCode.KeyZ, () => latest.current.onUndo?.());
  editor.addCommand(KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ, () => latest.current.onRedo?.());
  editor.addCommand(KeyMod.CtrlCmd | KeyCode.KeyY, () => latest.current.onRedo?.());
}

/** Puts in what has changed outside, and leaves cursor and scrolling where they are. */
function show(editor: Instance | undefined, value: string): void {
  const model = editor?.getModel();
  const before = model?.getValue();
  if (!editor || !model || before === undefined || before === value) return;
  let head = 0;
  while (head < Math.min(before.length, value.length) && before[head] === value[head]) head++;
  let tail = 0;
  while (tail < Math.min(before.length, value.length) - head && before[before.length - 1 - tail] === value[value.length - 1 - tail]) tail++;
  const range = monaco.Range.fromPositions(model.getPositionAt(head), model.getPositionAt(before.length - tail));
  model.applyEdits([{ range, text: value.slice(head, value.length - tail) }]);
}

const SEVERITIES = { error: 8, warning: 4, info: 2 } as const;

function mark(editor: Instance | undefined, markers: readonly Marker[]): void {
  const model = editor?.getModel();
  if (!model) return;
  const found = markers.map(({ from, to, message, severity, code }) => {
    const [start, end] = [model.getPositionAt(from), model.getPositionAt(Math.max(to, from + 1))];
    return { startLineNumber: start.lineNumber, startColumn: start.column, endLineNumber: end.lineNumber, endColumn: end.column, message, severity: SEVERITIES[severity], ...(code ? { code } : {}) };
  });
  monaco.editor.setModelMarkers(model, "weir", found);
}

function reveal(editor: Instance | undefined, place: CodeEditorProps["reveal"]): void {
  const model = editor?.getModel();
  if (!editor || !model || !place) return;
  const range = monaco.Range.fromPositions(model.getPositionAt(place.from), model.getPositionAt(place.from));
  editor.setPosition(range.getStartPosition());
  editor.revealRangeInCenterIfOutsideViewport(range);
}

async function completions(model: Model, position: monaco.Position, editor: Instance, latest: { current: CodeEditorProps }): Promise<monaco.languages.CompletionList> {
  const ask = latest.current.complete;
  if (!ask || editor.getModel() !== model) return { suggestions: [] };
  const { from, items } = await ask(model.getValue(), model.getOffsetAt(position));
  return {
    suggestions: items.map((item) => ({
      label: item.label,
      insertText: item.insert ?? item.label,
      // What is put in may begin with a bracket; it is still found by the name.
      filterText: item.insert === undefined ? item.label : model.getValueInRange(rangeTo(model, item.from ?? from, position)) + item.label,
      kind: KINDS[item.sort] ?? monaco.languages.CompletionItemKind.Value,
      range: rangeTo(model, item.from ?? from, position),
      sortText: ORDER[item.sort] ?? item.sort,
      ...(item.detail ? { detail: item.detail } : {}),
      ...(item.docs ? { documentation: item.docs } : {}),
    })),
  };
}

const { CompletionItemKind } = monaco.languages;
const KINDS: Record<string, monaco.languages.CompletionItemKind> = { method: CompletionItemKind.Method, function: CompletionItemKind.Function, name: CompletionItemKind.Field, parameter: CompletionItemKind.Property, word: CompletionItemKind.Keyword };

/** What a flow says of itself comes before what the language has. */
const ORDER: Record<string, string> = { name: "1", method: "2", function: "3", word: "4" };

const rangeTo = (model: Model, from: number, position: monaco.Position) => monaco.Range.fromPositions(model.getPositionAt(from), position);

async function hover(model: Model, position: monaco.Position, editor: Instance, latest: { current: CodeEditorProps }): Promise<monaco.languages.Hover | null> {
  const ask = latest.current.hint;
  if (!ask || editor.getModel() !== model) return null;
  const found = await ask(model.getValue(), model.getOffsetAt(position));
  if (!found) return null;
  const contents = [{ value: `\`\`\`typescript\n${found.type}\n\`\`\`` }, ...(found.docs ? [{ value: found.docs }] : [])];
  return { range: rangeTo(model, found.from, model.getPositionAt(found.to)), contents };
}

async function signature(model: Model, position: monaco.Position, editor: Instance, latest: { current: CodeEditorProps }): Promise<monaco.languages.SignatureHelpResult | null> {
  const ask = latest.current.call;
  if (!ask || editor.getModel() !== model) return null;
  const found = await ask(model.getValue(), model.getOffsetAt(position));
  if (!found) return null;
  const one = { label: found.label, documentation: found.docs, parameters: found.parameters.map((label) => ({ label })) };
  return { value: { signatures: [one], activeSignature: 0, activeParameter: found.active }, dispose: () => {} };
}
