// The message itself, as it is read on each channel.

import { query } from "./ask.js";
import { choose, whom } from "./choice.js";
import { byId, bytes, el, fill, many, number, prose } from "./dom.js";
import { pairs } from "./margin.js";

const OF_MAIL = { desktop: "Desktop", phone: "Phone", dark: "Dark", text: "Text" };
const CLIPPED = 102 * 1024; // Gmail shows no more of a mail's HTML
const LONG_SUBJECT = 60; // characters; telephones show fewer
const heights = new Map(); // of frames, so that nothing jumps while one loads
let watching = null; // the width of the frame that is seen
let giveUp = () => {}; // what waits for a frame that another one comes before

// The ways to read a message with these channels, by name.
export function waysOf(channels) {
  const ways = {};
  for (const channel of channels) {
    if (channel === "email") Object.assign(ways, OF_MAIL);
    else ways[channel] = channel === "sms" ? "SMS" : "Task";
  }
  return ways;
}

export function showTabs(ways, chosen) {
  const names = Object.keys(ways);
  const tabs = byId("tabs");
  const had = tabs.contains(document.activeElement);
  fill(
    tabs,
    names.map((name) =>
      el(
        "button",
        {
          id: `tab-${name}`,
          role: "tab",
          type: "button",
          "aria-selected": String(name === chosen),
          "aria-controls": "panel",
          tabindex: name === chosen ? "0" : "-1",
          onclick: () => choose({ tab: name }),
          onkeydown: (event) => step(event, names, name),
        },
        ways[name],
      ),
    ),
  );
  byId("panel").setAttribute("aria-labelledby", `tab-${chosen}`);
  if (had) byId(`tab-${chosen}`)?.focus();
}

function step(event, names, name) {
  const at = names.indexOf(name);
  const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + names.length, Home: 0, End: names.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose({ tab: names[next % names.length] });
}

// Shows one way to read it; resolves once it is on the screen: to false where another came before.
export async function showMessage(shown, way, chosen) {
  giveUp();
  const channel = way in OF_MAIL ? "email" : way;
  const found = shown.look.seen.find(
    ({ preview }) => preview.channel === channel && preview.variant === chosen.variant,
  );
  const panel = byId("panel");
  if (!found) {
    const what = channel === "task" ? "no owner" : channel === "sms" ? "no telephone number" : "no mail address";
    return fill(panel, el("p", { class: "quiet" }, `This customer has ${what}.`));
  }
  if (found.preview.problem) {
    return fill(panel, el("p", { class: "problem fault" }, "It can not be made: ", prose(found.preview.problem), "."));
  }
  if (way in OF_MAIL && way !== "text" && found.html_size) return frame(panel, shown, way, chosen, found);
  if (channel === "email") return fill(panel, envelope(found), el("pre", { class: "text", tabindex: "0", "aria-label": "Text of the mail" }, found.preview.body));
  if (channel === "sms") return fill(panel, sms(found));
  return fill(panel, task(found));
}

function envelope({ preview, size, attached, html_size: html }) {
  const long = preview.subject.length > LONG_SUBJECT ? `, which telephones cut off` : "";
  const clipped = html > CLIPPED ? ": Gmail cuts it off" : "";
  return el(
    "div",
    { class: "envelope" },
    el("p", { class: "subject", id: "subject" }, preview.subject),
    pairs({
      From: preview.sender,
      To: preview.to,
      Subject: `${many([...preview.subject].length, "character")}${long}`,
      Language: spoken(preview),
      Size: `${bytes(size)}${clipped}`,
      Attached: Object.entries(attached).map(([name, many]) => `${name} (${bytes(many)})`).join(", "),
    }),
  );
}

const spoken = ({ language, speaks }) =>
  language === speaks ? language : `${language}; the customer ${speaks ? `speaks ${speaks}` : "has none recorded"}`;

async function frame(panel, shown, way, chosen, found) {
  const dark = way === "dark";
  const asked = query({ ...whom(chosen), variant: chosen.variant, dark, pictures: chosen.pictures, version: shown.version });
  const next = el("iframe", {
    // Nothing in it runs: no scripts, forms or popups. Its height is read from here.
    sandbox: "allow-same-origin",
    title: `The mail, ${OF_MAIL[way].toLowerCase()}`,
    src: `mail?${asked}`,
    class: "coming-frame",
  });
  const rules = dark && !found.has_dark_rules
    ? el("p", { class: "quiet" }, "This mail has no rules for dark screens. Some programs turn its colours around, about so; others leave them.")
    : null;
  let screen = panel.querySelector(".screen");
  if (screen?.dataset.way !== way) {
    screen = el("div", { class: `screen ${way}`, "data-way": way });
    fill(panel, el("div", { class: "above" }), screen);
  }
  fill(panel.querySelector(".above"), envelope(found), rules);
  next.style.height = `${heights.get(way) ?? 400}px`;
  const loaded = new Promise((resolve) => {
    next.addEventListener("load", resolve, { once: true });
    giveUp = resolve;
  });
  screen.append(next); // beside the one that is seen, so that nothing flickers
  await loaded;
  if (!next.isConnected || [...screen.children].at(-1) !== next) return false;
  fit(next, way);
  for (const old of [...screen.children]) if (old !== next) old.remove();
  next.classList.remove("coming-frame");
  watching?.disconnect();
  watching = new ResizeObserver(() => fit(next, way));
  watching.observe(screen);
  return true;
}

function fit(shown, way) {
  const body = shown.contentDocument?.documentElement;
  if (!body) return;
  shown.style.height = "0";
  heights.set(way, body.scrollHeight);
  shown.style.height = `${body.scrollHeight}px`;
}

function sms({ preview, unusual }) {
  const { characters, segments, encoding } = preview.segments;
  const [alone, part] = encoding === "GSM-7" ? [160, 153] : [70, 67];
  const room = segments === 1 ? alone : segments * part;
  return el(
    "div",
    { class: "phone-text" },
    el("p", { class: "bubble" }, preview.body),
    pairs({
      From: preview.sender,
      To: preview.to,
      Language: spoken(preview),
      Length: `${many(segments, "segment")}: ${number(characters)} of ${number(room)} characters (${encoding})`,
      Costs: unusual ? `Only 70 characters fit a segment because of: ${[...unusual].join(" ")}` : "",
    }),
  );
}

function task({ preview }) {
  const card = preview.card;
  return el(
    "div",
    { class: `task ${preview.kind}` },
    el("p", { class: "kind" }, preview.kind),
    el("p", { class: "subject", id: "subject" }, preview.subject),
    el("div", { class: "words" }, preview.body),
    card
      ? pairs({
          "Who does it": preview.to,
          Customer: `${preview.key} ${card.name}`.trim(),
          Phone: card.phone ?? "",
          Mail: card.email ?? "",
          Stage: card.stage ?? "",
          Orders: number(card.orders),
          Interests: card.interests.join(", "),
          Language: spoken(preview),
        })
      : null,
  );
}
