"""TinyML Lab in the browser: `streamlit run streamlit_app.py`."""

import streamlit as st

if __name__ == "__main__":  # a visit: Streamlit runs this file as its script
    from pages import ui
    from pages.server import places
    from pages.ui import session

    with ui.shows_errors():  # such as a database that is away
        page = ui.navigation(places.leads(), session.runs())
        ui.frame()
        page.run()
else:  # the server imports it
    from starlette.middleware import Middleware

    from lab.workspace import logs
    from pages import server

    logs.configure(everything=False)  # Streamlit has set up the rest
    app = st.App(__file__, routes=server.ROUTES, middleware=[Middleware(server.Gate)], lifespan=server.running)
