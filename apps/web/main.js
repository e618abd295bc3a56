// Tabs, the theme, and what every panel needs to know of the service.
import { askForKey, get, show, whenReady } from './api.js';
import { byId, say } from './dom.js';
import { openAsk } from './ask.js';
import { openImagine } from './imagine.js';
import { openSketch } from './sketch.js';

const names = ['sketch', 'imagine', 'ask'];

/** @param focus  whether the tab itself takes it, as for arrow keys */
export function openTab(name, focus = false) {
  for (const other of names) {
    const tab = byId(`tab-${other}`), chosen = other === name;
    tab.setAttribute('aria-selected', String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(`panel-${other}`).hidden = !chosen;
    if (chosen && focus) tab.focus();
  }
  if (location.hash.slice(1) !== name) history.replaceState(null, '', `#${name}`);
}

for (const [at, name] of names.entries()) {
  const tab = byId(`tab-${name}`);
  tab.addEventListener('click', () => openTab(name));
  tab.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? names.length - 1 : step ? (at + step + names.length) % names.length : -1;
    if (to < 0) return;
    event.preventDefault();
    openTab(names[to], true);
  });
}
if (names.includes(location.hash.slice(1))) openTab(location.hash.slice(1));
document.addEventListener('open-tab', (event) => openTab(event.detail));

const themes = ['system', 'light', 'dark'];
function setTheme(theme) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId('theme').textContent = `Theme: ${theme}`;
  byId('theme').dataset.theme = theme;
}
byId('theme').addEventListener('click', () => setTheme(themes[(themes.indexOf(byId('theme').dataset.theme) + 1) % themes.length]));
setTheme('system');
byId('key-button').addEventListener('click', () => askForKey().then(start).catch(() => {}));

let started = false;
async function start() {
  if (started) return;
  const error = byId('sketch-error');
  try {
    const capabilities = await whenReady((text) => { error.textContent = text; say(text); });
    const [sketch, models] = await Promise.all([get('sketch'), get('models')]);
    started = true;
    error.textContent = '';
    openSketch(sketch);
    openImagine(capabilities);
    openAsk(models.data);
    document.documentElement.dataset.ready = 'true';
  } catch (failure) {
    show(failure, error);
  }
}
start();
