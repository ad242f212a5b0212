// Listens to what is new, and asks for what of it is looked at.

import { ask } from "./ask.js";
import { choice, choose, whom } from "./choice.js";
import { byId, el, fill, prose } from "./dom.js";
import { showCampaigns } from "./list.js";
import { showComing, showFault, showPlan, showProblems, showRules, showTests, showWords } from "./margin.js";
import { showMessage, showTabs, waysOf } from "./message.js";

let margin = null;
let shown = null; // the last look that could be taken
let lastVersion = 0;
let rulesLater = 0;
let timesFound = 0; // a typical customer
const own = {}; // by customer, which variant is theirs

async function refreshMargin() {
  const found = await ask("margin");
  if (!found || found.error?.code) return;
  margin = found;
  byId("brand").textContent = margin.brand;
  const names = margin.campaigns.map(({ name }) => name);
  const { campaign } = choice();
  if (!names.includes(campaign) && names.length) return choose({ campaign: names[0] });
  showMargin();
}

function showMargin() {
  const { campaign } = choice();
  const known = margin?.campaigns.find(({ name }) => name === campaign);
  showCampaigns(margin.campaigns, campaign);
  showProblems(margin, campaign);
  byId("title").textContent = known?.title ?? "No campaign yet";
  document.title = `${known?.title ?? "outreach"}: outreach dev`;
}

async function refreshMessage() {
  const chosen = choice();
  if (!chosen.campaign) return;
  if (chosen.who === "customer" && !chosen.key) return showAbout("Which customer? Write a key.");
  const before = timesFound;
  const found = await ask("show", whom(chosen));
  if (!found) return;
  if (found.error) return showStale(found);
  if (found.is_sought && timesFound !== before) return refreshMessage(); // found while that was on its way
  byId("stale").hidden = true;
  byId("message").classList.remove("old");
  shown = found;
  showLocales(found.look.locales, chosen);
  showSteps(found.look);
  showAbout(aboutOf(found));
  const mail = found.look.seen.find(({ preview }) => preview.channel === "email");
  byId("pictures-field").hidden = !mail?.has_remote_pictures;
  await showWay();
  clearTimeout(rulesLater); // of several edits in a row only the last one is asked about
  rulesLater = setTimeout(refreshRules, 250);
}

async function showWay() {
  if (!shown || shown.look.campaign !== choice().campaign) return;
  const looked = shown;
  const chosen = choice();
  const ways = waysOf(looked.look.channels);
  const way = chosen.tab in ways ? chosen.tab : Object.keys(ways)[0];
  showTabs(ways, way);
  // The frame shows whom the look was taken of, also where a typical customer is not found yet.
  const variant = variantOf(looked.look, chosen);
  showVariants(looked.look.variants, variant);
  const about = { ...chosen, variant, who: looked.who, key: looked.look.key };
  const asCustomer = looked.look.key ? { ...about, who: "customer" } : about;
  const isShown = await showMessage(looked, way, asCustomer);
  if (isShown !== false) tellHowLong(looked);
}

// Of several variants the one that is asked for, else the customer's own, else the first.
function variantOf({ campaign, key, variants }, chosen) {
  const mine = own[`${campaign} ${key}`];
  return [chosen.variant, mine, variants[0]].find((each) => variants.includes(each)) ?? "";
}

function showSteps({ steps, step }) {
  fill(byId("step"), steps.map((each) => el("option", { value: each, selected: each === step }, each)));
  byId("step-field").hidden = !steps.length;
}

function showVariants(variants, variant) {
  fill(byId("variant"), variants.map((each) => el("option", { value: each, selected: each === variant }, each)));
  byId("variant-field").hidden = !variants.length;
}

function tellHowLong({ version, saved_at: savedAt }) {
  const isEdit = lastVersion && version > lastVersion && savedAt;
  lastVersion = Math.max(lastVersion, version);
  if (!isEdit) return;
  const seconds = Date.now() / 1000 - savedAt;
  byId("took").textContent = `shown ${seconds.toFixed(2)} s after it was saved`;
  byId("took").dataset.seconds = seconds.toFixed(3);
  byId("took").dataset.version = version;
}

function aboutOf({ who, typical, is_sought: isSought, look }) {
  if (isSought) return "Looking for a typical customer; meanwhile somebody made up, of whom all is known.";
  if (typical) {
    const kind = [typical.stage, typical.locale].filter(Boolean).join(", ") || "neither stage nor language known";
    const alike = `${typical.alike} of ${typical.among} looked at are alike`;
    const reach = typical.reached ? "of those who would get it" : "of the audience; none of those looked at would get it";
    return `${typical.key} (${kind}): typical ${reach}, ${alike}.`;
  }
  if (who === "full" && choice().who === "typical") {
    return "The audience picks nobody yet: this is somebody made up, of whom all is known.";
  }
  if (who === "full") return "Somebody made up, of whom all is known.";
  if (who === "bare") return "Somebody made up, of whom only what the templates need is known.";
  return look.key;
}

function showAbout(text) {
  byId("about").textContent = text;
}

function showLocales(locales, chosen) {
  const named = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });
  const said = (each) => (each ? `${named.of(each)} (${each})` : "the default");
  const names = locales.map((each) => el("option", { value: each, selected: each === chosen.locale }, said(each)));
  fill(byId("locale"), names);
  byId("locale-field").hidden = !["full", "bare"].includes(shown.who) || locales.length < 2;
}

// Files at fault: what was shown before stays, and says so.
function showStale({ error, problems }) {
  const place = byId("stale");
  const because = problems.length
    ? ["Files are at fault", shown?.look.campaign === choice().campaign ? ": this is the message as it was before." : ": see the problems."]
    : prose(`${error.message}${error.hint ? `; ${error.hint}` : ""}`);
  fill(place, because);
  place.hidden = false;
  byId("message").classList.add("old");
  if (shown?.look.campaign !== choice().campaign) {
    fill(byId("panel"));
    fill(byId("tabs"));
    showAbout("");
  }
}

async function refreshRules() {
  const { campaign } = choice();
  if (!shown?.look.key) return showRules(null);
  const found = await ask("explain", { campaign, key: shown.look.key });
  if (!found) return;
  if (found.error) return showFault("rules", found);
  showRules(found);
  const of = `${campaign} ${found.explained.key}`;
  const before = own[of];
  own[of] = found.explained.variant ?? "";
  if (own[of] !== (before ?? "")) showWay();
}

async function refreshPlan(again = false) {
  const { campaign } = choice();
  if (!campaign) return;
  const found = await ask("plan", { campaign, again });
  if (!found) return;
  if (found.error) showFault("plan", found);
  else showPlan(found);
}

async function refreshComing() {
  const { campaign } = choice();
  if (!campaign) return;
  const found = await ask("coming", { campaign });
  if (!found) return;
  if (found.error) showFault("coming", found);
  else showComing(found);
}

async function refreshWords() {
  const { campaign } = choice();
  if (!campaign) return;
  const found = await ask("words", { campaign, language: byId("spoken").value });
  if (!found) return;
  if (found.error) showFault("words", found);
  else showWords(found);
}

async function refreshTests() {
  const found = await ask("tests");
  if (found && !found.error) showTests(found);
}

async function refreshAll() {
  refreshMargin();
  await refreshMessage(); // it is what is waited for: the rest comes behind
  refreshPlan();
  refreshComing();
  refreshWords();
  refreshTests();
}

function showForm() {
  const { who, key, pictures } = choice();
  byId("who").value = who;
  byId("key-field").hidden = who !== "customer";
  if (document.activeElement !== byId("key")) byId("key").value = key;
  byId("pictures").checked = Boolean(pictures);
}

let before = choice();
addEventListener("hashchange", () => {
  const now = choice();
  const was = before;
  before = now;
  showForm();
  if (margin) showMargin();
  const isOther = ["campaign", "who", "key", "locale", "step"].some((kind) => now[kind] !== was[kind]);
  if (now.campaign !== was.campaign) {
    fill(byId("plan"));
    fill(byId("coming"));
    fill(byId("words"));
    refreshPlan();
    refreshComing();
    refreshWords();
  }
  if (isOther) refreshMessage();
  else showWay();
});

byId("whom").addEventListener("submit", (event) => event.preventDefault());
byId("who").addEventListener("change", (event) => {
  choose({ who: event.target.value });
  if (event.target.value === "customer") byId("key").focus();
});
byId("locale").addEventListener("change", (event) => choose({ locale: event.target.value }));
byId("step").addEventListener("change", (event) => choose({ step: event.target.value }));
byId("variant").addEventListener("change", (event) => choose({ variant: event.target.value }));
byId("pictures").addEventListener("change", (event) => choose({ pictures: event.target.checked ? "1" : "" }));
byId("key").addEventListener("change", (event) => choose({ key: event.target.value.trim() }));
byId("key").addEventListener("input", async (event) => {
  const found = await ask("customers", { key: event.target.value.trim() });
  if (!Array.isArray(found)) return;
  fill(
    byId("keys"),
    found.map(({ key, name, stage, locale }) => el("option", { value: key }, [name, stage, locale].filter(Boolean).join(", "))),
  );
});
byId("spoken").value = navigator.language.startsWith("zh") ? "zh" : "en";
byId("spoken").addEventListener("change", refreshWords);
byId("again").addEventListener("click", () => refreshPlan(true));

const news = new EventSource("events");
news.onmessage = ({ data }) => {
  const what = JSON.parse(data);
  const { campaign } = choice();
  byId("state").textContent = "live";
  byId("state").className = "state live";
  if (what === "hello" || what === "edited") refreshAll();
  else if (what === "files" || what === "base") refreshMargin();
  else if (what === "tests") refreshTests();
  else if (what === `plan:${campaign}`) refreshPlan();
  else if (what === `typical:${campaign}`) {
    timesFound += 1;
    if (shown?.is_sought) refreshMessage();
  }
};
news.onerror = () => {
  // Begun anew it has another address, and a browser gives up on this one.
  const isOver = news.readyState === EventSource.CLOSED;
  byId("state").textContent = isOver ? "over: open the address that it has now" : "not connected: does it still run?";
  byId("state").className = "state away";
};
showForm();
