import numpy as np
import pytest

from lab.errors import BadInput
from lab.study.evaluate import alarm_seconds, event_scores, poisson_upper_95, read_manifest, window_scores, window_truth


def test_the_poisson_bound_is_the_textbook_one():
    assert poisson_upper_95(0) == pytest.approx(2.9957, abs=1e-4)
    assert poisson_upper_95(3) == pytest.approx(7.7537, abs=1e-4)


def test_a_window_is_positive_from_a_quarter_second_of_alarm():
    starts = np.asarray([0, 16_000, 32_000])
    truth = window_truth([(0.0, 0.25), (1.5, 1.6)], starts, 16_000)
    assert truth.tolist() == [1, -1, 0]


def test_alarm_seconds_counts_only_the_overlap():
    assert alarm_seconds([(0.0, 1.0), (1.5, 3.0)], 0.5, 2.0) == pytest.approx(1.0)


def test_window_scores_leave_out_what_is_between():
    scores = window_scores(np.asarray([1, 1, 0, 0, -1], np.int8), np.asarray([True, False, True, False, True]))
    assert scores == {"count": 4, "accuracy": 0.5, "precision": 0.5, "recall": 0.5}


def test_nothing_to_score_is_null_not_a_number():
    assert window_scores(np.zeros(0, np.int8), np.zeros(0, bool))["accuracy"] is None


def test_event_scores_count_false_alarms_over_hours():
    rows = [{"label": "alarm", "events": [1]}, {"label": "alarm", "events": []}, {"label": "dog", "events": [1, 1]}]
    scores = event_scores(rows, ("alarm",), hours=2.0)
    assert scores["recall"] == 0.5
    assert scores["false_alarms"] == 2
    assert scores["false_alarms_per_hour"] == 1.0
    assert scores["upper_bound_95"] == pytest.approx(3.148, abs=1e-3)


def test_a_manifest_names_files_beside_it(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"")
    (tmp_path / "m.csv").write_text("file,label,group\na.wav,alarm,g\n")
    (tmp_path / "alarm_segments.csv").write_text("file,start_s,end_s\na.wav,0.5,1.5\n")
    [entry] = read_manifest(tmp_path / "m.csv")
    assert (entry.label, entry.segments) == ("alarm", [(0.5, 1.5)])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name,label\na.wav,alarm\n", "no column file"),
        ("file,label\n", "lists no files"),
        ("file,label\nnone.wav,alarm\n", "is not there"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_sentence(tmp_path, text, complaint):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(BadInput, match=complaint):
        read_manifest(tmp_path / "m.csv")


def test_a_binary_file_is_no_manifest(tmp_path):
    (tmp_path / "m.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(BadInput, match="not a CSV"):
        read_manifest(tmp_path / "m.csv")
