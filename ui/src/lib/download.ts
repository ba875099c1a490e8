/** Hands a file to the browser to be kept. */
export function download(name: string, content: string | Uint8Array<ArrayBuffer>, kind = "application/json"): void {
  const url = URL.createObjectURL(new Blob([content], { type: kind }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
