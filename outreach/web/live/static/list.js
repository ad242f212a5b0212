// The campaigns on the left.

import { address } from "./choice.js";
import { byId, el, fill, many } from "./dom.js";

export function showCampaigns(campaigns, chosen) {
  const items = campaigns.map((each) => {
    const link = el(
      "a",
      {
        href: address({ campaign: each.name }),
        "aria-current": each.name === chosen ? "page" : null,
      },
      el("span", { class: "campaign-title" }, each.title),
      el("span", { class: "campaign-name" }, each.name),
      el(
        "span",
        { class: "marks" },
        each.status ? el("span", { class: `mark ${each.status}` }, each.status) : null,
        each.faults ? el("span", { class: "mark fault" }, many(each.faults, "problem")) : null,
        each.warnings ? el("span", { class: "mark warning" }, many(each.warnings, "warning")) : null,
      ),
    );
    return el("li", {}, link);
  });
  const list = byId("campaigns").querySelector("ul");
  const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  fill(list, items.length ? items : el("li", { class: "quiet" }, "Write one under campaigns/."));
  if (focused) [...list.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused)?.focus();
}
