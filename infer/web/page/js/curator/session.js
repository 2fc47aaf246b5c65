// The curator's session: every call carries the CSRF token, and a session that ended asks to log in.

import { Problem, getJson, request, sends } from "../api.js";

let csrf = null;
let expired = () => {};

/** Whether the browser is logged in; learns the CSRF token on the way. */
export async function resume() {
  try {
    csrf = (await getJson("/api/curator/session")).csrf;
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return false;
    throw error;
  }
}

/** Log in; throws a Problem when the password is not right. */
export async function logIn(password) {
  await request("/api/curator/login", sends("POST", { password }));
  await resume();
}

export async function logOut() {
  await call("POST", "logout");
  csrf = null;
}

/** What to do when a session has ended. */
export const onExpired = (callback) => (expired = callback);

/** Call /api/curator/PATH; returns what it answers, parsed, or null. */
export async function call(method, path, content) {
  const headers = { "X-CSRF-Token": csrf };
  let options = { method, headers };
  if (content instanceof FormData) options.body = content;
  else if (content !== undefined) options = sends(method, content, headers);
  return parsed(`/api/curator/${path}`, options);
}

/** Have a guide written now, as a visitor would, and wait for all of it. */
export const write = (order) => parsed("/api/guides", sends("POST", order, { Accept: "application/json" }));

/** Fetch a file of the curator's side as a blob. */
export async function download(path) {
  return (await guarded(`/api/curator/${path}`)).blob();
}

async function parsed(url, options) {
  const answer = await guarded(url, options);
  return answer.status === 204 ? null : answer.json();
}

async function guarded(url, options) {
  try {
    return await request(url, options);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) expired();
    throw error;
  }
}
