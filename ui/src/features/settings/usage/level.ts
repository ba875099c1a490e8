/** Used, of what may be; no limit where it is absent. */
interface Used {
  used: number;
  limit?: number | null;
}

/** Of 1; more where more is used than may be, as after a tier was made smaller. */
export function share({ used, limit }: Used): number {
  if (limit === null || limit === undefined) return 0;
  return limit === 0 ? 1 : used / limit;
}

export function level(of: Used): "free" | "near" | "full" {
  const used = share(of);
  return used >= 1 ? "full" : used >= 0.8 ? "near" : "free";
}
