// "What is this based on?": the record, what the check found, whom to credit.

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";

const FIELDS = ["title", "artist", "artist_bio", "date", "form", "medium", "dimensions", "subjects", "notes", "museum", "object_id", "licence"];
const PLAIN = { machine: "plainMachine", approved: "plainApproved" };
const ICONS = { supported: "check", unsupported: "cross", unclear: "question" };

/** The record as a list of names and values. */
export function recordList(artwork) {
  const rows = [];
  for (const field of FIELDS) {
    const value = artwork[field];
    if (value === undefined || value === null || value.length === 0) continue;
    const said = field === "form" ? t(`form.${value}`) : value;
    const content = Array.isArray(said) && said.length > 1
      ? h("ul", {}, said.map((item) => h("li", {}, item)))
      : String(said);
    rows.push(h("div", {}, h("dt", {}, t(`field.${field}`)), h("dd", {}, content)));
  }
  return h("dl", { class: "record" }, rows);
}

/** The checked claims, each with its verdict and the reason for it. */
export function claimList(guide) {
  if (!guide.claims?.length) return h("p", {}, t("basis.noClaims"));
  return h("ul", { class: "claims" }, guide.claims.map((claim) =>
    h("li", { class: claim.verdict },
      icon(ICONS[claim.verdict] ?? "question"),
      h("div", {},
        h("q", { lang: guide.language }, claim.text),
        h("span", { class: "verdict" }, t(`verdict.${claim.verdict}`)),
        h("p", { class: "reason", lang: "en" }, claim.reason)))));
}

/** The whole explanation of one guide. */
export function basis(guide) {
  const source = safeLink(guide.artwork.source_url);
  const credit = guide.credit_line ?? guide.artwork.credit_line;
  return h("details", { class: "basis" },
    h("summary", {}, t("basis.title")),
    h("p", { class: "intro" }, t(`basis.${(guide.model === "none" && PLAIN[guide.label]) || guide.label}`)),
    h("h2", {}, t("basis.record")),
    recordList(guide.artwork),
    h("h2", {}, t("basis.claims")),
    claimList(guide),
    credit || source ? h("h2", {}, t("basis.credit")) : null,
    credit ? h("p", {}, credit) : null,
    source ? h("p", {}, h("a", { href: source, rel: "noreferrer" }, t("basis.source"))) : null,
    h("p", { class: "small" }, t("basis.model", { model: guide.model, seed: guide.seed ?? "–" })));
}

function safeLink(url) {
  return /^https?:\/\//i.test(url ?? "") ? url : null;
}
