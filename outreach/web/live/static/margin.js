// The margin: problems with their places, the plan, the rules' answers, the next occurrences.

import { byId, el, fill, many, number, prose } from "./dom.js";

export function showProblems(margin, campaign) {
  const own = margin.problems.filter(({ campaigns }) => !campaigns.length || campaigns.includes(campaign));
  const others = margin.problems.filter((each) => !own.includes(each));
  const faults = margin.problems.filter((each) => !each.is_warning).length;
  const warnings = margin.problems.length - faults;
  const said = [faults ? many(faults, "problem") : "No problems", warnings ? many(warnings, "warning") : null];
  byId("counted").textContent = margin.error || said.filter(Boolean).join(", ");
  byId("counted").className = margin.error || faults ? "count bad" : "count good";
  byId("checking").textContent = margin.is_checked ? "" : "checking the customers …";
  const isOpen = byId("problems").querySelector("details")?.open ?? false;
  fill(
    byId("problems"),
    own.map(problem),
    others.length
      ? el("details", { open: isOpen }, el("summary", {}, `In other campaigns: ${others.length}`), others.map(problem))
      : null,
    margin.unasked ? el("p", { class: "quiet" }, `The database is not asked: ${margin.unasked}`) : null,
  );
}

export function problem({ problem: found, place, line, is_warning: isWarning }) {
  const trimmed = line.trimStart();
  const column = Math.max(0, found.column - 1 - (line.length - trimmed.length));
  return el(
    "article",
    { class: isWarning ? "problem warning" : "problem fault" },
    el("p", { class: "place" }, el("span", { class: "kind" }, isWarning ? "warning" : "problem"), " ", el("code", {}, place)),
    el("p", {}, prose(found.message)),
    found.hint ? el("p", { class: "hint" }, prose(found.hint)) : null,
    trimmed ? el("pre", { class: "line", tabindex: "0", "aria-label": "The line" }, marked(trimmed, column)) : null,
  );
}

function marked(line, column) {
  const end = Math.max(column + 1, column + (line.slice(column).match(/^[\w.-]+/)?.[0].length ?? 1));
  return [line.slice(0, column), el("mark", {}, line.slice(column, end) || " "), line.slice(end)];
}

export function showPlan({ plan, is_current: isCurrent, meanings }) {
  byId("plan").classList.toggle("old", !isCurrent);
  if (!plan) return fill(byId("plan"), el("p", { class: "quiet note" }, "counting …"));
  const rows = [["in the audience", plan.audience, "", "whole"]];
  for (const [reason, count] of Object.entries(plan.skip)) rows.push([reason, count, meanings[reason], "skip"]);
  for (const [reason, count] of Object.entries(plan.held)) rows.push([`later: ${reason}`, count, meanings[reason], "hold"]);
  rows.push(["at that time", plan.send, "would get it", "send"]);
  const cost = Number(plan.cost.total);
  fill(
    byId("plan"),
    el("p", {}, plan.when, isCurrent ? "" : el("span", { class: "quiet" }, " counting again …")),
    plan.audience ? null : el("p", { class: "quiet" }, "The audience picks nobody."),
    el("ol", { class: "funnel" }, rows.map((row) => step(row, plan.audience))),
    pairs({
      "By channel": counts(plan.channels),
      Languages: counts(plan.locales, "no language of its own"),
      Cost: cost ? `${number(cost)} ${plan.cost.currency}` : "",
      Segments: plan.segments ? `${Number(plan.segments.average).toFixed(1)} on average, ${plan.segments.most} at most` : "",
      "Stages as of": plan.stages_as_of ?? "",
      "": plan.over ? "Its schedule has no time to come: this is whom sending it by hand would reach." : "",
    }),
  );
}

function step([name, count, meaning, kind], whole) {
  const share = whole ? Math.max(count ? 0.5 : 0, (count / whole) * 100) : 0;
  const bar = el("progress", { max: 100, value: share, "aria-hidden": "true", class: kind });
  return el(
    "li",
    { class: kind },
    el("span", { class: "reason" }, name),
    el("span", { class: "figure" }, number(count)),
    bar,
    meaning ? el("span", { class: "meaning" }, prose(meaning)) : null,
  );
}

const counts = (found, unnamed = "") =>
  Object.entries(found).map(([name, count]) => `${name || unnamed} ${number(count)}`).join(", ");

export function pairs(values) {
  const said = Object.entries(values).filter(([, value]) => value);
  if (!said.length) return null;
  return el("dl", {}, said.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

export function showRules(told) {
  byId("rules").classList.remove("old");
  if (!told) return fill(byId("rules"), el("p", { class: "quiet" }, "Somebody made up: no rule is asked."));
  const [decision, ...failing] = told.said;
  const rows = told.explained.rules.map((rule) =>
    el(
      "tr",
      { class: rule.passed ? "" : "stops" },
      el("td", {}, rule.rule),
      el("td", {}, rule.channel ?? ""),
      el("td", {}, rule.passed ? "ok" : "stops"),
      el("td", {}, rule.detail),
    ),
  );
  const heads = ["rule", "channel", "answer", "detail"].map((name) => el("th", { scope: "col" }, name));
  const known = byId("rules").querySelector("details");
  fill(
    byId("rules"),
    el("p", { class: `decision ${told.explained.decision}` }, prose(decision)),
    failing.length ? el("ul", {}, failing.map((each) => el("li", {}, prose(each)))) : null,
    el(
      "details",
      { open: known?.open ?? false },
      el("summary", {}, "Every rule"),
      el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Every rule" },
        el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows))),
    ),
  );
}

export function showWords({ text, language }) {
  byId("words").classList.remove("old");
  fill(byId("words"), el("p", { lang: language }, text));
}

export function showComing({ status, starts, said }) {
  byId("coming").classList.remove("old");
  const notes = [];
  if (status !== "active") notes.push(`It is ${status}: only what is active goes out.`);
  if (starts === "manual") notes.push("It is sent by hand.");
  else if (!said.length) notes.push("Its schedule has no time to come.");
  fill(
    byId("coming"),
    notes.map((note) => el("p", { class: "quiet" }, note)),
    said.length ? el("ol", { class: "coming" }, said.map((each) => el("li", {}, each))) : null,
  );
}

// What `outreach test` says: how many are as expected, and each that is not.
export function showTests({ are_there: areThere, is_current: isCurrent, found }) {
  byId("testing").textContent = isCurrent ? "" : "running …";
  if (!areThere) return fill(byId("tests"), el("p", { class: "quiet" }, "There are none under tests/ yet."));
  if (!found) return fill(byId("tests"));
  if (Array.isArray(found)) return fill(byId("tests"), found.map((each) => fault(each)));
  if (found.error) return fill(byId("tests"), el("p", { class: "quiet" }, prose(found.error.message)));
  const failed = found.cases.filter(({ ok }) => !ok);
  fill(
    byId("tests"),
    el("p", { class: failed.length ? "count bad" : "count good" },
      `${number(found.passed)} passed, ${number(found.failed)} failed`),
    failed.map(failedCase),
  );
}

function fault({ file, line, column, message, hint }) {
  return problem({ problem: { message, hint, column }, place: `${file}:${line}:${column}`, line: "", is_warning: false });
}

function failedCase({ file, line, name, expected, got }) {
  const said = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const other = Object.keys(expected).filter((key) => JSON.stringify(expected[key]) !== JSON.stringify(got[key]));
  return el(
    "article",
    { class: "problem fault" },
    el("p", { class: "place" }, el("code", {}, `${file}:${line}`)),
    el("p", {}, name),
    other.map((key) => el("p", { class: "hint" }, `${key}: ${said(expected[key])} expected, got ${said(got[key])}`)),
  );
}

// What stood there before stays, and says so, until the files are in order again.
export function showFault(place, { error, problems }) {
  const note = problems.length
    ? el("p", { class: "quiet note" }, "As it was before the files were at fault.")
    : el("p", { class: "quiet note" }, prose(error.message + (error.hint ? `; ${error.hint}` : "")));
  const before = [...byId(place).children].filter((each) => !each.classList.contains("note"));
  if (!before.length && problems.length) note.textContent = "Files are at fault: see the problems.";
  byId(place).classList.add("old");
  fill(byId(place), note, before);
}
