// Having a guide written: one POST, its sentences as they come, and patience when it fails.
//
// A full queue and a lost connection are waited out: the same request goes out again, and since the
// same seed gives the same guide, the sentences that were already shown are recognised by their
// place and shown once.

import { events } from "./events.js";
import { Problem, Unreachable, request, sends } from "./api.js";

const LONGEST_WAIT = 30;
const USUAL_WAIT = 5;
const MOST_LOSSES = 8;

/**
 * Tell a guide.
 *
 * `order` is the body of POST /api/guides. `hooks` may have start(event), sentence(event), done(guide),
 * waiting(state) with state {reason: "busy" | "lost", seconds} once a second, and lost(shown): asked after a
 * lost connection with the number of sentences shown; it ends the telling by answering true.
 * `retryNow` is a function that receives a function ending the present wait.
 *
 * Throws Problem (anything but a full queue), Unreachable (given up), AbortError.
 */
export async function tell(order, hooks, { signal, retryNow = () => {} }) {
  let body = order;
  let losses = 0;
  const shown = [];
  for (;;) {
    let wait;
    try {
      for await (const { name, data } of stream(body, signal)) {
        if (name === "start") {
          losses = 0;
          if (Number.isInteger(data.seed)) body = { ...order, seed: data.seed };
          hooks.start?.(data);
        } else if (name === "sentence") {
          if (shown[data.index] !== data.text) {
            shown.length = data.index;
            shown[data.index] = data.text;
          }
          hooks.sentence?.(data);
        } else if (name === "done") {
          hooks.done?.(data);
          return;
        } else if (name === "error") {
          throw new Problem(data.status ?? 500, data, data.retry_after ?? null);
        }
      }
      throw new Unreachable("The stream ended early.");
    } catch (error) {
      if (signal.aborted) throw error;
      wait = patience(error, losses);
      if (wait === null) throw error;
      if (wait.reason === "lost") {
        losses += 1;
        if (await hooks.lost?.(shown.length)) return;
      }
    }
    await countdown(wait, hooks, signal, retryNow);
  }
}

async function* stream(body, signal) {
  const answer = await request("/api/guides", {
    ...sends("POST", body, { Accept: "text/event-stream" }),
    signal,
  });
  yield* events(answer.body);
}

/** How long to wait after an error, or null where waiting would not help. */
function patience(error, losses) {
  if (error instanceof Problem) {
    if (error.status !== 503 && error.status !== 429) return null;
    return { reason: "busy", seconds: Math.min(LONGEST_WAIT, error.retryAfter ?? USUAL_WAIT) || 1 };
  }
  if (losses >= MOST_LOSSES) return null;
  return { reason: "lost", seconds: Math.min(LONGEST_WAIT, 2 ** losses) };
}

async function countdown({ reason, seconds }, hooks, signal, retryNow) {
  let waiting = true;
  let wake = () => {};
  retryNow(() => {
    waiting = false;
    wake();
  });
  for (let left = seconds; left > 0 && waiting && !signal.aborted; left -= 1) {
    hooks.waiting?.({ reason, seconds: left });
    await new Promise((resolve) => {
      wake = resolve;
      const timer = setTimeout(resolve, 1000);
      signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
  signal.throwIfAborted();
}
