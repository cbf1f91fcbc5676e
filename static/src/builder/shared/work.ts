/** Work that takes a while and may fail: one thing at a time, and what went wrong is said. */

import { type Ref, ref } from "vue";

export interface Work {
  readonly tried: (work: () => Promise<void>) => Promise<void>;
  /** Why the last one failed, or nothing. */
  readonly failed: Readonly<Ref<string>>;
  readonly isBusy: Readonly<Ref<boolean>>;
}

export function useWork(): Work {
  const failed = ref("");
  const isBusy = ref(false);
  return {
    failed,
    isBusy,
    async tried(work) {
      failed.value = "";
      isBusy.value = true;
      try {
        await work();
      } catch (error) {
        failed.value = error instanceof Error ? error.message : "";
      } finally {
        isBusy.value = false;
      }
    },
  };
}
