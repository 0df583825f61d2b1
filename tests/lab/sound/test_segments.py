"""Segments from files that other programs wrote."""

import pytest

from lab.errors import BadInput
from lab.sound.segments import Segment, read_labels

AUDACITY = (
    "0.500000\t1.250000\tsmoke alarm\n\\\t2900.000000\t3300.000000\n2.150000\t2.150000\ta point\n3.400000\t6.100000\t\n"
)


def test_a_label_track_becomes_segments_without_its_points_and_frequencies():
    expected = [Segment(0.5, 1.25, "smoke alarm"), Segment(3.4, 6.1, "")]
    assert read_labels(AUDACITY.encode()) == expected
    assert read_labels(b"\xef\xbb\xbf" + AUDACITY.replace("\n", "\r\n").encode()) == expected


def test_decimal_commas_of_some_languages_are_read():
    assert read_labels(b"0,5\t1,25\tRauchmelder\n") == [Segment(0.5, 1.25, "Rauchmelder")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no stretches"),
        (b"1.0\t1.0\tpoint\n", "mark regions in Audacity"),
        (b"0.1\t0.2\ta\nfile,start_s,end_s\n", "Line 2 of the label track needs start and end"),
        (b"0.1\t0.2\tfire \xf0\x9f\x94\xa5\n", "Line 1 of the label track: Label"),
        (b"0.1\tinf\ta\n", "Line 1 of the label track: A segment"),
        (b"\xff\xfe0\x001\x00", "not a text file"),
    ],
)
def test_another_file_is_refused_in_a_sentence(data, says):
    with pytest.raises(BadInput, match=says):
        read_labels(data)
