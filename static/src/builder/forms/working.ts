/** What one can do with the fields of a form, from canvas, palette, inspector and keys alike: each act is an edit that is announced. */

import { computed, type ComputedRef, inject, type InjectionKey, nextTick, provide, ref, type Ref } from "vue";
import type { TypeInfo } from "../model/boot";
import { isObject, type Path } from "../model/json";
import { type Connection, useConnection } from "../model/connection";
import { type Builder, useBuilder } from "../model/store";
import { currentLanguage, t, type WordKey } from "../words";
import { addColumn, addField, changeType, duplicate, keyFollows, type Maker, removeField } from "./fields";
import { type Direction, moveBy, moveSection, moveTo, type Place, placeOf, sectionsOf } from "./layout";
import { columnsOf, everyField, fieldsOf, findField, listOf, partsOf, type Spot, spotAt } from "./outline";
import { type Inside, intoTable, nextTable, outOfTable } from "./tables";
import { counted, type Use, usedBy } from "./uses";

export interface Working {
  readonly builder: Builder;
  readonly maker: Maker;
  readonly types: ReadonlyMap<string, TypeInfo>;
  /** Fields and columns by name. */
  readonly spots: ComputedRef<ReadonlyMap<string, Spot>>;
  /** The field or column that is chosen. */
  readonly chosen: ComputedRef<Spot | undefined>;
  /** A field that somebody wants to remove: asked first. */
  readonly removing: Ref<string | null>;
  /** Names of fields that are in force: their keys and values matter to records. */
  readonly published: ReadonlySet<string>;
  nameOf(name: string): string;
  typeOf(spot: Spot): TypeInfo | undefined;
  choose(name: string): void;
  chooseAt(path: Path | null): void;
  add(type: TypeInfo, place?: Place | Inside): void;
  addColumn(table: string, type: TypeInfo, index?: number): void;
  copy(name: string): void;
  askRemove(name: string): void;
  remove(name: string): void;
  move(name: string, direction: Direction): void;
  drop(name: string, place: Place | Inside): void;
  /** Whether a field or column may become a column of a table. */
  entersTables(name: string): boolean;
  /** Into the table that comes next, or before. */
  enter(name: string, by: 1 | -1): void;
  enterTable(name: string, place: Inside): void;
  /** Below its table, or where it is dropped. */
  leaveTable(name: string, place?: Place): void;
  moveSection(index: number, by: number): void;
  changeType(spot: Spot, type: TypeInfo): void;
  labelled(name: string, before: string): void;
  usesOf(name: string): readonly Use[];
}

const KEY: InjectionKey<Working> = Symbol("form");

export function useWorking(): Working {
  const found = inject(KEY);
  if (!found) throw new Error("There is no form above this component.");
  return found;
}

export function provideWorking(): Working {
  const working = makeWorking(useBuilder(), useConnection());
  provide(KEY, working);
  return working;
}

/** What uses a field, in words: "3 flow branches, 1 rule". */
export function usesInWords(uses: readonly Use[]): string {
  return [...counted(uses)].map(([kind, n]) => t(`use_${kind}` as WordKey, { n })).join(t("use_comma"));
}

export function focusField(name: string): void {
  void nextTick(() => document.querySelector<HTMLElement>(`[data-name="${CSS.escape(name)}"] .canvas-field-open`)?.focus());
}

export function focusInspector(select = false): void {
  void nextTick(() => {
    const own = `[data-language=${currentLanguage() === "en" ? "en" : "zh"}]`;
    const input = document.querySelector<HTMLInputElement>(`.inspector [data-first] ${own}`) ?? document.querySelector<HTMLInputElement>(".inspector input");
    input?.focus();
    if (select) input?.select();
  });
}

function makeWorking(builder: Builder, connection: Pick<Connection, "inForce">): Working {
  const { boot } = builder;
  const maker: Maker = { catalogue: boot.catalogue, tongue: currentLanguage() === "en" ? "en" : "zh" };
  const types = new Map(boot.catalogue.types.map((type) => [type.name, type]));
  const spots = computed(() => new Map(everyField(builder.document.value).map((spot) => [spot.name, spot])));
  const chosen = computed(() => spotAt(builder.document.value, builder.selection.value));
  const published = computed<ReadonlySet<string>>(() => new Set(everyField(connection.inForce.value.document ?? {}).map((spot) => spot.name)));
  const removing = ref<string | null>(null);
  const flows = isObject(boot.flow) ? [boot.flow] : [];

  function nameOf(name: string): string {
    const spot = spots.value.get(name);
    if (spot) return builder.text(spot.field["label"]) || spot.key;
    const owner = spots.value.get(name.split(".")[0] ?? "");
    const part = owner && partsOf(owner).find((each) => each.name === name);
    return (part && builder.text(part.label)) || name;
  }

  function place(name: string): string {
    const document = builder.document.value;
    const at = placeOf(document, name);
    const section = sectionsOf(document).find((each) => each.index === at?.section);
    const title = section && section.index !== null ? builder.text(section.title) || t("untitled_section") : t("the_form");
    const params = { name: nameOf(name), section: title, row: (at?.row ?? 0) + 1, rows: section?.rows.length ?? 0 };
    return (at?.size ?? 1) > 1 ? t("said_moved_beside", { ...params, column: (at?.cell ?? 0) + 1, columns: at?.size ?? 1 }) : t("said_moved", params);
  }

  function moveColumn({ path, name }: Spot, column: number): void {
    const from = Number(path.at(-1));
    const to = column > from ? column - 1 : column;
    if (to !== from) builder.edit({ kind: "many", edits: [{ kind: "move", from: path, to: [...path.slice(0, -1), to] }], label: "form_moved_field" });
    builder.announce(t("said_column_moved", { name: nameOf(name), place: to + 1 }));
  }

  const working: Working = {
    builder,
    maker,
    types,
    spots,
    chosen,
    removing,
    get published() {
      return published.value;
    },
    nameOf,
    typeOf: (spot) => types.get(spot.type),
    choose(name) {
      working.chooseAt(spots.value.get(name)?.path ?? null);
    },
    chooseAt(path) {
      builder.selection.value = path;
    },
    add(type, at) {
      if (at && "table" in at) return working.addColumn(at.table, type, at.column);
      const after = chosen.value && (chosen.value.table ?? chosen.value.name);
      const made = addField(builder.document.value, type, maker, at, at ? undefined : after);
      builder.edit(made.edit, { select: made.path });
      builder.announce(t("said_added", { name: nameOf(made.name) }));
      focusInspector(true);
      void nextTick(() => document.querySelector(`[data-name="${CSS.escape(made.name)}"]`)?.scrollIntoView({ block: "nearest" }));
    },
    addColumn(table, type, index) {
      const made = addColumn(builder.document.value, table, type, maker, index);
      if (!made) return;
      builder.edit(made.edit, { select: made.path });
      builder.announce(t("said_added", { name: nameOf(made.name) }));
      focusInspector(true);
    },
    copy(name) {
      const made = duplicate(builder.document.value, name, (label, tongue) => t("field_copy_label", { label }, tongue === "zh" ? "zh_CN" : "en"));
      if (!made) return;
      builder.edit(made.edit, { select: made.path });
      builder.announce(t("said_copied", { name: nameOf(name) }));
      if (!name.includes(".")) focusField(made.name);
    },
    askRemove(name) {
      if (!builder.readonly) removing.value = name;
    },
    remove(name) {
      const spot = spots.value.get(name);
      const said = t("said_removed", { name: nameOf(name) });
      const next = spot && neighbour(builder, spot);
      builder.edit(removeField(builder.document.value, name));
      builder.selection.value = next === undefined ? null : (findField(builder.document.value, next)?.path ?? null);
      builder.announce(said);
      if (next && !next.includes(".")) focusField(next);
    },
    move(name, direction) {
      const edit = moveBy(builder.document.value, name, direction);
      if (!edit) {
        builder.announce(t("said_no_further", { name: nameOf(name) }));
        return;
      }
      builder.edit(edit);
      builder.announce(place(name));
      focusField(name);
    },
    drop(name, at) {
      if ("table" in at) return working.enterTable(name, at);
      if (name.includes(".")) return working.leaveTable(name, at);
      builder.edit(moveTo(builder.document.value, name, at));
      builder.announce(place(name));
    },
    entersTables: (name) => types.get(spots.value.get(name)?.type ?? "")?.column === true,
    enter(name, by) {
      const table = working.entersTables(name) ? nextTable(builder.document.value, name, by) : undefined;
      if (table) working.enterTable(name, { table: table.key, column: by > 0 ? 0 : columnsOf(table).length });
      else builder.announce(t("said_no_table", { name: nameOf(name) }));
    },
    enterTable(name, at) {
      const inside = spots.value.get(name);
      if (inside?.table === at.table) return moveColumn(inside, at.column);
      const made = intoTable(builder.document.value, name, at);
      if (!made) return;
      builder.edit(made.edit, { select: made.path });
      builder.announce(t("said_into_table", { name: nameOf(made.name), table: nameOf(at.table) }));
      focusField(at.table);
    },
    leaveTable(name, at) {
      const made = outOfTable(builder.document.value, name, at);
      if (!made) return;
      builder.edit(made.edit, { select: made.path });
      builder.announce(place(made.name));
      focusField(made.name);
    },
    moveSection(index, by) {
      const edit = moveSection(builder.document.value, index, index + by);
      const name = builder.text(sectionsOf(builder.document.value).find((each) => each.index === index)?.title) || t("untitled_section");
      if (edit) builder.edit(edit, { select: ["layout", index + by] });
      builder.announce(edit ? t("said_section_moved", { name, place: index + by + 1, n: listOf(builder.document.value["layout"]).length }) : t("said_no_further", { name }));
    },
    changeType(spot, type) {
      builder.edit(changeType(builder.document.value, spot, type, maker));
    },
    labelled(name, before) {
      const spot = spots.value.get(name);
      const label = spot?.field["label"];
      const latin = typeof label === "string" ? label : isObject(label) ? label["en"] : undefined;
      const edit = spot && typeof latin === "string" ? keyFollows(builder.document.value, spot, latin, before, working.published) : null;
      if (edit) builder.edit(edit);
    },
    usesOf: (name) => usedBy(builder.document.value, flows, name, boot.elsewhere),
  };
  return working;
}

/** What is chosen when a field goes: the one behind it, else the one before. */
function neighbour(builder: Builder, spot: Spot): string | undefined {
  const document = builder.document.value;
  if (spot.table !== undefined) return spot.table;
  const order = sectionsOf(document).flatMap((section) => section.rows.flat().map((cell) => cell.key));
  const index = order.indexOf(spot.key);
  const known = new Set(fieldsOf(document).map((each) => each.key));
  return [order[index + 1], order[index - 1]].find((key) => key !== undefined && known.has(key));
}
