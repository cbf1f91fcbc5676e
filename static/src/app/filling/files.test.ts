import { expect, test } from "vitest";
import { filled, sizeOf, wrongWith } from "./files";

const file = (name: string, type: string, size = 10): { name: string; type: string; size: number } => ({ name, type, size });

test.each([
  [file("a.png", "image/png"), ["image/*"], 100, undefined],
  [file("a.png", "image/png", 0), [], 0, "empty"],
  [file("a.png", "image/png", 101), ["image/*"], 100, "large"],
  [file("a.pdf", "application/pdf"), ["image/*"], 0, "kind"],
  [file("a.pdf", "application/pdf"), ["image/*", "application/pdf"], 0, undefined],
  [file("A.PDF", ""), [".pdf"], 0, undefined],
  [file("a.heic", ""), ["image/*"], 0, undefined],
  [file("a.exe", "application/x-msdownload"), [".pdf"], 0, "kind"],
  [file("a.exe", "application/x-msdownload"), [], 0, undefined],
])("%j where %j up to %d is %s", (given, accept, most, wrong) => {
  expect(wrongWith(given, { accept, most })).toBe(wrong);
});

test("sizes are written as the server writes them", () => {
  expect([0, 999, 1500, 999_499, 1_468_006, 2 * 1024 ** 2].map(sizeOf)).toEqual(["0 B", "999 B", "1 kB", "976 kB", "1.4 MB", "2 MB"]);
});

test("a sentence takes its values, and a name with braces stays as it is", () => {
  expect(filled("{name} has {size}.", { name: "{size}.png", size: "5 MB" })).toBe("{size}.png has 5 MB.");
});
