import { createFileRoute } from "@tanstack/react-router";
import { type Filter, SPANS, type Span } from "@/features/settings/audit/data";
import { AuditPage } from "@/features/settings/audit/page";

const text = (value: unknown): value is string => typeof value === "string" && value !== "";

export const Route = createFileRoute("/_app/settings/audit")({
  validateSearch: ({ text: words, action, target, span }: Record<string, unknown>): Filter => ({
    ...(text(words) ? { text: words } : {}),
    ...(text(action) ? { action } : {}),
    ...(text(target) ? { target } : {}),
    ...(typeof span === "string" && span in SPANS ? { span: span as Span } : {}),
  }),
  component: AuditPage,
});
