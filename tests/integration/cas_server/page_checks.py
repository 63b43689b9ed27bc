"""What a page must have for people who do not see, use no mouse, or have a small screen."""

from collections.abc import Sequence
from typing import Any

from playwright.async_api import Page

TEXT_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3."""
PARTS_CONTRAST = 3.0
"""WCAG 2.2, 1.4.11: the border of a field, and what shows the focus."""
TARGET_PX = 44
"""WCAG 2.2, 2.5.5, its better level."""

_FAULTS = """
() => {
  const faults = [];
  const of = one => one.outerHTML.slice(0, 80);
  const each = (selector, good, fault) => document.querySelectorAll(selector).forEach(
    one => { if (!good(one)) faults.push(fault + ': ' + of(one)); });
  const one = (selector, fault) => {
    if (document.querySelectorAll(selector).length !== 1) faults.push(fault); };
  one('h1', 'not one h1');
  one('main', 'not one main');
  one('header', 'not one header');
  if (document.documentElement.lang !== 'en') faults.push('no language');
  if (document.title.length < 8) faults.push('no title');
  each('input:not([type=hidden])', i => i.labels.length === 1, 'no label');
  each('input:not([type=hidden])', i => i.autocomplete !== '', 'no autocomplete');
  each('button, a', b => (b.getAttribute('aria-label') || b.textContent).trim() !== '', 'no name');
  each('svg', s => s.getAttribute('aria-hidden') === 'true', 'a picture that is read out');
  each('[aria-describedby], [aria-labelledby]', e => document.getElementById(
    e.getAttribute('aria-describedby') || e.getAttribute('aria-labelledby')), 'leads nowhere');
  each('[tabindex]', e => false, 'another order than that of the page');
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  if (new Set(ids).size !== ids.length) faults.push('an id is repeated');
  const levels = [...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1]);
  levels.forEach((level, i) => {
    if (level > (levels[i - 1] || 0) + 1) faults.push('a heading is skipped'); });
  if (document.documentElement.scrollWidth > innerWidth) faults.push('scrolls sideways');
  each('button, .button, input:not([type=hidden])', e => {
    const box = e.getBoundingClientRect();
    return box.height >= TARGET && box.width >= TARGET; }, 'too small for a finger');
  return faults;
}
""".replace("TARGET", str(TARGET_PX))

_CONTRASTS = """
() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => v / 255).map(
      v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z; };
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + .05) / (y + .05); };
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(one).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255]; };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.textContent.trim() || !parent.getClientRects().length) continue;
    const ink = parse(getComputedStyle(parent).color);
    found.push({what: node.textContent.trim().slice(0, 40), ratio: ratio(ink, behind(parent))});
  }
  const parts = [];
  document.querySelectorAll('input:not([type=hidden])').forEach(field => {
    const line = parse(getComputedStyle(field).borderTopColor);
    parts.push({what: field.name, ratio: ratio(line, behind(field.parentElement))}); });
  document.querySelectorAll('button.main').forEach(button => parts.push(
    {what: 'button', ratio: ratio(behind(button), behind(button.parentElement))}));
  const focused = document.activeElement;
  if (focused && focused !== document.body) parts.push({what: 'focus', ratio: ratio(
    parse(getComputedStyle(focused).outlineColor), behind(focused.parentElement))});
  return {texts: found, parts};
}
"""

_FOCUSED = """
() => {
  const one = document.activeElement, style = getComputedStyle(one);
  return {
    name: (one.getAttribute('aria-label') || one.name || one.textContent).trim(),
    visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
  };
}
"""


async def faults(page: Page) -> Sequence[str]:
    """Return what is wrong with the structure of a page."""
    found: list[str] = await page.evaluate(_FAULTS)
    return found


async def faint(page: Page) -> Sequence[str]:
    """Return the texts and parts of a page with too little contrast, with the ratio."""
    found: dict[str, list[dict[str, Any]]] = await page.evaluate(_CONTRASTS)
    assert found["texts"]
    return [
        f"{one['what']}: {one['ratio']:.2f}"
        for kind, least in (("texts", TEXT_CONTRAST), ("parts", PARTS_CONTRAST))
        for one in found[kind]
        if one["ratio"] < least
    ]


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus; each stop has to be visible."""
    for _ in range(30):
        focused = await page.evaluate(_FOCUSED)
        if focused["name"] == name:
            assert focused["visible"], focused
            return
        await page.keyboard.press("Tab")
        assert (await page.evaluate(_FOCUSED))["visible"], "a stop without a mark"
    raise AssertionError(f"no Tab leads to {name}")
