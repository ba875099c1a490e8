/** Water that falls over a weir. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden>
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <path d="M5 10.5h9c3.2 0 4 2 4 4.5v4c0 2.5.8 4.5 4 4.5h5" className="fill-none stroke-accent-on" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M5 16h6.5M20.5 16H27" className="fill-none stroke-accent-on opacity-55" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
  );
}
