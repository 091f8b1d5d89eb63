"""What restow says about itself: logs, metrics and the constant names of what happens.

Knows how to format and to count; knows no cluster, no plan and no decision.
"""
