// What is looked at: kept in the address, so that it outlives a reload and can be bookmarked.

const KINDS = ["campaign", "who", "key", "locale", "tab", "pictures"];

export function choice() {
  const said = new URLSearchParams(location.hash.slice(1));
  const found = Object.fromEntries(KINDS.map((kind) => [kind, said.get(kind) ?? ""]));
  return { ...found, who: found.who || "typical" };
}

export function choose(changed) {
  const next = { ...choice(), ...changed };
  const said = Object.entries(next).filter(([, value]) => value && value !== "typical");
  const hash = `#${new URLSearchParams(said)}`;
  if (hash !== location.hash) location.hash = hash;
}

// How a question names whom the message is for.
export function whom({ campaign, who, key, locale }) {
  return { campaign, who, key: who === "customer" ? key : "", locale };
}
