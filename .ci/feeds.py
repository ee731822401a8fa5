"""Reads feeds, sitemaps, linked data and citations of a running server with parsers that others wrote.

Usage: feeds.py http://127.0.0.1:8080
"""

import json
import sys
import urllib.request

import bibtexparser
import feedparser
from lxml import etree
from pyld import jsonld
from pylatexenc.latex2text import LatexNodes2Text

BASE = sys.argv[1]
SCHEMA_ORG = "https://schema.org/"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def get(path):
    with urllib.request.urlopen(BASE + path) as answer:
        return answer.read()


def get_json(path):
    return json.loads(get(path))


def words(text):
    return "".join(text.split())


def check_feeds():
    for query in ("limit=100", "label=ferry-line", "q=bell", "label%5Bnone%5D=ferry-line&limit=3"):
        found = []
        for feed_format in ("atom", "rss"):
            feed = feedparser.parse(get(f"/feeds/articles.{feed_format}?{query}"), sanitize_html=False)
            assert not feed.bozo, (feed_format, query, feed.get("bozo_exception"))
            assert feed.version == {"atom": "atom10", "rss": "rss20"}[feed_format], feed.version
            found.append([(entry.id, entry.title, entry.content[0].value, [a.name for a in entry.get("authors", [])]) for entry in feed.entries])
        feed = get_json(f"/feeds/articles.json?{query}")
        found.append([(item["id"], item["title"], item["content_html"], [a["name"] for a in item["authors"]]) for item in feed["items"]])
        assert found[0] and all([entry[:3] for entry in found[0]] == [entry[:3] for entry in other] for other in found), query
        assert [entry[3] for entry in found[0]] == [entry[3] for entry in found[2]], query
    print(f"feeds: {len(found[0])} entries, the same in every format")


def check_sitemaps():
    pages = etree.fromstring(get("/sitemap.xml")).findall(f"{SITEMAP}url/{SITEMAP}loc")
    listed = [article["canonical_url"] for article in get_json("/v1/articles?limit=100")["data"]]
    assert sorted(page.text for page in pages) == sorted(listed)
    etree.fromstring(get("/news-sitemap.xml"))
    print(f"sitemap: {len(pages)} pages")


def load_context(url, _options):
    """The context of schema.org as far as it matters here: nothing is fetched."""
    assert url.rstrip("/") == SCHEMA_ORG.rstrip("/"), url
    of_ids = {name: {"@type": "@id"} for name in ("url", "mainEntityOfPage")}
    return {"contextUrl": None, "documentUrl": url, "document": {"@context": {"@vocab": SCHEMA_ORG, **of_ids}}}


def check_linked_data():
    jsonld.set_document_loader(load_context)
    kinds = set()
    for collection in ("articles", "quotes", "people"):
        for resource in get_json(f"/v1/{collection}?limit=100")["data"]:
            document = get_json(f"/v1/{collection}/{resource['id']}/json-ld")
            (node,) = jsonld.expand(document)
            assert node["@id"].startswith("urn:uuid:"), node
            kinds.update(node["@type"])
            assert jsonld.normalize(document, {"algorithm": "URDNA2015", "format": "application/n-quads"})
    assert kinds == {SCHEMA_ORG + kind for kind in ("NewsArticle", "Quotation", "Person", "Organization")}, kinds
    print("linked data:", ", ".join(sorted(kind.removeprefix(SCHEMA_ORG) for kind in kinds)))


def check_citations():
    quotes = get_json("/v1/quotes?limit=100")["data"]
    for quote in quotes:
        cited = lambda style: get(f"/v1/quotes/{quote['id']}/cite?style={style}").decode()
        printed = [words(printing["text"]) for printing in quote["occurrences"]]
        (entry,) = bibtexparser.parse_string(cited("bibtex")).entries
        note = words(LatexNodes2Text(math_mode="verbatim").latex_to_text(entry["note"]))
        (item,) = json.loads(cited("csl-json"))
        page = etree.HTML(cited("html"))
        shown = words("".join(page.find(".//blockquote").itertext()))
        assert shown in printed, (shown, printed)
        assert any(words in note for words in printed), (note, printed)
        assert any(text in words(item["note"]) for text in printed), (item, printed)
        assert entry["url"] == item["URL"] == page.find(".//cite/a").get("href"), entry
    print(f"citations: {len(quotes)} quotes, word for word")


check_feeds()
check_sitemaps()
check_linked_data()
check_citations()
