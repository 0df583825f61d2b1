"""TinyML Lab: from a sound in the air to firmware on a microcontroller.

Rooms, in the order of the flow; each imports only those before it:
sound, learn, optimize, deploy, study. `workspace` (settings, store, jobs)
imports none of them and any may use it.
"""

__version__ = "0.1.0"
