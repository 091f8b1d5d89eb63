"""The pattern engine: what one node may hold, priced, listed and put together.

For problems whose levels are sums over nodes, and whose relations next to come down to sums over
some of them. Knows one level at a time.
"""
