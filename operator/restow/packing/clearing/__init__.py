"""Making room on many nodes with the fewest moves: a bound on them, and plans near it.

Who leaves a node and who arrives in its room is a column. Prices for holes of each size tell which
columns pay; under any prices the best columns of all nodes prove how many moves there must be
(Lagrangian duality). Column generation finds the prices, and the columns of the linear program,
rounded one after the other, make a plan.
"""
