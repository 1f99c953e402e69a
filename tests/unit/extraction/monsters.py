"""Documents that are made to take long: each grows one thing to about so many bytes."""

import json
from collections.abc import Callable

SENTENCE = "The harbour council said on Monday that the ferries would go on until the spring of next year. "
STORY = f"<p>{SENTENCE * 2}</p>" * 3
TITLE = "The old pier opens again"
HEAD = f"<html lang=en><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1>"

Grow = Callable[[int], str]


def _inside(grow: Grow) -> Grow:
    return lambda size: f"{HEAD}<article>{STORY}{grow(size)}{STORY}</article></body></html>"


def _linked(**article: object) -> str:
    node = {"@type": "NewsArticle", "headline": "The old pier", **article}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def _object(**fields: object) -> str:
    return json.dumps({"title": "The old pier", "body": SENTENCE, **fields})


PAGES: dict[str, Grow] = {
    "deep": lambda size: "<div>" * (size // 5) + SENTENCE,
    "unclosed": lambda size: ("<p><b><i><font><a href=x>" + SENTENCE) * (size // 120),
    "tables in tables": lambda size: "<table><tr><td>" * (size // 16),
    "wide table": lambda size: "<table>" + ("<tr>" + "<td>cell</td>" * 50 + "</tr>") * (size // 660),
    "links": lambda size: '<a href="/a">a link that is here</a> ' * (size // 38),
    "attributes": lambda size: f"<p {' '.join(f'a{i}=x' for i in range(size // 50))}>{SENTENCE}",
    "classes": lambda size: (
        f'<div class="{"author " * (size // 14)}" id="{"bio-" * (size // 8)}">{SENTENCE}</div>'
    ),
    "bylines": lambda size: '<div class="byline-author date">By Ada</div>' * (size // 45),
    "headings": lambda size: "".join(f"<h1>Heading {i}</h1><h2>And {i}</h2>" for i in range(size // 40)),
    "figures": lambda size: ("<figure><figcaption>x" * 200 + "</figcaption></figure>" * 200) * (size // 8400),
    "hidden": lambda size: ("<div hidden>" * 200 + "x" + "</div>" * 200) * (size // 3600),
    "blanks": lambda size: f"<p>a{' ' * size}b</p><h1>a{'&nbsp; ' * (size // 9)}| b</h1>",
    "one word": lambda size: f"<p>{'x' * size}</p>",
    "marks": lambda size: f"<p>a{chr(0x301) + chr(0x316)}" * 2 + f"{chr(0x301) + chr(0x316)}" * (size // 4),
    "ligatures": lambda size: f"<p>{chr(0xFDFA) * (size // 3)}</p>",
    "entities": lambda size: f"<p>{'&amp;amp;&#55296;&#0;' * (size // 20)}</p>",
    "openings": lambda size: "<" * (size // 4) + "<a " * (size // 12) + '<a b="' * (size // 24),
    "comments": lambda size: "<!--x-->" * (size // 16) + "<!--" * (size // 8),
    "nulls": lambda size: "\0" * size,
    "lists": lambda size: ("<ul><li>" * 100 + "x" + "</ul>" * 100) * (size // 1300),
    "prompts": lambda size: "<p>subscribe to continue reading, members</p>" * (size // 46),
    "right to left": lambda size: f"<p>{chr(0x202E)}abc{chr(0x202C)}{chr(0x200F)}</p>" * (size // 20),
    "many authors": lambda size: "".join(
        f"<meta name=author content='Ada Bo{i}'>" for i in range(size // 40)
    ),
    "long author": lambda size: f'<meta name=author content="{"Ada Bo and " * (size // 11)}">',
    "keywords": lambda size: f'<meta name=keywords content="{",".join(map(str, range(size // 7)))}">',
    "summary": lambda size: (
        f'<meta name=description content="{"<!--" * (size // 8)}{"x <b " * (size // 10)}">'
    ),
    "long date": lambda size: f'<meta property="article:published_time" content="{"1" * size}">',
    "canonical": lambda size: f'<link rel=canonical href="http://orme.example/{"../" * (size // 3)}">',
    "linked authors": lambda size: _linked(author=[{"name": f"Ada Bo{i}"} for i in range(size // 22)]),
    "linked keywords": lambda size: _linked(keywords=[f"k{i}" for i in range(size // 9)]),
    "linked body": lambda size: _linked(articleBody="a\n" * (size // 4) + "<p " * (size // 6)),
    "linked in a ring": lambda size: _linked(
        **{
            "@graph": [
                {"@id": f"#{i}", "@type": "NewsArticle", "headline": "x", "author": {"@id": f"#{i + 1}"}}
                for i in range(size // 80)
            ]
            + [{"@id": f"#{size // 80}", "author": {"@id": "#0"}, "mainEntity": {"@id": "#0"}}]
        }
    ),
    "linked row": lambda size: '<script type="application/ld+json">' + '{"a":1},' * (size // 8) + "</script>",
    "linked depth": lambda size: (
        f'<script type="application/ld+json">{"[" * (size // 2)}{"]" * (size // 2)}</script>'
    ),
}
TEXTS: dict[str, Grow] = {
    "one line": lambda size: SENTENCE * (size // 96),
    "spaces": lambda size: f"Title\n\na{' ' * size}b",
    "lines": lambda size: "".join(f"{i} {SENTENCE}\n" for i in range(size // 105)),
    "bylines": lambda size: "The pier\nBy " + "Ada Bo, " * (size // 8),
    "capitals": lambda size: "THE PIER OPENS " * (size // 15),
    "datelines": lambda size: "LONDON (Reuters) - " * (size // 19),
    "marks": lambda size: "a" + (chr(0x301) + chr(0x316)) * (size // 4) + f"\n{SENTENCE}",
    "brackets": lambda size: "(" * size + f"\n{SENTENCE}",
    "ideographs": lambda size: "記事を聴く" * (size // 15),
}
OBJECTS: dict[str, Grow] = {
    "blanks": lambda size: _object(body=f"a{chr(10) * (size // 4)}{' ' * (size // 4)}b [+"),
    "cuts": lambda size: _object(body="a" + " …" * (size // 8)),
    "authors": lambda size: _object(authors=[f"Ada Bo{i}" for i in range(size // 12)]),
    "keywords": lambda size: _object(keywords=[f"key {i}" for i in range(size // 10)]),
    "comments": lambda size: _object(title="<!--" * (size // 4)),
    "asides": lambda size: _object(body=STORY * 9 + "<p>x</p><aside>a</aside>" * (size // 24)),
    "bodies": lambda size: _object(bodies=[{"value": "<p>a</p>"} for _ in range(size // 25)]),
    "depth": lambda size: '{"data":' * (size // 8) + "1" + "}" * (size // 8),
    "number": lambda size: f'{{"title":"a","body":{"1" * size}}}',
}
MONSTERS: dict[str, tuple[str, Grow]] = {
    **{f"page: {name}": ("page", _inside(grow)) for name, grow in PAGES.items()},
    **{f"fragment: {name}": ("fragment", grow) for name, grow in PAGES.items()},
    **{f"text: {name}": ("text", grow) for name, grow in TEXTS.items()},
    **{f"json: {name}": ("json", grow) for name, grow in OBJECTS.items()},
}
