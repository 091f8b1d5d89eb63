"""Why a pending pod got no place: facts for Events, conditions and tables.

Reads a problem and its outcome; decides nothing and writes nothing.
"""
