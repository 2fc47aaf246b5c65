// Works by title and artist, as one types; without a server, among the works already opened.

import { byId, debounce, h } from "./dom.js";
import { t } from "./i18n.js";
import { Unreachable, getJson } from "./api.js";
import { answersTo, openedWorks } from "./offline.js";

const PAGE = 20;

export class Search {
  /** `address(work)` gives a work's link; `reached(yes)` hears whether the server answers. */
  constructor(address, reached) {
    this.address = address;
    this.reached = reached;
    this.works = [];
    this.total = 0;
    this.asked = null;
    const later = debounce(150, () => this.find());
    byId("query").addEventListener("input", later);
    byId("more").addEventListener("click", () => this.more());
  }

  /** Look for what the field says now. */
  async find() {
    await this.#ask(0);
  }

  /** The next page, with the focus on its first work. */
  async more() {
    const first = this.works.length;
    await this.#ask(first);
    byId("works").children[first]?.querySelector("a")?.focus();
  }

  /** Draw again, for instance in another language. */
  show() {
    const query = byId("query").value.trim();
    const list = byId("works");
    list.replaceChildren(...this.works.map((work) => this.#row(work)));
    byId("more").hidden = this.works.length >= this.total;
    const said = this.works.length || !query ? t("search.count", { n: this.total }) : t("search.none", { query });
    byId("count").textContent = this.local ? `${t("search.saved")} · ${said}` : said;
  }

  async #ask(offset) {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    const query = byId("query").value.trim();
    const parameters = new URLSearchParams({ q: query, limit: PAGE, offset });
    try {
      const found = await getJson(`/api/works?${parameters}`, { signal: asked.signal });
      this.local = false;
      this.total = found.total;
      this.works = offset ? [...this.works, ...found.works] : found.works;
      this.reached(true);
    } catch (error) {
      if (error.name === "AbortError") return;
      const kept = (await openedWorks()).filter((work) => answersTo(work, query));
      this.local = true;
      this.total = kept.length;
      this.works = kept;
      if (error instanceof Unreachable) this.reached(false);
    }
    if (asked === this.asked) this.show();
  }

  #row(work) {
    const link = h("a", { href: this.address(work) },
      h("span", { class: "number", "aria-hidden": work.stop === null ? "true" : null },
        work.stop === null ? "" : String(work.stop)),
      h("span", { class: "what" },
        h("span", { class: "title" }, work.title),
        h("span", { class: "by" }, [work.artist, work.date].filter(Boolean).join(" · "))));
    link.dataset.link = "";
    return h("li", {}, link);
  }
}
