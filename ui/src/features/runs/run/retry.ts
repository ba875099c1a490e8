import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { useFollowAgain } from "../live/follow";

/** Does the failed step of a run again, under the version it ran under. */
export function useRetry(run: string) {
  const queries = useQueryClient();
  const again = useFollowAgain();
  return useMutation({
    mutationFn: async () => {
      const { items } = await body(api.POST("/api/runs/bulk", { body: { runs: [run], action: "retry" } }));
      const done = items[0];
      if (done && !done.ok) throw new Failure("conflict", 409, done.problem ?? "The run was left as it is.");
    },
    onSuccess: () => {
      toast.done("The failed step is done again");
      again();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["run", run] }),
  });
}
