#!/usr/bin/env python3
"""Scores `verbatim attribute` on labelled texts and writes the tables of docs/attribution.md.

usage: .ci/score_attribution.py FOLDER [PROGRAM]

FOLDER holds score.py and data/*.jsonl. score.py counts; its name_match(predicted, gold), iou and pieces also decide which
findings the table of confidence calls right. PROGRAM is target/release/verbatim unless given.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/attribution.md"
BANDS = [(0.9, 1.01), (0.8, 0.9), (0.7, 0.8), (0.5, 0.7), (0.0, 0.5)]


def load_scorer(folder):
    spec = importlib.util.spec_from_file_location("score", folder / "score.py")
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    return scorer


def find(program, texts):
    lines = "".join(json.dumps({"id": text["id"], "text": text["text"]}) + "\n" for text in texts)
    answer = subprocess.run([program, "attribute"], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def report(scorer, folder, name, found):
    with tempfile.TemporaryDirectory() as work:
        found_file, report_file = Path(work) / "found.jsonl", Path(work) / "report.json"
        found_file.write_text("".join(json.dumps(line) + "\n" for line in found), encoding="utf-8")
        command = [sys.executable, folder / "score.py", folder / "data" / name, found_file, "--json", report_file]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads(report_file.read_text())


def judged(scorer, gold, found):
    """(rule, confidence, right) of each finding on a labelled quotation, or on words labelled as none."""
    for text, line in zip(gold, found):
        labelled = [(span, quote) for quote in text["quotes"] for span in scorer.pieces(text["text"], quote)]
        none = [scorer.trim(text["text"], *span) for span in text.get("negatives", [])]
        for quote in line["quotes"]:
            spans = scorer.pieces(text["text"], quote)
            match = next((other for span, other in labelled if any(scorer.iou(span, own) >= 0.8 for own in spans)), None)
            if match is None:
                if any(scorer.iou(span, own) > 0.5 for span in none for own in spans):
                    yield quote["rule"], quote["confidence"], False
            elif not match.get("unscored"):
                named = match.get("speaker")
                is_right = scorer.name_match(quote["speaker"], match) if named else not quote["speaker"]
                yield quote["rule"], quote["confidence"], bool(is_right)


def percent(share):
    return f"{100 * share:.1f}"


def tables(scorer, folder):
    program = sys.argv[2] if len(sys.argv) > 2 else ROOT / "target/release/verbatim"
    out = ["| set | texts | quotations | spans exact | spans F1 | speaker right | named | pronoun | nominal | end to end F1 | taken wrongly |",
           "|---|---|---|---|---|---|---|---|---|---|---|"]
    shapes, verdicts = [], []
    for path in sorted((folder / "data").glob("*.jsonl")):
        gold = scorer.load(path)
        found = find(program, gold)
        scores = report(scorer, folder, path.name, found)
        direct = scores["direct"]
        by_class = direct["attribution"]["by_class"]
        of_class = lambda kind: percent(by_class[kind][0]) if kind in by_class else ""
        out.append(f"| {path.stem} | {scores['docs']} | {direct['ov80']['gold']} | {percent(direct['exact']['f1'])} | {percent(direct['ov80']['f1'])} | "
                   f"{percent(direct['attribution']['name'])} | {of_class('name')} | {of_class('pronoun')} | {of_class('nominal')} | "
                   f"{percent(direct['e2e']['f1'])} | {percent(scores['false_marks'][0])} of {scores['false_marks'][1]} |")
        shapes += [(path.stem, shape, row) for shape, row in scores["shapes"].items()]
        verdicts += list(judged(scorer, gold, found))
    out += ["", "Found, and found with the right speaker, by kind of case (mixed quotations too):", "",
            "| set | kind | quotations | found | with speaker |", "|---|---|---|---|---|"]
    out += [f"| {name} | {shape} | {row['n']} | {percent(row['found'])} | {percent(row['found_and_named'])} |" for name, shape, row in shapes]
    out += ["", "How often a finding is right, by its confidence:", "", "| confidence | findings | right |", "|---|---|---|"]
    for low, high in BANDS:
        band = [right for _, confidence, right in verdicts if low <= confidence + 1e-6 < high]
        if band:
            out.append(f"| {low:.1f} to {min(high, 1):.1f} | {len(band)} | {percent(sum(band) / len(band))} |")
    rules = defaultdict(list)
    for rule, _, right in verdicts:
        rules[rule].append(right)
    out += ["", "| rule | findings | right |", "|---|---|---|"]
    out += [f"| `{rule}` | {len(right)} | {percent(sum(right) / len(right))} |" for rule, right in sorted(rules.items())]
    return "\n".join(out)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    folder = Path(sys.argv[1]).resolve()
    before, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- scores -->\n")
    _, _, after = rest.partition("<!-- end of scores -->\n")
    scored = tables(load_scorer(folder), folder)
    PAGE.write_text(f"{before}<!-- scores -->\n\n{scored}\n\n<!-- end of scores -->\n{after}", encoding="utf-8")
    print(scored)


if __name__ == "__main__":
    main()
