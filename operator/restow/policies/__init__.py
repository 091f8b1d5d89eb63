"""The custom resources as pydantic models, their CRDs, and what is covered by which policy.

pydantic lives here, at the border; inner rooms get frozen values. Knows no decision.
"""
