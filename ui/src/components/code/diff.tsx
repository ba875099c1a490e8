import { useEffect, useRef } from "react";
import { useLatest } from "@/lib/latest";
import { useDark } from "@/lib/theme";
import type { CodeDiffProps } from "./code-editor";
import { followTheme, monaco } from "./monaco";

export default function Diff(props: CodeDiffProps) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useLatest(props);
  const models = useRef<{ original: monaco.editor.ITextModel; modified: monaco.editor.ITextModel }>(undefined);
  const shown = useRef<monaco.editor.IStandaloneDiffEditor>(undefined);
  const dark = useDark();
  useEffect(() => {
    if (!host.current) return;
    const { before, after, language, onChange, label } = latest.current;
    const editor = monaco.editor.createDiffEditor(host.current, {
      automaticLayout: true,
      readOnly: !onChange,
      originalEditable: false,
      renderSideBySide: true,
      minimap: { enabled: false },
      // Long lines, as of a flow as JSON, differ where nobody would scroll to.
      diffWordWrap: "on",
      renderOverviewRuler: false,
      scrollbar: { verticalScrollbarSize: 8, horizontalScrollbarSize: 8 },
      scrollBeyondLastLine: false,
      fontSize: 12.5,
      theme: "weir",
    });
    models.current = { original: monaco.editor.createModel(before, language), modified: monaco.editor.createModel(after, language) };
    editor.setModel(models.current);
    shown.current = editor;
    const { original, modified } = models.current;
    name(editor, label);
    // Its own options forget what the two sides are called whenever they change.
    const naming = editor.onDidUpdateDiff(() => name(editor, label));
    const listening = modified.onDidChangeContent(() => latest.current.onChange?.(modified.getValue()));
    return () => {
      naming.dispose();
      listening.dispose();
      editor.dispose();
      shown.current = undefined;
      original.dispose();
      modified.dispose();
    };
  }, [latest]);
  useEffect(() => {
    followTheme(dark);
    // Lines that were taken out keep the colours they were drawn with: they are drawn anew.
    const seen = shown.current?.saveViewState() ?? null;
    shown.current?.setModel(null);
    shown.current?.setModel(models.current ?? null);
    shown.current?.restoreViewState(seen);
  }, [dark]);
  useEffect(() => {
    if (models.current?.original.getValue() !== props.before) models.current?.original.setValue(props.before);
    if (models.current?.modified.getValue() !== props.after) models.current?.modified.setValue(props.after);
  }, [props.before, props.after]);
  return <div ref={host} className="size-full min-h-0" />;
}

function name(editor: monaco.editor.IStandaloneDiffEditor, label: string): void {
  editor.getOriginalEditor().updateOptions({ ariaLabel: `${label}: before` });
  editor.getModifiedEditor().updateOptions({ ariaLabel: `${label}: after` });
}
