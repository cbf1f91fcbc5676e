/** Addresses: those of the page, and those of the API below `/api/v1`. */

import type { Boot, Kind } from "./boot";

export function api(boot: Boot, path: string): string {
  return `${boot.urls["api"] ?? ""}${path}`;
}

/** `/forms/refund`, or what comes below it. */
export function definitionCall(boot: Boot, key: string, below = ""): string {
  return api(boot, `/${boot.kind}s/${encodeURIComponent(key)}${below}`);
}

export function pageOf(boot: Boot, kind: Kind, key: string): string {
  return (boot.urls["page"] ?? "").replace("KIND", kind).replace("KEY", encodeURIComponent(key));
}

export function versionOf(boot: Boot, key: string, version: number): string {
  return (boot.urls["version"] ?? "").replace("KEY", encodeURIComponent(key)).replace(/0$/, String(version));
}

export function keyed(boot: Boot, name: "json" | "moves", key: string): string {
  return (boot.urls[name] ?? "").replace("KEY", encodeURIComponent(key));
}
