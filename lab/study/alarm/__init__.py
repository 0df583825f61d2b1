"""The alarm bench: what a detector hears, what it mistakes, and which rule suits it best.

`contenders` names who is compared, `slices` draws detection over pitch, level,
noise and room, `quiet` counts false alarms, `recordings` hears real alarms,
`tuner` tries every rule and `choosing` takes one.
"""
