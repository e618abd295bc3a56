// The page against a live service, in a real browser. ATELIER_URL, perhaps CHROMIUM and SHOTS (a folder for screenshots).
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const url = process.env.ATELIER_URL ?? 'http://127.0.0.1:8080', shots = process.env.SHOTS;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const patience = 240_000;
let failed = 0;
const check = (what, holds, more = '') => {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}${holds ? '' : ` ${more}`}`);
  if (!holds) failed += 1;
};

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

async function open(width, height, colorScheme, path = '/sketch', more = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, acceptDownloads: true, bypassCSP: false, ...more });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const problems = [];
  page.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()); });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => { if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) problems.push(`asked ${request.url()}`); });
  await page.goto(url + path);
  await page.waitForSelector('html[data-ready]');
  return { page, problems, close: () => context.close() };
}

/** axe-core, run by the debugger and so not stopped by the page's policy. */
async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  check(`axe-core finds nothing: ${what}`, violations.length === 0,
    JSON.stringify(violations.map((one) => ({ id: one.id, at: one.nodes.slice(0, 3).map((node) => node.target.join(' ')), says: one.nodes[0].failureSummary }))));
}
const shot = async (page, name) => {
  if (!shots) return;
  await page.evaluate(() => { document.querySelector('.editing button.quiet')?.click(); document.querySelector('.chain')?.scrollIntoView({ behavior: 'instant' }); if (innerWidth > 900) scrollTo({ top: 0, behavior: 'instant' }); });
  await page.screenshot({ path: `${shots}/page_${name}.png` });
};
const answered = (page, count) => page.waitForFunction((n) => document.querySelectorAll('.card.answer').length >= n, count);
const downloaded = async (page, button) => {
  const [file] = await Promise.all([page.waitForEvent('download'), page.locator(button).first().click()]);
  return readFile(await file.path(), 'utf8');
};
/** A line across the box, with the mouse. */
async function drag(page, selector, points) {
  const canvas = page.locator(selector);
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 12 });
  await page.mouse.up();
}

// An example: steps stream in, an edit makes a branch beside, both exports.
async function examples() {
  const { page, problems, close } = await open(1440, 900, 'light');
  await accessible(page, 'empty, light');
  await shot(page, 'empty');
  for (const name of ['Isomorphism', 'Max flow', 'Parity', 'Convexity', 'Chess winner', 'Geometry', 'Jigsaw', 'Shapes in a picture', 'Things in a picture', 'Connectivity']) {
    await page.getByRole('button', { name, exact: true }).click();
    await page.waitForSelector(`.chip[aria-pressed="true"]:text-is("${name}")`);
    check(`the example ${name} is there`, (await page.inputValue('#question')).length > 10);
  }
  await page.selectOption('#planner', 'rules');
  const counts = [];
  await page.exposeFunction('grown', (count) => counts.push(count));
  await page.evaluate(() => new MutationObserver(() => window.grown(document.querySelectorAll('.cards > article').length)).observe(document.getElementById('chains'), { childList: true, subtree: true }));
  await page.click('#sketch-go');
  await answered(page, 1);
  check('steps come one by one', counts.at(-1) === 3 && counts.some((count) => count === 1 || count === 2), JSON.stringify(counts));
  check('a drawing is seen', (await page.locator('.card img.seen').first().evaluate((image) => image.naturalWidth)) === 640);
  check('the answer is known to be right', /and right/.test(await page.locator('.status').first().textContent()));

  await page.click('[aria-label="Edit step 1"]');
  await page.locator('.editing textarea').first().fill('Draw it in another way.');
  await page.locator('.editing textarea.code').fill('{"matrix": "$graph", "layout": "force", "marked": ["$node_1", "$node_2"]}');
  await accessible(page, 'a step is edited');
  await page.getByRole('button', { name: 'Go on from here' }).click();
  await answered(page, 2);
  check('a branch stands beside', (await page.locator('.chain').count()) === 2);
  const texts = await page.locator('.chain').evaluateAll((columns) => columns.map((column) => column.querySelector('.thought').textContent));
  check('the chain stays, the branch differs', texts[1] === 'Draw it in another way.' && texts[0] !== texts[1], JSON.stringify(texts));

  await page.locator('[aria-label="Delete step 2"]').last().click();
  await page.waitForFunction(() => document.querySelectorAll('.chain').length === 3);
  await page.locator('[aria-label="Insert after step 1"]').first().click();
  await page.locator('.editing textarea.code').fill('{"a": [0.1, "x"]}');
  await page.getByRole('button', { name: /Keep the 2 later steps/ }).click();
  await page.waitForFunction(() => document.querySelectorAll('.chain').length === 4);
  check('a bad call is an observation that says so', (await page.locator('.card.bad .failed').count()) === 1);
  await shot(page, 'light');
  await accessible(page, 'four columns, light');

  const trace = JSON.parse(await downloaded(page, '[aria-label="JSON: Chain 1"]'));
  check('the JSON is the trace', trace.format === 'atelier sketch trace 1' && trace.steps.length === 3 && trace.answer !== null);
  const html = await downloaded(page, '[aria-label="HTML: Chain 1"]');
  check('the page is one file without script', html.startsWith('<!doctype html>') && !html.includes('<script') && html.includes('data:image/png;base64,'));
  check('nothing went wrong, nothing was asked elsewhere', problems.length === 0, problems.join('; '));
  await close();
}

// The board, by mouse and by keyboard; the local planner; a drawing on an observation; stop.
async function board() {
  const { page, problems, close } = await open(1440, 1000, 'dark');
  await page.getByRole('button', { name: 'red', exact: true }).first().click();
  await drag(page, '#sketch-board canvas', [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6], [0.2, 0.2]]);
  await page.focus('#sketch-board canvas');
  const ink = () => page.locator('#sketch-board canvas').evaluate((canvas) => canvas.getContext('2d').getImageData(0, 0, 640, 640).data.reduce((sum, value) => sum + (value < 128), 0));
  const before = await ink();
  await page.keyboard.press('Space');
  for (let i = 0; i < 6; ++i) await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Space');
  await page.focus('#question');
  check('the keyboard draws', (await ink()) > before);
  await page.fill('#question', 'How many red shapes are there?');
  const hasLocal = (await page.locator('#planner option[value=local]').count()) === 1;
  if (hasLocal) {
    await page.selectOption('#planner', 'local');
    await page.click('#sketch-go');
    await page.waitForFunction(() => document.querySelector('.cards > article') && !document.querySelector('.chain.running'));
    check('the local planner takes steps on the drawn board', (await page.locator('.cards > article').count()) >= 1);
    check('the board went along', (await page.locator('.asked img').first().evaluate((image) => image.naturalWidth)) === 640);
  }
  await page.selectOption('#planner', 'rules');
  await page.click('#sketch-go');
  await page.waitForFunction(() => [...document.querySelectorAll('.chain-head .error')].some((one) => one.textContent.includes('rules know')));
  check('the rules say what they do not know', true);
  await page.getByRole('button', { name: 'Parity', exact: true }).click();
  await page.waitForSelector('#example:not([hidden])');
  await page.click('#sketch-go');
  await page.waitForFunction(() => [...document.querySelectorAll('.chain')].at(-1).querySelector('.card.answer'));
  const columns = await page.locator('.chain').count();
  await page.locator('.chain').last().locator('[aria-label="Draw on step 1"]').click();
  await page.waitForSelector('#draw-dialog[open]');
  await accessible(page, 'drawing on an observation, dark');
  await drag(page, '#draw-board canvas', [[0.2, 0.8], [0.8, 0.2]]);
  await page.click('#draw-only');
  await page.waitForFunction((n) => document.querySelectorAll('.chain').length === n + 1, columns);
  check('what was drawn is a call', (await page.locator('.call').allTextContents()).some((text) => text.startsWith('draw_polyline(')));
  if (hasLocal) {
    await page.selectOption('#planner', 'local');
    await page.locator('[aria-label^="Go on: Branch"]').last().click();
    await page.locator('[aria-label^="Stop: Branch"]:visible').click();
    await page.waitForFunction(() => !document.querySelector('.chain.running'));
    check('Stop stops', (await page.locator('[aria-label^="Go on: Branch"]:visible').count()) === 1);
  }
  await shot(page, 'dark');
  await accessible(page, 'chains, dark');
  check('nothing went wrong in the dark', problems.filter((text) => !text.includes('400')).length === 0, problems.join('; '));
  await close();
}

// Steps that ask the service's models: cancelled while one draws, then drawn and asked about.
async function models() {
  const { page, problems, close } = await open(1280, 900, 'light');
  await page.selectOption('#planner', 'rules');
  await page.getByRole('button', { name: 'Parity', exact: true }).click();
  await page.waitForSelector('#example:not([hidden])');
  await page.click('#sketch-go');
  await answered(page, 1);
  const write = async (chain, step, tool, values) => {
    await chain.locator(`[aria-label="${step}"]`).click();
    await page.locator('.editing select').selectOption(tool);
    await page.locator('.editing textarea.code').fill(JSON.stringify(values));
    await page.getByRole('button', { name: /Keep the \d+ later step/ }).click();
  };
  await write(page.locator('.chain').first(), 'Insert after step 1', 'imagine', { prompt: 'a red apple', steps: 100, seed: 3 });
  await page.waitForFunction(() => [...document.querySelectorAll('.editing button')].filter((one) => one.disabled).length === 2);
  await page.waitForTimeout(1500);
  await page.locator('.editing').getByRole('button', { name: 'Cancel' }).click();
  await page.waitForSelector('.editing .error:has-text("Cancelled")');
  check('a step that draws is cancelled', (await page.locator('.chain').count()) === 1);
  await page.locator('.editing textarea.code').fill('{"prompt": "a red apple", "steps": 4, "seed": 3}');
  await page.getByRole('button', { name: /Keep the \d+ later step/ }).click();
  await page.waitForFunction(() => document.querySelectorAll('.chain').length === 2);
  const drawn = page.locator('.chain').last().locator('.card[aria-label="Step 2: imagine"]');
  check('a step imagines', /pixels drawn for "a red apple", seed 3/.test(await drawn.locator('.seen-text').textContent()) && (await drawn.locator('img.seen').evaluate((image) => image.naturalWidth)) >= 64);
  await write(page.locator('.chain').last(), 'Insert after step 2', 'ask', { question: 'What is in the picture?', picture: 'imagined_1' });
  await page.waitForFunction(() => document.querySelectorAll('.chain').length === 3);
  const said = await page.locator('.card[aria-label="Step 3: ask"] .seen-text').last().textContent();
  check('a step asks about what was imagined', said.startsWith('the model answers "'), said);
  await accessible(page, 'steps that ask models');
  check('nothing went wrong with the models', problems.length === 0, problems.join('; '));
  await close();
}

// Pictures with previews, cancelled and to the end; then a question about one.
async function pictures() {
  const { page, problems, close } = await open(1280, 900, 'light', '/sketch#imagine');
  await accessible(page, 'imagine, empty');
  await page.fill('#prompt', 'a red apple');
  await page.fill('#imagine-steps', '200');
  await page.fill('#count', '2');
  await page.click('#imagine-go');
  await page.waitForSelector('img.noisy:not([hidden])');
  check('a preview is seen while it denoises', true);
  await page.click('#imagine-cancel');
  await page.waitForSelector('.status:has-text("cancelled")');
  check('Cancel cancels', await page.isEnabled('#imagine-go'));
  await page.fill('#imagine-steps', '6');
  await page.fill('#seed', '7');
  await page.fill('#diverse', '0.9');
  if (await page.isEnabled('#memory')) await page.check('#memory');
  await page.click('#imagine-go');
  await page.waitForFunction(() => document.querySelectorAll('.batch:first-child .frame img:not(.noisy):not([hidden])').length === 2);
  const seeds = await page.locator('.batch').first().locator('figcaption').allTextContents();
  check('both pictures, each with its seed', seeds.join() === 'seed 7,seed 8', seeds.join());
  if (await page.isEnabled('#memory')) check('the documents are named with their credits', (await page.locator('.credits li').count()) >= 1);
  await page.waitForTimeout(300);
  await shot(page, 'imagine');
  await accessible(page, 'imagine, with pictures');

  await page.locator('[aria-label="Ask about the picture with seed 7"]').click();
  for (const model of ['atelier', 'atelier-promptcap']) {
    await page.check(`input[value="${model}"]`);
    await page.fill('#ask-question', 'What is in the picture?');
    await page.click('#ask-go');
    await page.waitForFunction((name) => [...document.querySelectorAll('.exchange .status')].some((one) => one.textContent.startsWith(`${name} ·`)), model);
    check(`${model} answers about the picture`, (await page.locator('.exchange .said').first().textContent()).length > 1);
  }
  await shot(page, 'ask');
  await accessible(page, 'ask, with answers');
  check('nothing went wrong with pictures', problems.length === 0, problems.join('; '));
  await close();
}

// Phone width, keyboard alone, both ways to be dark, little motion.
async function small() {
  const { page, problems, close } = await open(390, 844, 'light', '/sketch', { reducedMotion: 'reduce', hasTouch: true });
  await page.selectOption('#planner', 'rules');
  await page.getByRole('button', { name: 'Convexity', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('#example:not([hidden])');
  await page.focus('#sketch-go');
  await page.keyboard.press('Enter');
  await answered(page, 1);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check('nothing stands out at phone width', wide <= 390, String(wide));
  await shot(page, 'phone');
  await accessible(page, 'phone, light');
  await page.focus('#tab-sketch');
  await page.keyboard.press('ArrowRight');
  check('arrow keys change the tab', await page.isVisible('#panel-imagine'));
  await page.keyboard.press('ArrowRight');
  await accessible(page, 'phone, ask');
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click('#theme');
  await page.click('#theme');
  check('the button makes it dark', (await paper()) !== light && (await page.textContent('#theme')) === 'Theme: dark');
  await accessible(page, 'phone, dark by the button');
  check('the dots keep still for who wants it', await page.evaluate(() => {
    const dots = document.createElement('span');
    dots.className = 'dots';
    dots.append(document.createElement('i'));
    document.body.append(dots);
    const still = getComputedStyle(dots.firstChild).animationName === 'none';
    dots.remove();
    return still;
  }));
  check('nothing went wrong on the phone', problems.length === 0, problems.join('; '));
  await close();
}

for (const part of [examples, board, models, pictures, small]) {
  try {
    await part();
  } catch (error) {
    check(part.name, false, error.message);
  }
}
await browser.close();
console.log(failed ? `${failed} failed` : 'all hold');
process.exit(failed ? 1 : 0);
