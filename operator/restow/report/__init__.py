"""A Plan for people: tables, sentences and a small picture of the nodes.

Pure: everything returns values or rich renderables; printing is the command line's work.
"""
