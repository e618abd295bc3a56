#!/usr/bin/env python3
"""Chooses the 100 fixed prompts (bench/prompts_100.txt): by hash, so nobody's taste is in it.

  choose_prompts.py CORPUS_FOLDER SCENE_CAPTIONS > prompts_100.txt

40 concepts in styles that training saw, 30 in styles that it did not see of them (the corpus's split `combination`), 30
composed scenes (`atelier corpus scenes --count 30 --seed 1`, as they come). Of a concept one picture at most, of a style
its share and one more.
"""
import hashlib
import json
import pathlib
import sys

STYLES = {"noto style", "noto blob style", "twemoji style", "emojione style", "firefox style", "fluent style", "fluent flat style",
          "fluent 3d style", "streamline style"}
GROUPS = {"Animals & Nature", "Food & Drink", "Travel & Places", "Objects", "Activities", "Smileys & Emotion"}


def choose(pictures, split, count, concepts):
    rows = [p for p in pictures if p["split"] == split and p["style"] in STYLES and p.get("group") in GROUPS]
    rows.sort(key=lambda p: hashlib.sha256(("sheet-1 " + p["id"]).encode()).hexdigest())
    styles = {}
    chosen = []
    for p in rows:
        if len(chosen) == count:
            break
        if p["concept"] in concepts or styles.get(p["style"], 0) > count // len(STYLES):
            continue
        concepts.add(p["concept"])
        styles[p["style"]] = styles.get(p["style"], 0) + 1
        chosen.append(f"{p['title']}, {p['style']}")
    return chosen


def main():
    folder, scenes = sys.argv[1:]
    with open(pathlib.Path(folder) / "corpus.jsonl", encoding="utf-8") as file:
        pictures = [json.loads(line) for line in file]
    concepts = set()
    prompts = choose(pictures, "train", 40, concepts) + choose(pictures, "combination", 30, concepts)
    prompts += pathlib.Path(scenes).read_text(encoding="utf-8").splitlines()[:30]
    print("\n".join(prompts))


main()
