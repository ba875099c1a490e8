import { useState } from "react";
import { CodeDiff, type Language } from "@/components/code/code-editor";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import type { Draft } from "./draft";

/** Somebody else saved this draft meanwhile: both texts side by side, and the right one is what will be kept. */
export function Conflict({ draft, language }: { draft: Draft; language: Language }) {
  const theirs = draft.theirs?.files[0]?.text ?? "";
  const [merged, setMerged] = useState(draft.document.state.text);
  const done = (text: string) => draft.resolve(text, Date.now());
  const footer = (
    <>
      <Button onClick={() => done(theirs)}>Take the other one</Button>
      <Button look="primary" onClick={() => done(merged)}>Keep what is on the right</Button>
    </>
  );
  return (
    <Dialog open onOpenChange={() => {}} size="xl" title="This flow was changed elsewhere" description="On the left is what was saved meanwhile, on the right what you have. Edit the right side until it is what you want; nothing is lost either way, and undo brings back what you had." footer={footer}>
      <div className="h-[48vh] overflow-hidden rounded-md border border-line">
        <CodeDiff before={theirs} after={merged} language={language} label="What was saved, and what you have" onChange={setMerged} />
      </div>
    </Dialog>
  );
}
