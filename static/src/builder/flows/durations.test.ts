import { beforeEach, expect, it } from "vitest";
import { setLanguage } from "../words";
import { inWords, iso, minutesOf, offsetInWords, readDuration, single, spoken } from "./durations";

beforeEach(() => setLanguage("en"));

it.each([
  ["PT30M", "30 min"],
  ["PT4H", "4 h"],
  ["P1DT4H", "1 d 4 h"],
  ["P2W", "2 w"],
  ["PT0S", "0 min"],
  ["4 hours", "4 hours"],
])("%s in words is %s", (value, words) => expect(inWords(value)).toBe(words));

it.each([
  ["-PT1H", "1 h before", "到期前 1 小时"],
  ["PT0S", "at the deadline", "到期时"],
  ["PT4H", "4 h after", "到期后 4 小时"],
])("a reminder %s is %s", (value, english, chinese) => {
  expect(offsetInWords(value)).toBe(english);
  setLanguage("zh_CN");
  expect(offsetInWords(value)).toBe(chinese);
});

it.each([
  ["4 h", "PT4H"],
  ["4h", "PT4H"],
  ["1 day 4 hours", "P1DT4H"],
  ["1.5 h", "PT1H30M"],
  ["30分钟", "PT30M"],
  ["2天4小时", "P2DT4H"],
  ["pt4h", "PT4H"],
  ["4", null],
  ["soon", null],
  ["4 h or so", null],
  ["1.5 d", null],
])("%s is meant as %s", (typed, found) => expect(spoken(typed)).toBe(found));

it.each([
  ["PT90M", { amount: 90, unit: "minutes" }],
  ["PT2H", { amount: 2, unit: "hours" }],
  ["PT24H", { amount: 24, unit: "hours" }],
  ["P1D", { amount: 1, unit: "days" }],
  ["P1W2D", { amount: 9, unit: "days" }],
  ["P1DT1H", null],
])("%s as one number is %j", (value, found) => {
  const duration = readDuration(value);
  expect(duration && single(duration)).toEqual(found);
});

it("writes what it reads, and compares", () => {
  expect(iso(4, "hours", -1)).toBe("-PT4H");
  expect(iso(0, "hours", -1)).toBe("PT0S");
  expect(iso(3, "days")).toBe("P3D");
  expect(readDuration("P1Y")).toBeNull();
  expect(readDuration("PT")).toBeNull();
  const minutes = ["-PT1H", "PT0S", "P1D"].map((value) => minutesOf(readDuration(value)!, 480));
  expect(minutes).toEqual([-60, 0, 480]);
});
