import { Toaster as Sonner } from "sonner";
import { useDark } from "@/lib/theme";

export { toast } from "sonner";

/** Where messages appear. */
export default function Toaster() {
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
