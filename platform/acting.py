"""In what capacity something was done: a human, a delegate, a timeout and a rule never look alike in the history."""

from enum import StrEnum


class ActingAs(StrEnum):
    PERSON = "person"
    DELEGATE = "delegate"
    TIMER = "timer"
    RULE = "rule"
    SYSTEM = "system"
    CUSTOMER = "customer"
