// The service as the page sees it. A key is asked for when the service wants one, and lives in this module alone.
import { byId, say } from './dom.js';

const root = new URL('../v1/', import.meta.url);
let key = '';
let asking = null;

export class ServiceError extends Error {
  constructor(status, message, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Opens the dialog; everybody who needs a key waits for the same one. */
export function askForKey(problem = '') {
  asking ??= new Promise((resolve, reject) => {
    const dialog = byId('key-dialog'), field = byId('key');
    byId('key-button').hidden = false;
    byId('key-error').textContent = problem;
    field.value = '';
    byId('key-cancel').onclick = () => dialog.close('');
    dialog.onclose = () => {
      asking = null;
      if (dialog.returnValue !== 'ok' || !field.value.trim()) return reject(new ServiceError(401, 'The service asks for a key: use the button Key.', 'no_key'));
      key = field.value.trim();
      field.value = '';
      dialog.returnValue = '';
      resolve();
    };
    dialog.returnValue = '';
    dialog.showModal();
  });
  return asking;
}

async function request(path, body, signal, again = true) {
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (key) headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(new URL(path, root), { method: body === undefined ? 'GET' : 'POST', headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ServiceError(0, 'The service cannot be reached.', 'unreachable');
  }
  if (response.status === 401 && again) {
    const refused = key !== '';
    key = '';
    await askForKey(refused ? 'This key was refused.' : '');
    return request(path, body, signal, true);
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response) {
  const answer = await response.json().catch(() => null);
  const error = answer?.error ?? {};
  return new ServiceError(response.status, sentence(error.message ?? `The service answered ${response.status}`), error.code);
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');

export const get = async (path, signal) => (await request(path, undefined, signal)).json();
export const getBlob = async (path) => (await request(path)).blob();
export const post = async (path, body, signal) => (await request(path, body, signal)).json();

/** Posts and calls `on` with each event's data as it comes. Leaving (the signal) stops the work on the other side. */
export async function stream(path, body, signal, on) {
  const response = await request(path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const event = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const data = event.split('\n').filter((line) => line.startsWith('data: ')).map((line) => line.slice(6)).join('\n');
      if (!data || data === '[DONE]') continue;
      const parsed = JSON.parse(data);
      if (parsed.error) throw new ServiceError(200, sentence(parsed.error.message), parsed.error.code);
      on(parsed);
    }
  }
}

/** Waits until the models are loaded. */
export async function whenReady(tell) {
  for (let tries = 0; ; ++tries) {
    try {
      return await get('capabilities');
    } catch (error) {
      if (error.status !== 503 && error.status !== 0) throw error;
      if (tries === 0) tell(error.status === 0 ? error.message : 'The models are being loaded.');
      await new Promise((resolve) => { setTimeout(resolve, 1500); });
    }
  }
}

export function wasStopped(error) { return error?.name === 'AbortError'; }

/** Puts what went wrong where it belongs. */
export function show(error, place) {
  if (wasStopped(error)) return;
  place.textContent = error.message || String(error);
  say(place.textContent);
}

/**
 * One piece of work at a time for the form `name`-form: Go is off and Cancel on meanwhile; what goes wrong is said in it.
 * @param wrong  what cannot be sent as it is: [id of the field, sentence], or nothing
 * @param work   gets a signal, which Cancel aborts
 */
export function onSubmit(name, wrong, work) {
  const go = byId(`${name}-go`), cancel = byId(`${name}-cancel`), error = byId(`${name}-error`);
  let leaving = null;
  cancel?.addEventListener('click', () => leaving?.abort());
  byId(`${name}-form`).addEventListener('submit', async (event) => {
    event.preventDefault();
    if (leaving) return;
    const problem = wrong();
    error.textContent = problem ? problem[1] : '';
    if (problem) return byId(problem[0]).focus();
    const busy = (yes) => {
      leaving = yes ? new AbortController() : null;
      go.disabled = yes;
      if (cancel) cancel.disabled = !yes;
    };
    busy(true);
    try {
      await work(leaving.signal);
    } catch (failure) {
      if (wasStopped(failure)) say('Cancelled.');
      else show(failure, error);
    } finally {
      busy(false);
    }
  });
}
