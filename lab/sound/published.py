"""Published data sets that can be had by one click: where they are, under which licence, what is in them."""

from dataclasses import dataclass

from lab.errors import BadInput

MIB = 2**20

ESC10_KINDS = (
    "chainsaw", "clock_tick", "crackling_fire", "crying_baby", "dog", "helicopter", "rain", "rooster", "sea_waves",
    "sneezing",
)  # fmt: skip
ESC50_KINDS = tuple(
    sorted(
        (
            *ESC10_KINDS, "airplane", "breathing", "brushing_teeth", "can_opening", "car_horn", "cat",
            "chirping_birds", "church_bells", "clapping", "clock_alarm", "coughing", "cow", "crickets", "crow",
            "door_wood_creaks", "door_wood_knock", "drinking_sipping", "engine", "fireworks", "footsteps", "frog",
            "glass_breaking", "hand_saw", "hen", "insects", "keyboard_typing", "laughing", "mouse_click", "pig",
            "pouring_water", "sheep", "siren", "snoring", "thunderstorm", "toilet_flush", "train", "vacuum_cleaner",
            "washing_machine", "water_drops", "wind",
        )
    )
)  # fmt: skip
COMMANDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
WORDS = tuple(
    sorted(
        (
            *COMMANDS, "backward", "bed", "bird", "cat", "dog", "eight", "five", "follow", "forward", "four", "happy",
            "house", "learn", "marvin", "nine", "one", "seven", "sheila", "six", "three", "tree", "two", "visual",
            "wow", "zero",
        )
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Published:
    """A data set that its authors publish as one archive.

    Attributes:
        key: its name in commands and file names.
        name: as people call it.
        url: of the archive.
        file: what the archive is called here.
        size_bytes: of the archive; about that where the server makes it anew each time.
        sha256: of the archive; empty where it is not always the same bytes. Then every file's own checksum and the
            authors' table are held against it.
        licence: as it is shown before the download.
        about: what is in it.
        home: its authors' page.
        labels: all kinds of sound in it.
        subsets: name → labels.
        most: clips a label that are suggested; 0 for all.
        clip_bytes: about, of one clip once it is in a project.
        clips: of one label, about.
    """

    key: str
    name: str
    url: str
    file: str
    size_bytes: int
    sha256: str
    licence: str
    about: str
    home: str
    labels: tuple[str, ...]
    subsets: dict[str, tuple[str, ...]]
    most: int
    clip_bytes: int
    clips: int

    @property
    def most_bytes(self) -> int:
        """Return how long an archive is believed to be at most."""
        return self.size_bytes if self.sha256 else self.size_bytes * 3 // 2


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a data set is wanted.

    Attributes:
        labels: which kinds; empty for all.
        most: clips of each at most; 0 for all.
    """

    labels: tuple[str, ...] = ()
    most: int = 0

    def __post_init__(self) -> None:
        if self.most < 0:
            raise BadInput(f"At most {self.most} sounds a label cannot be; give a number from 1, or 0 for all.")

    def check(self, published: Published) -> None:
        """Refuse labels that a data set has not got.

        Raises:
            BadInput: names them.
        """
        missing = sorted(set(self.labels) - set(published.labels))
        if missing:
            raise BadInput(f"{published.name} has no {', '.join(missing)[:80]}; it has {', '.join(published.labels)}.")

    def clips(self, published: Published) -> int:
        """Return about how many clips that will be."""
        each = min(self.most or published.clips, published.clips)
        return each * len(self.labels or published.labels)


# GitHub packs this archive anew when asked, so its bytes differ over the years: people have noted several checksums.
ESC50 = Published(
    "esc50", "ESC-50", "https://github.com/karoldvl/ESC-50/archive/master.zip", "esc50.zip", 645_700_000, "",
    "CC BY-NC 3.0: not for commercial use. Its ESC-10 part is CC BY.",
    "2,000 clips of 5 s in 50 kinds of everyday sound, cut from Freesound recordings, in five folds (Piczak 2015).",
    "https://github.com/karolpiczak/ESC-50", ESC50_KINDS, {"ESC-10": ESC10_KINDS}, 0, 160_044, 40,
)  # fmt: skip
# Source of size and SHA-256: the checksums that TensorFlow Datasets and torchaudio publish.
SPEECH_COMMANDS = Published(
    "speech_commands", "Speech Commands",
    "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
    "speech_commands_v0.02.tar.gz", 2_428_923_189, "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
    "CC BY 4.0",
    "105,829 spoken words of 1 s, 35 words by 2,618 speakers, version 0.02 (Warden 2018, arXiv 1804.03209).",
    "https://arxiv.org/abs/1804.03209", WORDS, {"Ten commands": COMMANDS}, 200, 32_044, 3_024,
)  # fmt: skip
CATALOGUE = {each.key: each for each in (ESC50, SPEECH_COMMANDS)}


def published(key: str) -> Published:
    """Return a data set by its key.

    Raises:
        BadInput: there is none of that name.
    """
    if key not in CATALOGUE:
        raise BadInput(f"There is no data set {key!r}; choose {' or '.join(CATALOGUE)}.")
    return CATALOGUE[key]
