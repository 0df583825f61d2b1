"""Whose project it is, and whose it is not."""

from sqlalchemy import select

from lab.workspace.people import Person

ANN, BEN, CLEO = (Person(f"{name}@example.org", name.title()) for name in ("ann", "ben", "cleo"))
DETECTOR = b"PK Ann's detector"


def ids(whole, table):
    """Return all rows of a table."""
    with whole.session() as session:
        return session.scalars(select(table)).all()
