import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import BadInput
from lab.sound.labels import check_label


@pytest.mark.parametrize("label", ["alarm", "not_alarm", "520 Hz T3", "café", "火災警報", "a.b-c+d&e (f)"])
def test_plain_words_of_any_script_are_labels(label):
    assert check_label(label) == label


def test_two_ways_to_write_one_label_are_one():
    assert check_label("cafe\u0301 ") == "caf\u00e9"


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("x" * 41, "41 characters"),
        ('say "hi"', r"""Label 'say "hi"' has '"' in it"""),
        ("it's", r"has \"'\" in it"),
        ("two\nlines", r"Label 'two\\nlines' has '\\n' in it"),
        ("dog 🐶", r"'\\U0001f436' in it"),
        ("a/b", "'/' in it"),
        ("a\\b", r"in it"),
        ("nul\0", r"'\\x00' in it"),
        ("..", "starts with a dot"),
        ("\u202egnp", r"'\\u202e' in it"),
        ("tab\t", r"'\\t' in it"),
    ],
)
def test_anything_else_is_refused_in_one_line(label, message):
    with pytest.raises(BadInput, match=message) as raised:
        check_label(label)
    assert str(raised.value).isprintable()


@given(st.text(max_size=60))
def test_whatever_passes_is_safe_as_a_file_name_and_in_c(text):
    try:
        label = check_label(text)
    except BadInput:
        return
    assert check_label(label) == label
    assert label.isprintable()
    assert not set(label) & set("\"'/\\<>%:*?|`$")
    assert not label.startswith(".")
