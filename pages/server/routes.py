"""Routes of our own, answered before Streamlit's. Each says for itself who may ask; the gate leaves them alone."""

from starlette.routing import BaseRoute

from pages.server import joining, telling

ROUTES: list[BaseRoute] = [*joining.ROUTES, *telling.ROUTES]
