import csv
import io

import pytest

from lab.study.tree.table import interval, summary, to_csv, to_markdown


def row(path, seed, accuracy, gzip_bytes=60, failed=None, kept=True):
    if failed:
        return {"path": path, "seed": seed, "failed": failed}
    return {
        "path": path, "seed": seed, "failed": None, "accuracy_fp32": 0.95, "accuracy_fake_int8": None,
        "accuracy_int8": accuracy, "tflite_bytes": 100, "gzip_bytes": gzip_bytes, "sparsity": 0.5, "clusters": 8,
        "flash_bytes": 10, "ram_bytes": 5, "cycles": 1_000, "seconds": 2.0, "kept": kept,
    }  # fmt: skip


ROWS = [row("PTQ", 0, 0.90, 80), row("PTQ", 1, 0.94, 80), row("PCQAT", 0, 0.89, 40), row("PCQAT", 1, 0.95, 40)]


def test_seeds_become_a_mean_a_deviation_and_a_paired_difference():
    ptq, pcqat = summary(ROWS)
    assert (ptq["path"], ptq["seeds"], ptq["accuracy_int8"]) == ("PTQ", 2, pytest.approx(0.92))
    assert pcqat["deviation"] == pytest.approx(0.0424264, abs=1e-6)
    assert pcqat["delta"] == pytest.approx(0.0)
    assert (pcqat["delta_low"], pcqat["delta_high"]) == pytest.approx((-0.12706, 0.12706), abs=1e-4)
    assert ptq["delta_low"] is None


def test_one_seed_has_no_interval():
    assert [each["delta_high"] for each in summary(ROWS[::2])] == [None, None]


def test_bytes_are_compared_in_the_articles_way_and_in_two_more():
    pcqat = summary(ROWS)[1]
    assert pcqat["saved"] == pytest.approx(0.6)
    assert pcqat["gzip_over_plain"] == pytest.approx(0.4)
    assert pcqat["gzip_over_gzip"] == pytest.approx(0.5)


def test_a_failed_path_stays_in_the_table_with_its_reason():
    made = summary([*ROWS, row("PQAT", 0, 0, failed="prune: no | such")])
    assert made[-1]["seeds"] == 0
    assert made[-1]["failed"] == "prune: no | such"
    assert "failed: prune: no / such" in to_markdown(made)


def test_one_broken_promise_breaks_the_path():
    assert summary([*ROWS, row("PCQAT", 2, 0.9, kept=False)])[1]["kept"] is False


def test_the_interval_is_students_over_pairs():
    made = interval(ROWS, "PCQAT", "PTQ")
    assert made["seeds"] == 2
    assert made["mean"] == pytest.approx(0.0)
    assert made["high"] == pytest.approx(12.706 * 0.0141421 / 2**0.5, rel=1e-3)
    assert interval(ROWS[:3], "PCQAT", "PTQ") is None


def test_the_csv_reads_back_with_all_columns():
    rows = list(csv.DictReader(io.StringIO(to_csv(summary(ROWS)))))
    assert [each["path"] for each in rows] == ["PTQ", "PCQAT"]
    assert float(rows[1]["gzip_over_plain"]) == pytest.approx(0.4)


def test_the_markdown_has_a_line_a_path():
    lines = to_markdown(summary(ROWS)).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| PTQ | 95.00% | – | 92.00% |")
