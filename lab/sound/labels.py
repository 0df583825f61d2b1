"""What a label may be: it becomes a folder, a C string, a column and a button."""

import unicodedata

from lab.errors import BadInput

MAX_LABEL_CHARS = 40
PUNCTUATION = "_-.+&()"


def check_label(label: str) -> str:
    """Return a label in its one spelling: composed characters, no blanks at its ends.

    Letters and digits of any script, spaces between and `_-.+&()` are fine;
    quotes, line breaks, slashes and emoji are not.

    Raises:
        BadInput: empty, too long, or a character that is not allowed.
    """
    clean = unicodedata.normalize("NFC", label).strip(" ")
    if not clean:
        raise BadInput("The label is empty; give it at least one letter.")
    if len(clean) > MAX_LABEL_CHARS:
        raise BadInput(f"The label has {len(clean)} characters; use at most {MAX_LABEL_CHARS}.")
    for character in clean:
        if not (_is_plain(character) or character == " "):
            raise BadInput(f"Label {label!a} has {character!a} in it; use letters, digits, spaces and {PUNCTUATION}.")
    if clean.startswith("."):
        raise BadInput(f"Label {label!a} starts with a dot; start it with a letter.")
    return clean


def _is_plain(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM" or character in PUNCTUATION
