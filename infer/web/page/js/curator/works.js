// The list of works, and adding one.

import { debounce, h } from "../dom.js";
import { t } from "../i18n.js";
import { line, sentence, view } from "./parts.js";
import { call } from "./session.js";

const PAGE = 50;

export async function worksView() {
  const list = h("ul", { class: "rows" });
  const says = line();
  const query = h("input", { type: "search", id: "works-query", autocomplete: "off", placeholder: t("search.label"), "aria-label": t("search.label") });
  const more = h("button", { class: "secondary", type: "button", onclick: () => load(list.children.length) }, t("search.more"));
  let latest = 0;

  async function load(offset) {
    const mine = (latest += 1);
    try {
      const parameters = new URLSearchParams({ q: query.value.trim(), limit: PAGE, offset });
      const found = await call("GET", `works?${parameters}`);
      if (mine !== latest) return;
      const rows = found.works.map(row);
      if (offset) list.append(...rows);
      else list.replaceChildren(...rows);
      more.hidden = list.children.length >= found.total;
      says.say(found.total ? t("search.count", { n: found.total }) : t(query.value ? "search.none" : "curator.noWorks", { query: query.value }));
    } catch (error) {
      says.say(sentence(error), true);
    }
  }

  query.addEventListener("input", debounce(150, () => load(0)));
  await load(0);
  return view(t("curator.works"),
    h("div", { class: "head" }, h("search", { class: "narrow" }, query),
      h("a", { class: "primary", href: "#works/new" }, t("curator.add"))),
    says, list, more);
}

function row(work) {
  const kinds = { approved: 0, edited: 0, machine: 0 };
  for (const guide of work.guides) kinds[guide.label] += 1;
  const state = Object.entries(kinds).filter(([, n]) => n).map(([label, n]) => t(`curator.count.${label}`, { n }));
  return h("li", {}, h("a", { href: `#works/${work.id}` },
    h("span", { class: "number" }, work.stop === null ? "–" : String(work.stop)),
    h("span", { class: "title" }, work.title),
    h("span", { class: "by" }, [work.artist, work.date].filter(Boolean).join(" · ")),
    h("span", { class: "state" }, state.join(", ") || t("curator.count.none"))));
}
