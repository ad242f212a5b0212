// Questions to the workbench. Of each kind only the answer to the last one counts.

const asked = new Map();

export async function ask(kind, values = {}) {
  asked.get(kind)?.abort();
  const given = new AbortController();
  asked.set(kind, given);
  try {
    const answer = await fetch(`${kind}?${query(values)}`, { signal: given.signal });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const found = await answer.json();
    return given.signal.aborted ? null : found;
  } catch (error) {
    if (error.name === "AbortError") return null;
    return { error: { code: "away", message: "the page is not served any more", hint: "" }, problems: [] };
  }
}

export function query(values) {
  const said = Object.entries(values).filter(([, value]) => value !== "" && value !== false);
  return new URLSearchParams(said.map(([name, value]) => [name, value === true ? "1" : value]));
}
