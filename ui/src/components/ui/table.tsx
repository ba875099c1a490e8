import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

/** Dense rows with hairlines; wide ones scroll inside themselves. */
export function Table({ className, ...rest }: ComponentProps<"table">) {
  return (
    <div className="overflow-x-auto" tabIndex={-1}>
      <table {...rest} className={cn("w-full border-collapse text-base", className)} />
    </div>
  );
}

export function Head({ className, ...rest }: ComponentProps<"th">) {
  return (
    <th
      scope="col"
      {...rest}
      className={cn("h-8 whitespace-nowrap border-b border-line px-3 text-start text-xs font-medium text-muted first:ps-4 last:pe-4", className)}
    />
  );
}

export function Row({ className, ...rest }: ComponentProps<"tr">) {
  return <tr {...rest} className={cn("border-b border-line last:border-0 hover:bg-hover", className)} />;
}

export function Cell({ className, ...rest }: ComponentProps<"td">) {
  return <td {...rest} className={cn("h-10 max-w-96 px-3 first:ps-4 last:pe-4", className)} />;
}
