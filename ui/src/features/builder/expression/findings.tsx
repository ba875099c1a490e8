import type { Marker } from "@/components/code/code-editor";

/** Said in words too, for whoever does not see what is underlined. */
export function Findings({ markers }: { markers: readonly Marker[] }) {
  return (
    <ul aria-live="polite" className="flex max-h-40 flex-col gap-1 overflow-auto">
      {markers.map((one) => (
        <li key={`${one.from} ${one.message}`} className={`rounded-md px-2.5 py-1.5 text-sm wrap-anywhere ${one.severity === "error" ? "bg-bad-soft text-bad-ink" : "bg-warn-soft text-warn-ink"}`}>{one.message}</li>
      ))}
    </ul>
  );
}

/** Why nothing of what is written is taken. */
export const Wrong = ({ text }: { text: string }) => (text ? <p role="status" className="text-sm text-bad-ink wrap-anywhere">{text}</p> : null);

/** While a list or a hint of the editor is open, Escape closes that. */
export function keepForWidgets(event: KeyboardEvent): void {
  if (document.querySelector(".monaco-editor .suggest-widget.visible, .monaco-editor .parameter-hints-widget.visible")) event.preventDefault();
}
