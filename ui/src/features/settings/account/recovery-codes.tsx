import { Copy, Download } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import { download } from "@/lib/download";

/** Told once, when an authenticator is taken into use. */
export function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const text = `${codes.join("\n")}\n`;
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => toast.done("The codes are copied"),
      () => toast.say("The browser does not allow copying here", "Select the codes, or download them."),
    );
  const footer = (
    <>
      <Button onClick={copy}>
        <Copy aria-hidden />
        Copy all
      </Button>
      <Button onClick={() => download("weir-recovery-codes.txt", text, "text/plain")}>
        <Download aria-hidden />
        Download
      </Button>
      <Button look="primary" onClick={onClose}>
        I have kept them
      </Button>
    </>
  );
  return (
    <Dialog open onOpenChange={onClose} stays title="Recovery codes" description="If you lose your authenticator, each of these signs you in once in its place. They are not shown again." footer={footer}>
      <ul aria-label="Recovery codes" className="grid grid-cols-2 gap-x-6 gap-y-1 rounded-md border border-line bg-sunken px-4 py-3 font-mono text-base">
        {codes.map((code) => (
          <li key={code} dir="ltr">
            {code}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
