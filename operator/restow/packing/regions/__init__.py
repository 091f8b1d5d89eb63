"""Large problems, region by region: a few nodes at a time as a problem of their own.

Source: ../shared/PATTERNS.md, "Large clusters"; a large neighbourhood search whose neighbourhoods
are solved by the engines for small problems.
"""
