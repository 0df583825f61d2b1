"""The deployment tree walked on one model: every leaf trained, shipped, audited and measured."""

from lab.study.tree.options import Options
from lab.study.tree.problems import MODELS, Problem, problem_named
from lab.study.tree.walk import walk

__all__ = ["MODELS", "Options", "Problem", "problem_named", "walk"]
