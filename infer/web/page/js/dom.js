// Small helpers on the document. Text always goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * An element: h("button", {class: "primary", onclick: f}, "Play").
 * Properties that start with "on" are listeners; null and false are left out.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const SHAPES = {
  play: "M7 4.5v15l12.5-7.5z",
  pause: "M6 4.5h4.2v15H6zM13.8 4.5H18v15h-4.2z",
  back: "M12 4V1L6.5 5.5 12 10V7a6 6 0 1 1-6 6H3.5A8.5 8.5 0 1 0 12 4z",
  erase: "M8.5 5 2 12l6.5 7H21a1 1 0 0 0 1-1V6a1 1 0 0 0-1-1zm2.6 3.2L14 11.1l2.9-2.9 1 1L15 12.1l2.9 2.9-1 1L14 13.1 11.1 16l-1-1 2.9-2.9-2.9-2.9z",
  left: "M15.5 4.5 8 12l7.5 7.5 1.4-1.400L10.8 12l6.1-6.1z",
  scan: "M3 9V3h6v2H5v4zm12-6h6v6h-2V5h-4zM3 15h2v4h4v2H3zm16 0h2v6h-6v-2h4zM8 8h3v3H8zm5 0h3v3h-3zm-5 5h3v3H8zm5 0h3v3h-3z",
  close: "m5.4 4 6.6 6.600L18.6 4 20 5.4 13.4 12l6.6 6.6-1.4 1.4-6.6-6.600L5.4 20 4 18.6l6.6-6.600L4 5.4z",
  check: "m9.5 16.2-4-4L4 13.7l5.5 5.500L20.5 8.2 19 6.7z",
  cross: "m6.4 5 5.6 5.600L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.600L6.4 19 5 17.6l5.6-5.600L5 6.4z",
  question: "M12 3.5a5 5 0 0 0-5 5h2.2a2.8 2.8 0 1 1 4.4 2.3c-1.5 1-2.7 2-2.7 4.2h2.2c0-1.3.7-1.8 1.8-2.600A5 5 0 0 0 12 3.5zM10.7 17.5h2.6v2.6h-2.6z",
};

/** One of the page's icons; it says nothing to a screen reader, so its button has a name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** Say something to a screen reader without moving the focus. */
export function announce(text) {
  const announcer = byId("announcer");
  if (announcer.textContent !== text) announcer.textContent = text;
}

/** Minutes and seconds, as on any player: 1:05. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Call a function once its caller has been quiet for a while; `cancel` forgets the call. */
export function debounce(milliseconds, callback) {
  let timer = 0;
  const later = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(callback, milliseconds, ...values);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
