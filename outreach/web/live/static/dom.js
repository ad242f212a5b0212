// Elements made from plain values: text is always text, never HTML.

export const byId = (id) => document.getElementById(id);

export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((each) => each !== null && each !== undefined));
  return made;
}

export function fill(place, ...children) {
  place.replaceChildren(...children.flat().filter((each) => each !== null && each !== undefined));
}

export const number = (value) => new Intl.NumberFormat("en").format(value);
export const many = (value, one, more = `${one}s`) => `${number(value)} ${value === 1 ? one : more}`;

export function bytes(value) {
  return value < 1024 ? `${value} bytes` : `${number(Math.round(value / 102.4) / 10)} KB`;
}

// Words between backticks, as the commands write what stands in files.
export function prose(text) {
  return text.split("`").map((part, n) => (n % 2 ? el("code", {}, part) : part));
}
