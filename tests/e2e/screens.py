"""Pictures of every page: `python tests/e2e/screens.py URL FOLDER [--small]`.

Takes each page at 1280 and 390 px, light and dark. With --small only the
pictures that the README shows, reduced to a palette.
"""

import argparse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PAGES = {
    "home": "",
    "listen": "listen",
    "record": "record",
    "sounds": "sounds",
    "augment": "augment",
    "train": "train",
    "optimize": "optimize",
    "alarm_bench": "alarm_bench",
    "firmware": "firmware",
    "board": "board",
    "your_data": "your_data",
    "admin": "admin",
    "guide": "guide",
}
WIDTHS = {1280: 900, 390: 844}
CHROMIUM = ("--no-sandbox", "--disable-background-networking", "--hide-scrollbars")
IDLE = "[data-testid='stStatusWidget']"
COLOURS = 128


def settle(page: Page) -> None:
    """Wait until the page has been drawn and no script runs."""
    page.wait_for_selector(".stMainBlockContainer h1, .stMainBlockContainer h2", timeout=30_000)
    page.wait_for_function(f'!document.querySelector("{IDLE}")', timeout=30_000)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=30_000)
    page.wait_for_timeout(1_200)  # charts draw after the script ends


def shoot(url: str, folder: Path, query: str, small: bool, names: list[str]) -> list[Path]:
    """Save the pictures and return their paths."""
    made = []
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        for width, height in {1280: 900}.items() if small else WIDTHS.items():
            for scheme in ("light",) if small else ("light", "dark"):
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                page = context.new_page()
                for name in names:
                    page.goto(f"{url.rstrip('/')}/{PAGES[name]}{query}")
                    settle(page)
                    target = folder / (f"{name}.png" if small else f"{name}-{width}-{scheme}.png")
                    _full_page(page, width, height)
                    page.screenshot(path=target)
                    page.set_viewport_size({"width": width, "height": height})
                    made.append(target)
                context.close()
        browser.close()
    return made


def _full_page(page: Page, width: int, height: int) -> None:
    """Make the window as high as the page: Streamlit scrolls inside of it."""
    inner = page.evaluate("document.querySelector('.stMainBlockContainer').getBoundingClientRect().height")
    page.set_viewport_size({"width": width, "height": max(height, min(int(inner) + 40, 4_000))})
    settle(page)


def shrink(path: Path) -> None:
    """Reduce a picture to a palette."""
    from PIL import Image

    Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--query", default="", help='such as "?project=Kitchen alarm"')
    parser.add_argument("--pages", nargs="+", default=list(PAGES), choices=PAGES)
    parser.add_argument("--small", action="store_true", help="for the README")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for path in shoot(args.url, args.folder, args.query, args.small, args.pages):
        if args.small:
            shrink(path)
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
