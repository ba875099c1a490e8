/** An address to go on to, if it is one of ours; else the first page. Nobody is sent elsewhere by a link. */
export function within(address: string | undefined): string {
  if (!address || !address.startsWith("/") || /^\/[/\\]/.test(address)) return "/";
  return address;
}
