"""A crawler that comes as one person and tries everything of another's: pages, addresses, jobs, files, downloads.

`python -m scripts.isolation FOLDER` serves the lab in a folder, signs two people in, and prints what it tried as JSON.
The tests of the whole (`tests/e2e/test_isolation.py`) and `python -m lab bench app` run the same.
"""
