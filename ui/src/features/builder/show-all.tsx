import { useReactFlow, useStore } from "@xyflow/react";
import { useMemo } from "react";
import { around } from "@/canvas/model/layout";
import { isWhole } from "@/canvas/model/view";
import { FIT } from "@/canvas/view/fit";
import { Button } from "@/components/ui/button";
import type { Note, Point } from "@/document";

/** Leads back to the whole drawing; it is there only while some of it is not seen. */
export function ShowAll({ places, notes }: { places: ReadonlyMap<string, Point>; notes: { [id: string]: Note } }) {
  const { fitView } = useReactFlow();
  const box = useMemo(() => around([...places.values(), ...Object.values(notes)], 0), [places, notes]);
  const whole = useStore(({ transform: [x, y, zoom], width, height }) => width === 0 || !box || isWhole(box, { x, y, zoom, width, height }, FIT.minZoom));
  if (whole) return null;
  return <Button size="sm" className="absolute start-42 bottom-3" onClick={() => void fitView(FIT)}>Show all</Button>;
}
