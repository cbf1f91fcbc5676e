/** The document of the form that a flow is about: it came with the page, unless the flow is new or was turned to another form. */

import { type Ref, shallowRef, watch } from "vue";
import { fetchJson } from "../../app/http";
import type { JsonObject } from "./json";
import { api } from "./place";
import type { Builder } from "./store";

/** `null`: there is none; the check says so. */
export function formOf(builder: Builder): Readonly<Ref<JsonObject | null>> {
  const form = shallowRef(builder.boot.form);
  watch(() => String(builder.document.value["form"] ?? ""), async (key) => {
    if (!key || form.value?.["key"] === key) return;
    const found = await fetchJson<{ document: JsonObject }>(api(builder.boot, `/forms/${encodeURIComponent(key)}`)).catch(() => null);
    if (builder.document.value["form"] === key) form.value = found?.document ?? null;
  }, { immediate: true });
  return form;
}
