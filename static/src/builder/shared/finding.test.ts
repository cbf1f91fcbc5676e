import { afterEach, expect, it, vi } from "vitest";
import type { Boot } from "../model/boot";
import { type Found, matching, people, personName, recordName, records } from "./finding";

const person = (key: string, name: string, active = true) => ({ key, name, department: null, manager: null, active });
const boot = (more: boolean): Boot =>
  ({ urls: { api: "/api/v1" }, catalogue: { people: [person("amy", "Amy Chen"), person("bo", "Bo Wang"), person("old", "Amy Old", false)], people_more: more } }) as unknown as Boot;
const said = (answer: unknown, status = 200) => vi.fn(() => Promise.resolve(new Response(JSON.stringify(answer), { status, headers: { "Content-Type": "application/json" } })));
const values = (found: readonly Found[]): string[] => found.map((each) => each.value);

afterEach(() => vi.unstubAllGlobals());

it("puts what is meant first, then what begins so, then what holds it", () => {
  const all = ["banana", "an", "anna", "hanna"].map((value) => ({ value, label: value.toUpperCase() }));
  expect(values(matching(all, " an "))).toEqual(["an", "anna", "banana", "hanna"]);
  expect(values(matching(all, ""))).toHaveLength(4);
  expect(matching(all, "x")).toEqual([]);
});

it("asks nobody while all people came with the page", async () => {
  const fetch = said({});
  vi.stubGlobal("fetch", fetch);
  expect(values(await people(boot(false))("amy"))).toEqual(["amy"]);
  expect(values(await people(boot(false), ["amy"])("amy"))).toEqual([]);
  expect(fetch).not.toHaveBeenCalled();
});

it("finds those of a large company on the server, and knows their names from then on", async () => {
  const fetch = said({ items: [{ key: "amy", name: "Amy Chen" }, { key: "amy_900", name: "Amy Zhao" }], next: null });
  vi.stubGlobal("fetch", fetch);
  expect(personName(boot(true), "amy_900")).toBe("amy_900");
  expect(values(await people(boot(true))("Amy"))).toEqual(["amy", "amy_900"]);
  expect(fetch).toHaveBeenCalledWith("/api/v1/people?limit=20&q=Amy", expect.anything());
  expect(personName(boot(true), "amy_900")).toBe("Amy Zhao");
});

it("is content with those that it knows where the server is not there", async () => {
  vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("offline"))));
  expect(values(await people(boot(true))("amy"))).toEqual(["amy"]);
});

it("finds records by their number and words", async () => {
  const rows = [{ id: 7, number: "SO-7", values: { state: "paid", lines: [], name: "Mugs" } }, { id: 8, number: null, values: { sku: "M-8", name: "Mug" } }, { id: 9, number: null, values: {} }];
  vi.stubGlobal("fetch", said({ items: rows.map((row) => ({ ...row, form: "sales_order" })), next: null }));
  expect(await records(boot(false), "sales_order")("mug")).toEqual([
    { value: "7", label: "SO-7", hint: "paid · Mugs" },
    { value: "8", label: "M-8 · Mug" },
    { value: "9", label: "#9" },
  ]);
  expect(recordName("sales_order", "7")).toBe("SO-7");
  expect(recordName("sales_order", "10")).toBe("#10");
});
