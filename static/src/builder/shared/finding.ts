/** People, departments and records by the words that somebody types: those that came with the page, and the server's. */

import { shallowRef } from "vue";
import { fetchJson } from "../../app/http";
import type { Boot, Catalogue, Named } from "../model/boot";
import { api } from "../model/place";

export interface Found {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

/** Answers at once with what is known, and later with more. */
export type Find = (typed: string) => readonly Found[] | Promise<readonly Found[]>;

const MOST = 20;
/** Names that the server told this page, by form or kind and value. */
const told = shallowRef<ReadonlyMap<string, string>>(new Map());

function remember(kind: string, found: readonly Found[]): readonly Found[] {
  told.value = new Map([...told.value, ...found.map((each) => [`${kind}:${each.value}`, each.label] as const)]);
  return found;
}

export function personName(boot: { readonly catalogue: Pick<Catalogue, "people"> }, key: string | null): string {
  if (key === null || key === "") return "";
  return boot.catalogue.people.find((each) => each.key === key)?.name ?? told.value.get(`person:${key}`) ?? key;
}

/** What a record is called; its id where this page has not met it. */
export function recordName(form: string, id: string): string {
  return told.value.get(`${form}:${id}`) ?? (id ? `#${id}` : "");
}

/** Active people, but those in `except`. */
export function people(boot: Boot, except: readonly string[] = []): Find {
  const { catalogue } = boot;
  const known = catalogue.people.filter((each) => each.active && !except.includes(each.key)).map((each) => ({ value: each.key, label: each.name, hint: each.key }));
  return (typed) => {
    const here = matching(known, typed);
    if (!catalogue.people_more || !typed.trim() || here.length >= MOST) return here;
    return asked(boot, `/people?limit=${MOST}&q=${encodeURIComponent(typed.trim())}`, (found: { items: Named[] }) => {
      const there = found.items.filter((each) => !except.includes(each.key)).map((each) => ({ value: each.key, label: each.name, hint: each.key }));
      return remember("person", joined(here, there));
    }, here);
  };
}

interface Row {
  readonly id: number;
  readonly number: string | null;
  readonly form: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Its number, and the first texts that stand in it. */
function foundIn({ id, number, values }: Row): Found {
  const texts = Object.values(values).filter((each): each is string => typeof each === "string").slice(0, 2);
  const [label, ...hints] = number === null ? [texts.join(" · ") || `#${id}`] : [number, ...texts];
  return { value: String(id), label: label ?? "", ...(hints.length ? { hint: hints.join(" · ") } : {}) };
}

/** Records of a form, by number and words. */
export function records(boot: Boot, form: string): Find {
  return (typed) =>
    asked(boot, `/forms/${encodeURIComponent(form)}/records?limit=${MOST}&q=${encodeURIComponent(typed.trim())}`, (found: { items: Row[] }) => remember(form, found.items.map(foundIn)), []);
}

/** Tells this page how the record is called, if the server knows. */
export async function meetRecord(boot: Boot, form: string, id: string): Promise<void> {
  if (!/^\d+$/.test(id) || told.value.has(`${form}:${id}`)) return;
  const found = await fetchJson<Row>(api(boot, `/records/${id}`)).catch(() => null);
  if (found?.form === form) remember(form, [foundIn(found)]);
}

async function asked<T>(boot: Boot, path: string, read: (answer: T) => readonly Found[], instead: readonly Found[]): Promise<readonly Found[]> {
  try {
    return read(await fetchJson<T>(api(boot, path)));
  } catch {
    return instead; // without the server those that are known are better than none
  }
}

function joined(here: readonly Found[], there: readonly Found[]): readonly Found[] {
  const known = new Set(here.map((each) => each.value));
  return [...here, ...there.filter((each) => !known.has(each.value))].slice(0, MOST);
}

/** Those that begin with what was typed, then those in which it stands. */
export function matching(all: readonly Found[], typed: string): readonly Found[] {
  const wanted = typed.trim().toLocaleLowerCase();
  if (!wanted) return all.slice(0, MOST);
  const place = (each: Found): number => {
    const [label, value] = [each.label.toLocaleLowerCase(), each.value.toLocaleLowerCase()];
    if (label === wanted || value === wanted) return 0;
    if (label.startsWith(wanted) || value.startsWith(wanted)) return 1;
    return label.includes(wanted) || value.includes(wanted) ? 2 : 3;
  };
  return all.map((each) => ({ each, at: place(each) })).filter(({ at }) => at < 3).sort((one, other) => one.at - other.at).slice(0, MOST).map(({ each }) => each);
}
