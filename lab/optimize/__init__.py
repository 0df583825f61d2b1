"""Optimization: the paths from a trained model to a small one."""
