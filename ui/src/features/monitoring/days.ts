/** Days and what is due on them, by the clock of whoever looks. Times are milliseconds. */

export type View = "week" | "month";

export interface Tick {
  at: string;
  flow: string;
  flowName: string;
  trigger: string;
  triggerName: string;
  running: boolean;
}

/** All ticks of one schedule on one day. */
export interface Due<T extends Tick = Tick> {
  first: T;
  last: T;
  count: number;
}

export function startOfDay(time: number): number {
  const day = new Date(time);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** So many days on; a day on which clocks are put forward counts as one. */
export function addDays(time: number, days: number): number {
  const day = new Date(time);
  day.setDate(day.getDate() + days);
  return day.getTime();
}

/** Monday is the first day. */
export function startOfWeek(time: number): number {
  const day = startOfDay(time);
  return addDays(day, -((new Date(day).getDay() + 6) % 7));
}

function startOfMonth(time: number): number {
  const day = new Date(startOfDay(time));
  day.setDate(1);
  return day.getTime();
}

/** Every day that a view shows, whole weeks always. */
export function daysOf(view: View, time: number): number[] {
  const first = view === "week" ? startOfWeek(time) : startOfWeek(startOfMonth(time));
  const weeks = view === "week" ? 1 : weeksOf(time, first);
  return Array.from({ length: weeks * 7 }, (_, day) => addDays(first, day));
}

function weeksOf(time: number, first: number): number {
  const next = new Date(startOfMonth(time));
  next.setMonth(next.getMonth() + 1);
  let weeks = 0;
  while (addDays(first, weeks * 7) < next.getTime()) weeks += 1;
  return weeks;
}

/** The week or month before (-1) or after (1). */
export function moved(view: View, time: number, by: number): number {
  if (view === "week") return addDays(startOfWeek(time), by * 7);
  const month = new Date(startOfMonth(time));
  month.setMonth(month.getMonth() + by);
  return month.getTime();
}

/** `2026-11-28`, as addresses have it. */
export function dayName(time: number): string {
  const day = new Date(time);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

export function dayNamed(name: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(name) ?? [];
  if (!year || !month || !day) return undefined;
  const time = new Date(Number(year), Number(month) - 1, Number(day)).getTime();
  return dayName(time) === name ? time : undefined;
}

/** Ticks by day, and on each day by schedule, in the order in which each is first due. */
export function dueByDay<T extends Tick>(ticks: T[]): Map<number, Due<T>[]> {
  const days = new Map<number, Map<string, Due<T>>>();
  for (const tick of ticks) {
    const day = startOfDay(Date.parse(tick.at));
    const due = days.get(day) ?? new Map<string, Due<T>>();
    const known = due.get(tick.trigger);
    due.set(tick.trigger, known ? { ...known, last: tick, count: known.count + 1 } : { first: tick, last: tick, count: 1 });
    days.set(day, due);
  }
  return new Map([...days].map(([day, due]) => [day, [...due.values()]]));
}
