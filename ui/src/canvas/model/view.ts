import type { Box } from "./layout";

/** What of a drawing is seen: its own origin in the window, and how many points of the window one of its points takes. */
export interface View {
  x: number;
  y: number;
  zoom: number;
  width: number;
  height: number;
}

/** From how much of the largest fitting size on a drawing counts as shown well. */
const LARGE_ENOUGH = 0.6;
const SLACK = 2;

/** Whether showing the whole box would change nothing worth it; `least` is the smallest zoom there is. */
export function isWhole(box: Box, view: View, least: number): boolean {
  const { zoom, width, height } = view;
  const [left, top] = [box.x * zoom + view.x, box.y * zoom + view.y];
  const [right, bottom] = [left + box.width * zoom, top + box.height * zoom];
  // A drawing that is too large for the smallest zoom is shown as well as it can be from its middle.
  if (zoom <= least) return Math.abs(left + right - width) <= SLACK && Math.abs(top + bottom - height) <= SLACK;
  const inside = left >= -SLACK && top >= -SLACK && right <= width + SLACK && bottom <= height + SLACK;
  const largest = Math.min(1, width / box.width, height / box.height);
  return inside && zoom >= largest * LARGE_ENOUGH;
}
