// Talking to the server: JSON in and out, its faults as sentences.

/** What the server refused, from its problem+json. */
export class Problem extends Error {
  constructor(status, content = {}, retryAfter = null) {
    super(content.detail || content.title || `Status ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** The server did not answer at all. */
export class Unreachable extends Error {}

/** Fetch; anything but success becomes a Problem or Unreachable. */
export async function request(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable(error.message);
  }
  if (answer.ok) return answer;
  const content = await answer.json().catch(() => ({}));
  const wait = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
  throw new Problem(answer.status, content, Number.isNaN(wait) ? null : wait);
}

/** GET, parsed. */
export const getJson = async (url, options) => (await request(url, options)).json();

/** The options of a request that sends JSON. */
export function sends(method, content, headers = {}) {
  return {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(content),
  };
}
