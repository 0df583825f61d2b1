"""What a rerun of a page costs: `python scripts/rerun_cost.py PAGE TIMES` prints processor seconds as JSON.

Runs the page in this process, of the project that LAB_HOME holds, without a browser: what the server would spend.
"""

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main(page: str, times: int) -> None:
    """Run a page once to warm up, then again and again."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300).run()
    app.switch_page(f"pages/{page}.py").run()
    costs = []
    for _ in range(times):
        before = time.process_time()
        app.run()
        costs.append(round(time.process_time() - before, 4))
    assert not app.exception, [each.value for each in app.exception]
    json.dump({"page": page, "cpu_s": sorted(costs)}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
