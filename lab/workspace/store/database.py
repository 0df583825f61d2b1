"""An instance's database and files, opened: what every part of the store stands on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from lab.errors import Away, LabError
from lab.workspace.settings import Settings
from lab.workspace.store.artifacts import ArtifactFiles
from lab.workspace.store.schema import open_engine

LOCAL_OWNER = "local"
Row = TypeVar("Row")


class Database:
    """One instance's rows and the place of its files.

    Args:
        config: where database and files are.
    """

    def __init__(self, config: Settings) -> None:
        self.config = config
        self.engine = open_engine(config.database_url, config.home)
        self.files = ArtifactFiles(config.artifacts_url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._signed = False

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open one transaction; it is kept whole or not at all.

        Raises:
            LabError: the disk is full.
            Away: the database does not answer.
        """
        try:
            with self._sessions.begin() as session:
                yield session
        except OperationalError as error:
            told = str(error.orig)
            if "full" in told or "No space left" in told:
                raise LabError("The disk is full: nothing was saved. Free some space and try again.") from error
            raise Away(f"The database does not answer: {told.splitlines()[0]}. Try again in a moment.") from error


def required(row: Row | None) -> Row:
    """Return a row that must be there.

    Raises:
        LabError: it is not.
    """
    if row is None:
        raise LabError("That is no longer in the store.")
    return row
