"""How fragmented free room is: one measure for decisions, metrics and reports.

Pure arithmetic on amounts; knows neither pods nor how room is gained.
"""
