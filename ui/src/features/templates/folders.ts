import { dialectOf, type Template, templateFrom } from "./template";

/** The folders of examples/, put into the build as they are. This module is large; load it with `import()`. */
const texts = import.meta.glob<string>("../../../../examples/*/*.{md,yaml,json,txt}", { query: "?raw", import: "default", eager: true });

function folders(): Map<string, Record<string, string>> {
  const all = new Map<string, Record<string, string>>();
  for (const [path, text] of Object.entries(texts)) {
    const [folder, file] = path.split("/").slice(-2);
    if (!folder || !file) continue;
    all.set(folder, { ...all.get(folder), [file]: text });
  }
  return all;
}

/** By dialect, then by title. The form under the dialects is for reading, not for drawing, and left out. */
export const TEMPLATES: Template[] = [...folders()]
  .map(([folder, files]) => templateFrom(folder, files))
  .filter((template) => template !== undefined)
  .filter((template) => dialectOf(template.files[0]?.text ?? "") !== "ir")
  .sort((a, b) => a.dialect.localeCompare(b.dialect) || a.title.localeCompare(b.title));
