"""`python -m scripts.isolation FOLDER`: serve the lab in an empty folder, crawl it, print what came as JSON."""

import asyncio
import json
import sys
from pathlib import Path

from scripts.isolation.crawl import Crawl
from scripts.isolation.entry import ANN, BEN, CAT, nobody, served, signed_in
from scripts.isolation.report import Report
from scripts.isolation.things import Things, beside, seeded, whole_store


def crawled(folder: Path, url: str) -> tuple[Things, Report]:
    """Crawl an instance that is served from `folder`/home, in which Ann has things and Ben tries to reach them."""
    whole = whole_store(folder / "home")
    things = seeded(whole, ANN, BEN)
    beside(whole, BEN, things)
    crawl = Crawl(
        whole, things, BEN, owner=lambda: signed_in(url, ANN), other=lambda: signed_in(url, BEN),
        nobody=lambda: nobody(url), third=lambda: signed_in(url, CAT),
    )  # fmt: skip
    return things, asyncio.run(crawl.run())


def main(folder: Path) -> Report:
    """Serve and crawl."""
    with served(folder) as url:
        return crawled(folder, url)[1]


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1])).to_json(), sys.stdout)
