// A guide's text with what the check found marked in it.

import { h } from "../dom.js";
import { t } from "../i18n.js";

/** The claims worth a curator's look, each with its place in the text (where it is found). */
export function findings(guide) {
  let from = 0;
  const found = [];
  for (const claim of guide.claims ?? []) {
    if (claim.verdict === "supported") continue;
    let start = claim.start ?? guide.text.indexOf(claim.text, from);
    if (start < 0) start = guide.text.indexOf(claim.text);
    const end = claim.end ?? start + claim.text.length;
    if (start >= from) {
      found.push({ ...claim, start, end });
      from = end;
    } else found.push({ ...claim, start: -1, end: -1 });
  }
  return found;
}

/** The text with its marks; every mark carries the number of its finding. */
export function marked(guide, found) {
  const parts = [];
  let at = 0;
  found.forEach((finding, index) => {
    if (finding.start < 0) return;
    parts.push(guide.text.slice(at, finding.start));
    parts.push(h("mark", { class: finding.verdict }, guide.text.slice(finding.start, finding.end), h("sup", {}, String(index + 1))));
    at = finding.end;
  });
  parts.push(guide.text.slice(at));
  return h("p", { class: "text", lang: guide.language }, parts);
}

/** The numbered findings with their reasons, or that there are none. */
export function findingList(guide, found) {
  if (!found.length) return h("p", { class: "ok" }, t("curator.clean"));
  return h("ol", { class: "findings" }, found.map((finding) =>
    h("li", { class: finding.verdict },
      h("q", { lang: guide.language }, finding.text), ` ${t(`verdict.${finding.verdict}`)}: `,
      h("span", { lang: "en" }, finding.reason))));
}
