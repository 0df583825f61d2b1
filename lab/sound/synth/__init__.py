"""Seeded synthesis of fire alarms and of what is mistaken for them.

`render` makes one scene; `plan` names a whole set, to be rendered anywhere;
`FAMILIES` lists the generators, some of which are kept for tests only.
"""

from lab.sound.synth.families import ALARM, FAMILIES, NOT_ALARM, Family
from lab.sound.synth.samples import TEST_ALARMS
from lab.sound.synth.samples import clean_alarm as test_alarm
from lab.sound.synth.scenes import Scene, plan, render, scenes, window_labels

__all__ = [
    "ALARM", "FAMILIES", "NOT_ALARM", "TEST_ALARMS", "Family", "Scene",
    "plan", "render", "scenes", "test_alarm", "window_labels",
]  # fmt: skip
