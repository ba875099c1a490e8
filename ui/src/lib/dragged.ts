import type { DragEvent } from "react";

/** What an expression is called while it is dragged into a field. */
export const DRAGGED_REFERENCE = "application/x-weir-reference";

/** Lets something be dragged into a parameter as the expression it is named by. */
export const draggedAs = (expression: string) => ({
  draggable: true,
  title: `Drag it into a parameter: ${expression}`,
  onDragStart: (event: DragEvent) => {
    event.stopPropagation();
    event.dataTransfer.setData(DRAGGED_REFERENCE, expression);
    event.dataTransfer.setData("text/plain", `{{ ${expression} }}`);
    event.dataTransfer.effectAllowed = "copy";
  },
});
