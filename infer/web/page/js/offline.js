// Works already opened stay on the device: the work, its guides, their sound. The service worker
// answers from the same cache when the server cannot. Without a secure context (plain HTTP from
// another machine) a browser has no such cache, and everything here quietly does nothing.

export const CACHE = "museum-guide-opened";
const MOST = 60;
const available = "caches" in globalThis;

const guideKey = (work, language, length) =>
  `/offline/guides/${encodeURIComponent(work)}/${language}/${length}`;
const workKey = (work) => `/offline/works/${encodeURIComponent(work)}`;

const stored = (content) =>
  new Response(JSON.stringify(content), { headers: { "Content-Type": "application/json" } });

/** Register the service worker and ask that its cache be kept. */
export async function install() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/sw.js", { scope: "/" });
  } catch {
    // A browser in private mode may refuse; the page works without.
  }
}

/** Keep a work and its guide with its sound. Resolves once all of it is on the device. */
export async function remember(work, guide) {
  if (!available) return;
  try {
    const cache = await caches.open(CACHE);
    await cache.put(workKey(work.id), stored({ ...work, opened: Date.now() }));
    await cache.put(guideKey(work.id, guide.language, guide.length), stored(guide));
    await cache.put(`/api/works/${encodeURIComponent(work.id)}`, stored(work));
    if (work.stop !== null) await cache.put(`/api/stops/${work.stop}`, stored(work));
    const media = [guide.audio, guide.captions].filter(Boolean);
    await Promise.all(media.map(async (url) => {
      const answer = await fetch(url);
      if (answer.status === 200) await cache.put(url, answer);
    }));
    await prune(cache);
  } catch {
    // No room, or the server went away in between: what is there stays there.
  }
}

/** The guide of a work as it was when last opened, or null. */
export async function recall(work, language, length) {
  if (!available) return null;
  const answer = await caches.match(guideKey(work, language, length), { cacheName: CACHE });
  return answer ? answer.json() : null;
}

/** Works on this device, the last one first. */
export async function openedWorks() {
  if (!available || !(await caches.has(CACHE))) return [];
  const cache = await caches.open(CACHE);
  const keys = (await cache.keys()).filter((key) => new URL(key.url).pathname.startsWith("/offline/works/"));
  const works = await Promise.all(keys.map(async (key) => (await cache.match(key)).json()));
  return works.sort((a, b) => b.opened - a.opened);
}

/** Whether a work answers to a query, as the server would see it: accents and case ignored. */
export function answersTo(work, query) {
  const plain = (text) => (text ?? "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const told = plain(`${work.stop ?? ""} ${work.title} ${work.artist ?? ""}`);
  return plain(query).split(/\s+/).every((word) => told.includes(word));
}

async function prune(cache) {
  const works = await openedWorks();
  for (const work of works.slice(MOST)) {
    await cache.delete(workKey(work.id));
    await cache.delete(`/api/works/${encodeURIComponent(work.id)}`);
    if (work.stop !== null) await cache.delete(`/api/stops/${work.stop}`);
    const prefix = `/offline/guides/${encodeURIComponent(work.id)}/`;
    for (const key of await cache.keys()) {
      if (!new URL(key.url).pathname.startsWith(prefix)) continue;
      const guide = await (await cache.match(key)).json();
      for (const url of [guide.audio, guide.captions]) if (url) await cache.delete(url);
      await cache.delete(key);
    }
  }
}
