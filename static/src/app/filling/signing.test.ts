// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Pad } from "./signing";

let canvas: HTMLCanvasElement;
let taken: File[];
let pad: Pad;

beforeEach(() => {
  vi.useFakeTimers();
  const pen = { beginPath() {}, moveTo() {}, lineTo() {}, stroke() {}, fillRect() {}, drawImage() {} };
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(pen as unknown as RenderingContext & null);
  vi.spyOn(HTMLCanvasElement.prototype, "toDataURL").mockReturnValue(`data:image/png;base64,${btoa("\x89PNG")}`);
  canvas = document.createElement("canvas");
  canvas.setPointerCapture = () => {};
  canvas.hasPointerCapture = () => true;
  taken = [];
  pad = new Pad(canvas, (file) => taken.push(file));
  pad.start();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const at = (name: string): boolean => canvas.dispatchEvent(new MouseEvent(name, { cancelable: true }));

test("what was drawn is taken once, when the hand rests", () => {
  at("pointerdown");
  at("pointermove");
  at("pointerup");
  expect(taken).toEqual([]);
  at("pointerdown");
  vi.advanceTimersByTime(5000);
  expect(taken).toEqual([]);
  at("pointerup");
  vi.advanceTimersByTime(800);
  expect(taken.map((file) => [file.name, file.type, file.size])).toEqual([["signature.png", "image/png", 4]]);
  vi.advanceTimersByTime(5000);
  expect(taken).toHaveLength(1);
});

test("whoever sends the form at once has signed, and what was cleared is no signature", () => {
  at("pointerdown");
  at("pointerup");
  expect(pad.finish()).toBe(true);
  expect(taken).toHaveLength(1);
  at("pointerdown");
  at("pointerup");
  pad.clear();
  expect(pad.finish()).toBe(false);
  vi.advanceTimersByTime(5000);
  expect(taken).toHaveLength(1);
});
