/** Asks the server whom selectors mean today; the same question is asked once. */

import { fetchJson } from "../../app/http";
import { api } from "../model/place";
import type { Boot } from "../model/boot";
import type { Json } from "../model/json";

export interface Whom {
  readonly people: readonly { readonly key: string; readonly name: string; readonly limit: string | null; readonly delegate: string | null }[];
  readonly pool: boolean;
  readonly needs: "submitter" | "amount" | "field" | "step" | null;
}

const asked = new Map<string, Promise<readonly Whom[]>>();

/** For each selector those it finds for a request of `by`.
 *
 * @throws HttpError the server refuses or is not there; the question is asked anew next time.
 */
export function whom(boot: Boot, who: readonly Json[], form: string, by: string): Promise<readonly Whom[]> {
  const question = JSON.stringify([who, form, by]);
  const known = asked.get(question);
  if (known) return known;
  const found = fetchJson<{ items: Whom[] }>(api(boot, "/whom"), { method: "POST", body: { who: [...who], form, by: by || null } }).then((answer) => answer.items);
  asked.set(question, found);
  found.catch(() => asked.delete(question));
  return found;
}
