"""Sound: clips, synthesis, augmentation, data sets and features."""
