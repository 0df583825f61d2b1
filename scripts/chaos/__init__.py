"""Kills parts of a whole team set-up at random while people work in it: see `python -m lab bench chaos`."""
