import { Toaster as Sonner, toast as sonner } from "sonner";
import { Failure } from "@/lib/failure";
import { useDark } from "@/lib/theme";

export function Toaster() {
  const dark = useDark();
  return (
    <Sonner
      theme={dark ? "dark" : "light"}
      position="bottom-right"
      gap={8}
      offset={16}
      closeButton
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "relative flex w-90 items-start gap-2.5 rounded-lg border border-line bg-raised p-3 pe-8 text-base text-ink shadow-pop [&_[data-icon]]:mt-0.5 [&_[data-icon]_svg]:size-4",
          title: "font-medium wrap-anywhere",
          description: "mt-0.5 text-muted wrap-anywhere",
          actionButton: "ms-auto shrink-0 self-center rounded-md border border-line-strong px-2 py-0.5 text-sm font-medium hover:bg-hover",
          closeButton: "absolute end-2 top-2 rounded-sm p-0.5 text-muted hover:bg-hover [&_svg]:size-3",
          success: "[&_[data-icon]]:text-ok-ink",
          error: "[&_[data-icon]]:text-bad-ink",
        },
      }}
    />
  );
}

interface Offer {
  label: string;
  onClick: () => void;
}

/** Short messages of what has happened. One with an offer, such as undo, stays for ten seconds. */
export const toast = {
  done(title: string, offer?: Offer) {
    sonner.success(title, offer ? { action: offer, duration: 10_000 } : {});
  },
  say(title: string, description?: string) {
    sonner(title, description ? { description } : {});
  },
  /** Says what went wrong as the server said it. */
  failed(error: unknown, title?: string) {
    const failure = Failure.of(error);
    // Whoever must sign in again is told so by a dialog.
    if (failure.kind === "signed-out") return;
    sonner.error(title ?? failure.title, { description: failure.message, duration: 10_000 });
  },
};
