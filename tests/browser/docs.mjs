// The API explorer in a real browser: it loads, lists the operations, and executes one.
//
//   node tests/browser/docs.mjs --base http://127.0.0.1:8080 [--screenshot FILE] [--welcome-screenshot FILE]
//
// The server must have the sample content (`verbatim demo`). CHROMIUM names the browser; /usr/bin/chromium by default.

import assert from "node:assert/strict";
import { parseArgs } from "node:util";

import { chromium } from "playwright-core";

const { values: options } = parseArgs({
    options: {
        base: { type: "string" },
        screenshot: { type: "string" },
        "welcome-screenshot": { type: "string" },
    },
});
assert(options.base, "--base is missing: the address of a running server");
const origin = new URL(options.base).origin;

const LIMIT = 120_000;

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ],
    timeout: 60_000,
});

try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    page.setDefaultTimeout(LIMIT);

    // Whatever else happens: nothing leaves the server's origin, and the console stays clean.
    const strangers = [];
    const complaints = [];
    page.on("request", (request) => {
        const url = new URL(request.url());
        if (["http:", "https:", "ws:", "wss:"].includes(url.protocol) && url.origin !== origin) {
            strangers.push(url.href);
        }
    });
    page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) {
            complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
        }
    });
    page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
    page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
    page.on("response", (response) => {
        if (response.status() >= 400) {
            complaints.push(`${response.status()}: ${response.url()}`);
        }
    });

    // The welcome page leads to the explorer.
    const welcome = await page.goto(`${origin}/`);
    assert.equal(welcome?.status(), 200, "the welcome page");
    if (options["welcome-screenshot"]) {
        await page.screenshot({ path: options["welcome-screenshot"], fullPage: true });
    }
    await page.locator("a[href='/docs/']").first().click();
    await page.waitForURL(`${origin}/docs/`);

    // It lists every operation of the document.
    const document = await page.evaluate(async () => (await fetch("/openapi.json")).json());
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    await page.locator(".opblock").first().waitFor();
    assert.equal(await page.locator(".opblock").count(), operations.length, "operations shown");

    // One is tried out: enabled from the start, it needs a single press.
    const operation = page.locator("#operations-Articles-list_articles");
    await operation.locator(".opblock-summary-control").click();
    const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/v1/articles");
    await operation.getByRole("button", { name: "Execute" }).click();
    const response = await answered;
    assert.equal(response.status(), 200, `${response.url()} answers`);
    const titles = (await response.json()).data.map((article) => article.title);
    assert(titles.length > 0, "an article is in the answer: does the server have the sample content?");
    const live = operation.locator(".live-responses-table");
    await live.locator(".response-col_status", { hasText: "200" }).first().waitFor();
    await live.locator(".response-col_description", { hasText: titles[0] }).first().waitFor();
    if (options.screenshot) {
        await page.screenshot({ path: options.screenshot, fullPage: true });
    }

    // References are followed only when an operation unfolds, so faults of the document show now: of the first operation
    // of each section, since the explorer takes seconds over each.
    await operation.locator(".opblock-summary-control").click();
    for (const section of await page.locator(".opblock-tag-section").all()) {
        const block = section.locator(".opblock").first();
        await block.locator(".opblock-summary-control").click();
        await block.locator(".opblock-body").waitFor();
        await block.locator(".opblock-summary-control").click();
    }
    const faults = await page.locator(".errors-wrapper .errors").allInnerTexts();
    assert.deepEqual(faults, [], "what the explorer finds wrong with the document");

    // The same from a script of a page.
    const fetched = await page.evaluate(async () => {
        const response = await fetch("/v1/articles?limit=2");
        return { status: response.status, type: response.headers.get("content-type"), body: await response.json() };
    });
    assert.equal(fetched.status, 200);
    assert.match(fetched.type, /^application\/json/);
    assert.equal(fetched.body.data.length, 2);
    assert(fetched.body.data.every((article) => article.title.length > 0));

    assert.deepEqual(strangers, [], "requests that left the server's origin");
    assert.deepEqual(complaints, [], "what the console complains about");
    console.log(`explorer: ${operations.length} operations; list_articles answers 200 with ${JSON.stringify(titles[0])}`);
} finally {
    await browser.close();
}
