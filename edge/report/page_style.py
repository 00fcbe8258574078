"""The one look of all pages and their charts, light and dark, on a phone or a desk."""

from collections.abc import Mapping

# s0 is the first model's, the others are after Okabe and Ito (2008), which the colour-blind can tell apart.
LIGHT = {
    "ink": "#1c2330",
    "soft": "#5b6575",
    "line": "#dfe3ea",
    "ground": "#ffffff",
    "card": "#f5f7fa",
    "warn": "#a33a00",
    "s0": "#4a5568",
    "s1": "#0072b2",
    "s2": "#d55e00",
    "s3": "#009e73",
    "s4": "#b0578d",
    "s5": "#8a6d00",
}
DARK = {
    "ink": "#e6e9ee",
    "soft": "#9aa5b5",
    "line": "#303846",
    "ground": "#14181f",
    "card": "#1d232d",
    "warn": "#ffa366",
    "s0": "#a9b4c4",
    "s1": "#56b4e9",
    "s2": "#f28c3c",
    "s3": "#2fc79d",
    "s4": "#e093bf",
    "s5": "#e0c04a",
}
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

CHART = f"""
text {{ font: 11px {FONT}; fill: var(--ink); font-variant-numeric: tabular-nums }}
text.soft {{ fill: var(--soft) }} text.own {{ fill: currentColor }} text.over {{ fill: var(--ground) }}
text.halo {{ paint-order: stroke; stroke: var(--ground); stroke-width: 3px; stroke-linejoin: round }}
.grid {{ stroke: var(--line) }} .axis {{ stroke: var(--soft) }} .own {{ stroke: currentColor; stroke-width: 1.6 }}
text.own {{ stroke: none }} .dashed {{ stroke: var(--soft); stroke-dasharray: 4 3 }} .open {{ fill: none }}
.faint {{ opacity: .5 }} .thin {{ stroke-width: .8 }}
.area {{ fill: currentColor; fill-opacity: .25; stroke: currentColor }}
.full {{ fill: currentColor }} .hollow {{ fill: var(--ground); stroke: currentColor; stroke-width: 1.6 }}
""" + "\n".join(f".s{i} {{ color: var(--s{i}) }}" for i in range(6))

PAGE = """
body { margin: 0 auto; max-width: 62rem; padding: 1rem; color: var(--ink); background: var(--ground);
  font: 1rem/1.55 var(--font); overflow-wrap: anywhere }
h1 { font-size: 1rem; font-weight: 600; color: var(--soft); margin: 1rem 0 0 }
h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; padding-top: .75rem; border-top: 1px solid var(--line) }
p { margin: .5rem 0; max-width: 46rem }
.verdict { font-size: 1.5rem; line-height: 1.35; margin: .5rem 0 1rem; text-wrap: pretty }
.warning { border-left: .25rem solid var(--warn); padding: .5rem .9rem; background: var(--card);
  max-width: 46rem; margin: .75rem 0 1.25rem }
.warning strong { color: var(--warn) } .warning ul { margin: .25rem 0; padding-left: 1.2rem }
.note, figcaption span { color: var(--soft); font-size: .875rem }
pre { background: var(--card); padding: .75rem; border-radius: .4rem; white-space: pre-wrap; font-size: .8rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; overflow-wrap: normal }
th { font-weight: 600; vertical-align: bottom } td:first-child { color: var(--soft) }
th[colspan] { padding-top: 1rem }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
  background: var(--ground); white-space: normal; min-width: 8.5rem }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1rem 2.5rem }
figure { margin: .75rem 0; min-width: 0; max-width: 29rem }
figcaption { font-size: .9rem; font-weight: 600; line-height: 1.4; margin-bottom: .4rem }
figcaption span { display: block; font-weight: normal }
svg { display: block; width: 100%; height: auto; overflow: visible }
.pictures { display: grid; gap: .75rem 1rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)) }
.pictures.wide { grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)) }
.pictures figure { margin: 0 } .pictures figcaption { font-weight: normal; font-size: .8rem; margin: .3rem 0 0 }
.pictures figcaption span { font-size: inherit }
.pictures img { display: block; width: 100%; border-radius: .3rem }
.pictures img.pixels { image-rendering: pixelated }
dl { display: grid; grid-template-columns: fit-content(40%) 1fr; gap: .25rem 1.25rem; font-size: .9rem }
dt { color: var(--soft) } dd { margin: 0 }
@media (max-width: 30rem) {
  .verdict { font-size: 1.25rem } table { font-size: .75rem } th, td { padding: .3rem } th { white-space: normal }
  th:first-child, td:first-child { min-width: 6.5rem }
}
@media print { :root { color-scheme: light } figure { break-inside: avoid } }
"""


def variables(palette: Mapping[str, str]) -> str:
    """Return CSS declarations of a palette's colours."""
    return "; ".join(f"--{name}: {colour}" for name, colour in palette.items())


def palette() -> str:
    """Return CSS variables, the font and all colours, which follow the reader's choice of light or dark."""
    light = f":root {{ color-scheme: light dark; --font: {FONT}; {variables(LIGHT)} }}"
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}"
    return f"{light}\n{dark}\n"


def page_style() -> str:
    """Return the style sheet of a page."""
    return f"{palette()}{PAGE}{CHART}"
