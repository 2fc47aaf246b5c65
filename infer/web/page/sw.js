// Installable, and usable without a network: the page itself and every work already opened.
// Always the network first, because the server is in the same building and has the truth; the cache
// answers when it does not. What is opened is put into the cache by the page (js/offline.js).

const SHELL = "museum-guide-shell";
const OPENED = "museum-guide-opened";
const PATIENCE = 4000; // milliseconds for a server that does not answer but is not gone either

const FILES = [
  "/",
  "/manifest.webmanifest",
  "/api/config",
  "/static/css/base.css",
  "/static/css/visitor.css",
  "/static/icons/icon.svg",
  "/static/icons/icon-192.png",
  "/static/i18n/de.json",
  "/static/i18n/en.json",
  "/static/i18n/es.json",
  "/static/i18n/fr.json",
  "/static/i18n/it.json",
  "/static/js/api.js",
  "/static/js/basis.js",
  "/static/js/dom.js",
  "/static/js/events.js",
  "/static/js/guide.js",
  "/static/js/i18n.js",
  "/static/js/keypad.js",
  "/static/js/kiosk.js",
  "/static/js/offline.js",
  "/static/js/player.js",
  "/static/js/playbar.js",
  "/static/js/scan.js",
  "/static/js/search.js",
  "/static/js/settings.js",
  "/static/js/tell.js",
  "/static/js/theme.js",
  "/static/js/transcript.js",
  "/static/js/visitor.js",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (url.pathname === "/" || url.pathname.startsWith("/s/")) event.respondWith(page(request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(shell(request));
  } else if (/^\/api\/(works|stops)\/[^/]+$|^\/api\/guides\/[^/]+\/(audio|captions\.vtt)$/.test(url.pathname)) {
    event.respondWith(opened(request));
  }
});

/** The network's answer, or a failure after a while. */
function soon(request) {
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error("late")));
  return Promise.race([fetch(request), late]);
}

async function page(request) {
  try {
    return await soon(request);
  } catch {
    return (await caches.match("/", { cacheName: SHELL })) ?? Response.error();
  }
}

async function shell(request) {
  try {
    const answer = await soon(request);
    if (answer.ok) (await caches.open(SHELL)).put(request, answer.clone());
    return answer;
  } catch {
    return (await caches.match(request, { cacheName: SHELL, ignoreSearch: true })) ?? Response.error();
  }
}

async function opened(request) {
  try {
    return await fetch(request);
  } catch {
    const kept = await caches.match(request.url, { cacheName: OPENED });
    if (!kept) return Response.error();
    return request.headers.has("Range") ? part(kept, request.headers.get("Range")) : kept;
  }
}

/** A part of a kept recording: a player asks for ranges, and some play nothing else. */
async function part(kept, range) {
  const bytes = await kept.arrayBuffer();
  const [, first, last] = /^bytes=(\d*)-(\d*)/.exec(range) ?? [];
  const size = bytes.byteLength;
  const start = first ? Number(first) : Math.max(0, size - Number(last || 0));
  const end = first && last ? Math.min(Number(last), size - 1) : size - 1;
  if (start >= size || start > end) {
    return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${size}` } });
  }
  return new Response(bytes.slice(start, end + 1), {
    status: 206,
    headers: {
      "Content-Type": kept.headers.get("Content-Type") ?? "audio/mpeg",
      "Content-Range": `bytes ${start}-${end}/${size}`,
      "Content-Length": String(end - start + 1),
      "Accept-Ranges": "bytes",
    },
  });
}
