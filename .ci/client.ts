// A client of the API, as a person would write one against the types that openapi-typescript makes out of the document.
// `.ci/run` compiles it and never runs it. Each `@ts-expect-error` holds only while the line below it is an error, so a
// key that the document wrongly calls always present, or never null, breaks the build.

import type { components, paths } from "../target/ci/api";

type Answer<Path extends keyof paths> = paths[Path] extends {
    get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
    ? Body
    : never;

type Problem = components["schemas"]["Problem"];

async function get<Path extends keyof paths>(_path: Path, url: string): Promise<Answer<Path>> {
    const response = await fetch(url, { headers: { accept: "application/json" } });
    if (!response.ok) {
        const problem = (await response.json()) as Problem;
        throw new Error(`${problem.status} ${problem.code}: ${problem.errors.map((fault) => fault.detail).join("; ")}`);
    }
    return (await response.json()) as Answer<Path>;
}

/** An article with its quotes: the keys that `include` adds may be absent, a speaker may be unknown. */
export async function firstSpeaker(base: string, slug: string): Promise<string> {
    const { data } = await get("/v1/articles/{ref}", `${base}/v1/articles/${slug}?include=quotes.speaker`);
    const name: string | undefined = data.quotes?.[0]?.speaker?.name;

    // @ts-expect-error `quotes` is absent when it was not asked for.
    data.quotes.length;
    // @ts-expect-error `speaker` is null when the article does not tell.
    data.quotes?.[0]?.speaker.name;
    // @ts-expect-error `summary` is null when there is none.
    data.summary.length;
    // @ts-expect-error `body_text` is not in lists.
    data.body_text.length;

    const title: string = data.title;
    const published: boolean = data.status === "published";
    return `${title} (${published ? "published" : data.status}): ${name ?? "nobody"}`;
}

/** Where the words stand: offsets count in `body_text`. */
export function holds(article: Answer<"/v1/articles/{ref}">["data"]): boolean {
    const text = Array.from(article.body_text ?? "");
    const segments = article.quotes?.flatMap((quote) => quote.segments) ?? [];
    return segments.every(({ start, end, exact }) => text.slice(start, end).join("") === exact);
}

/** A walk through a list: `links.next` is null on the last page. */
export async function* titles(base: string): AsyncGenerator<string> {
    let next: string | null = "/v1/articles?limit=100";
    while (next !== null) {
        const page: Answer<"/v1/articles"> = await get("/v1/articles", base + next);
        // @ts-expect-error `next` is null on the last page.
        page.links.next.length;
        for (const article of page.data) {
            yield article.title;
        }
        next = page.links.next;
    }
}

/** What includes may be asked for is part of the types, and so is every word that a key may hold. */
export type ArticleQuery = NonNullable<paths["/v1/articles"]["get"]["parameters"]["query"]>;
export const query: ArticleQuery = { include: ["quotes.speaker", "labels"], label: ["ferry-line"], limit: 5 };
// @ts-expect-error there is no such include.
export const wrong: ArticleQuery = { include: ["speakers"] };

export const kind: components["schemas"]["Person"]["kind"] = "organization";
