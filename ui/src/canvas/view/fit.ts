/** How the whole of a drawing is shown. */
export const FIT = { padding: 0.15, maxZoom: 1, minZoom: 0.08 };
