"""The documents: every command in them is one that the command line takes, and every link leads somewhere."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from command_lines import parses

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("edge", "train", "export", "benchmarks")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SEPARATORS = {";", "&&", "||", "|", "&", "(", ")"}


def commands(text: str) -> Iterator[list[str]]:
    """The words of each `edge-cifar` command in fenced shell lines."""
    for language, block in FENCED.findall(text):
        if language != "sh":
            continue
        for line in block.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()<>")
            lexer.whitespace_split = True
            command: list[str] = []
            for word in [*lexer, ";"]:
                if word not in SEPARATORS:
                    command.append(word)
                    continue
                yield from taken_as_ours(command)
                command = []


def taken_as_ours(command: list[str]) -> Iterator[list[str]]:
    """The words after `edge-cifar`, up to a redirection, if that is the program."""
    words = [word for word in command if word not in ("sudo", "time")]
    if words and words[0].rpartition("/")[2] == "edge-cifar":
        end = next((i for i, word in enumerate(words) if set(word) <= set("<>&")), len(words))
        yield words[1:end]


def links(text: str) -> Iterator[str]:
    """What a page points to outside of its code."""
    prose = re.sub(r"`[^`\n]*`", "", FENCED.sub("", text))
    yield from re.findall(r"\]\(([^)\s]+)\)", prose)
    yield from re.findall(r'(?:src|srcset|href)="([^"]+)"', prose)


@cache
def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_command_line_takes_every_command(page: Path) -> None:
    for words in commands(page.read_text(encoding="utf-8")):
        assert words[0] == "--version" or parses(words), words


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{link}: nothing there"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading in {target.name}"


def test_commands_are_found_in_what_a_shell_would_make_of_a_line() -> None:
    lines = [
        "pip install x && edge-cifar predict a.jpg > out  # words; edge-cifar no",
        "cat b | /opt/bin/edge-cifar info -",
    ]
    assert list(commands("\n".join(["```sh", *lines, "```"]))) == [["predict", "a.jpg"], ["info", "-"]]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 150
