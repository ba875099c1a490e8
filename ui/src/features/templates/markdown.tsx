import { Fragment, type ReactNode } from "react";
import { blocksOf, spansOf } from "./blocks";

/** The Markdown of our own pages: paragraphs, headings, lists, code. Nothing in it becomes HTML as it is. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className="flex flex-col gap-3 text-base leading-relaxed">
      {blocksOf(text).map((block, at) => {
        const key = `${at} ${block.text.slice(0, 20)}`;
        if (block.kind === "code") {
          return (
            <pre key={key} className="overflow-x-auto rounded-md border border-line bg-sunken p-3 font-mono text-sm leading-normal" tabIndex={0}>
              {block.text}
            </pre>
          );
        }
        if (block.kind === "heading") {
          return (
            <h3 key={key} className="mt-2 font-semibold">
              {inline(block.text)}
            </h3>
          );
        }
        if (block.kind === "item") {
          return (
            <p key={key} className="ms-4 -indent-3">
              {block.number === undefined ? "•" : `${block.number}.`} {inline(block.text)}
            </p>
          );
        }
        return (
          <p key={key} className="max-w-160">
            {inline(block.text)}
          </p>
        );
      })}
    </div>
  );
}

function inline(text: string): ReactNode {
  return spansOf(text).map((span, at) => {
    const key = `${at} ${span.text}`;
    if (span.code) {
      return (
        <code key={key} className="rounded-xs bg-sunken px-1 py-px font-mono text-sm">
          {span.text}
        </code>
      );
    }
    if (span.href !== undefined) {
      return (
        <a key={key} href={span.href} target="_blank" rel="noreferrer noopener" className="nodrag text-accent-ink underline underline-offset-2">
          {span.text}
        </a>
      );
    }
    if (span.look === "strong") return <strong key={key}>{span.text}</strong>;
    return span.look === "em" ? <em key={key}>{span.text}</em> : <Fragment key={key}>{span.text}</Fragment>;
  });
}
