"""What can go wrong, as one tree.

    LabError            a person can act on it: one clear sentence    exit 1
    ├── BadInput        what was given cannot be used                 exit 2
    ├── Missing         a tool of this machine is absent              exit 1
    ├── Away            a database or file store does not answer      exit 1
    └── Cancelled       somebody asked the work to stop               exit 1

Pages show a LabError as it is; anything else is a defect, kept as a
traceback in the job's log.
"""


class LabError(Exception):
    """Something a person can act on, said in one sentence."""

    exit_code = 1


class BadInput(LabError):
    """What was given cannot be used; the message says what is needed."""

    exit_code = 2


class Missing(LabError):
    """A compiler, Node or another tool is not on this machine."""


class Away(LabError):
    """The database or the file store does not answer; the same may work in a moment."""


class Cancelled(LabError):
    """The person stopped this work."""

    def __init__(self) -> None:
        super().__init__("Stopped on request.")
