// What is looked at: kept in the address, so that it outlives a reload and can be bookmarked.

const KINDS = ["campaign", "who", "key", "locale", "step", "variant", "tab", "pictures"];

export function choice() {
  const said = new URLSearchParams(location.hash.slice(1));
  const found = Object.fromEntries(KINDS.map((kind) => [kind, said.get(kind) ?? ""]));
  return { ...found, who: found.who || "typical" };
}

// Where something else is looked at, and all the rest stays.
export function address(changed) {
  const said = Object.entries({ ...choice(), ...changed }).filter(([, value]) => value && value !== "typical");
  return `#${new URLSearchParams(said)}`;
}

export function choose(changed) {
  const next = address(changed);
  if (next !== location.hash) location.hash = next;
}

// How a question names whom the message is for.
export function whom({ campaign, who, key, locale, step }) {
  return { campaign, who, key: who === "customer" ? key : "", locale, step };
}
