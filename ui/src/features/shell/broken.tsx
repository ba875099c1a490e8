import { useRouter } from "@tanstack/react-router";
import { Failed } from "@/components/ui/states";

/** In the place of a page that fails: it takes down neither the others nor the way to them. */
export function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return <Failed error={error} onRetry={retry} />;
}
