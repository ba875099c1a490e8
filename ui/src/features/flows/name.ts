/** The name by which other flows call one, from what a person wrote: letters, digits and hyphens. */
export function nameFrom(title: string): string {
  const plain = title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const name = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "");
  return /^[a-z]/.test(name) ? name : name ? `flow-${name}` : "flow";
}
