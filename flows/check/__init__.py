"""Proofs before a publish: every value goes one way, every step finds somebody, nobody decides too much alone.

See ``docs/checks.md`` for every problem and its way out.
"""

from .report import Report, check_flow, report

__all__ = ["Report", "check_flow", "report"]
