/** Reading JSON as somebody types it: the value, where each part stands, and the first thing that is wrong. */

import { type Json, pointer } from "./json";

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** `key` is the span of a member's name, with its quotes. */
export interface Spot extends Span {
  readonly key?: Span;
}

export type MistakeCode = "end" | "value" | "comma" | "colon" | "key" | "text" | "number" | "twice" | "after" | "deep";

export interface Mistake extends Span {
  readonly code: MistakeCode;
  readonly found: string;
}

/** `spots` are by JSON Pointer; where there is a mistake, `value` is missing and `spots` reach up to it. */
export interface JsonText {
  readonly value?: Json;
  readonly mistake?: Mistake;
  readonly spots: ReadonlyMap<string, Spot>;
}

const DEEPEST = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[\t\n\r ]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;

export function readJson(text: string): JsonText {
  const reader = new Reader(text);
  try {
    return { value: reader.document(), spots: reader.spots };
  } catch (error) {
    if (error instanceof Wrong) return { mistake: error.mistake, spots: reader.spots };
    throw error;
  }
}

export function writeJson(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

class Wrong extends Error {
  constructor(readonly mistake: Mistake) {
    super(mistake.code);
  }
}

class Reader {
  readonly spots = new Map<string, Spot>();
  private place = 0;
  private readonly path: (string | number)[] = [];

  constructor(private readonly text: string) {}

  document(): Json {
    this.space();
    const value = this.value();
    this.space();
    if (this.place < this.text.length) this.wrong("after");
    return value;
  }

  private value(key?: Span): Json {
    if (this.path.length > DEEPEST) this.wrong("deep");
    const from = this.place;
    const here = pointer(this.path);
    const value = this.bare();
    this.spots.set(here, key ? { from, to: this.place, key } : { from, to: this.place });
    return value;
  }

  private bare(): Json {
    const sign = this.text[this.place];
    if (sign === undefined) return this.wrong("end");
    if (sign === "{") return this.object();
    if (sign === "[") return this.list();
    if (sign === '"') return this.string("text");
    if (sign === "-" || (sign >= "0" && sign <= "9")) return this.number();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]] as const) {
      if (this.text.startsWith(word, this.place)) {
        this.place += word.length;
        return value;
      }
    }
    return this.wrong("value");
  }

  private object(): Json {
    const members: [string, Json][] = [];
    const known = new Set<string>();
    this.place++;
    this.space();
    if (this.takes("}")) return {};
    do {
      this.space();
      const from = this.place;
      if (this.text[from] !== '"') this.wrong(from >= this.text.length ? "end" : "key");
      const name = this.string("key");
      const key = { from, to: this.place };
      if (known.has(name)) throw new Wrong({ code: "twice", found: name, ...key });
      known.add(name);
      this.space();
      if (!this.takes(":")) this.wrong("colon");
      this.space();
      this.path.push(name);
      members.push([name, this.value(key)]);
      this.path.pop();
      this.space();
    } while (this.takes(","));
    if (!this.takes("}")) this.wrong(this.place >= this.text.length ? "end" : "comma");
    return Object.fromEntries(members);
  }

  private list(): Json {
    const found: Json[] = [];
    this.place++;
    this.space();
    if (this.takes("]")) return found;
    do {
      this.space();
      this.path.push(found.length);
      found.push(this.value());
      this.path.pop();
      this.space();
    } while (this.takes(","));
    if (!this.takes("]")) this.wrong(this.place >= this.text.length ? "end" : "comma");
    return found;
  }

  private string(code: "text" | "key"): string {
    const found = this.match(STRING);
    if (found === null) {
      const end = this.text.indexOf("\n", this.place);
      throw new Wrong({ code, found: "", from: this.place, to: end < 0 ? this.text.length : end });
    }
    return JSON.parse(found) as string;
  }

  private number(): Json {
    const from = this.place;
    const found = this.match(NUMBER);
    if (found === null || /[\w.+-]/.test(this.text[this.place] ?? "")) {
      this.place = from;
      this.wrong("number");
    }
    return Number(found);
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.place;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.place += found.length;
    return found;
  }

  private space(): void {
    this.match(SPACE);
  }

  private takes(sign: string): boolean {
    if (this.text[this.place] !== sign) return false;
    this.place++;
    return true;
  }

  private wrong(code: MistakeCode): never {
    const word = /[^\s,:{}[\]]+|./y;
    word.lastIndex = this.place;
    const found = word.exec(this.text)?.[0] ?? "";
    const from = Math.min(this.place, Math.max(0, this.text.length - 1));
    throw new Wrong({ code, found: found.slice(0, 40), from, to: Math.max(from, Math.min(this.place + found.length, this.text.length)) });
  }
}
