"""The command line: reads arguments, calls one room below, prints the result.

stdout carries the result only; logs and progress go to stderr. Knows no rule and no decision.
"""
