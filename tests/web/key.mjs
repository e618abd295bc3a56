// A service with keys: the page itself loads, asks for one, and forgets it. ATELIER_URL, ATELIER_KEY.
import { chromium } from 'playwright-core';

const url = process.env.ATELIER_URL ?? 'http://127.0.0.1:8080', key = process.env.ATELIER_KEY;
let failed = 0;
const check = (what, holds) => {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}`);
  if (!holds) failed += 1;
};
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();
page.setDefaultTimeout(120_000);
await page.goto(`${url}/sketch`);
await page.waitForSelector('#key-dialog[open]');
check('the page asks for a key', true);
await page.fill('#key', 'this is certainly not it');
await page.keyboard.press('Enter');
await page.waitForSelector('#key-error:has-text("refused")');
check('a wrong one is refused', true);
await page.fill('#key', key);
await page.keyboard.press('Enter');
await page.waitForSelector('html[data-ready]');
check('with the right one the page works', (await page.locator('#examples button').count()) === 10);
const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML, location.href]));
check('it is kept nowhere', !kept.includes(key));
await page.reload();
await page.waitForSelector('#key-dialog[open]');
check('after a reload it is asked for again', true);
await browser.close();
process.exit(failed ? 1 : 0);
