import { Loading } from "@/components/ui/states";
import { Segments } from "@/components/ui/tabs";
import { Outline } from "./later";
import type { Choice } from "./offers";
import { Palette } from "./palette";
import { type Builder, useKept } from "./state";

type Side = "add" | "outline";

/** Beside the canvas, while what stands at its other side leaves room for it: what can be put into the flow, or the list of what is in it. */
export function SideList({ builder, choices, looking, mayWrite, onAdd }: { builder: Builder; choices: readonly Choice[]; looking: boolean; mayWrite: boolean; onAdd: (choice: Choice) => void }) {
  const [side, setSide] = useKept<Side>("weir.builder.side", "add");
  const adds = mayWrite && choices.length > 0;
  return (
    <aside aria-label="Steps" className="flex h-full w-56 shrink-0 flex-col border-e border-line bg-surface group-has-data-wide/builder:hidden max-xl:group-has-data-step/builder:hidden">
      {adds ? (
        <div className="flex px-2 pt-2">
          <Segments<Side> label="Beside the canvas" value={side} onChange={setSide} options={[{ value: "add", label: "Add" }, { value: "outline", label: "Outline" }]} />
        </div>
      ) : null}
      {adds && side === "add" ? looking ? <Loading label="Looking up kinds" /> : <Palette choices={choices} onAdd={onAdd} /> : <Outline.Part builder={builder} />}
    </aside>
  );
}
