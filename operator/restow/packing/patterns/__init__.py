"""The pattern engine: what one node may hold, priced, listed and put together.

For problems without relations whose levels are sums over nodes. Knows one level at a time.
"""
