import * as monaco from "monaco-editor/editor";
import "monaco-editor/features/bracketMatching/register";
import "monaco-editor/features/clipboard/register";
import "monaco-editor/features/comment/register";
import "monaco-editor/features/contextmenu/register";
import "monaco-editor/features/diffEditor/register";
import "monaco-editor/features/find/register";
import "monaco-editor/features/folding/register";
import "monaco-editor/features/gotoError/register";
import "monaco-editor/features/hover/register";
import "monaco-editor/features/indentation/register";
import "monaco-editor/features/linesOperations/register";
import "monaco-editor/features/multicursor/register";
import "monaco-editor/features/parameterHints/register";
// What `features/suggest` registers draws suggestions in the line; the list of them is this.
import "monaco-editor/editor/contrib/suggest/browser/suggestController";
import "monaco-editor/features/wordOperations/register";
import "monaco-editor/languages/definitions/javascript/register";
import "monaco-editor/languages/definitions/python/register";
import "monaco-editor/languages/definitions/typescript/register";
import "monaco-editor/languages/definitions/yaml/register";
// oxlint-disable-next-line import/default -- the bundler makes it
import EditorWorker from "monaco-editor/editor/editor.worker?worker";

// The worker is a file of ours: nothing is made of text, and nothing is loaded from elsewhere.
self.MonacoEnvironment = { getWorker: () => new EditorWorker() };

// Colours for JSON are those of YAML, which it is a part of; its own support would bring another worker.
monaco.languages.register({ id: "json", extensions: [".json"] });
monaco.languages.setLanguageConfiguration("json", {
  brackets: [["{", "}"], ["[", "]"]],
  autoClosingPairs: [{ open: "{", close: "}" }, { open: "[", close: "]" }, { open: '"', close: '"', notIn: ["string"] }],
});
monaco.languages.setMonarchTokensProvider("json", {
  tokenizer: {
    root: [
      [/"(?:[^"\\]|\\.)*"(?=\s*:)/, "type"],
      [/"(?:[^"\\]|\\.)*"/, "string"],
      [/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, "number"],
      [/\b(?:true|false|null)\b/, "keyword"],
      [/[{}[\]]/, "@brackets"],
    ],
  },
});

const PAIRS: monaco.languages.LanguageConfiguration = {
  brackets: [["{", "}"], ["[", "]"], ["(", ")"]],
  autoClosingPairs: [{ open: "{", close: "}" }, { open: "[", close: "]" }, { open: "(", close: ")" }, { open: '"', close: '"', notIn: ["string"] }, { open: "'", close: "'", notIn: ["string"] }, { open: "`", close: "`", notIn: ["string"] }],
};
const IN_EXPRESSIONS: monaco.languages.IMonarchLanguageRule[] = [
  [/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/, "string"],
  [/`(?:[^`\\]|\\.)*`/, "string"],
  [/\b(?:true|false|null|undefined|typeof|in)\b/, "keyword"],
  [/\b(?:input|vars|nodes|data|item|index|error|message|thread|run|now|secrets|project|service)\b/, "type"],
  [/[\p{L}_$][\p{L}\p{N}_$]*/u, "identifier"],
  [/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, "number"],
];

for (const id of ["expression", "template"]) {
  monaco.languages.register({ id });
  monaco.languages.setLanguageConfiguration(id, PAIRS);
}
monaco.languages.setMonarchTokensProvider("expression", { unicode: true, tokenizer: { root: IN_EXPRESSIONS } });
monaco.languages.setMonarchTokensProvider("template", {
  unicode: true,
  tokenizer: {
    root: [[/\{\{/, { token: "keyword", next: "@inside" }], [/[^{]+|\{/, ""]],
    inside: [[/\}\}/, { token: "keyword", next: "@pop" }], ...IN_EXPRESSIONS],
  },
});

/** A colour of the page as Monaco wants it. */
function color(name: string): string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  if (!paint) return "#808080";
  paint.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  paint.fillRect(0, 0, 1, 1);
  return `#${Array.from(paint.getImageData(0, 0, 1, 1).data.slice(0, 3), (part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** Takes on the colours of the page as they are now. */
export function followTheme(dark: boolean): void {
  const bare = (name: string) => color(name).slice(1);
  monaco.editor.defineTheme("weir", {
    base: dark ? "vs-dark" : "vs",
    inherit: true,
    rules: [
      { token: "type", foreground: bare("--accent-ink") },
      { token: "string", foreground: bare("--ok-ink") },
      // The base theme has a colour of its own for these, which is not seen well on what was taken out.
      { token: "string.yaml", foreground: bare("--ok-ink") },
      { token: "number", foreground: bare("--busy-ink") },
      { token: "keyword", foreground: bare("--wait-ink") },
      { token: "comment", foreground: bare("--muted"), fontStyle: "italic" },
    ],
    colors: {
      "editor.background": color("--surface"),
      "editor.foreground": color("--ink"),
      "editorLineNumber.foreground": color("--muted"),
      "editorLineNumber.activeForeground": color("--ink"),
      "editorGutter.background": color("--surface"),
      "editorWidget.background": color("--raised"),
      "editorWidget.border": color("--line"),
      "editorSuggestWidget.background": color("--raised"),
      "editorHoverWidget.background": color("--raised"),
      "editor.lineHighlightBackground": color("--sunken"),
      "editor.lineHighlightBorder": color("--sunken"),
      // Light enough, one over the other, for whatever is written on them.
      "diffEditor.removedLineBackground": `${color("--bad")}1a`,
      "diffEditor.removedTextBackground": `${color("--bad")}29`,
      "diffEditor.insertedLineBackground": `${color("--ok")}1a`,
      "diffEditor.insertedTextBackground": `${color("--ok")}29`,
    },
  });
  monaco.editor.setTheme("weir");
}

export { monaco };
