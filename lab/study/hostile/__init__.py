"""Files and words that mean harm, fed through the doors that pages and the command line use.

`offers` lists them, `doors` lets them in, `trial` watches what happens: in a process of its own, whose every write,
second and megabyte is looked at.
"""
